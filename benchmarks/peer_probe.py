"""A process that reads words with one recogniser and is asked by another.

It runs in the environment of that recogniser, so nothing of ours is imported
but what speaks with the other process, and for our own model. From encoded
image files to texts, all is done by the recogniser's own code: for a peer that
is what rapidocr's `RapidOCR(...)(image, use_det=False, use_cls=False)` does,
step by step, so that words can be read several at a time. Only its first
scaling, which is for pages, is left out (`use_preprocess_img`): it takes time
and reads no more. JSON objects, one a line, go both ways.
"""

import json
import os
import sys
from typing import Any, Callable, Optional, Sequence

from benchmarks import probe_process

# Text and its confidence in [0, 1]; None of a file that is no image to it.
Reading = Optional[tuple[str, float]]
Reader = Callable[[Sequence[bytes]], list[Reading]]


class Probe(probe_process.ProbeProcess):
  """Such a process. A context manager that ends it.

  Attributes:
    name: of the recogniser.
    versions: what it reads with, once it has loaded.
  """

  def __init__(self, name: str, python: Optional[str],
               settings: dict[str, Any]):
    """Starts it and waits until it has loaded.

    Args:
      name: for messages.
      python: interpreter of its own environment; None for this one's.
      settings: `reader`, one of _READERS; `pictures`, folder of image files
        that are asked for by their position; `threads`, CPUs that it gets;
        `batch_size`, words that are read at a time at most; and what the
        reader's function takes.

    Raises:
      RuntimeError: if it ends, with all that it said.
    """
    super().__init__(name, 'reads', __name__, python=python,
                     folder=probe_process.ROOT)
    try:
      self.versions = self._ask(settings)['versions']
    except BaseException:
      self.__exit__()
      raise

  def read(self, positions: Sequence[int], batch_size: int) -> list[Reading]:
    """Reads pictures, `batch_size` at a time.

    Args:
      positions: of the pictures, counted from 0 in the order of their names.
      batch_size: words.
    """
    found = self._ask({'positions': list(positions),
                       'batch_size': batch_size})['readings']
    return [reading and (reading[0], reading[1]) for reading in found]

  def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
    self.say(json.dumps(question))
    return self.answer()


def _versions(*packages: str) -> str:
  from importlib import metadata
  return ', '.join(f'{name} {metadata.version(name)}' for name in packages)


def _turned(image: Any) -> Any:
  """Tall images [H, W, C] on their side, as rapidocr's detector has them."""
  import numpy as np
  return np.rot90(image) if image.shape[0] >= 1.5 * image.shape[1] else image


def _rapidocr(model: str, characters: Optional[str], version: str, size: str,
              turn_tall: bool, threads: int,
              batch_size: int) -> tuple[Reader, str]:
  """A recogniser of rapidocr; other settings are as it has them.

  Args:
    model: path of its ONNX file.
    characters: path of its characters if they are not in that file.
    version: as 'PP-OCRv6'.
    size: as 'tiny'.
    turn_tall: whether words at least 1.5 times as tall as wide are turned to
      the left, as its detector does with what it cuts out.
    threads: of an operator.
    batch_size: words that are given to it at a time, at most.

  Returns:
    What reads, and what it is made of.
  """
  import rapidocr
  engine = rapidocr.RapidOCR(params={
      'Global.log_level': 'critical',
      'Rec.ocr_version': rapidocr.OCRVersion(version),
      'Rec.model_type': rapidocr.ModelType(size),
      'Rec.model_path': model,
      'Rec.rec_keys_path': characters,
      'Rec.rec_batch_num': batch_size,
      'EngineConfig.onnxruntime.intra_op_num_threads': threads})

  def image_of(picture: bytes) -> Any:
    try:
      image = engine.load_img(picture)
    except (OSError, ValueError):
      return None  # PIL.UnidentifiedImageError among them.
    return _turned(image) if turn_tall else image

  def read(pictures: Sequence[bytes]) -> list[Reading]:
    images = [image_of(picture) for picture in pictures]
    known = [image for image in images if image is not None]
    if not known:
      return [None] * len(images)
    found = engine.recognize_txt(known)
    readings = iter(list(zip(found.txts, found.scores)))
    return [None if image is None else next(readings) for image in images]

  return read, _versions('rapidocr', 'onnxruntime')


def _ours(model: str, threads: int, batch_size: int) -> tuple[Reader, str]:
  """A model that bin/export --format=onnx wrote, as bin/predict reads it.

  Args:
    model: folder of its version.
    threads: of an operator.
    batch_size: is not needed.

  Returns:
    As `_rapidocr`.
  """
  del batch_size
  import numpy as np
  import onnxruntime

  from master import config as config_lib
  from master.export import onnx_model
  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = threads
  predictor = onnx_model.OnnxPredictor(
      config_lib.read(model), model, onnxruntime.InferenceSession(
          os.path.join(model, onnx_model.FILE), options,
          providers=['CPUExecutionProvider']))

  def read(pictures: Sequence[bytes]) -> list[Reading]:
    # NumPy's own byte strings would lose zeros at their end.
    found = predictor.run('serving_default',
                          image_bytes=np.array(pictures, object))
    return [(text.decode('utf-8'), float(confidence)) if valid else None
            for text, confidence, valid in zip(
                found['text'], found['confidence'], found['valid'])]

  return read, _versions('tensorflow', 'onnxruntime')


_READERS = {'rapidocr': _rapidocr, 'ours': _ours}


def _limit_cpus(count: int):
  """Keeps this process, libraries' own threads included, to some CPUs."""
  if hasattr(os, 'sched_setaffinity'):  # Linux alone.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])


def _main():
  # A library that prints must not break the lines that are answered.
  answers = os.fdopen(os.dup(1), 'w', encoding='utf-8')
  os.dup2(2, 1)
  settings = json.loads(sys.stdin.readline())
  _limit_cpus(settings['threads'])
  pictures = probe_process.files(settings.pop('pictures'))
  read, versions = _READERS[settings.pop('reader')](**settings)
  print(json.dumps({'versions': versions}), file=answers, flush=True)
  for line in sys.stdin:
    question = json.loads(line)
    positions, size = question['positions'], question['batch_size']
    readings = []
    for start in range(0, len(positions), size):
      readings += read([pictures[i] for i in positions[start:start + size]])
    print(json.dumps({'readings': readings}), file=answers, flush=True)


if __name__ == '__main__':
  _main()
