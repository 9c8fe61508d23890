"""Counts of what kinds the words of LMDBs are: cases, numbers, prices, marks.

Prints a table in Markdown: shares in percent of each LMDB's labels, by kind,
by length, and of those with letters by case. data_tools/render_lmdb draws words
in such shares: --case_rates, --kind_rates, --long_rate.
"""

import collections
import os
from typing import Iterable, Iterator, Sequence

from absl import flags

from master import errors
from master.cli import app
from master.data import lmdb_reader
from master.rendering import word_kinds as word_kinds_lib

# First and last length of each row.
_LENGTHS = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6), (7, 7), (8, 8),
            (9, 9), (10, 10), (11, 12), (13, 15), (16, 20), (21, None))


def define_flags():
  """Flags of data_tools/count_kinds."""
  flags.DEFINE_bool(
      'marks', False, 'Adds a row for each mark: in how many percent of the '
      'labels it occurs.')


def count(labels: Iterable[str], with_marks: bool) -> collections.Counter:
  """Counts labels.

  Args:
    labels: not empty, each.
    with_marks: whether each mark is counted.

  Returns:
    How many there are by what the rows of the table are called; under
    `labels` how many in all, under `with letters` how many that have some.
  """
  counts = collections.Counter()
  for label in labels:
    counts['labels'] += 1
    counts[word_kinds_lib.kind_of(label)] += 1
    counts[_length_row(len(label))] += 1
    if any(map(str.isalpha, label)):
      counts['with letters'] += 1
      counts[f'case {word_kinds_lib.case_of(label)}'] += 1
    if with_marks:
      counts.update(f'mark {c}' for c in set(label)
                    if not c.isalnum() and not c.isspace())
  return counts


def _row_of(first: int, last: int) -> str:
  if last is None:
    return f'{first} characters or more'
  return f'{first} to {last} characters' if last > first else (
      f'{first} character' + 's' * (first > 1))


def _length_row(length: int) -> str:
  return next(_row_of(first, last) for first, last in _LENGTHS
              if last is None or length <= last)


def table(columns: dict[str, collections.Counter]) -> Iterator[str]:
  """The lines of the table.

  Args:
    columns: heading -> what `count` gives, not empty.
  """
  counts = list(columns.values())
  yield f'| share in percent | {" | ".join(columns)} |'
  yield '|---' * (len(columns) + 1) + '|'
  yield _line('labels', [str(column['labels']) for column in counts])
  for kind in word_kinds_lib.KINDS:
    if any(column[kind] for column in counts):
      yield _shares(kind, counts, 'labels')
  for case in (*word_kinds_lib.CASES, word_kinds_lib.OTHER):
    if any(column[f'case {case}'] for column in counts):
      yield _shares(f'case {case}', counts, 'with letters')
  for first, last in _LENGTHS:
    row = _row_of(first, last)
    if any(column[row] for column in counts):
      yield _shares(row, counts, 'labels')
  for mark in sorted({row for column in counts for row in column
                      if row.startswith('mark ')}):
    yield _shares(mark, counts, 'labels')


def _shares(row: str, counts: Sequence[collections.Counter], whole: str
            ) -> str:
  heading = row.replace('mark |', 'mark \\|')
  return _line(heading, [f'{100 * column[row] / max(column[whole], 1):.2f}'
                         if column[row] else '' for column in counts])


def _line(heading: str, cells: Sequence[str]) -> str:
  return f'| {heading} | {" | ".join(cells)} |'


def _labels(path: str) -> Iterator[str]:
  """All labels of an LMDB that are there and not empty."""
  reader = lmdb_reader.LmdbReader(path)
  for position in range(len(reader)):
    label = reader.read(position).label
    text = (label or b'').decode('utf-8', 'replace').strip()
    if text:
      yield text


def main(flags_obj: flags.FlagValues, arguments: list[str]) -> int:
  """Counts the labels of the LMDBs."""
  if not arguments:
    raise errors.InputError('Takes PATHs, not 0; name the LMDBs to count.')
  columns = {}
  for path in arguments:
    name = os.path.basename(os.path.abspath(path))
    columns[path if name in columns else name] = count(
        _labels(path), flags_obj.marks)
  for line in table(columns):
    print(line)
  return 0


def run():
  """Entry point of master-count-kinds."""
  app.run(main, define_flags, __doc__, 'PATH [PATH ...]')


if __name__ == '__main__':
  run()
