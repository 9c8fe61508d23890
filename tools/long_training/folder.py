"""The folder of a long training: what lies where, its lock and its metrics."""

import json
import os
import re
import shutil
from typing import Any, Mapping, Optional

from master import errors
from master import files
from master.training import metrics_log

_TAIL = 2**16  # Bytes of a training's metrics that are looked at.
_MAX_LOG = 2**24  # Bytes of a log after which a new one begins.


class Folder:
  """Paths and files of one long training.

  Attributes:
    path: absolute.
    model_dir: of bin/train.
    shards: LMDBs that are rendered, and nothing else.
    averaged: copies of the averaged weights, each in a folder of its own.
    losses: of the words of the runs whose hardest are read again.
    pending: where an evaluation writes before it counts.
    logs: output of the processes.
  """

  def __init__(self, path: str):
    self.path = os.path.realpath(path)
    (self.model_dir, self.shards, self.averaged, self.losses, self.pending,
     self.logs) = (os.path.join(self.path, name) for name in (
         'model', 'shards', 'averaged', 'losses', 'pending', 'logs'))
    self._metrics = os.path.join(self.path, 'metrics.jsonl')
    self._lock = None

  def make(self):
    """Makes the folders; InputError where that cannot be."""
    try:
      for path in (self.shards, self.averaged, self.losses, self.logs):
        os.makedirs(path, exist_ok=True)
    except OSError as e:
      raise errors.InputError(
          f'--folder={self.path}: cannot be written to ({e.strerror}).') from e

  def lock(self):
    """Keeps others out as long as this process lives.

    Raises:
      InputError: if another process works here.
    """
    path = os.path.join(self.path, 'lock')
    descriptor = files.claim(path)
    if descriptor is None:
      with open(path, encoding='utf-8', errors='replace') as f:
        holder = f.read(20).strip()
      raise errors.InputError(
          f'--folder={self.path}: process {holder} works there; wait for its '
          'end, or end it.')
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f'{os.getpid()}\n'.encode(), 0)
    self._lock = descriptor  # Open, and so locked, till the process ends.

  def unlock(self):
    if self._lock is not None:
      os.close(self._lock)
      self._lock = None

  def log(self, name: str) -> str:
    """Path of a log; one that has grown large is put aside."""
    path = os.path.join(self.logs, f'{name}.log')
    if os.path.exists(path) and os.path.getsize(path) > _MAX_LOG:
      os.replace(path, path + '.1')
    return path

  # What is known from start to start.

  def read_json(self, name: str) -> Optional[Any]:
    """What `write_json` wrote; None if nothing yet."""
    try:
      with open(os.path.join(self.path, name), encoding='utf-8') as f:
        return json.load(f)
    except FileNotFoundError:
      return None
    except ValueError as e:
      raise errors.InputError(
          f'{os.path.join(self.path, name)}: is no JSON ({e}); remove it.'
      ) from e

  def write_json(self, name: str, value: Any):
    """Writes a file, whole or not at all."""
    files.write(os.path.join(self.path, name), json.dumps(value) + '\n')

  # Its own metrics.

  def repair_metrics(self):
    """Cuts off a last line that a kill has torn."""
    metrics_log.repair(self._metrics, metrics_log.json_object)

  def append(self, record: Mapping[str, Any]):
    """Appends a line, on disk when this returns."""
    with open(self._metrics, 'ab', buffering=0) as f:
      f.write((json.dumps(record, ensure_ascii=False) + '\n').encode())
      os.fsync(f.fileno())

  def metrics(self, kind: str) -> list[dict[str, Any]]:
    """The records of a kind, in order; [] where there are none."""
    try:
      with open(self._metrics, 'rb') as f:
        records = map(metrics_log.json_object, f.read().split(b'\n'))
    except FileNotFoundError:
      return []
    return [record for record in records
            if record is not None and record.get('kind') == kind]

  # Of the training.

  def step(self) -> int:
    """Step of the newest checkpoint, as `checkpoint` lists it; else 0."""
    return step_in(self.model_dir)

  def progress(self, step: Optional[int] = None) -> dict[str, Any]:
    """The newest values that bin/train told, `step` among them.

    Args:
      step: values of later steps do not count; None for any.
    """
    try:
      with open(os.path.join(self.model_dir, 'metrics.jsonl'), 'rb') as f:
        f.seek(max(0, os.fstat(f.fileno()).st_size - _TAIL))
        lines = f.read().split(b'\n')
    except FileNotFoundError:
      return {}
    for line in reversed(lines):
      record = metrics_log.json_object(line)
      if record and record.get('kind') == 'train' and (
          step is None or record['step'] <= step):
        return {**record['values'], 'step': record['step']}
    return {}

  # What a kill may leave.

  def clean(self):
    """Removes what processes that were killed had begun."""
    for parent in (self.shards, self.averaged):
      for name in os.listdir(parent):
        if name.startswith('.'):
          shutil.rmtree(os.path.join(parent, name), ignore_errors=True)
    self.clean_pending()

  def clean_pending(self):
    """Removes what an evaluation left that did not end well."""
    shutil.rmtree(self.pending, ignore_errors=True)


def remove(path: str):
  """Removes a folder such that no moment shows a part of it."""
  parent, name = os.path.split(path)
  hidden = os.path.join(parent, f'.removed-{name}')
  shutil.rmtree(hidden, ignore_errors=True)
  os.rename(path, hidden)
  shutil.rmtree(hidden)


def step_in(model_dir: str) -> int:
  """Step of the checkpoint that a model directory's `checkpoint` lists."""
  try:
    with open(os.path.join(model_dir, 'checkpoint'), encoding='utf-8') as f:
      found = re.match(r'model_checkpoint_path: ".*-(\d+)"', f.read())
  except FileNotFoundError:
    return 0
  return int(found.group(1)) if found else 0
