"""Finding, reading and checking checkpoints."""

import os
import types
from typing import Any, Mapping, Optional

from absl import logging
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator.checkpoint import checkpoint_files
from master.estimator.checkpoint import row_maps

BASE_NAME = 'model.ckpt'
_MAX_NAMED = 3
_FIX = 'Use the settings it was trained with or another directory.'


def find(path: str) -> str:
  """The checkpoint that `path` (a checkpoint or a directory) names.

  Raises:
    InputError: if there is none, or none that is intact.
  """
  latest = checkpoint_files.latest(path) if tf.io.gfile.isdir(
      path) else path
  state = None if latest else tf.train.get_checkpoint_state(path)
  if state is not None:
    raise errors.InputError(
        f'{state.model_checkpoint_path}: damaged, and no older checkpoint '
        'beside it is intact; restore it from a copy.')
  if latest is None:
    raise errors.InputError(
        f'{path}: no checkpoint in this directory; train a model there or '
        'name another.')
  if not tf.io.gfile.exists(f'{latest}.index'):
    raise errors.InputError(
        f'{latest}: no such checkpoint; give its path without .index or '
        '.data.')
  return latest


def step(path: Optional[str]) -> int:
  """Global step of the checkpoint at `path`; 0 for None."""
  if path is None:
    return 0
  return int(tf.train.load_variable(path, tf.GraphKeys.GLOBAL_STEP))


def named_variables() -> dict[str, Any]:
  """Name to variable, of all that a checkpoint of this graph holds."""
  return {variable_name(v): v for v in tf.global_variables()}


def variable_name(variable: Any) -> str:
  """Name of a variable in a checkpoint."""
  return variable.name.split(':')[0]


def saver(config: Any) -> tf.train.Saver:
  """A Saver of this graph's variables.

  It is given a list: with a dictionary, restoring would reach the first copy
  of a mirrored variable only. A copy has no name in the checkpoint, so that
  it serves any number of devices.
  """
  return tf.train.Saver(
      tf.global_variables(), max_to_keep=config.keep_checkpoint_max,
      keep_checkpoint_every_n_hours=config.keep_checkpoint_every_n_hours,
      save_relative_paths=True)


def saved_shapes(path: str) -> dict[str, list[int]]:
  """Shape by name of what the checkpoint at `path` holds.

  Raises:
    InputError: if it cannot be read.
  """
  try:
    return tf.train.load_checkpoint(path).get_variable_to_shape_map()
  except (tf.errors.OpError, ValueError) as e:
    raise errors.InputError(f'{path}: not a readable checkpoint.') from e


def check_fits(variables: Mapping[str, Any], path: str, fix: str = _FIX,
               maps: Mapping[str, row_maps.RowMap] = types.MappingProxyType({})
               ):
  """Checks that the checkpoint at `path` has all of `variables`.

  Args:
    variables: name in the checkpoint to variable.
    path: of the checkpoint.
    fix: what the user may do, at the end of the message.
    maps: by name in the checkpoint, of the variables whose rows are not
      those of the model.

  Raises:
    InputError: if not; it names the first that differ, the log has all.
  """
  saved = saved_shapes(path)
  faults = []
  for name, variable in sorted(variables.items()):
    shape = variable.shape.as_list()
    expected = maps[name].source_shape(shape) if name in maps else shape
    if name not in saved:
      faults.append(f'{name} is not in it')
    elif saved[name] != expected:
      faults.append(
          f'{name} has shape {saved[name]} in it, {shape} in the model'
          + (f', {expected} by its charset' if expected != shape else ''))
  if faults:
    if len(faults) > _MAX_NAMED:
      logging.info('%s does not fit the model:\n  %s', path,
                   '\n  '.join(faults))
    more = len(faults) - _MAX_NAMED
    directory, base = os.path.split(path)
    raise errors.InputError(
        f'{directory}: {base} does not fit the model: '
        + '; '.join(faults[:_MAX_NAMED])
        + (f'; and {more} more' if more > 0 else '')
        + f'. {fix}')
