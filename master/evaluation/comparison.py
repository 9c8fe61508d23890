"""Two models compared sample by sample."""

import collections
import dataclasses
import json
import os
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Optional

from master import errors
from master.evaluation import line_files
from master.evaluation import results
from master.metrics import significance

GAINED = 'gained'
LOST = 'lost'
OTHER = 'other'

# (label, text) -> whether that is right; None where the sample is left out.
CorrectFn = Callable[[str, str], Optional[bool]]

_MEND = 'name the --output_dir of an earlier evaluation'
_AGAIN = 'evaluate that model again'


class OtherDataError(errors.InputError):
  """Two models have read different data."""


@dataclasses.dataclass(frozen=True)
class Other:
  """What an earlier evaluation has read.

  Attributes:
    path: its folder.
    model: what it evaluated.
    texts: (name of the set, number of the record) -> label and text.
  """
  path: str
  model: str
  texts: Mapping[tuple[str, int], tuple[str, str]]


class Change(NamedTuple):
  """A sample that two models have read.

  Attributes:
    set_name: of its set.
    index: the number of its record.
    change: '' where both read the same text; else, under the headline
      protocol, GAINED where only this model is right, LOST where only the
      other is, and OTHER.
    other_text: what the other model read.
  """
  set_name: str
  index: int
  change: str
  other_text: str


def _results(results_dir: str) -> dict[str, Any]:
  """What results.json holds."""
  path = os.path.join(results_dir, results.RESULTS_FILE)
  file = line_files.LineFile(path, _MEND)
  try:
    values = json.loads('\n'.join(line for _, line in file))
  except (ValueError, RecursionError) as e:
    raise errors.InputError(
        f'{path}: is torn or no JSON; {_AGAIN}.') from e
  if not isinstance(values, dict) or not isinstance(
      values.get('sets'), dict) or not isinstance(values.get('model'), str):
    raise errors.InputError(f'{path}: is not of an evaluation; {_MEND}.')
  return values


def _parse(line: str) -> tuple[tuple[str, int], tuple[str, str]]:
  """Place, and label and text, of a line of predictions.jsonl."""
  row = line_files.parse_object(line)
  for name in ('set', 'label', 'text'):
    if not isinstance(row.get(name), str):
      raise line_files.LineError(
          f'"{name}" is {line_files.shown(row.get(name))}, no string; '
          f'{_AGAIN}')
  if not line_files.is_index(row.get('index')):
    raise line_files.LineError(
        f'"index" is {line_files.shown(row.get("index"))}, no number of '
        f'a record; {_AGAIN}')
  return (row['set'], row['index']), (row['label'], row['text'])


def _check_counts(path: str, texts: Mapping[tuple[str, int], Any],
                  sets: Mapping[str, Any]):
  """A file that is cut off after a whole line is noticed by its count."""
  counts = collections.Counter(name for name, _ in texts)
  for name, values in sets.items():
    samples = values.get('samples') if isinstance(values, dict) else None
    if samples != counts[name]:
      raise errors.InputError(
          f'{path}: has {counts[name]} lines of set {name}, but '
          f'{results.RESULTS_FILE} has {samples}; {_AGAIN}.')


def read(results_dir: str) -> Other:
  """Reads what an evaluation has written, one of an older version too.

  Args:
    results_dir: its folder.

  Raises:
    InputError: if there is none, or a file of it is at fault.
  """
  values = _results(results_dir)
  path = os.path.join(results_dir, results.PREDICTIONS_FILE)
  texts = {}
  file = line_files.LineFile(path, _MEND)
  for number, (place, label_and_text) in file.parsed(_parse):
    if place in texts:
      raise file.error(number, f'set {place[0]}, record {place[1]} stands in '
                               f'an earlier line already; {_AGAIN}')
    texts[place] = label_and_text
  _check_counts(path, texts, values['sets'])
  return Other(results_dir, values['model'], texts)


def _table(counts: Mapping[tuple[bool, bool], int]) -> dict[str, Any]:
  """From the numbers of samples by (right here, right there)."""
  gained, lost = counts[True, False], counts[False, True]
  return {'samples': sum(counts.values()), 'both_correct': counts[True, True],
          'gained': gained, 'lost': lost, 'both_wrong': counts[False, False],
          'p_value': significance.mcnemar(gained, lost)}


def _change(right: Optional[bool], right_there: Optional[bool]) -> str:
  if right == right_there:
    return OTHER
  return GAINED if right else LOST


class _SetCounts:
  """What is counted of one set: samples by protocol and (here, there)."""

  def __init__(self, protocol_names: Iterable[str]):
    self.common = self.only_here = 0
    self.by_protocol = {name: collections.Counter() for name in protocol_names}


class Comparison:
  """Compares sample by sample as they come.

  Attributes:
    changes: samples that the two models read as different texts, in order.
  """

  def __init__(self, other: Other, correct: Mapping[str, CorrectFn]):
    """Begins without a sample.

    Args:
      other: what to compare with.
      correct: by protocol, the headline first, what is right; whether a
        sample is left out depends on its label alone.
    """
    self.changes = []
    self._other = other
    self._correct = correct
    self._sets = collections.defaultdict(lambda: _SetCounts(correct))

  def add(self, set_name: str, index: int, label: str, text: str,
          correct: Mapping[str, Optional[bool]]) -> Optional[Change]:
    """Takes a sample.

    Args:
      set_name: of its set.
      index: the number of its record.
      label: the true text.
      text: what this model read.
      correct: by protocol, whether that is right.

    Returns:
      How the other model read it; None where it has not.

    Raises:
      OtherDataError: if the sample's label is another one there.
    """
    counts = self._sets[set_name]
    found = self._other.texts.get((set_name, index))
    if found is None:
      counts.only_here += 1
      return None
    label_there, text_there = found
    if label_there != label:
      raise OtherDataError(
          f'--compare={self._other.path}: not the same data: set {set_name}, '
          f'record {index} has the label {line_files.shown(label)} here and '
          f'{line_files.shown(label_there)} there; evaluate both models on '
          'the same sets.')
    counts.common += 1
    there = correct if text == text_there else {
        name: is_right(label, text_there)
        for name, is_right in self._correct.items()}
    for name, count in counts.by_protocol.items():
      if correct[name] is not None:
        count[correct[name], there[name]] += 1
    if text == text_there:
      return Change(set_name, index, '', text_there)
    headline = next(iter(self._correct))
    change = Change(set_name, index,
                    _change(correct[headline], there[headline]), text_there)
    self.changes.append(change)
    return change

  def results(self) -> dict[str, Any]:
    """What results.json holds of it, with the exact test of McNemar."""
    num_there = collections.Counter(name for name, _ in self._other.texts)
    return {'with': self._other.path, 'model': self._other.model, 'sets': {
        name: {'common': counts.common, 'only_here': counts.only_here,
               'only_there': num_there[name] - counts.common,
               'protocols': {protocol: _table(count) for protocol, count
                             in counts.by_protocol.items()}}
        for name, counts in self._sets.items()}}
