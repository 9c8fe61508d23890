"""Folders of versions, as a model server watches them.

A version is a folder named by a number; the largest is the newest.
"""

import os
import time
from typing import Callable
import uuid

import tensorflow.compat.v1 as tf

from master import errors

TEMPORARY_PREFIX = 'temp-'  # No server takes it for a version.


def paths(base: str) -> list[str]:
  """Of the versions below `base`, the oldest first."""
  if not tf.io.gfile.isdir(base):
    return []
  names = [name.rstrip('/') for name in tf.io.gfile.listdir(base)]
  return [os.path.join(base, name)
          for name in sorted(filter(str.isdecimal, names), key=int)]


def _next_path(base: str) -> str:
  """Named by the seconds since 1970, or more where versions follow fast."""
  newest = [int(os.path.basename(path)) for path in paths(base)[-1:]]
  return os.path.join(
      base, str(max([int(time.time()), *(n + 1 for n in newest)])))


def _put_in_place(temporary: str, base: str) -> str:
  while True:
    path = _next_path(base)
    try:
      tf.io.gfile.rename(temporary, path)
      return path
    except tf.errors.OpError:
      # Another export may have taken the version.
      if not tf.io.gfile.exists(path):
        raise


def publish(base: str, write: Callable[[str], None], flag: str = '') -> str:
  """Makes a new version, which appears whole or not at all.

  Args:
    base: folder of versions, made if need be.
    write: writes into the empty folder that it gets; what it raises leaves
      nothing behind.
    flag: that names `base`, for messages, as '--export_dir='.

  Returns:
    Path of the version.

  Raises:
    InputError: if nothing can be written to `base`.
  """
  existed = tf.io.gfile.isdir(base)
  temporary = os.path.join(base, f'{TEMPORARY_PREFIX}{uuid.uuid4().hex}')
  try:
    tf.io.gfile.makedirs(temporary)
  except tf.errors.OpError as e:
    raise errors.InputError(
        f'{flag}{base}: cannot be written to ({e.message.split("; ")[-1]}); '
        'name another folder.') from e
  try:
    write(temporary)
    return _put_in_place(temporary, base)
  except BaseException:
    tf.io.gfile.rmtree(temporary)
    if not existed and not tf.io.gfile.listdir(base):
      tf.io.gfile.rmtree(base)
    raise
