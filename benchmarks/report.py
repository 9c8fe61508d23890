"""What all benchmarks share: runs in turn, hardware, table and JSON file."""

import json
import os
import statistics
import sys
import time
from typing import Any, Callable, Mapping, Optional, Sequence

from absl import flags

from master import files
from master import hardware

Row = dict[str, Any]


def define_flags():
  """--repeats and --json."""
  flags.DEFINE_integer('repeats', 7, 'Timed runs of each row.', lower_bound=1)
  define_json_flag()


def define_json_flag():
  """--json alone, whose folder must be there."""
  flags.DEFINE_string('json', None, 'File that also gets the figures.')

  def has_folder(path: Optional[str]) -> bool:
    folder = os.path.dirname(path or '') or '.'
    if not os.path.isdir(folder):
      # Better now than when all has been measured.
      raise flags.ValidationError(
          f'--json={path}: there is no folder {folder}; make it first.')
    return True

  flags.register_validator('json', has_folder)


def define_rows_flag(names: Sequence[str]):
  """--rows, some of `names`."""
  flags.DEFINE_list('rows', list(names),
                    'Rows that are measured. A ratio needs both of its rows.')

  def known(rows: Sequence[str]) -> bool:
    for row in rows or ['']:
      if row not in names:
        raise flags.ValidationError(
            f'--rows={",".join(rows)}: no row {row!r}; there are '
            f'{", ".join(names)}.')
    return True

  flags.register_validator('rows', known)


def batch_sizes(values: Sequence[str]) -> list[int]:
  """--batch_sizes as numbers.

  Raises:
    ValidationError: if there is none, one is no number or stands twice.
  """
  sizes = [int(value) if value.isdecimal() else 0 for value in values]
  if not sizes or min(sizes) < 1 or len(set(sizes)) < len(sizes):
    raise flags.ValidationError(
        f'--batch_sizes={",".join(values)}: must be different whole numbers '
        'of at least 1, separated by commas.')
  return sizes


def define_batch_sizes_flag(default: Sequence[str]):
  """--batch_sizes, for `batch_sizes`."""
  flags.DEFINE_list('batch_sizes', list(default), 'Batch sizes, in images.')
  flags.register_validator('batch_sizes',
                           lambda values: bool(batch_sizes(values)))


def note(message: str):
  """Tells how far the benchmark is, on stderr."""
  print(message, file=sys.stderr, flush=True)


def warm_up(runs: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
  """Runs each once; returns what they returned, by name."""
  return {name: run() for name, run in runs.items()}


def in_turn(runs: Mapping[str, Callable[[], Any]], repeats: int, size: int,
            label: str) -> dict[str, list[float]]:
  """Times runs one after the other, all of them `repeats` times.

  What slows the machine down for a while then slows all of them.

  Args:
    runs: by name, warmed up.
    repeats: times that each is run.
    size: images of one run.
    label: what is timed, for the lines on stderr.

  Returns:
    Images a second of each run, by name.
  """
  rates = {name: [] for name in runs}
  for i in range(repeats):
    for name, run in runs.items():
      started = time.perf_counter()
      run()
      rates[name].append(size / (time.perf_counter() - started))
    note(f'{label}: {i + 1} of {repeats}')
  return rates


def row(name: str, batch: int, rates: Sequence[float], **more: Any) -> Row:
  """A row of the JSON file.

  Args:
    name: of the row.
    batch: images of one run.
    rates: images a second of each run.
    **more: further fields.
  """
  return {'name': name, 'batch': batch,
          'images_per_second': {'median': statistics.median(rates),
                                'low': min(rates), 'high': max(rates)},
          **more}


def ratios(rows: Sequence[Row],
           pairs: Mapping[str, tuple[str, str]]) -> dict[str, float]:
  """Ratios of medians.

  Args:
    rows: from `row`, those of one batch size from one run in turn.
    pairs: name of the ratio to the names of the rows above and below the
      line.

  Returns:
    Value by name, of those pairs that have both rows. Where there are several
    batch sizes the names end in `_batch_<size>`.
  """
  batches = list(dict.fromkeys(row['batch'] for row in rows))
  found = {}
  for batch in batches:
    medians = {row['name']: row['images_per_second']['median']
               for row in rows if row['batch'] == batch}
    suffix = '' if len(batches) == 1 else f'_batch_{batch}'
    found.update({name + suffix: medians[above] / medians[below]
                  for name, (above, below) in pairs.items()
                  if above in medians and below in medians})
  return found


def result(settings: Mapping[str, Any], rows: Sequence[Row],
           values: Mapping[str, float]) -> dict[str, Any]:
  """All that a benchmark found, as its JSON file holds it.

  Args:
    settings: what the figures depend on.
    rows: from `row`.
    values: from `ratios`.
  """
  return {'hardware': hardware.describe(), 'settings': dict(settings),
          'rows': list(rows), 'ratios': dict(values)}


def aligned(lines: Sequence[Sequence[str]]) -> str:
  """Lines of cells as columns: the first to the left, the others right."""
  widths = [max(map(len, column)) for column in zip(*lines)]
  return '\n'.join('  '.join(
      cell.rjust(width) if i else cell.ljust(width)
      for i, (cell, width) in enumerate(zip(line, widths))).rstrip()
                   for line in lines)


def spread(rates: Mapping[str, float]) -> str:
  """Lowest to highest of a row's `images_per_second`."""
  return f'{rates["low"]:.2f} to {rates["high"]:.2f}'


def rates_table(rows: Sequence[Row], more: Sequence[str] = ()) -> str:
  """The rows for people.

  Args:
    rows: from `row`.
    more: names of further fields to show; a row without one has a gap there.
  """
  lines = [['', 'batch', 'images/s', 'low to high', *more]]
  for found in rows:
    rates = found['images_per_second']
    lines.append([found['name'], str(found['batch']),
                  f'{rates["median"]:.2f}', spread(rates),
                  *(str(found.get(field, '')) for field in more)])
  return aligned(lines)


def ratios_table(values: Mapping[str, float]) -> str:
  """The ratios for people."""
  return aligned([[name, f'{value:.2f}'] for name, value in values.items()])


def write_json(path: Optional[str], found: Mapping[str, Any]):
  """Writes what `result` returned, whole or not at all.

  Args:
    path: of the file; None writes nothing.
    found: what to write.
  """
  if not path:
    return
  files.write(path, json.dumps(found, indent=2) + '\n')
