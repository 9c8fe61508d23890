"""Records of several LMDBs as one sequence, and why some cannot be used."""

import bisect
import itertools
import threading
from typing import Optional, Sequence

import numpy as np

from master import charset as charset_lib
from master import config as config_lib
from master import errors
from master.data import lmdb_reader

MISSING_IMAGE = 'missing_image'
MISSING_LABEL = 'missing_label'
LABEL_NOT_UTF8 = 'label_not_utf8'
LABEL_EMPTY = 'label_empty'
LABEL_TOO_LONG = 'label_too_long'
LABEL_OUTSIDE_CHARSET = 'label_outside_charset'
UNDECODABLE_IMAGE = 'undecodable_image'
IMAGE_TOO_SMALL = 'image_too_small'

# Without these a record is of no use, not even how well it was read.
FATAL = frozenset({MISSING_IMAGE, MISSING_LABEL, LABEL_NOT_UTF8,
                   UNDECODABLE_IMAGE})

SKIP, STRIP, UNK = config_lib.UNKNOWN_CHARS
# Reasons for a record that is used, but not as it is.
LABEL_STRIPPED = 'label_stripped'
LABEL_WITH_UNK = 'label_with_unk'
ALTERED = frozenset({LABEL_STRIPPED, LABEL_WITH_UNK})

_NUM_EXAMPLES = 5
# Records that are drawn before their faults are counted as a whole.
_ENOUGH_DRAWN = 1000


class SkipCounter:
  """Counts records of one `Records` that were skipped or altered, by reason.

  A record counts once, however many epochs meet it; that takes a bit for
  each. Threads may share a counter.

  Attributes:
    num_drawn: records drawn, each as often as it was.
    num_bad: those of them that were skipped.
  """

  def __init__(self, keeps_all: bool = False):
    """Starts at nothing.

    Args:
      keeps_all: whether to remember every record, for `records`; else a few
        examples.
    """
    self.num_drawn = 0
    self.num_bad = 0
    self._records = [] if keeps_all else None
    self._seen = bytearray()
    self._counts = {}
    self._examples = {}
    self._lock = threading.Lock()

  def add(self, reason: str, position: int, key: str):
    """Counts the record at `position`, which `key` names."""
    index, bit = position >> 3, 1 << (position & 7)
    with self._lock:
      if len(self._seen) <= index:
        self._seen.extend(bytes(index + 1 - len(self._seen)))
      if self._seen[index] & bit:
        return
      self._seen[index] |= bit
      self._counts[reason] = self._counts.get(reason, 0) + 1
      examples = self._examples.setdefault(reason, [])
      if len(examples) < _NUM_EXAMPLES:
        examples.append(key)
      if self._records is not None:
        self._records.append((position, key, reason))

  def draw(self, num_records: int, num_bad: int):
    """Counts records that were drawn, and those of them not used."""
    with self._lock:
      self.num_drawn += num_records
      self.num_bad += num_bad

  def check_bad_fraction(self, limit: float, where: str):
    """Stops at rotten data, once enough of it was drawn.

    Args:
      limit: largest share of the records drawn that may be skipped.
      where: the LMDBs' paths.

    Raises:
      InputError: naming the worst reason and a record.
    """
    if self.num_drawn < _ENOUGH_DRAWN or (
        self.num_bad <= limit * self.num_drawn):
      return
    counts = self.counts
    worst = max(counts, key=counts.get)
    raise errors.InputError(
        f'{where}: {self.num_bad} of the first {self.num_drawn} records '
        f'cannot be used, most for {worst} (as {self.examples[worst][0]}); '
        f'mend the data or the settings, or raise --max_bad_fraction='
        f'{limit:g}.')

  def _by_reason(self, is_altered: bool) -> dict[str, int]:
    with self._lock:
      return {reason: count for reason, count in self._counts.items()
              if (reason in ALTERED) == is_altered}

  @property
  def counts(self) -> dict[str, int]:
    """Number of skipped records by reason."""
    return self._by_reason(False)

  @property
  def altered(self) -> dict[str, int]:
    """Number of records that were used with another label, by reason."""
    return self._by_reason(True)

  @property
  def examples(self) -> dict[str, list[str]]:
    """The first few keys by reason."""
    with self._lock:
      return {reason: list(keys) for reason, keys in self._examples.items()}

  @property
  def total(self) -> int:
    """Number of skipped records over all reasons."""
    return sum(self.counts.values())

  def records(self) -> list[tuple[int, str, str]]:
    """Position, key and reason of all, where they are remembered."""
    with self._lock:
      return list(self._records)

  def summary(self) -> str:
    """One line: how many, why, and the first key of each reason."""
    lines = [f'{verb} {self._listed(counts)}' for verb, counts in (
        ('skipped', self.counts), ('altered', self.altered)) if counts]
    return '; '.join(lines) or 'skipped none'

  def _listed(self, counts: dict[str, int]) -> str:
    examples = self.examples
    return ', '.join(f'{count} {reason} ({examples[reason][0]}'
                     f'{", ..." if count > 1 else ""})'
                     for reason, count in sorted(counts.items()))


