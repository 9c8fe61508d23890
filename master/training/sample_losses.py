"""The file of losses of training words.

Of each word 20 bytes: the LMDB it is of and the number of its record, int64,
and its loss in nats, float32. A word that was trained on again stands there
again.
"""

import os
from typing import BinaryIO

import numpy as np

_TYPE = np.dtype([('source', '<i8'), ('index', '<i8'), ('loss', '<f4')])


def open_to_append(path: str) -> BinaryIO:
  """The file, without the part of an entry that a kill may have left."""
  os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
  file = open(path, 'ab', buffering=0)
  size = file.tell()
  file.truncate(size - size % _TYPE.itemsize)
  file.seek(0, os.SEEK_END)
  return file


def encode(source: np.ndarray, index: np.ndarray, loss: np.ndarray) -> bytes:
  """Entries of words: int64 [B], int64 [B], float32 [B]."""
  entries = np.empty([len(loss)], _TYPE)
  entries['source'], entries['index'], entries['loss'] = source, index, loss
  return entries.tobytes()


def read(path: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """The newest loss of each word.

  Args:
    path: of the file.

  Returns:
    source int64 [N], index int64 [N], loss float32 [N], no word twice.
  """
  with open(path, 'rb') as f:
    content = f.read()
  entries = np.frombuffer(content[:len(content) - len(content)
                                  % _TYPE.itemsize], _TYPE)[::-1]
  keys = np.stack([entries['source'], entries['index']], axis=1)
  _, newest = np.unique(keys, axis=0, return_index=True)
  found = entries[newest]
  return found['source'], found['index'], found['loss']
