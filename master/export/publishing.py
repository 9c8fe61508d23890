"""Publication of an export among its versions: whole, and proved equal."""

import io
from typing import Callable

import numpy as np
from PIL import Image
from PIL import ImageDraw

from master import config as config_lib
from master.estimator.export import versions
from master.export import inference_graph
from master.export import predictor as predictor_lib

# By how much logits may differ. Folded and rearranged float32 sums do by a
# thousandth of that; an export that went wrong differs by whole units.
_LOGITS_TOLERANCE = {'float32': 1e-2, 'float16': 0.2, 'bfloat16': 1.0}


def publish(model: predictor_lib.Predictor, export_dir: str,
            write: Callable[[str], None],
            load: Callable[[str], predictor_lib.Predictor]) -> str:
  """Puts an export at `export_dir/<version>/`.

  The version is the time in Unix seconds, or one more than the newest. The
  folder appears when it is whole and has been loaded again and compared with
  the model; a failure leaves nothing behind.

  Args:
    model: that which is exported.
    export_dir: folder of versions, made if need be.
    write: writes the export into an empty folder.
    load: reads it back.

  Returns:
    Path of the version's folder.

  Raises:
    InputError: if export_dir cannot be written to.
    RuntimeError: if the export does not read as the model does.
  """
  def write_and_verify(folder: str):
    write(folder)
    with load(folder) as exported:
      verify(model, exported)

  return versions.publish(export_dir, write_and_verify, '--export_dir=')


def sample_images(config: config_lib.ModelConfig) -> np.ndarray:
  """Noise float32 [3, H, W, C] in [-1, 1], the same at every call."""
  rng = np.random.default_rng(1)
  return rng.uniform(-1, 1, [
      3, config.image_height, config.image_width, config.image_channels
  ]).astype(np.float32)


def sample_bytes() -> list[bytes]:
  """PNG files of drawn words."""
  encoded = []
  for word in ('Export', '2048'):
    image = Image.new('RGB', (16 * len(word), 24), (230, 220, 200))
    ImageDraw.Draw(image).text((8, 6), word, fill=(30, 20, 60))
    file = io.BytesIO()
    image.save(file, 'PNG')
    encoded.append(file.getvalue())
  return encoded


def _compare(expected: dict[str, np.ndarray], actual: dict[str, np.ndarray],
             tolerance: float):
  """Demands equal ids, or a tie where a row first differs."""
  differ = expected['ids'] != actual['ids']  # [N, T]
  before = np.cumsum(differ, axis=1) - differ == 0
  gap = np.abs(expected['logits'] - actual['logits']).max(axis=2)  # [N, T]
  worst = float(np.where(before, gap, 0).max())
  # A NaN is no match either.
  if not worst <= tolerance:
    raise RuntimeError(f'The export differs from the checkpoint: logits by '
                       f'up to {worst:g}. It was not published.')


def verify(original: predictor_lib.Predictor,
           exported: predictor_lib.Predictor):
  """Compares two forms of one model on noise and on drawn words.

  Args:
    original: the model as it should be.
    exported: the model to be checked.

  Raises:
    RuntimeError: if they read differently.
  """
  form = exported.config.export or config_lib.ExportConfig()
  tolerance = _LOGITS_TOLERANCE[form.dtype]
  images = sample_images(original.config.model)
  _compare(*(model.run(inference_graph.DECODE, image=images)
             for model in (original, exported)), tolerance)
  good, other = sample_bytes()
  readings = [model.read_bytes([good, b'no image', other])
              for model in (original, exported)]
  for expected, actual in zip(*readings):
    if expected.valid != actual.valid or (
        abs(expected.confidence - actual.confidence) > tolerance):
      raise RuntimeError(
          f'The export differs from the checkpoint: it read {actual} for '
          f'{expected}. It was not published.')
