"""Hooks of training and evaluation steps."""

import io
import logging
from typing import Any, Callable, Mapping, Optional

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont
import tensorflow.compat.v1 as tf

from master.images import pixels as pixels_lib
from master.training import sample_losses

# Graph collection of one tuple: images float32 [B, H, W, C] in [-1, 1], label
# texts string [B], texts read string [B].
PICTURES = 'master_pictures'

# Graph collection of tuples: of each word of a training batch, the LMDB it is
# of, int64 [B], the number of its record, int64 [B], and its loss, float32 [B].
SAMPLES = 'master_samples'

_LINE_HEIGHT = 18  # pixels of a line of text under a picture
_PICTURE_WIDTH = 256


def draw_reading(image: np.ndarray, label: str, text: str) -> bytes:
  """A picture with its label and the text read under it.

  Args:
    image: float32 [H, W, C] in [-1, 1], C 1 or 3.
    label: what is written there.
    text: what was read; red where it differs.

  Returns:
    The bytes of a PNG.
  """
  pixels = pixels_lib.to_uint8(image)
  picture = Image.fromarray(
      pixels[..., 0] if pixels.shape[-1] == 1 else pixels).convert('RGB')
  height = round(picture.height * _PICTURE_WIDTH / picture.width)
  canvas = Image.new('RGB', (_PICTURE_WIDTH, height + 2 * _LINE_HEIGHT),
                     'white')
  canvas.paste(picture.resize((_PICTURE_WIDTH, height)))
  draw = ImageDraw.Draw(canvas)
  font = ImageFont.load_default(_LINE_HEIGHT - 5)
  draw.text((2, height), f'label {label}', fill='black', font=font)
  draw.text((2, height + _LINE_HEIGHT), f'read   {text}', font=font,
            fill='black' if text == label else 'red')
  encoded = io.BytesIO()
  canvas.save(encoded, 'PNG')
  return encoded.getvalue()


class SkippedHook(tf.train.SessionRunHook):
  """Tells which training records are skipped, in the log and TensorBoard.

  A line is logged for each new reason, and when the number has doubled.
  """

  def __init__(self, counter: Any, output_dir: str, every_steps: int,
               note: Optional[Callable[[int, Mapping[str, int]], None]] = None):
    """Constructs the hook.

    Args:
      counter: has `counts` and `altered`, number by reason, and `summary()`.
      output_dir: of the event file.
      every_steps: steps between two looks at the counter.
      note: also called for each logged line: global step, number by reason.
    """
    self._counter = counter
    self._output_dir = output_dir
    self._every_steps = every_steps
    self._note = note
    self._told = {}

  def begin(self):
    self._global_step = tf.train.get_or_create_global_step()
    self._num_runs = 0

  def after_run(self, run_context, run_values):
    self._num_runs += 1
    counts = {**self._counter.counts, **self._counter.altered}
    if not counts or self._num_runs % self._every_steps:
      return
    # Fetched with the step that raises it, it could be the old one.
    step = run_context.session.run(self._global_step)
    writer = tf.summary.FileWriterCache.get(self._output_dir)
    writer.add_summary(tf.Summary(value=[
        tf.Summary.Value(tag=f'records/{reason}', simple_value=count)
        for reason, count in sorted(counts.items())]), step)
    if (counts.keys() != self._told.keys()
        or sum(counts.values()) >= 2 * sum(self._told.values())):
      self._told = counts
      logging.info('Training records: %s', self._counter.summary())
      if self._note:
        self._note(int(step), counts)


class SampleLossHook(tf.train.SessionRunHook):
  """Appends each word's loss to a file, for `sample_losses.read`."""

  def __init__(self, path: str):
    self._path = path

  def begin(self):
    self._tensors, = tf.get_collection(SAMPLES)
    self._file = sample_losses.open_to_append(self._path)

  def before_run(self, run_context):
    return tf.train.SessionRunArgs(self._tensors)

  def after_run(self, run_context, run_values):
    self._file.write(sample_losses.encode(*run_values.results))

  def end(self, session):
    self._file.close()


class PicturesHook(tf.train.SessionRunHook):
  """Writes the first pictures of an evaluation, as read, for TensorBoard."""

  def __init__(self, output_dir: str, count: int = 8):
    """Constructs the hook.

    Args:
      output_dir: of the event file, the evaluation's own.
      count: pictures at most.
    """
    self._output_dir = output_dir
    self._count = count

  def begin(self):
    (tensors,) = tf.get_collection(PICTURES)
    self._fetches = [tensor[:self._count] for tensor in tensors]
    self._global_step = tf.train.get_or_create_global_step()
    self._pending = True

  def before_run(self, run_context):
    if not self._pending:
      return None
    return tf.train.SessionRunArgs([self._fetches, self._global_step])

  def after_run(self, run_context, run_values):
    if not self._pending:
      return
    self._pending = False
    (images, labels, texts), step = run_values.results
    values = []
    for i, (image, label, text) in enumerate(zip(images, labels, texts)):
      png = draw_reading(image, label.decode(), text.decode())
      width, height = Image.open(io.BytesIO(png)).size
      values.append(tf.Summary.Value(
          tag=f'readings/{i}', image=tf.Summary.Image(
              encoded_image_string=png, colorspace=3, height=height,
              width=width)))
    writer = tf.summary.FileWriterCache.get(self._output_dir)
    writer.add_summary(tf.Summary(value=values), step)
    writer.flush()
