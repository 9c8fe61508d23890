"""The newest intact checkpoint of a directory."""

import functools
import os
import re
from typing import Iterator, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master import errors

_NAME = re.compile(r'(.*-(\d+))\.index$')
# What TensorFlow's Saver writes to before it renames.
_LEFTOVER = re.compile(
    r'.*-\d+(_temp|\.(index|data-[-\w]+)\.tempstate\d+|\.meta\.tmp\w+)/?$')


@functools.lru_cache(maxsize=256)
def _fault_of(path: str, unused_state: tuple[tuple[str, int, int], ...]
              ) -> Optional[str]:
  try:
    reader = tf.train.load_checkpoint(path)
    for name in reader.get_variable_to_shape_map():
      reader.get_tensor(name)  # Compares its checksum.
  except (tf.errors.OpError, ValueError, IndexError) as e:
    return str(e).splitlines()[0]
  return None


def fault(path: str) -> Optional[str]:
  """What is wrong with the checkpoint at `path`; None if it is intact.

  Reads all of it, once in a process while it stays the same: as long as
  restoring it takes.
  """
  if not tf.io.gfile.exists(f'{path}.index'):
    return 'its .index file is missing'
  shards = tf.io.gfile.glob(f'{path}.data-*')
  if not shards:
    return 'its .data file is missing'
  stats = [(name, tf.io.gfile.stat(name)) for name in
           [f'{path}.index', *shards]]
  return _fault_of(path, tuple(
      (name, stat.length, stat.mtime_nsec) for name, stat in stats))


def _candidates(directory: str) -> Iterator[str]:
  """What `checkpoint` lists, newest first, and what else lies there."""
  state = tf.train.get_checkpoint_state(directory)
  if state:
    yield state.model_checkpoint_path
    yield from reversed(state.all_model_checkpoint_paths)
  if tf.io.gfile.isdir(directory):
    found = [match for match in map(
        _NAME.match, tf.io.gfile.listdir(directory)) if match]
    for match in sorted(found, key=lambda m: int(m.group(2)), reverse=True):
      yield os.path.join(directory, match.group(1))


def latest(directory: str) -> Optional[str]:
  """The newest intact checkpoint of `directory`; None if there is none.

  A warning says what is wrong with newer ones. No file is changed.
  """
  # Files that no `checkpoint` file lists are no model directory's.
  if tf.train.get_checkpoint_state(directory) is None:
    return None
  for path in dict.fromkeys(_candidates(directory)):
    reason = fault(path)
    if reason is None:
      return path
    logging.warning('%s cannot be used: %s; falling back to the one before.',
                    path, reason)
  return None


def _remove_leftovers(directory: str):
  """Removes what a process that was killed while it saved left behind."""
  if not tf.io.gfile.isdir(directory):
    return
  for name in filter(_LEFTOVER.match, tf.io.gfile.listdir(directory)):
    path = os.path.join(directory, name.rstrip('/'))
    try:
      (tf.io.gfile.rmtree if tf.io.gfile.isdir(path)
       else tf.io.gfile.remove)(path)
    except tf.errors.OpError as e:
      logging.warning('%s could not be removed: %s', path, e)
      continue
    logging.info('%s: removed, an unfinished checkpoint of a run that was '
                 'killed.', path)


def repair(directory: str) -> Optional[str]:
  """Makes the `checkpoint` file name the newest intact checkpoint.

  The files of torn ones stay; they are listed no more. What was being written
  when a run was killed, and never became a checkpoint, is removed: no other
  process may be saving to the directory.

  Args:
    directory: of a model; need not exist.

  Returns:
    As `latest`.

  Raises:
    InputError: if checkpoints are listed but none is intact: to start anew
      unasked would be worse.
  """
  _remove_leftovers(directory)
  path = latest(directory)
  state = tf.train.get_checkpoint_state(directory)
  if path is None and state is not None:
    raise errors.InputError(
        f'{directory}: none of its checkpoints is intact; restore one from a '
        'copy, or name another directory to start anew.')
  if path is None or path == state.model_checkpoint_path:
    return path
  intact = [each for each in state.all_model_checkpoint_paths
            if each != path and fault(each) is None]
  write_list(directory, [*intact, path])
  return path


def write_list(directory: str, paths: Sequence[str]):
  """Replaces the `checkpoint` file, so that no moment is without one.

  Args:
    directory: of a model.
    paths: of checkpoints in it, the newest last; listed relative to it.
  """
  if os.path.isabs(directory):  # Else TensorFlow does it.
    paths = [os.path.relpath(path, directory) for path in paths]
  tf.train.update_checkpoint_state(directory, paths[-1], paths)
