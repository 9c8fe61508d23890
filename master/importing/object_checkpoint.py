"""TensorFlow's object-based checkpoints, read without their objects."""

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator.checkpoint import checkpoints
from master.importing import state as state_lib

_SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE'


def read(path: str) -> state_lib.State:
  """Opens a checkpoint; the names lose what stands behind each variable's.

  Args:
    path: prefix of the checkpoint, or a directory for its newest.

  Raises:
    InputError: if there is none or it is damaged.
  """
  prefix = checkpoints.find(path)
  try:
    reader = tf.train.load_checkpoint(prefix)
    shapes = reader.get_variable_to_shape_map()
    dtypes = reader.get_variable_to_dtype_map()
  # The reader raises another class for each kind of damage.
  except Exception as e:  # pylint: disable=broad-except
    raise errors.InputError(_damaged(prefix, e)) from e
  keys = {key.removesuffix(_SUFFIX): key for key in sorted(shapes)}

  def read_one(name: str) -> np.ndarray:
    dtype = dtypes[keys[name]]
    if not dtype.is_floating:
      raise errors.InputError(
          f'--input={prefix}: {name} holds {dtype.name}, not weights.')
    try:
      return reader.get_tensor(keys[name]).astype(np.float32)
    except Exception as e:  # pylint: disable=broad-except
      raise errors.InputError(_damaged(prefix, e)) from e

  return state_lib.State(
      prefix, {name: tuple(shapes[key]) for name, key in keys.items()},
      read_one)


def _damaged(prefix: str, error: Exception) -> str:
  text = ' '.join(str(error).split())
  return (f'--input={prefix}: damaged, or not a checkpoint ({text[:120]}); '
          'fetch it again.')
