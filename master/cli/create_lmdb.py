"""Packs word images and their texts into an LMDB.

The texts come from a list, or from the names of folders (--source). Each image
is decoded, in several processes; the records are in the order of the list
whatever their number. What cannot be used is named on stderr and left out.
"""

import collections
import logging
import os
import sys
from typing import Iterable, Iterator, Union

from absl import flags

from master import errors
from master import parallel
from master import progress as progress_lib
from master.cli import app
from master.cli import bad_list
from master.data import image_loading
from master.data import image_sources
from master.data import lmdb_writer

# Items that a process loads for one message; fewer where images are large,
# as several messages per process are held in memory.
_MAX_CHUNK = 64
_FIRST_CHUNK = 8
_CHUNK_BYTES = 2**22


def define_flags():
  """Flags of data_tools/create_lmdb."""
  flags.DEFINE_string(
      'images', None, 'Folder that the paths in labels are relative to; with '
      '--source=folders, the one that holds a folder per word.',
      required=True)
  flags.DEFINE_string(
      'labels', None,
      'UTF-8 file with one image a line, written as --source says: '
      'path<TAB>text. Not with --source=folders.')
  flags.DEFINE_enum(
      'source', 'tsv', list(image_sources.SOURCES),
      'Where paths and texts come from. tsv: lines path<TAB>text. icdar: '
      'gt.txt of ICDAR\'s word recognition, lines path, "text". mjsynth: '
      'annotation_*.txt of MJSynth, whose file names hold the text between '
      'the first and the last underscore. folders: no list; the name of the '
      'folder that an image is in is its text.')
  flags.DEFINE_string(
      'output', None,
      'Folder to make for the LMDB; must not be there, or be empty.',
      required=True)
  flags.DEFINE_string(
      'bad_list', None,
      'File to write what was left out to, one a line: file:line, reason and '
      'what is wrong, separated by tabs.')
  flags.DEFINE_integer(
      'processes', 0, 'Processes that check images; 0 is one per processor. '
      'The result does not hang on it.', lower_bound=0)
  flags.register_multi_flags_validator(
      ['source', 'labels'],
      lambda values: values['labels'] or not _source(values).has_list,
      '--labels: required; --help tells what it takes.')
  flags.register_multi_flags_validator(
      ['source', 'labels'],
      lambda values: not values['labels'] or _source(values).has_list,
      '--labels: --source=folders has no list; leave it out.')


def _source(values) -> image_sources.Source:
  return image_sources.SOURCES[values['source']]


class _Packing:
  """One run: from the items of a source to an LMDB.

  Attributes:
    counts: items left out, by reason.
  """

  def __init__(self, flags_obj: flags.FlagValues):
    self.counts = collections.Counter()
    self._flags = flags_obj
    self._source = image_sources.SOURCES[flags_obj.source]
    self._num_good = 0
    self._num_bytes = 0

  def run(self, writer: lmdb_writer.LmdbWriter, listed: bad_list.BadList):
    """Packs what can be used.

    Args:
      writer: gets the records.
      listed: gets a line per item left out.

    Raises:
      InputError: if nothing can be used.
    """
    total = self._count_items()
    progress = progress_lib.Progress('Packed', total=total,
                                     unit=self._source.unit)
    for job, results in self._loaded(self._jobs()):
      for item, result in zip(job.items, results):
        if isinstance(result, image_loading.Good):
          writer.add(result.image, result.text)
          self._num_good += 1
          self._num_bytes += len(result.image)
        else:
          self._leave_out(item, result, listed)
      progress.add(len(results))
    if not writer.count:
      raise self._nothing_usable()
    logging.info('%d %s in %.1f s, %.0f %s/s', progress.count,
                 self._source.unit, progress.seconds,
                 progress.count / progress.seconds, self._source.unit)

  def _items(self) -> Iterator[image_sources.Item]:
    return image_sources.items(self._flags.images, self._flags.labels)

  def _count_items(self) -> int:
    progress = progress_lib.Progress('Found', unit=self._source.unit)
    for _ in self._items():
      progress.add(1)
    return progress.count

  def _jobs(self) -> Iterator[image_loading.Job]:
    """Shares of the items, of so many that their images take little room."""
    chunk = []
    for item in self._items():
      chunk.append(item)
      if len(chunk) >= self._chunk_size():
        yield self._job(chunk)
        chunk = []
    if chunk:
      yield self._job(chunk)

  def _job(self, items: list[image_sources.Item]) -> image_loading.Job:
    return image_loading.Job(self._flags.source, self._flags.images, items)

  def _chunk_size(self) -> int:
    if not self._num_good:
      return _FIRST_CHUNK  # Nobody knows yet how large they are.
    mean = self._num_bytes / self._num_good
    return max(1, min(_MAX_CHUNK, int(_CHUNK_BYTES / mean)))

  def _loaded(self, jobs: Iterable[image_loading.Job]) -> Iterator[tuple[
      image_loading.Job, list[Union[image_loading.Good, image_loading.Bad]]]]:
    """Shares and what their items lead to; shares that crash are split."""
    narrowing = parallel.Narrowing(image_loading.load, self._flags.processes)
    for job, results, crashed in narrowing.run(jobs):
      if crashed:
        fault = image_loading.Bad(
            image_loading.CRASH, 'ended the process that loaded it')
        results = [fault] * job.size
      yield job, results

  def _leave_out(self, item: image_sources.Item, fault: image_loading.Bad,
                 listed: bad_list.BadList):
    """Counts and names an item that cannot be used."""
    self.counts[fault.reason] += 1
    if self._source.has_list:
      place = f'{self._flags.labels}:{item.number}'
    else:
      place = os.path.join(self._flags.images, os.fsdecode(item.content))
    print(f'{place}: {fault.detail}', file=sys.stderr)
    listed.add(place, fault.reason, fault.detail)

  def _nothing_usable(self) -> errors.InputError:
    num_bad, unit = self.counts.total(), self._source.unit
    if self._source.has_list:
      return errors.InputError(
          f'--labels={self._flags.labels}: none of its {num_bad} {unit} can '
          f'be used; write {self._source.form}, with paths inside '
          f'--images={self._flags.images}.')
    return errors.InputError(
        f'--images={self._flags.images}: none of its {num_bad} {unit} can be '
        f'used; name them {self._source.form}.')


def main(flags_obj: flags.FlagValues, unused_arguments: list[str]):
  """Packs the images that the flags name."""
  if not os.path.isdir(flags_obj.images):
    raise errors.InputError(
        f'--images={flags_obj.images}: no such folder; name the one with '
        'the images.')
  if flags_obj.labels and not os.path.isfile(flags_obj.labels):
    form = image_sources.SOURCES[flags_obj.source].form
    raise errors.InputError(
        f'--labels={flags_obj.labels}: no such file; name one with '
        f'{form} lines.')
  packing = _Packing(flags_obj)
  with lmdb_writer.LmdbWriter(flags_obj.output) as writer:
    # Within, so that its last line is written before the LMDB appears.
    with bad_list.BadList(flags_obj.bad_list) as listed:
      packing.run(writer, listed)
  num_bad = packing.counts.total()
  unit = image_sources.SOURCES[flags_obj.source].unit
  if num_bad:
    logging.warning('%d %s were left out: %s', num_bad, unit, ', '.join(
        f'{count} {reason}'
        for reason, count in sorted(packing.counts.items())))
  print(f'{flags_obj.output}: {writer.count} records, {num_bad} {unit} left '
        'out')


def run():
  """Entry point of master-create-lmdb."""
  app.run(main, define_flags, __doc__)


if __name__ == '__main__':
  run()
