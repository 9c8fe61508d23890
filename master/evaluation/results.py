"""Counts of an evaluation, its table, results.json and predictions.jsonl.

Guarded by tests/evaluation/results_test.py.
"""

import dataclasses
import json
import os
from typing import Any, Mapping, Optional

from master import errors
from master.evaluation import protocols

RESULTS_FILE = 'results.json'
PREDICTIONS_FILE = 'predictions.jsonl'


@dataclasses.dataclass
class ProtocolCount:
  """Sums under one protocol.

  Attributes:
    samples: samples judged.
    correct: of them, read without a fault.
    ned_sum: sum of their 1 - normalised edit distance.
    empty_label: samples left out because nothing of the label counts.
  """
  samples: int = 0
  correct: int = 0
  ned_sum: float = 0.0
  empty_label: int = 0

  def add(self, judgement: Optional[protocols.Judgement]):
    """Counts one sample; None is a label that folds to nothing."""
    if judgement is None:
      self.empty_label += 1
      return
    self.samples += 1
    self.correct += judgement.correct
    self.ned_sum += judgement.ned

  def merge(self, other: 'ProtocolCount'):
    for field in dataclasses.fields(self):
      name = field.name
      setattr(self, name, getattr(self, name) + getattr(other, name))

  @property
  def word_accuracy(self) -> float:
    """In [0, 1]; 0 where no sample was judged."""
    return self.correct / self.samples if self.samples else 0.0

  @property
  def ned(self) -> float:
    """In [0, 1]; 0 where no sample was judged."""
    return self.ned_sum / self.samples if self.samples else 0.0

  def to_dict(self) -> dict[str, Any]:
    return {'samples': self.samples, 'correct': self.correct,
            'word_accuracy': self.word_accuracy, 'ned': self.ned,
            'empty_label': self.empty_label}


@dataclasses.dataclass
class SetResult:
  """Counts of one evaluation set.

  Attributes:
    samples: images read.
    skipped: records that could not be read, by reason.
    seconds: time it took to read the images.
    protocols: counts by protocol.
  """
  samples: int = 0
  skipped: dict[str, int] = dataclasses.field(default_factory=dict)
  seconds: float = 0.0
  protocols: dict[str, ProtocolCount] = dataclasses.field(
      default_factory=lambda: {p: ProtocolCount()
                               for p in protocols.PROTOCOLS})

  def add(self, label: str, text: str):
    self.samples += 1
    for protocol, count in self.protocols.items():
      count.add(protocols.judge(label, text, protocol))

  def merge(self, other: 'SetResult'):
    self.samples += other.samples
    self.seconds += other.seconds
    for reason, number in other.skipped.items():
      self.skipped[reason] = self.skipped.get(reason, 0) + number
    for protocol, count in self.protocols.items():
      count.merge(other.protocols[protocol])

  @property
  def images_per_second(self) -> float:
    return self.samples / self.seconds if self.seconds else 0.0

  def to_dict(self) -> dict[str, Any]:
    return {
        'samples': self.samples,
        'skipped': dict(sorted(self.skipped.items())),
        'images_per_second': self.images_per_second,
        'protocols': {protocol: count.to_dict()
                      for protocol, count in self.protocols.items()},
    }


def to_dict(model: str, charset: str,
            sets: Mapping[str, SetResult]) -> dict[str, Any]:
  """What results.json holds.

  Args:
    model: what was evaluated.
    charset: its characters, in class order.
    sets: results by set name.
  """
  return {'model': model, 'charset': charset,
          'sets': {name: result.to_dict() for name, result in sets.items()}}


def combined(sets: Mapping[str, SetResult]) -> SetResult:
  """All sets as one: every sample weighs the same."""
  total = SetResult()
  for result in sets.values():
    total.merge(result)
  return total


def _row(name: str, result: SetResult) -> list[str]:
  cells = [name, str(result.samples), str(sum(result.skipped.values())),
           f'{result.images_per_second:.1f}']
  for count in result.protocols.values():
    cells += ([f'{100 * count.word_accuracy:.2f}', f'{100 * count.ned:.2f}']
              if count.samples else ['-', '-'])
  return cells


def _notes(name: str, result: SetResult) -> list[str]:
  notes = [f'{name}: {number} skipped: {reason}'
           for reason, number in sorted(result.skipped.items())]
  return notes + [
      f'{name}: {count.empty_label} not in {protocol}: nothing of the label '
      'counts there'
      for protocol, count in result.protocols.items() if count.empty_label]


def table(sets: Mapping[str, SetResult]) -> str:
  """A table for people: percent, protocols named, what was left out below.

  Args:
    sets: results by set name; of more than one, the last row is all samples
      together, named by its parts.
  """
  rows = [_row(name, result) for name, result in sets.items()]
  if len(sets) > 1:
    rows.append(_row('+'.join(sets), combined(sets)))
  top, head = ['', '', '', ''], ['set', 'samples', 'skipped', 'images/s']
  for protocol in protocols.PROTOCOLS:
    top += [protocol, '']
    head += ['words %', 'ned %']
  widths = [max(len(row[i]) for row in [head, *rows])
            for i in range(len(head))]
  # A protocol's name stands over both its columns.
  for i in range(4, len(head), 2):
    widths[i] += max(0, len(top[i]) - widths[i] - widths[i + 1] - 2)

  def line(cells):
    return '  '.join([cells[0].ljust(widths[0])] + [
        cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])])

  title = ' ' * (sum(widths[:4]) + 8) + '  '.join(
      top[i].rjust(widths[i] + widths[i + 1] + 2)
      for i in range(4, len(head), 2))
  notes = [note for name, result in sets.items()
           for note in _notes(name, result)]
  return '\n'.join([title, line(head), *map(line, rows), *notes])


class Report:
  """Writes an evaluation into a folder; both files appear when it is whole.

  A context manager: leaving it by an exception leaves the folder's old files
  as they were.
  """

  def __init__(self, output_dir: str):
    """Opens the files.

    Args:
      output_dir: folder, made if need be.

    Raises:
      InputError: if it cannot be written to.
    """
    self._results = os.path.join(output_dir, RESULTS_FILE)
    self._predictions = os.path.join(output_dir, PREDICTIONS_FILE)
    try:
      os.makedirs(output_dir, exist_ok=True)
      self._file = open(self._predictions + '.tmp', 'w', encoding='utf-8')
    except OSError as e:
      raise errors.InputError(
          f'--output_dir={output_dir}: cannot be written to '
          f'({e.strerror}); name another folder.') from e

  def add(self, set_name: str, index: int, label: str, text: str,
          confidence: float):
    """Writes one line of predictions.jsonl.

    Args:
      set_name: of the evaluation set.
      index: number in the record's LMDB key.
      label: the true text.
      text: the text read.
      confidence: probability of the whole text.
    """
    json.dump({'set': set_name, 'index': index, 'label': label, 'text': text,
               'confidence': confidence}, self._file, ensure_ascii=False)
    self._file.write('\n')

  def publish(self, results: Mapping[str, Any]):
    """Writes results.json and moves both files into place."""
    self._file.close()
    with open(self._results + '.tmp', 'w', encoding='utf-8') as f:
      json.dump(results, f, indent=2, ensure_ascii=False)
      f.write('\n')
    os.replace(self._predictions + '.tmp', self._predictions)
    os.replace(self._results + '.tmp', self._results)

  def __enter__(self) -> 'Report':
    return self

  def __exit__(self, *unused_exception):
    self._file.close()
    for path in (self._predictions, self._results):
      if os.path.exists(path + '.tmp'):
        os.remove(path + '.tmp')
