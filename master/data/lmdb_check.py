"""Checks of the records of an LMDB, a share at a time, and their sum.

Shares may be checked in several processes. What is kept of a record is 12
bytes, and counts.
"""

import collections
import dataclasses
import functools
import hashlib
from typing import NamedTuple, Optional, Sequence

import numpy as np

from master import charset as charset_lib
from master.data import image_check
from master.data import lmdb_header
from master.data import lmdb_pages
from master.data import lmdb_reader
from master.data import lmdb_statistics
from master.data import records as records_lib

# Reasons beside those of records: they do not come back by skipping.
DAMAGED_PAGE = 'damaged_page'
CRASH = 'crash'
# Records that nobody can train on, whatever the model.
UNUSABLE = records_lib.FATAL | {records_lib.LABEL_EMPTY, DAMAGED_PAGE, CRASH}


class Job(NamedTuple):
  """A share of the records.

  Attributes:
    path: of the LMDB.
    layout: of its keys.
    positions: of the records; position 0 is the first record.
    characters: of the charset.
    max_label_length: in characters.
    max_listed: unusable records that are named.
    keep: whether the usable records themselves are asked for.
  """
  path: str
  layout: lmdb_reader.Layout
  positions: Sequence[int]
  characters: str
  max_label_length: int
  max_listed: int
  keep: bool = False

  def image_key(self, position: int) -> str:
    return self.layout.image_key % (self.layout.first + position)

  def label_key(self, position: int) -> str:
    return self.layout.label_key % (self.layout.first + position)

  @property
  def size(self) -> int:
    """Number of records."""
    return len(self.positions)

  def halves(self) -> list['Job']:
    """Two smaller shares."""
    middle = len(self.positions) // 2
    return [self._replace(positions=self.positions[:middle]),
            self._replace(positions=self.positions[middle:])]


class Broken(NamedTuple):
  """A record that nobody can use."""
  key: str
  reason: str
  detail: str = ''


@dataclasses.dataclass
class Findings:
  """What is counted while going through records.

  Attributes:
    records: number of them.
    faults: number of records by reason that training skips, and of those
      that it cannot even skip.
    unusable: of those that nobody can use.
    broken: the first of the unusable ones.
    label_lengths: number of labels by characters.
    characters: occurrences by character.
    formats: images by format.
    heights: images by pixels.
    widths: images by pixels.
    aspects: images by width / height, rounded to hundredths.
    hashes: uint64 [records]; of images' bytes, or what there is instead.
    label_hashes: uint32 [records]; of labels' bytes, 0 where there is none.
    kept: image and label of the usable records.
  """
  records: int = 0
  faults: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  unusable: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  broken: list[Broken] = dataclasses.field(default_factory=list)
  label_lengths: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  characters: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  formats: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  heights: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  widths: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  aspects: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  hashes: Optional[np.ndarray] = None
  label_hashes: Optional[np.ndarray] = None
  kept: list[tuple[bytes, str]] = dataclasses.field(default_factory=list)

  def merge(self, other: 'Findings', max_listed: int):
    """Adds the counts of later records; not their hashes, nor what is kept."""
    self.records += other.records
    for field in dataclasses.fields(self):
      counter = getattr(self, field.name)
      if isinstance(counter, collections.Counter):
        counter.update(getattr(other, field.name))
    self.broken += other.broken[:max_listed - len(self.broken)]

  def add_broken(self, broken: Broken, max_listed: int):
    """Counts an unusable record."""
    self.faults[broken.reason] += 1
    self.unusable[broken.reason] += 1
    if len(self.broken) < max_listed:
      self.broken.append(broken)


@functools.lru_cache(maxsize=1)
def _pages(path: str) -> lmdb_pages.PageReader:
  return lmdb_pages.PageReader(path)


@functools.lru_cache(maxsize=1)
def _charset(characters: str) -> charset_lib.Charset:
  return charset_lib.Charset(characters)


def make_findings(num_records: int) -> Findings:
  """Findings for the hashes of so many records, of which nothing is known."""
  return Findings(
      hashes=np.full([num_records], lmdb_statistics.NO_IMAGE, np.uint64),
      label_hashes=np.full([num_records], lmdb_statistics.NO_LABEL,
                           np.uint32))


def check(job: Job) -> Findings:
  """Judges a share of the records, in any process.

  Raises:
    InputError: if the LMDB cannot be read at all.
  """
  pages, charset = _pages(job.path), _charset(job.characters)
  found = make_findings(len(job.positions))
  found.records = len(job.positions)
  for row, position in enumerate(job.positions):
    _judge_record(job, position, row, pages, charset, found)
  return found


def crashed(job: Job) -> Findings:
  """What stands for a share that could not be checked."""
  found = make_findings(len(job.positions))
  found.records = len(job.positions)
  for position in job.positions:
    found.add_broken(
        Broken(job.image_key(position), CRASH, 'ended its process'),
        job.max_listed)
  return found


def _judge_record(job: Job, position: int, row: int,
                  pages: lmdb_pages.PageReader, charset: charset_lib.Charset,
                  found: Findings):
  """Counts one record in `found`, its hashes at `row`."""
  key = job.image_key(position)
  try:
    image = pages.get(key.encode())
    key = job.label_key(position)
    label = pages.get(key.encode())
  except lmdb_header.PageError as e:
    found.add_broken(Broken(key, DAMAGED_PAGE, e.fault), job.max_listed)
    return
  record = lmdb_reader.Record(image, label)
  reason = records_lib.fault(record, charset, job.max_label_length)
  verdict = image_check.check(image or b'')
  if reason in UNUSABLE:
    if reason == records_lib.MISSING_IMAGE:
      key = job.image_key(position)
    found.add_broken(Broken(key, reason), job.max_listed)
  elif verdict.fault:
    found.add_broken(
        Broken(job.image_key(position), records_lib.UNDECODABLE_IMAGE,
               verdict.fault), job.max_listed)
  else:
    if reason:
      found.faults[reason] += 1
    if job.keep:
      found.kept.append((image, label.decode('utf-8')))
  if label is not None:
    found.label_hashes[row] = _hash(label, 4) or 1
    if reason != records_lib.LABEL_NOT_UTF8:
      _count_label(label, found)
  if image is None and label is None:
    found.hashes[row] = lmdb_statistics.NO_RECORD
  elif image is not None and not verdict.fault:
    found.hashes[row] = max(_hash(image, 8), lmdb_statistics.NO_RECORD + 1)
    _count_image(verdict, found)


def _count_label(label: bytes, found: Findings):
  text = label.decode('utf-8', 'replace')
  found.label_lengths[len(text)] += 1
  found.characters.update(text)


def _count_image(verdict: image_check.Verdict, found: Findings):
  found.formats[verdict.format] += 1
  found.heights[verdict.height] += 1
  found.widths[verdict.width] += 1
  found.aspects[round(verdict.width / verdict.height, 2)] += 1


def _hash(content: bytes, size: int) -> int:
  """A number of `size` bytes."""
  return int.from_bytes(hashlib.blake2b(content, digest_size=size).digest(),
                        'little')
