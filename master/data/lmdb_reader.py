"""Records of an LMDB by position, in all common key layouts."""

import os
import re
import threading
from typing import NamedTuple, Optional
import weakref

import lmdb

from master import errors
from master.data import lmdb_header
from master.data import lmdb_pages

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


# A counter may exceed the number of keys by this, its records then being
# missing. More means a wrong counter, for which memory would run out.
MAX_MISSING = 1000000
# Times that an LMDB which is being written is looked at.
_MAX_LOOKS = 10

STANDARD = Layout('standard', 'num-samples', 'image-%09d', 'label-%09d', 1)
LEGACY = Layout('legacy', 'nSamples', 'image-%d', 'transcript-%d', 1)


class LmdbReader:
  """The records of one LMDB, read-only, from any number of threads.

  Nothing is locked or written, so read-only media and network folders will
  do. Opening looks at the counter, the layout and the upper levels of the
  tree without liblmdb and finds damage there; damage in a record's own pages
  may end the process by a signal. data_tools/check_lmdb finds that.
  """

  def __init__(self, path: str):
    """Opens the LMDB and looks which layout it has.

    Args:
      path: folder with a data.mdb, or the file itself.

    Raises:
      InputError: if it is no LMDB, is cut short, is damaged where all reads
        pass, has no known layout, or a counter far beyond its keys.
    """
    self.path = path
    self._environment = None
    self.layout, self._count = _look(path)
    self._open()

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
    except lmdb.MapResizedError as e:
      raise errors.InputError(
          f'{self.path}: grew while it was read; start again when its writer '
          'is done.') from e
    except lmdb.Error as e:
      raise errors.InputError(
          f'{self.path}: damaged at {self.image_key(position)} ({e}); '
          'data_tools/check_lmdb --fix copies what is whole.') from e

  def _open(self) -> lmdb.Environment:
    if self._environment is None:
      self._environment = _shared_environment(self.path)
    return self._environment


def _shared_environment(path: str) -> lmdb.Environment:
  # The file decides, as a folder and the file in it are the same LMDB.
  file = os.stat(lmdb_header.data_file(path))
  key = (file.st_dev, file.st_ino)
  with _environments_lock:
    environment = _environments.get(key)
    if environment is None:
      environment = _open_environment(path)
      _environments[key] = environment
    return environment


def _open_environment(path: str) -> lmdb.Environment:
  try:
    # The file, not its folder: lmdb would take the lock file beside it for
    # open too, and once that is removed, refuse whichever new LMDB the file
    # system gives its inode. Records are read in random order, so reading
    # ahead only wastes memory.
    return lmdb.open(lmdb_header.data_file(path), subdir=False, readonly=True,
                     lock=False, readahead=False, max_spare_txns=16)
  except lmdb.Error as e:
    raise errors.InputError(
        f'{path}: no LMDB ({e}); data_tools/create_lmdb makes one.') from e


def _look(path: str) -> tuple[Layout, int]:
  """Layout and counter of an LMDB whose upper levels are in order."""
  for looks_left in reversed(range(_MAX_LOOKS)):
    pages = lmdb_pages.PageReader(path)
    try:
      layout, count = detect(pages)
      pages.check_top()
      break
    except lmdb_header.PageError:
      # A writer takes pages into use again that this look still needs.
      if not (looks_left and pages.is_outdated()):
        raise
  if count > MAX_MISSING + pages.meta.num_keys:
    raise errors.InputError(
        f'{path}: {layout.counter_key} is {count}, but there are only '
        f'{pages.meta.num_keys} keys; data_tools/check_lmdb --fix copies the '
        'records with the right counter.')
  return layout, count


def _key_format(pages: lmdb_pages.PageReader, prefixes) -> Optional[str]:
  """The %-format of the first keys `prefix` + digits, by prefix."""
  for prefix in prefixes:
    key = pages.first_from(prefix.encode() + b'0')
    match = key and re.fullmatch(rb'%s(\d+)' % prefix.encode(), key)
    if match:
      digits = match.group(1).decode()
      # Keys are in bytewise order: padded numbers begin with a zero.
      padded = len(digits) > 1 and digits.startswith('0')
      return prefix + (f'%0{len(digits)}d' if padded else '%d')
  return None


def _counter(pages: lmdb_pages.PageReader) -> tuple[str, int]:
  for key in _COUNTER_KEYS:
    value = pages.get(key.encode())
    if value is not None:
      if not re.fullmatch(rb'\s*\d{1,18}\s*', value):
        raise errors.InputError(
            f'{pages.path}: {key} is {value[:20]!r}, no decimal number; '
            'create the LMDB again.')
      return key, int(value)
  raise errors.InputError(
      f'{pages.path}: an LMDB of no known layout (neither '
      f'{_COUNTER_KEYS[0]} nor {_COUNTER_KEYS[1]} in it); '
      'data_tools/create_lmdb makes one.')


def detect(pages: lmdb_pages.PageReader) -> tuple[Layout, int]:
  """Looks for the counter, the first image and the first label.

  Args:
    pages: of an LMDB.

  Returns:
    The layout, and what the counter says.

  Raises:
    InputError: if it has no known layout, or is damaged on the way.
  """
  counter_key, count = _counter(pages)
  usual = STANDARD if counter_key == STANDARD.counter_key else LEGACY
  image_key = _key_format(pages, _IMAGE_PREFIXES)
  label_key = _key_format(pages, _LABEL_PREFIXES)
  if count and image_key is None:
    raise errors.InputError(
        f'{pages.path}: an LMDB of no known layout ({counter_key} is {count}, '
        'but no key is image-<number>); data_tools/create_lmdb makes one.')
  image_key = image_key or usual.image_key
  label_key = label_key or usual.label_key
  first = 1 if pages.get((image_key % 0).encode()) is None else 0
  for known in (STANDARD, LEGACY):
    if (counter_key, image_key, label_key) == known[1:4]:
      return known._replace(first=first), count
  return Layout('mixed', counter_key, image_key, label_key, first), count
