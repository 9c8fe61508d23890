"""Reads records of an LMDB by position, in the key layouts that are around.

Guarded by tests/inputs/lmdb_reader_test.py.
"""

import os
import re
import threading
from typing import NamedTuple, Optional
import weakref

import lmdb

from master import errors

_COUNTER_KEYS = ('num-samples', 'nSamples')
_IMAGE_PREFIXES = ('image-',)
_LABEL_PREFIXES = ('label-', 'transcript-')

# LMDB refuses to open one environment twice in a process, and training reads
# a set in one place that it evaluates on in another.
_environments = weakref.WeakValueDictionary()
_environments_lock = threading.Lock()


class Record(NamedTuple):
  """What an LMDB holds under one number; None where the key is missing."""
  image: Optional[bytes]
  label: Optional[bytes]


class Layout(NamedTuple):
  """How keys are written.

  Attributes:
    name: standard, legacy, or mixed where the parts come from both.
    counter_key: holds the number of records, in ASCII decimal.
    image_key: %-format of a record's number.
    label_key: the same for labels.
    first: number of the first record, 0 or 1.
  """
  name: str
  counter_key: str
  image_key: str
  label_key: str
  first: int


STANDARD = Layout('standard', 'num-samples', 'image-%09d', 'label-%09d', 1)
LEGACY = Layout('legacy', 'nSamples', 'image-%d', 'transcript-%d', 1)


class LmdbReader:
  """The records of one LMDB, read-only, from any number of threads."""

  def __init__(self, path: str):
    """Opens the LMDB and looks which layout it has.

    Args:
      path: folder with a data.mdb, or the file itself.

    Raises:
      InputError: if it is no LMDB, is cut short or has no known layout.
    """
    self.path = path
    self._environment = None
    self.layout, self._count = self._look()

  def __len__(self) -> int:
    """Number of records by the counter; some of them may be missing."""
    return self._count

  def __getstate__(self):
    return {**self.__dict__, '_environment': None}

  def number(self, position: int) -> int:
    """The number in the keys of the record at `position`, counted from 0."""
    return self.layout.first + position

  def image_key(self, position: int) -> str:
    """The key of the image at `position`."""
    return self.layout.image_key % self.number(position)

  def label_key(self, position: int) -> str:
    """The key of the label at `position`."""
    return self.layout.label_key % self.number(position)

  def read(self, position: int) -> Record:
    """Reads one record.

    Args:
      position: in [0, len(reader)).

    Raises:
      IndexError: if there is no such position.
      InputError: if the LMDB is damaged.
    """
    if not 0 <= position < self._count:
      raise IndexError(f'{self.path} has no record at position {position}')
    try:
      with self._open().begin() as transaction:
        return Record(transaction.get(self.image_key(position).encode()),
                      transaction.get(self.label_key(position).encode()))
    except lmdb.Error as e:
      raise errors.InputError(
          f'{self.path}: damaged at {self.image_key(position)} ({e}); copy '
          'or create it again.') from e

  def count_images(self) -> int:
    """Number of keys that are named as an image's is, by looking at all."""
    prefix = self.layout.image_key.split('%')[0].encode()
    count = 0
    with self._open().begin() as transaction, transaction.cursor() as cursor:
      found = cursor.set_range(prefix)
      while found and cursor.key().startswith(prefix):
        count += 1
        found = cursor.next()
    return count

  def _open(self) -> lmdb.Environment:
    if self._environment is None:
      self._environment = _shared_environment(self.path)
    return self._environment

  def _look(self) -> tuple[Layout, int]:
    """Layout and counter, from the keys that are there."""
    try:
      with self._open().begin() as transaction:
        return _detect(transaction, self.path)
    except lmdb.Error as e:
      raise errors.InputError(
          f'{self.path}: damaged ({e}); copy or create it again.') from e


def _shared_environment(path: str) -> lmdb.Environment:
  real_path = os.path.realpath(path)
  with _environments_lock:
    environment = _environments.get(real_path)
    if environment is None:
      environment = _open_environment(path)
      _environments[real_path] = environment
    return environment


def _open_environment(path: str) -> lmdb.Environment:
  if not os.path.exists(path):
    raise errors.InputError(
        f'{path}: does not exist; name a folder that holds data.mdb.')
  is_folder = os.path.isdir(path)
  data = os.path.join(path, 'data.mdb') if is_folder else path
  if not os.path.isfile(data):
    raise errors.InputError(
        f'{path}: no LMDB (no data.mdb in it); data_tools/create_lmdb makes '
        'one.')
  try:
    # Records are read in random order, so reading ahead only wastes memory.
    environment = lmdb.open(path, subdir=is_folder, readonly=True, lock=False,
                            readahead=False, max_spare_txns=16)
  except lmdb.Error as e:
    raise errors.InputError(
        f'{path}: no LMDB ({e}); data_tools/create_lmdb makes one.') from e
  # A page behind the end of the file would kill the process by a signal.
  needed = (environment.info()['last_pgno'] + 1) * environment.stat()['psize']
  size = os.path.getsize(data)
  if size < needed:
    environment.close()
    raise errors.InputError(
        f'{data}: cut short, {size} of {needed} bytes; copy it again.')
  return environment


def _key_format(transaction, prefixes) -> Optional[str]:
  """The %-format of the first keys `prefix` + digits, by prefix."""
  for prefix in prefixes:
    with transaction.cursor() as cursor:
      if not cursor.set_range(prefix.encode()):
        continue
      match = re.fullmatch(rb'(\d+)', cursor.key()[len(prefix):])
      if match and cursor.key().startswith(prefix.encode()):
        digits = match.group(1).decode()
        # Keys are in bytewise order: padded numbers begin with a zero.
        padded = len(digits) > 1 and digits.startswith('0')
        return prefix + (f'%0{len(digits)}d' if padded else '%d')
  return None


def _counter(transaction, path: str) -> tuple[str, int]:
  for key in _COUNTER_KEYS:
    value = transaction.get(key.encode())
    if value is not None:
      if not re.fullmatch(rb'\s*\d+\s*', value):
        raise errors.InputError(
            f'{path}: {key} is {value[:20]!r}, no decimal number; create '
            'the LMDB again.')
      return key, int(value)
  raise errors.InputError(
      f'{path}: an LMDB of no known layout (neither {_COUNTER_KEYS[0]} nor '
      f'{_COUNTER_KEYS[1]} in it); data_tools/create_lmdb makes one.')


def _detect(transaction, path: str) -> tuple[Layout, int]:
  """Looks for the counter, the first image and the first label."""
  counter_key, count = _counter(transaction, path)
  usual = STANDARD if counter_key == STANDARD.counter_key else LEGACY
  image_key = _key_format(transaction, _IMAGE_PREFIXES)
  label_key = _key_format(transaction, _LABEL_PREFIXES)
  if count and image_key is None:
    raise errors.InputError(
        f'{path}: an LMDB of no known layout ({counter_key} is {count}, but '
        'no key is image-<number>); data_tools/create_lmdb makes one.')
  image_key = image_key or usual.image_key
  label_key = label_key or usual.label_key
  first = 1 if transaction.get((image_key % 0).encode()) is None else 0
  for known in (STANDARD, LEGACY):
    if (counter_key, image_key, label_key) == known[1:4]:
      return known._replace(first=first), count
  return Layout('mixed', counter_key, image_key, label_key, first), count
