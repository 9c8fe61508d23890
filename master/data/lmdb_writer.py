"""LMDBs in the standard layout, written whole or not at all.

All keys are appended in their order, which is fast and leaves no gaps: images
as they come, then the labels, kept in a file meanwhile, then the counter.
"""

import errno
import os
import shutil
import struct
import tempfile
from typing import Iterator

import lmdb

from master import errors
from master import files
from master.data import lmdb_reader

_FIRST_MAP_SIZE = 2**24
# Bytes that are collected before they go to the file in one transaction.
_FLUSH_SIZE = 2**23
# What a key and a short value take beside their bytes, roughly.
_RECORD_OVERHEAD = 64
_LABEL_SIZE = struct.Struct('=I')


class LmdbWriter:
  """A context manager that `add`s records to a new LMDB.

  It writes to a hidden folder beside the output and renames it when all went
  well, so a killed process leaves no half LMDB under the output's name. What
  killed processes left is removed by the next that writes the same output.

  Attributes:
    count: records added so far.
  """

  def __init__(self, output_dir: str):
    """Judges the output's name; nothing is written yet.

    Args:
      output_dir: folder to make. One that is empty is replaced.

    Raises:
      InputError: if something is there already.
    """
    self.count = 0
    self._output_dir = os.path.abspath(output_dir)
    # An empty file is a new LMDB to liblmdb.
    self._folder = files.PendingFolder(self._output_dir, 'data.mdb')
    self._environment = None
    self._labels = None
    self._pending = []
    self._pending_size = 0
    self._is_finished = False
    if os.path.exists(output_dir) and not os.path.isdir(output_dir):
      raise errors.InputError(
          f'--output={output_dir}: is a file; name a new folder.')
    if os.path.isdir(output_dir) and os.listdir(output_dir):
      raise errors.InputError(
          f'--output={output_dir}: is there and not empty; name a new folder '
          'or remove it.')

  def __enter__(self) -> 'LmdbWriter':
    try:
      self._folder.make()
      self._labels = tempfile.TemporaryFile(dir=self._folder.path)
      # Nobody else knows the folder, and it is synced before it is renamed.
      self._environment = lmdb.open(
          self._folder.path, map_size=_FIRST_MAP_SIZE, lock=False, sync=False)
    except (OSError, lmdb.Error) as e:
      error = self._cannot_write(e)
      self._remove()
      raise error from e
    return self

  def __exit__(self, exception_type, exception, traceback):
    try:
      if exception_type is None:
        self.finish()
        self._folder.publish()
    except OSError as e:
      raise self._cannot_write(e) from e
    finally:
      self._remove()

  def add(self, image_bytes: bytes, label: str):
    """Adds one record.

    Args:
      image_bytes: an encoded image, as it is.
      label: its text.

    Raises:
      InputError: if the file system has no room.
    """
    layout = lmdb_reader.STANDARD
    self._put(layout.image_key % (layout.first + self.count), image_bytes)
    encoded = label.encode('utf-8')
    try:
      self._labels.write(_LABEL_SIZE.pack(len(encoded)))
      self._labels.write(encoded)
    except OSError as e:
      raise self._cannot_write(e) from e
    self.count += 1

  def finish(self):
    """Writes all that is left to write; only the new name is lacking then.

    Leaving the context does it too. Whoever writes several LMDBs, all or
    none, calls it for each before that.

    Raises:
      InputError: if the file system has no room.
    """
    if self._is_finished:
      return
    layout = lmdb_reader.STANDARD
    try:
      for number, label in enumerate(self._read_labels(), layout.first):
        self._put(layout.label_key % number, label)
      self._put(layout.counter_key, str(self.count).encode())
      self._flush()
      self._environment.sync(True)
      self._environment.close()
    except (OSError, lmdb.Error) as e:
      raise self._cannot_write(e) from e
    self._is_finished = True

  def _read_labels(self) -> Iterator[bytes]:
    """The labels added, from the file that keeps them."""
    self._labels.seek(0)
    for _ in range(self.count):
      size, = _LABEL_SIZE.unpack(self._labels.read(_LABEL_SIZE.size))
      yield self._labels.read(size)

  def _put(self, key: str, value: bytes):
    self._pending.append((key.encode(), value))
    self._pending_size += len(value) + _RECORD_OVERHEAD
    if self._pending_size >= _FLUSH_SIZE:
      self._flush()

  def _flush(self):
    """Writes what is pending, in a map as large as it needs."""
    try:
      while self._pending:
        try:
          with self._environment.begin(write=True) as transaction:
            transaction.cursor().putmulti(self._pending, append=True)
          self._pending = []
          self._pending_size = 0
        except lmdb.MapFullError:
          self._environment.set_mapsize(
              2 * self._environment.info()['map_size'])
    except lmdb.Error as e:
      raise self._cannot_write(e) from e

  def _remove(self):
    """Closes everything; removes the hidden folder, if it still is one."""
    if self._environment is not None:
      self._environment.close()
    if self._labels is not None:
      _close_file(self._labels)
    self._folder.close()

  def _cannot_write(self, e: Exception) -> errors.InputError:
    """What to raise; called before the hidden folder is removed."""
    fault = str(e)
    if isinstance(e, lmdb.Error) and _is_full(self._folder.path):
      # Where the last bytes of the disk take a part of what is written,
      # liblmdb speaks of an input or output error.
      fault = os.strerror(errno.ENOSPC)
    return errors.InputError(
        f'--output={self._output_dir}: cannot be written ({fault}); make room '
        'or name another folder.')


def _is_full(folder: str) -> bool:
  """Whether its disk cannot take what is written at a time."""
  try:
    return shutil.disk_usage(folder).free < 2 * _FLUSH_SIZE
  except OSError:
    return False


def _close_file(file):
  try:
    file.close()
  except OSError:
    pass  # A full disk again; what was to be written is not needed any more.
