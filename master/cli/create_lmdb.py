"""Packs word images and their texts into an LMDB.

The list has one image a line: its path, a tab, its text. Lines that cannot be
used are named on stderr and left out.
"""

import logging
import os
import sys
from typing import Iterator, NamedTuple

from absl import flags

from master import errors
from master.cli import app
from master.cli import progress as progress_lib
from master.inputs import image_check
from master.inputs import lmdb_writer


class _BadLineError(Exception):
  """A line of the list that cannot be used; says why."""


class _Entry(NamedTuple):
  image: bytes
  text: str


def define_flags():
  """Flags of data_tools/create_lmdb."""
  flags.DEFINE_string(
      'images', None, 'Folder that the paths in labels are relative to.',
      required=True)
  flags.DEFINE_string(
      'labels', None,
      'UTF-8 file with one image a line: path<TAB>text.', required=True)
  flags.DEFINE_string(
      'output', None,
      'Folder to make for the LMDB; must not be there, or be empty.',
      required=True)


def _read_entry(line: bytes, images: str) -> _Entry:
  """The record of one line.

  Raises:
    _BadLineError: if it has none.
  """
  try:
    path, tab, text = line.rstrip(b'\r\n').decode('utf-8').partition('\t')
  except UnicodeDecodeError:
    raise _BadLineError('not UTF-8') from None
  if not tab:
    raise _BadLineError('no tab between path and text')
  if not text:
    raise _BadLineError('no text behind the tab')
  try:
    with open(os.path.join(images, path), 'rb') as f:
      image = f.read()
  except (OSError, ValueError) as e:
    raise _BadLineError(
        f'{path}: {getattr(e, "strerror", None) or e}') from None
  fault = image_check.judge(image).fault
  if fault:
    raise _BadLineError(f'{path}: {fault}')
  return _Entry(image, text)


def _lines(path: str) -> Iterator[tuple[int, bytes]]:
  """Numbered lines that are not blank, without a byte order mark."""
  with open(path, 'rb') as f:
    for number, line in enumerate(f, 1):
      if number == 1:
        line = line.removeprefix(b'\xef\xbb\xbf')
      if line.strip():
        yield number, line


def _pack(images: str, labels: str, output: str) -> tuple[int, int]:
  """Packs what can be used; returns the numbers of good and bad lines."""
  num_bad = 0
  progress = progress_lib.Progress('Packed')
  with lmdb_writer.LmdbWriter(output) as writer:
    for number, line in _lines(labels):
      try:
        entry = _read_entry(line, images)
      except _BadLineError as e:
        print(f'{labels}:{number}: {e}', file=sys.stderr)
        num_bad += 1
      else:
        writer.add(entry.image, entry.text)
        progress.add(1)
    if not writer.count:
      raise errors.InputError(
          f'--labels={labels}: none of its {num_bad} lines can be used; write '
          f'path<TAB>text, with paths inside --images={images}.')
    return writer.count, num_bad


def main(flags_obj: flags.FlagValues, unused_arguments: list[str]):
  """Packs the images that the flags name."""
  if not os.path.isdir(flags_obj.images):
    raise errors.InputError(
        f'--images={flags_obj.images}: no such folder; name the one with '
        'the images.')
  if not os.path.isfile(flags_obj.labels):
    raise errors.InputError(
        f'--labels={flags_obj.labels}: no such file; name one with '
        'path<TAB>text lines.')
  num_good, num_bad = _pack(flags_obj.images, flags_obj.labels,
                            flags_obj.output)
  if num_bad:
    logging.warning('%d lines were left out', num_bad)
  print(f'{flags_obj.output}: {num_good} records, {num_bad} lines left out')


def run():
  """Entry point of master-create-lmdb."""
  app.run(main, define_flags, __doc__)


if __name__ == '__main__':
  run()