class Records:
  """The records of several LMDBs, one after the other.

  Attributes:
    readers: of the LMDBs.
  """

  def __init__(self, paths: Sequence[str]):
    """Opens them.

    Args:
      paths: of LMDBs, at least one.

    Raises:
      InputError: naming the path that is no LMDB or holds no record.
    """
    self.readers = [lmdb_reader.LmdbReader(path) for path in paths]
    for reader in self.readers:
      if not len(reader):
        raise errors.InputError(
            f'{reader.path}: its {reader.layout.counter_key} is 0; name an '
            'LMDB with records.')
    self._ends = list(itertools.accumulate(map(len, self.readers)))

  def __len__(self) -> int:
    return self._ends[-1]

  @property
  def sizes(self) -> list[int]:
    """Number of records of each LMDB."""
    return [len(reader) for reader in self.readers]

  def sources(self, positions: np.ndarray) -> np.ndarray:
    """Which LMDBs, counted from 0, int64 [N] positions lie in: the same."""
    return np.searchsorted(self._ends, positions, side='right')

  def read(self, position: int) -> lmdb_reader.Record:
    """The record at `position`, counted from 0 over all LMDBs."""
    reader, local = self._locate(position)
    return reader.read(local)

  def number(self, position: int) -> int:
    """The number in the keys of the record."""
    reader, local = self._locate(position)
    return reader.number(local)

  def name(self, position: int) -> str:
    """The image's key, behind its LMDB's path where there are several."""
    reader, local = self._locate(position)
    key = reader.image_key(local)
    return key if len(self.readers) == 1 else f'{reader.path}:{key}'

  def paths(self) -> str:
    """All paths, for messages."""
    return ', '.join(reader.path for reader in self.readers)

  def _locate(self, position: int) -> tuple[lmdb_reader.LmdbReader, int]:
    index = bisect.bisect_right(self._ends, position)
    reader = self.readers[index]
    return reader, position - self._ends[index] + len(reader)


def fault(record: lmdb_reader.Record, charset: charset_lib.Charset,
          max_label_length: int, unknown_chars: str = SKIP) -> Optional[str]:
  """Why a record cannot be trained on, its image's bytes aside.

  Args:
    record: as read.
    charset: the characters that can be read.
    max_label_length: longest label in characters.
    unknown_chars: what becomes of labels with characters outside `charset`.

  Returns:
    One of the reasons above, or None.
  """
  if record.image is None:
    return MISSING_IMAGE
  if record.label is None:
    return MISSING_LABEL
  try:
    text = record.label.decode('utf-8')
  except UnicodeDecodeError:
    return LABEL_NOT_UTF8
  if not text:
    return LABEL_EMPTY
  unknown = charset.unknown(text)
  length = len(text) - (len(unknown) if unknown_chars == STRIP else 0)
  if length > max_label_length:
    return LABEL_TOO_LONG
  if unknown and (unknown_chars == SKIP or not length):
    return LABEL_OUTSIDE_CHARSET
  return None


def learned_text(text: str, charset: charset_lib.Charset,
                 unknown_chars: str) -> tuple[str, Optional[str]]:
  """What a usable label is trained as, and how that was altered if it was."""
  unknown = charset.unknown(text)
  if not unknown:
    return text, None
  if unknown_chars == UNK:
    return text, LABEL_WITH_UNK
  return ''.join(c for c in text if c not in unknown), LABEL_STRIPPED
