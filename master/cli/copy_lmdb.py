"""Merges, samples, splits and filters LMDBs of word images.

Reads any of the usual key layouts and writes the standard one; images and
labels are copied as they are, unseen. All outputs appear when all are whole.
"""

import collections
import contextlib
import logging
import math
import os
from typing import Iterator

from absl import flags

from master import charset as charset_lib
from master import errors
from master import progress as progress_lib
from master.cli import app
from master.cli import lmdb_flags
from master.data import lmdb_reader
from master.data import lmdb_writer
from master.data import record_filters
from master.data import records as records_lib


def define_flags():
  """Flags of data_tools/copy_lmdb."""
  flags.DEFINE_list(
      'input', None, 'LMDBs to copy, separated by commas; their records '
      'follow each other in this order.', required=True)
  flags.DEFINE_list(
      'output', None, 'Folder to make for the LMDB, or one per share of '
      '--split, separated by commas; must not be there, or be empty.',
      required=True)
  flags.DEFINE_integer(
      'sample', None, 'Number of records to copy, drawn by chance from all '
      'that can be; without it, all of them.', lower_bound=1)
  flags.DEFINE_list(
      'split', None, 'Shares of the outputs, separated by commas and 1 in sum, '
      'as 0.9,0.1: each record goes to one of them, by chance.')
  flags.DEFINE_integer('seed', 0, 'Decides everything left to chance.')
  flags.DEFINE_string(
      'charset', None, 'Leaves out labels with other characters: 36, 62, 94, '
      '95 or a file, as for training; letters of which the charset has the '
      'other case alone will do. Without it, any will.')
  flags.DEFINE_integer(
      'min_label_length', 1, 'Shortest label to copy, in characters.',
      lower_bound=0)
  flags.DEFINE_integer(
      'max_label_length', None, 'Longest label to copy, in characters; '
      'without it, any.', lower_bound=1)
  lmdb_flags.define('copied')
  _register_validators()


def _register_validators():
  flags.register_validator(
      'input', lambda paths: paths is None or (paths and all(paths)),
      '--input: names no LMDB; --help tells what it takes.')
  flags.register_validator(
      'split', lambda shares: shares is None or _are_shares(shares),
      '--split: takes numbers above 0, 1 in sum, as 0.9,0.1.')
  flags.register_multi_flags_validator(
      ['split', 'output'],
      lambda values: len(values['split'] or [1]) == len(values['output'] or []),
      '--output: takes as many folders as --split has shares, one without '
      'it.')
  flags.register_validator(
      'output', lambda paths: len(set(map(os.path.abspath, paths or [])))
      == len(paths or []), '--output: names a folder twice.')
  flags.register_multi_flags_validator(
      ['min_label_length', 'max_label_length'],
      lambda values: values['max_label_length'] is None
      or values['min_label_length'] <= values['max_label_length'],
      '--max_label_length: must not be less than --min_label_length.')


def _are_shares(texts: list[str]) -> bool:
  try:
    shares = [float(text) for text in texts]
  except ValueError:
    return False
  return all(share > 0 for share in shares) and math.isclose(
      math.fsum(shares), 1, abs_tol=1e-6)


class _Copying:
  """One run: from the inputs to the outputs.

  Attributes:
    left_out: number of records left out, by reason.
  """

  def __init__(self, flags_obj: flags.FlagValues):
    """Opens the inputs.

    Raises:
      InputError: if one cannot be read, or has too few records.
    """
    self.left_out = collections.Counter()
    self._flags = flags_obj
    self._filter = _filter(flags_obj)
    self._record = None  # As `accepts` read it.
    try:
      self._records = records_lib.Records(flags_obj.input)
    except errors.InputError as e:
      raise errors.InputError(f'--input: {e}') from e
    self._check_sample(len(self._records))

  def run(self, writers: list[lmdb_writer.LmdbWriter]):
    """Copies what is to be copied; the writers are finished.

    Raises:
      InputError: if there is too little of it.
    """
    dealer = record_filters.Dealer(
        [float(share) for share in self._flags.split or ['1']],
        self._flags.seed,
        lambda i, record: writers[i].add(record.image, record.label.decode()))
    for record in self._chosen():
      dealer.add(record)
    dealer.finish()
    total = sum(writer.count for writer in writers)
    if self._flags.sample is not None:
      self._check_sample(total)
    for path, writer in zip(self._flags.output, writers):
      if not writer.count:
        raise errors.InputError(
            f'--output={path}: no record is left for it '
            f'({self.reasons() or f"of {total}"}); look at --split and what '
            'leaves records out.')
      writer.finish()

  def reasons(self) -> str:
    """What was left out, for messages."""
    return ', '.join(f'{count} {reason}'
                     for reason, count in sorted(self.left_out.items()))

  def _chosen(self) -> Iterator[lmdb_reader.Record]:
    """The records to copy."""
    total, wanted = len(self._records), self._flags.sample
    progress = progress_lib.Progress('Copied', total=wanted or total,
                                     unit='records')
    if wanted is None:
      for position in range(total):
        if self._accepts(position):
          yield self._record
        progress.add(1)
    else:
      for _ in record_filters.draw(
          total, wanted, self._flags.seed, self._accepts):
        yield self._record
        progress.add(1)

  def _accepts(self, position: int) -> bool:
    """Reads a record; counts it if it is to be left out."""
    self._record = self._records.read(position)
    reason = self._filter.fault(self._record)
    if reason:
      self.left_out[reason] += 1
    return not reason

  def _check_sample(self, available: int):
    if available < (self._flags.sample or 0):
      reasons = self.reasons()
      raise errors.InputError(
          f'--sample={self._flags.sample}: there are only {available} records '
          f'to copy{reasons and f" (left out: {reasons})"}; ask for no more.')


def _filter(flags_obj: flags.FlagValues) -> record_filters.Filter:
  charset = flags_obj.charset and charset_lib.Charset(
      charset_lib.load_characters(flags_obj.charset))
  return record_filters.Filter(
      charset=charset or None, min_length=flags_obj.min_label_length,
      max_length=flags_obj.max_label_length,
      excluded=lmdb_flags.labels(flags_obj.exclude))


def main(flags_obj: flags.FlagValues, unused_arguments: list[str]):
  """Copies what the flags ask for."""
  copying = _Copying(flags_obj)
  with contextlib.ExitStack() as stack:
    writers = [stack.enter_context(lmdb_writer.LmdbWriter(path))
               for path in flags_obj.output]
    copying.run(writers)
  if copying.left_out:
    logging.warning('%d records were left out: %s',
                    copying.left_out.total(), copying.reasons())
  for path, writer in zip(flags_obj.output, writers):
    print(f'{path}: {writer.count} records')


def run():
  """Entry point of master-copy-lmdb."""
  app.run(main, define_flags, __doc__)


if __name__ == '__main__':
  run()
