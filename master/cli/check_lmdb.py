"""Tells what is in an LMDB of word images and what is wrong with it.

The exit status is 1 when records are unusable, 2 when PATH is no LMDB.
"""

import collections
import statistics

from absl import flags

from master import charset as charset_lib
from master import errors
from master.cli import app
from master.cli import common_flags
from master.cli import progress as progress_lib
from master.inputs import image_check
from master.inputs import lmdb_reader
from master.inputs import records as records_lib


def define_flags():
  """Flags of data_tools/check_lmdb."""
  common_flags.define_charset_flag()
  flags.DEFINE_integer(
      'max_label_length', 50,
      'Longest text in characters that a model is to read; longer ones are '
      'counted.', lower_bound=1)
  flags.DEFINE_integer(
      'max_listed', 20,
      'Broken records that are listed one by one; 0 lists none.',
      lower_bound=0)


class _Findings:
  """What is counted while going through the records.

  Attributes:
    num_broken: records nobody can use.
    broken: the first of them, one line each.
    faults: number of records by reason that training skips.
  """

  def __init__(self, max_listed: int):
    self.num_broken = 0
    self.broken = []
    self._max_listed = max_listed
    self.faults = collections.Counter()
    self.unknown = collections.Counter()
    self.label_lengths = []
    self.formats = collections.Counter()
    self.heights = []
    self.widths = []

  def add(self, reader: lmdb_reader.LmdbReader, position: int,
          charset: charset_lib.Charset, max_label_length: int):
    """Judges the record at `position`."""
    record = reader.read(position)
    reason = records_lib.fault(record, charset, max_label_length)
    verdict = image_check.judge(record.image or b'')
    if reason in records_lib.FATAL or reason == records_lib.LABEL_EMPTY:
      is_image = reason == records_lib.MISSING_IMAGE
      key = reader.image_key if is_image else reader.label_key
      self._add_broken(key(position), reason)
    elif verdict.fault:
      reason = records_lib.UNDECODABLE_IMAGE
      self._add_broken(reader.image_key(position),
                       f'{reason}: {verdict.fault}')
    if reason:
      self.faults[reason] += 1
    if record.image is not None and not verdict.fault:
      self.formats[verdict.format] += 1
      self.heights.append(verdict.height)
      self.widths.append(verdict.width)
    if record.label is not None and reason != records_lib.LABEL_NOT_UTF8:
      text = record.label.decode('utf-8', 'replace')
      self.label_lengths.append(len(text))
      self.unknown.update(charset.unknown(text))

  def _add_broken(self, key: str, reason: str):
    self.num_broken += 1
    if len(self.broken) < self._max_listed:
      self.broken.append(f'{key}: {reason}')


def _spread(name: str, values: list[int], unit: str) -> str:
  if not values:
    return f'{name}: none'
  return (f'{name}: {min(values)} to {max(values)} {unit}, median '
          f'{statistics.median(values):g}')


def _counts(counter: collections.Counter, most: int = 20) -> str:
  listed = ', '.join(f'{name} {count}'
                     for name, count in counter.most_common(most))
  return (listed or 'none') + (', ...' if len(counter) > most else '')


def _print_report(reader: lmdb_reader.LmdbReader, found: _Findings,
                  charset_name: str):
  layout = reader.layout
  num_images = reader.count_images()
  print(f'{reader.path}: {layout.name} layout ({layout.counter_key}, '
        f'{layout.image_key}, {layout.label_key}, from {layout.first})')
  agreement = 'agrees with' if num_images == len(reader) else 'but there are'
  print(f'records: {layout.counter_key} is {len(reader)}, {agreement} '
        f'{num_images} image keys')
  print(_spread('label length', found.label_lengths, 'characters'))
  print(f'outside --charset={charset_name}: '
        + _counts(collections.Counter(
            {repr(c): n for c, n in found.unknown.items()})))
  print(f'image formats: {_counts(found.formats)}')
  print(_spread('image height', found.heights, 'px'))
  print(_spread('image width', found.widths, 'px'))
  print(f'skipped in training: {_counts(found.faults)}')


def _print_broken(found: _Findings):
  print(f'unusable records: {found.num_broken}')
  for line in found.broken:
    print(f'  {line}')
  unlisted = found.num_broken - len(found.broken)
  if unlisted:
    print(f'  {unlisted} not listed; --max_listed={found.num_broken} lists '
          'all')


def main(flags_obj: flags.FlagValues, arguments: list[str]) -> int:
  """Checks the LMDB; returns 1 if it has unusable records."""
  if len(arguments) != 1:
    raise errors.InputError(
        f'Takes one PATH, not {len(arguments)}; name the LMDB to check.')
  charset = charset_lib.Charset(
      charset_lib.load_characters(flags_obj.charset))
  reader = lmdb_reader.LmdbReader(arguments[0])
  found = _Findings(flags_obj.max_listed)
  progress = progress_lib.Progress('Checked')
  for position in range(len(reader)):
    found.add(reader, position, charset, flags_obj.max_label_length)
    progress.add(1)
  _print_report(reader, found, flags_obj.charset)
  _print_broken(found)
  return app.EXIT_FAILURE if found.num_broken else 0


def run():
  """Entry point of master-check-lmdb."""
  app.run(main, define_flags, __doc__, 'PATH')


if __name__ == '__main__':
  run()
