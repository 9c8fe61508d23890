"""The best checkpoints of a training, kept in `MODEL_DIR/best`.

The folder is a model directory of its own: checkpoints, TensorFlow's list of
them with the best as the newest, `config.json`. `best.json` holds metric,
steps and values, and how long there was nothing better. Every file is written
beside and renamed, in an order that leaves a usable folder wherever a kill
comes.
"""

import dataclasses
import glob
import json
import logging
import math
import os
import re
import shutil
from typing import Any, Optional, Sequence

from master import config as config_lib
from master import errors
from master import files
from master.estimator.checkpoint import checkpoint_files
from master.training import metrics_log

FOLDER = 'best'
FILE = 'best.json'

_TEST_SETS = re.compile(r'test|^(iiit5k|svtp?|ic03|ic13|ic15|cute80|cute)',
                        re.IGNORECASE)
_OTHER_PARTS = re.compile(r'(^|[^a-z])(train|val|valid|validation|dev)'
                          r'([^a-z]|$)', re.IGNORECASE)


def is_test_set(name: str) -> bool:
  """Whether the name of a set says that results are reported on it.

  `IC15_train` and `SVT_val` are other parts of a benchmark and say so.
  """
  if 'test' in name.lower():
    return True
  return bool(_TEST_SETS.search(name)) and not _OTHER_PARTS.search(name)


@dataclasses.dataclass(frozen=True)
class Criterion:
  """By what checkpoints are compared.

  Attributes:
    set_name: of the evaluation set.
    metric: name among its metrics.
  """
  set_name: str
  metric: str

  @property
  def name(self) -> str:
    return f'{self.set_name}/{self.metric}'

  @property
  def higher_is_better(self) -> bool:
    return self.metric != 'loss'

  @property
  def by_test_set(self) -> bool:
    return is_test_set(self.set_name)

  def is_better(self, value: float, other: float) -> bool:
    """Whether `value` beats `other`; what is no number beats nothing."""
    if math.isnan(value):
      return False
    if math.isnan(other):
      return True
    return value > other if self.higher_is_better else value < other


def choose_criterion(name: str, set_names: Sequence[str],
                     metrics: Sequence[str]) -> Optional[Criterion]:
  """The criterion of `--best_metric`.

  Args:
    name: SET/METRIC; '' takes the first metric of the first set that is no
      test set.
    set_names: of the evaluation sets.
    metrics: that each set has.

  Returns:
    The criterion; None where nothing is named and no set may choose.

  Raises:
    InputError: if there is no such set or metric.
  """
  if not name:
    for set_name in set_names:
      if not is_test_set(set_name):
        return Criterion(set_name, metrics[0])
    return None
  for set_name in set_names:
    if name.startswith(set_name + '/') and (
        name[len(set_name) + 1:] in metrics):
      return Criterion(set_name, name[len(set_name) + 1:])
  raise errors.InputError(
      f'--best_metric={name}: write SET/METRIC; SET is one of --eval_lmdb '
      f'({", ".join(set_names) or "none"}), METRIC one of '
      f'{", ".join(metrics)}.')


def _place(source: str, target: str):
  """Gives a file a second name; copies it where that cannot be."""
  with files.writing(target) as pending:
    try:
      os.link(source, pending)
    except OSError:  # Another file system, or one without links.
      shutil.copyfile(source, pending)


def _files(prefix: str) -> list[str]:
  """Files of a checkpoint; the index last, without which it is none."""
  found = glob.glob(glob.escape(prefix) + '.*')
  return sorted(found, key=lambda path: (path.endswith('.index'), path))


