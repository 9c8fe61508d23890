"""Tells what is in an LMDB of word images and what is wrong with it.

Every image is decoded, in several processes. The exit status is 1 when records
are unusable, 2 when PATH is no LMDB. With --fix the usable records are copied
to a new LMDB; the exit status is about PATH all the same.
"""

import contextlib
import json
import logging
import os
from typing import Any, Iterable, Iterator, Optional

from absl import flags

from master import charset as charset_lib
from master import errors
from master import files
from master import parallel
from master import progress as progress_lib
from master.cli import app
from master.cli import config_flags
from master.data import check_report
from master.data import lmdb_check
from master.data import lmdb_keys
from master.data import lmdb_pages
from master.data import lmdb_reader
from master.data import lmdb_writer
from master.data import records as records_lib

_CHUNK = 128  # Records that a process checks for one message.


def define_flags():
  """Flags of data_tools/check_lmdb."""
  config_flags.define_charset_flag()
  flags.DEFINE_integer(
      'max_label_length', 50,
      'Longest text in characters that a model is to read; longer ones are '
      'counted.', lower_bound=1)
  flags.DEFINE_integer(
      'max_listed', 20,
      'Broken records that are listed one by one, and as many of everything '
      'else that is listed; 0 lists none.', lower_bound=0)
  flags.DEFINE_integer(
      'processes', 0, 'Processes that check images; 0 is one per processor.',
      lower_bound=0)
  flags.DEFINE_string(
      'json', None,
      'File for all that was found, as JSON; - writes it to stdout in place '
      'of the report.')
  flags.DEFINE_string(
      'fix', None,
      'Folder to make for a copy in the standard layout, of the usable '
      'records alone and with the right counter; must not be there, or be '
      'empty.')


class _NothingToCopyError(Exception):
  """Not one record is usable."""


class _Check:
  """One pass through an LMDB."""

  def __init__(self, path: str, flags_obj: flags.FlagValues):
    """Opens the LMDB.

    Raises:
      InputError: if it is none, or a flag is wrong.
    """
    self._flags = flags_obj
    self._characters = charset_lib.load_characters(flags_obj.charset)
    self.pages = lmdb_pages.PageReader(path)
    self.layout, self.count = lmdb_reader.detect(self.pages)
    self.keys = lmdb_keys.Keys()
    self.found = lmdb_check.Findings()
    self.left_out_beyond = lmdb_check.Findings()
    self.num_copied = 0
    self.seconds = 0.0
    self._narrowing = parallel.Narrowing(lmdb_check.check,
                                         flags_obj.processes)

  def run(self, writer: Optional[lmdb_writer.LmdbWriter]):
    """Goes through keys and records.

    Args:
      writer: gets the usable records; None to copy nothing.

    Raises:
      InputError: if somebody else writes to the LMDB meanwhile.
    """
    max_listed = self._flags.max_listed
    scanned = progress_lib.Progress('Looked at keys', unit='keys',
                                    total=self.pages.meta.num_keys)
    self.keys = lmdb_keys.scan_keys(self.pages, self.layout, self.count,
                                    max_listed, scanned.add)
    extent = self.keys.extent
    self.found = lmdb_check.make_findings(extent)
    progress = progress_lib.Progress('Checked', unit='records', total=extent)
    for job, found in self._checked(self._jobs(range(extent), bool(writer))):
      start = job.positions[0]
      stop = start + found.records
      self.found.hashes[start:stop] = found.hashes
      self.found.label_hashes[start:stop] = found.label_hashes
      self.found.merge(found, max_listed)
      self._copy(found, writer)
      progress.add(found.records)
    self.seconds = progress.seconds
    self._add_missing(extent)
    if writer:
      beyond = self.keys.beyond.tolist()
      for _, found in self._checked(self._jobs(beyond, True)):
        self.left_out_beyond.merge(found, max_listed)
        self._copy(found, writer)
    if self.pages.is_outdated():
      raise errors.InputError(
          f'{self.pages.path}: was written to meanwhile; check it when its '
          'writer is done.')

  def _jobs(self, positions, keep: bool) -> Iterator[lmdb_check.Job]:
    for start in range(0, len(positions), _CHUNK):
      yield lmdb_check.Job(
          self.pages.path, self.layout, positions[start:start + _CHUNK],
          self._characters, self._flags.max_label_length,
          self._flags.max_listed, keep)

  def _checked(self, jobs: Iterable[lmdb_check.Job]
              ) -> Iterator[tuple[lmdb_check.Job, lmdb_check.Findings]]:
    """Jobs and what came of them; those that crash are split."""
    for job, found, crashed in self._narrowing.run(jobs):
      if crashed:
        logging.warning('%s to %s ended the process that checked them',
                        job.image_key(job.positions[0]),
                        job.image_key(job.positions[-1]))
        found = lmdb_check.crashed(job)
      yield job, found

  def _copy(self, found: lmdb_check.Findings,
            writer: Optional[lmdb_writer.LmdbWriter]):
    for image, label in found.kept:
      writer.add(image, label)
    self.num_copied += len(found.kept)

  def _add_missing(self, extent: int):
    """Counts the records below the counter behind the last one there is."""
    missing = self.count - extent
    listed = max(0, self._flags.max_listed - len(self.found.broken))
    self.found.records += missing
    for counter in (self.found.faults, self.found.unusable):
      # An entry of 0 would be listed.
      counter.update({records_lib.MISSING_IMAGE: missing} if missing else {})
    for position in range(extent, min(self.count, extent + listed)):
      self.found.broken.append(lmdb_check.Broken(
          self.layout.image_key % (self.layout.first + position),
          records_lib.MISSING_IMAGE))

  def summary(self, fixed: Optional[str]) -> dict[str, Any]:
    """All that was found, for JSON.

    Args:
      fixed: where the copy is; None without one.
    """
    return check_report.summary(
        self, charset_name=self._flags.charset, characters=self._characters,
        max_listed=self._flags.max_listed, fixed=fixed)


