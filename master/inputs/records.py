"""Records of several LMDBs as one sequence, and why some cannot be used.

Guarded by tests/inputs/records_test.py.
"""

import threading
from typing import Optional, Sequence

import numpy as np

from master import charset as charset_lib
from master import errors
from master.inputs import lmdb_reader

MISSING_IMAGE = 'missing_image'
MISSING_LABEL = 'missing_label'
LABEL_NOT_UTF8 = 'label_not_utf8'
LABEL_EMPTY = 'label_empty'
LABEL_TOO_LONG = 'label_too_long'
LABEL_OUTSIDE_CHARSET = 'label_outside_charset'
UNDECODABLE_IMAGE = 'undecodable_image'

# Without these a record tells nothing, not even how well it was read.
FATAL = frozenset({MISSING_IMAGE, MISSING_LABEL, LABEL_NOT_UTF8,
                   UNDECODABLE_IMAGE})

_NUM_EXAMPLES = 5


class SkipCounter:
  """Counts records that were skipped, by reason; threads may share it.

  A record counts once, however many epochs meet it.
  """

  def __init__(self):
    self._keys = {}
    self._lock = threading.Lock()

  def add(self, reason: str, key: str):
    """Counts the record named `key`."""
    with self._lock:
      # A dict keeps the order, which a set does not.
      self._keys.setdefault(reason, {})[key] = None

  @property
  def counts(self) -> dict[str, int]:
    """Number of records by reason."""
    with self._lock:
      return {reason: len(keys) for reason, keys in self._keys.items()}

  @property
  def examples(self) -> dict[str, list[str]]:
    """The first few keys by reason."""
    with self._lock:
      return {reason: [key for key, _ in zip(keys, range(_NUM_EXAMPLES))]
              for reason, keys in self._keys.items()}

  @property
  def total(self) -> int:
    """Number of records over all reasons."""
    return sum(self.counts.values())

  def summary(self) -> str:
    """One line: how many, why, and the first key of each reason."""
    examples = self.examples
    parts = [f'{count} {reason} ({examples[reason][0]}'
             f'{", ..." if count > 1 else ""})'
             for reason, count in sorted(self.counts.items())]
    return 'skipped ' + ', '.join(parts) if parts else 'skipped none'


class Records:
  """The records of several LMDBs, one after the other."""

  def __init__(self, paths: Sequence[str]):
    """Opens them.

    Args:
      paths: of LMDBs, at least one.

    Raises:
      InputError: naming the path that is no LMDB or holds no record.
    """
    self._readers = [lmdb_reader.LmdbReader(path) for path in paths]
    for reader in self._readers:
      if not len(reader):
        raise errors.InputError(
            f'{reader.path}: its {reader.layout.counter_key} is 0; name an '
            'LMDB with records.')
    self._ends = np.cumsum([len(reader) for reader in self._readers])

  def __len__(self) -> int:
    return int(self._ends[-1])

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
    return key if len(self._readers) == 1 else f'{reader.path}:{key}'

  def paths(self) -> str:
    """All paths, for messages."""
    return ', '.join(reader.path for reader in self._readers)

  def _locate(self, position: int) -> tuple[lmdb_reader.LmdbReader, int]:
    index = int(np.searchsorted(self._ends, position, side='right'))
    reader = self._readers[index]
    return reader, int(position - self._ends[index] + len(reader))


def fault(record: lmdb_reader.Record, charset: charset_lib.Charset,
          max_label_length: int) -> Optional[str]:
  """Why a record cannot be trained on, its image's bytes aside.

  Args:
    record: as read.
    charset: the characters that can be read.
    max_label_length: longest label in characters.

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
  if len(text) > max_label_length:
    return LABEL_TOO_LONG
  if charset.unknown(text):
    return LABEL_OUTSIDE_CHARSET
  return None
