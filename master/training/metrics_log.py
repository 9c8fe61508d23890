"""metrics.jsonl of a model directory.

One JSON object a line: `kind`, `step` (global step), `time` (ISO 8601, UTC),
`values` (name to number or text), and `set` where it is about one evaluation
set. docs/training.md lists the kinds. A line is written at once; one that a
kill has torn is cut off by the next run. A run that goes on in a directory
begins with a `resume` record, whose step says what is repeated.
"""

import datetime
import json
import math
import os
from types import MappingProxyType
from typing import Any, Callable, Mapping, Optional

from master import errors

FILE = 'metrics.jsonl'

TRAIN = 'train'
EVAL = 'eval'
BEST = 'best'
SKIPPED = 'skipped'
RESUME = 'resume'
END = 'end'

Record = dict[str, Any]


def _plain(value: Any) -> Any:
  """`value` as JSON has it: a number that is none, such as NaN, is None."""
  if isinstance(value, float) and not math.isfinite(value):
    return None
  return value


def now() -> str:
  """The time as ISO 8601 has it, in UTC, to the second."""
  return datetime.datetime.now(datetime.timezone.utc).isoformat(
      timespec='seconds')


def json_object(line: bytes) -> Optional[dict[str, Any]]:
  """The JSON object in a line; None where it holds none."""
  try:
    value = json.loads(line)
  except ValueError:
    return None
  return value if isinstance(value, dict) else None


def repair(path: str, parsed: Callable[[bytes], Optional[Record]]):
  """Ends the last line of a file, or cuts it off where a kill has torn it.

  Args:
    path: of a file of a record a line; it need not be there.
    parsed: gives the record in a line; None where it holds none.
  """
  if not os.path.exists(path):
    return
  with open(path, 'rb+') as f:
    content = f.read()
    whole, newline, last = content.rpartition(b'\n')
    if not last:
      return
    if parsed(last) is not None:
      f.write(b'\n')
    else:
      f.truncate(len(whole) + len(newline))


def _parsed(line: bytes) -> Optional[Record]:
  """The record in a line; None where it holds none."""
  record = json_object(line)
  if record is None or not (
      isinstance(record.get('kind'), str)
      and isinstance(record.get('step'), int)
      and isinstance(record.get('values'), dict)):
    return None
  return record


class MetricsLog:
  """Appends to the file of one model directory."""

  def __init__(self, model_dir: str, is_chief: bool = True):
    """Nothing is opened or written until the first record.

    Args:
      model_dir: the directory, made if need be.
      is_chief: False writes nothing: of several workers one writes.
    """
    self._is_chief = is_chief
    self._path = os.path.join(model_dir, FILE)
    self._is_mended = False

  def start(self, step: int, changes: Mapping[str, str] = MappingProxyType({})):
    """Notes from which step a run goes on, if there was one before.

    Args:
      step: global step.
      changes: by setting, what this run has otherwise than that one.
    """
    if os.path.exists(self._path) and os.path.getsize(self._path):
      self.write(RESUME, step, changes)

  def write(self, kind: str, step: int, values: Mapping[str, Any],
            set_name: Optional[str] = None):
    """Appends one record.

    Args:
      kind: one of this module's constants.
      step: global step.
      values: name to number or text.
      set_name: of the evaluation set that it is about.
    """
    if not self._is_chief:
      return
    if not self._is_mended:
      os.makedirs(os.path.dirname(self._path) or '.', exist_ok=True)
      repair(self._path, _parsed)
      self._is_mended = True
    record = {'kind': kind, 'step': step, 'time': now()}
    if set_name is not None:
      record['set'] = set_name
    record['values'] = {name: _plain(value) for name, value in values.items()}
    line = json.dumps(record, ensure_ascii=False) + '\n'
    # One write call, so that nothing but a kill within it tears a line.
    with open(self._path, 'ab', buffering=0) as f:
      try:
        f.write(line.encode('utf-8'))
      except OSError as e:
        e.filename = self._path  # Writing does not name it, as opening does.
        raise


def read(model_dir: str) -> list[Record]:
  """The records that still hold, in order.

  What a run wrote after the step from which a later one went on was done over
  again, and is left out; so is a torn last line.

  Args:
    model_dir: the directory.

  Raises:
    InputError: if there is no such file or a line in its midst is no record.
  """
  path = os.path.join(model_dir, FILE)
  try:
    with open(path, 'rb') as f:
      lines = f.read().split(b'\n')
  except OSError as e:
    raise errors.InputError(
        f'{path}: cannot be read ({e.strerror}); name a directory that '
        'bin/train has trained in.') from e
  records = []
  for number, line in enumerate(lines, 1):
    record = _parsed(line)
    if record is None:
      if number == len(lines):  # Torn, or the nothing after the last newline.
        continue
      raise errors.InputError(
          f'{path}: line {number} is no record; take that line out.')
    if record['kind'] == RESUME:
      records = [old for old in records if old['step'] <= record['step']]
    records.append(record)
  return records