def _check_json(path: Optional[str]):
  if path and path != '-' and (
      os.path.isdir(path)
      or not os.path.isdir(os.path.dirname(os.path.abspath(path)))):
    raise errors.InputError(
        f'--json={path}: no file can be made there; name one in a folder '
        'that exists.')


def _write_json(path: str, summary: dict[str, Any]):
  text = json.dumps(summary, indent=2, ensure_ascii=False)
  if path == '-':
    print(text)
    return
  with errors.writing_to(f'--json={path}', 'make room or name another file'):
    files.write(path, text + '\n')


@contextlib.contextmanager
def _writer(path: Optional[str]) -> Iterator[Optional[lmdb_writer.LmdbWriter]]:
  """The writer of --fix; its faults name that flag."""
  if path is None:
    yield None
    return
  try:
    with lmdb_writer.LmdbWriter(path) as writer:
      yield writer
      if not writer.count:
        raise _NothingToCopyError
  except errors.InputError as e:
    raise errors.InputError(
        str(e).replace('--output=', '--fix=', 1)) from e


def _run(check: _Check, fix: Optional[str]) -> Optional[str]:
  """Goes through the LMDB; returns where the copy is, if there is one."""
  try:
    with _writer(fix) as writer:
      check.run(writer)
  except _NothingToCopyError:
    logging.warning('--fix=%s: not made, as not one record is usable', fix)
    return None
  return fix


def main(flags_obj: flags.FlagValues, arguments: list[str]) -> int:
  """Checks the LMDB; returns 1 if it has unusable records."""
  if len(arguments) != 1:
    raise errors.InputError(
        f'Takes one PATH, not {len(arguments)}; name the LMDB to check.')
  _check_json(flags_obj.json)
  check = _Check(arguments[0], flags_obj)
  fixed = _run(check, flags_obj.fix)
  summary = check.summary(fixed)
  if flags_obj.json != '-':
    for line in check_report.lines(summary, flags_obj.max_listed):
      print(line)
  if flags_obj.json:
    _write_json(flags_obj.json, summary)
  logging.info('%d records in %.1f s, %.0f records/s', check.found.records,
               check.seconds, summary['records_per_second'])
  is_bad = summary['unusable']['records'] or summary['damaged_pages']['count']
  return app.EXIT_FAILURE if is_bad else 0


def run():
  """Entry point of master-check-lmdb."""
  app.run(main, define_flags, __doc__, 'PATH')


if __name__ == '__main__':
  run()
