"""A fresh process that holds one served model and is asked by another.

So times and memory are of that model alone. The process tells what loading
took and then, for each request, how long it took and how much memory it has:
JSON objects, one a line. Nothing heavy is imported before the clock runs.
"""

import json
import sys
import time
from typing import Any, Callable, Sequence

from benchmarks import probe_process
from master import errors

# Where a process reads how much memory it has: Linux alone.
STATUS_FILE = '/proc/self/status'


class Probe(probe_process.ProbeProcess):
  """Such a process. A context manager that ends it.

  Attributes:
    name: form of the model: session, saved_model or onnx.
    started: when it was started, by `time.perf_counter`.
  """

  def __init__(self, form: str, path: str, pictures: str):
    """Starts it.

    Args:
      form: session, saved_model or onnx.
      path: of the model.
      pictures: folder of image files that are asked for by their position.
    """
    self.started = time.perf_counter()
    super().__init__(form, 'is measured', __name__, [form, path, pictures])

  def loaded(self) -> dict[str, float]:
    """Waits for the model; asked once, before any request.

    Returns:
      `import_s` and `load_s`, and `memory_mib` after them.

    Raises:
      InputError: if it cannot be read.
    """
    return self._answer()

  def request(self, first: int = 0, count: int = 1) -> dict[str, float]:
    """Has the model read `count` pictures, from position `first` on, around.

    Returns:
      `seconds` that it took, `memory_mib` after it and `peak_mib` so far.
    """
    self.say(f'{first} {count}')
    return self._answer()

  def _answer(self) -> dict[str, float]:
    answer = self.answer()
    if 'error' in answer:
      raise errors.InputError(answer['error'])
    return answer


def _opener(form: str) -> Callable[[str], Any]:
  """Imports what a form needs; returns what loads a model of it."""
  if form == 'onnx':
    from master.export import onnx_model
    return onnx_model.OnnxPredictor.from_folder
  from master.export import predictor
  return {'session': predictor.Predictor.from_model_dir,
          'saved_model': predictor.Predictor.from_saved_model}[form]


def _read(model: Any, pictures: Sequence[bytes]):
  """One request."""
  import numpy as np
  # NumPy's own byte strings would lose zeros at their end.
  found = model.run('serving_default',
                    image_bytes=np.array(pictures, object))
  if not np.all(found['valid']):
    raise RuntimeError('The model took a picture for no image.')


def memory_mib(field: str) -> float:
  """MiB of this process: VmRSS, what it has, RssAnon, or VmHWM, its most."""
  with open(STATUS_FILE, encoding='utf-8') as f:
    return next(int(line.split()[1]) for line in f
                if line.startswith(field + ':')) / 1024


def _tell(**facts: Any):
  print(json.dumps(facts), flush=True)


def _main(form: str, path: str, folder: str):
  pictures = probe_process.files(folder)
  started = time.perf_counter()
  open_model = _opener(form)
  imported = time.perf_counter()
  try:
    model = open_model(path)
  except errors.InputError as e:
    _tell(error=str(e))
    return
  _tell(import_s=imported - started, load_s=time.perf_counter() - imported,
        memory_mib=memory_mib('VmRSS'))
  for line in sys.stdin:
    first, count = map(int, line.split())
    asked = [pictures[(first + i) % len(pictures)] for i in range(count)]
    started = time.perf_counter()
    _read(model, asked)
    _tell(seconds=time.perf_counter() - started,
          memory_mib=memory_mib('VmRSS'), peak_mib=memory_mib('VmHWM'))


if __name__ == '__main__':
  _main(*sys.argv[1:])
