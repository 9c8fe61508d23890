"""Writes LMDBs in the standard layout, whole or not at all.

Guarded by tests/inputs/lmdb_writer_test.py.
"""

import os
import shutil
import uuid

import lmdb

from master import errors
from master.inputs import lmdb_reader

_FIRST_MAP_SIZE = 2**24
# Bytes that are collected before they go to the file in one transaction.
_FLUSH_SIZE = 2**23


class LmdbWriter:
  """A context manager that `add`s records to a new LMDB.

  It writes to a hidden folder beside the output and renames it when all went
  well, so a killed process leaves no half LMDB under the output's name.

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
    self._environment = None
    self._pending = []
    self._pending_size = 0
    if os.path.exists(output_dir) and not os.path.isdir(output_dir):
      raise errors.InputError(
          f'--output={output_dir}: is a file; name a new folder.')
    if os.path.isdir(output_dir) and os.listdir(output_dir):
      raise errors.InputError(
          f'--output={output_dir}: is there and not empty; name a new folder '
          'or remove it.')
    parent, name = os.path.split(self._output_dir)
    self._folder = os.path.join(parent, f'.{name}.{uuid.uuid4().hex}.tmp')

  def __enter__(self) -> 'LmdbWriter':
    try:
      os.makedirs(self._folder)
      # Nobody else knows the folder, and it is synced before it is renamed.
      self._environment = lmdb.open(self._folder, map_size=_FIRST_MAP_SIZE,
                                    lock=False, sync=False)
    except (OSError, lmdb.Error) as e:
      self._remove()
      raise self._cannot_write(e) from e
    return self

  def __exit__(self, exception_type, exception, traceback):
    if exception_type is not None:
      self._remove()
      return
    try:
      self._put(lmdb_reader.STANDARD.counter_key, str(self.count).encode())
      self._flush()
      self._environment.sync(True)
      self._environment.close()
      os.rename(self._folder, self._output_dir)
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
    number = layout.first + self.count
    self._put(layout.image_key % number, image_bytes)
    self._put(layout.label_key % number, label.encode('utf-8'))
    self.count += 1
    if self._pending_size >= _FLUSH_SIZE:
      self._flush()

  def _put(self, key: str, value: bytes):
    self._pending.append((key.encode(), value))
    self._pending_size += len(value)

  def _flush(self):
    """Writes what is pending, in a map as large as it needs."""
    while self._pending:
      try:
        with self._environment.begin(write=True) as transaction:
          for key, value in self._pending:
            transaction.put(key, value)
        self._pending = []
        self._pending_size = 0
      except lmdb.MapFullError:
        self._environment.set_mapsize(
            2 * self._environment.info()['map_size'])
      except lmdb.Error as e:
        raise self._cannot_write(e) from e

  def _remove(self):
    if self._environment is not None:
      self._environment.close()
    shutil.rmtree(self._folder, ignore_errors=True)

  def _cannot_write(self, e: Exception) -> errors.InputError:
    return errors.InputError(
        f'--output={self._output_dir}: cannot be written ({e}); make room or '
        'name another folder.')
