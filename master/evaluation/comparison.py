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
  """A sample that two models read as different texts.

  Attributes:
    set_name: of its set.
    index: the number of its record.
    change: under the headline protocol: GAINED where only this model is
      right, LOST where only the other is; else OTHER.
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


def other_text(other: Other, set_name: str, index: int,
               label: str) -> Optional[str]:
  """What the other model read; None if it has no such sample.

  Args:
    other: the other model's texts.
    set_name: of a set.
    index: the number of a record of it.
    label: its true text.

  Raises:
    InputError: if the sample's label is another one there.
  """
  found = other.texts.get((set_name, index))
  if found is None:
    return None
  if found[0] != label:
    raise errors.InputError(
        f'--compare={other.path}: not the same data: set {set_name}, record '
        f'{index} has the label {line_files.shown(label)} here and '
        f'{line_files.shown(found[0])} there; evaluate both models on '
        'the same sets.')
  return found[1]


def _change(right: Optional[bool], right_there: Optional[bool]) -> str:
  if right == right_there:
    return OTHER
  return GAINED if right else LOST


def _compare_set(name: str, samples: Iterable[tuple[int, str, str]],
                 other: Other, correct: Mapping[str, CorrectFn]
                 ) -> tuple[dict[str, Any], list[Change]]:
  """`compare` of one set."""
  counts = {protocol: collections.Counter() for protocol in correct}
  common = only_here = 0
  changes = []
  for index, label, text in samples:
    text_there = other_text(other, name, index, label)
    if text_there is None:
      only_here += 1
      continue
    common += 1
    outcomes = {}
    for protocol, is_right in correct.items():
      here = is_right(label, text)
      there = here if text == text_there else is_right(label, text_there)
      outcomes[protocol] = here, there
      if here is not None:
        counts[protocol][here, there] += 1
    if text != text_there:
      first = next(iter(outcomes.values()))
      changes.append(Change(name, index, _change(*first), text_there))
  num_there = sum(set_name == name for set_name, _ in other.texts)
  return {'common': common, 'only_here': only_here,
          'only_there': num_there - common,
          'protocols': {protocol: _table(count)
                        for protocol, count in counts.items()}}, changes


def compare(samples: Mapping[str, Iterable[tuple[int, str, str]]],
            other: Other, correct: Mapping[str, CorrectFn]
            ) -> tuple[dict[str, Any], list[Change]]:
  """Compares sample by sample.

  Args:
    samples: by name of the set: number of the record, label and text.
    other: what to compare with.
    correct: by protocol, the headline first, what is right; whether a sample
      is left out depends on its label alone.

  Returns:
    What results.json holds of it, with the exact test of McNemar; and the
    samples that the two read as different texts, in order.

  Raises:
    InputError: if a sample has another label there.
  """
  sets, changes = {}, []
  for name, of_set in samples.items():
    sets[name], of_this = _compare_set(name, of_set, other, correct)
    changes += of_this
  return {'with': other.path, 'model': other.model, 'sets': sets}, changes