class BestCheckpoints:
  """Judges evaluations and keeps the best checkpoints.

  Attributes:
    directory: where they are.
    criterion: by what they are compared.
  """

  def __init__(self, model_dir: str, criterion: Criterion, keep: int,
               early_stop_evals: int = 0, records: int = 0):
    """Takes up what an earlier run left; writes nothing yet.

    Args:
      model_dir: of the training.
      criterion: by what checkpoints are compared.
      keep: how many are kept; 0 only compares.
      early_stop_evals: evaluations without a better value after which
        `should_stop` is true; 0: never.
      records: that an evaluation reads; values of others do not compare.

    Raises:
      InputError: if there are values of another criterion or other records,
        or what is there cannot be read.
    """
    self.directory = os.path.join(model_dir, FOLDER)
    self.criterion = criterion
    self._model_dir = model_dir
    self._keep = keep
    self._early_stop_evals = early_stop_evals
    self._records = records
    self._best = None  # {'step', 'value', 'time'} of all there was.
    self._kept = []  # The same of each checkpoint kept, the best first.
    self._evaluations = 0
    self._since_best = 0
    self._judged_step = None
    self._load()

  @property
  def best(self) -> Optional[dict[str, Any]]:
    """`step`, `value` and `time` of the best evaluation; None before any."""
    return self._best

  @property
  def since_best(self) -> int:
    """Evaluations since the best one."""
    return self._since_best

  @property
  def should_stop(self) -> bool:
    """Whether there was nothing better for too long."""
    return bool(self._early_stop_evals) and (
        self._since_best >= self._early_stop_evals)

  def update(self, step: int, value: float, checkpoint: str) -> bool:
    """Takes in an evaluation; keeps its checkpoint if it is good enough.

    Args:
      step: global step of the checkpoint.
      value: of the criterion's metric.
      checkpoint: path prefix.

    Returns:
      Whether it is the best so far. A step that was compared last is not
      compared again.
    """
    if step == self._judged_step:
      return False
    entry = {'step': step, 'value': value, 'time': metrics_log.now()}
    is_best = not math.isnan(value) and (
        self._best is None
        or self.criterion.is_better(value, self._best['value']))
    self._judged_step = step
    self._evaluations += 1
    self._since_best = 0 if is_best else self._since_best + 1
    if is_best:
      self._best = entry
    self._take(entry, checkpoint)
    return is_best

  def _take(self, entry: dict[str, Any], checkpoint: str):
    """Puts the checkpoint among those kept, if it belongs there."""
    os.makedirs(self.directory, exist_ok=True)
    kept = list(self._kept)
    # A step done over again has files of the same names: the better one stays.
    for old in self._kept:
      if old['step'] == entry['step']:
        if not self.criterion.is_better(entry['value'], old['value']):
          return self._publish(kept)
        kept.remove(old)
    place = next((i for i, old in enumerate(kept)
                  if self.criterion.is_better(entry['value'], old['value'])),
                 len(kept))
    if place < self._keep and not math.isnan(entry['value']):
      self._copy(checkpoint, entry['step'])
      kept.insert(place, entry)
    self._publish(kept[:self._keep])

  def _prefix(self, step: int) -> str:
    return os.path.join(self.directory, f'model.ckpt-{step}')

  def _copy(self, checkpoint: str, step: int):
    for path in _files(checkpoint):
      _place(path, self._prefix(step) + path[len(checkpoint):])
    config = os.path.join(self._model_dir, config_lib.CONFIG_FILE)
    if os.path.exists(config):
      # Never a link: a later run may write the original in place.
      with files.writing(os.path.join(
          self.directory, config_lib.CONFIG_FILE)) as pending:
        shutil.copyfile(config, pending)

  def _publish(self, kept: list[dict[str, Any]]):
    """Makes `kept` what there is; a kill leaves the old or the new list."""
    self._kept = kept
    files.write(os.path.join(self.directory, FILE), json.dumps({
        'metric': self.criterion.name,
        'higher_is_better': self.criterion.higher_is_better,
        'chosen_by_test_set': self.criterion.by_test_set,
        'records': self._records,
        'best': self._best, 'evaluations': self._evaluations,
        'since_best': self._since_best, 'judged_step': self._judged_step,
        'checkpoints': kept}, indent=2, ensure_ascii=False) + '\n')
    self._list()
    steps = {entry['step'] for entry in kept}
    for path in glob.glob(os.path.join(
        glob.escape(self.directory), 'model.ckpt-*')):
      found = re.match(r'model\.ckpt-(\d+)\.', os.path.basename(path))
      if found and int(found.group(1)) not in steps:
        os.remove(path)

  def _list(self):
    """Writes TensorFlow's list, in which the last is the newest."""
    if self._kept:
      checkpoint_files.write_list(self.directory, [
          self._prefix(entry['step']) for entry in reversed(self._kept)])
    elif os.path.exists(os.path.join(self.directory, 'checkpoint')):
      os.remove(os.path.join(self.directory, 'checkpoint'))

  def _load(self):
    path = os.path.join(self.directory, FILE)
    if not os.path.exists(path):
      return
    try:
      with open(path, encoding='utf-8') as f:
        found = json.load(f)
      self._best, self._evaluations = found['best'], found['evaluations']
      self._since_best = found['since_best']
      self._judged_step = found['judged_step']
      kept, metric = found['checkpoints'], found['metric']
      records = found['records']
    except (OSError, ValueError, KeyError, TypeError) as e:
      raise errors.InputError(
          f'{path}: not what bin/train wrote ({e!r}); remove it, and the best '
          'are compared anew.') from e
    if metric != self.criterion.name:
      raise errors.InputError(
          f'--best_metric={self.criterion.name}: the checkpoints in '
          f'{self.directory} were chosen by {metric}; name that one, or move '
          'the folder away.')
    if records != self._records:
      raise errors.InputError(
          f'--eval_limit: the checkpoints in {self.directory} were compared by '
          f'{records} records of {self.criterion.set_name}, now they would be '
          f'by {self._records}; use the same, or move the folder away.')
    self._kept = [entry for entry in kept if os.path.exists(
        self._prefix(entry['step']) + '.index')]
    for entry in kept:
      if entry not in self._kept:
        logging.warning('%s has lost its checkpoint of step %d',
                        self.directory, entry['step'])
    self._list()
