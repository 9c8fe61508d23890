"""Finding a checkpoint and restoring what a graph needs of it.

Guarded by tests/export/checkpoints_test.py.
"""

import os

import tensorflow.compat.v1 as tf

from master import errors


def latest(model_dir: str) -> str:
  """Path prefix of the newest checkpoint of a model directory.

  Raises:
    InputError: if there is none.
  """
  if not os.path.isdir(model_dir):
    raise errors.InputError(f'{model_dir}: no such directory; name one that '
                            'bin/train or bin/import_checkpoint wrote.')
  prefix = tf.train.latest_checkpoint(model_dir)
  if prefix is None:
    raise errors.InputError(
        f'{model_dir}: no checkpoint in it; wait for the first one or name '
        'another directory.')
  return prefix


def prefix_of(path: str) -> str:
  """The path prefix that names a checkpoint, of it or of its index file.

  Raises:
    InputError: if there is no such checkpoint.
  """
  if os.path.isdir(path):
    raise errors.InputError(f'{path}: a directory; use --model_dir for it, '
                            'or name a checkpoint in it, as model.ckpt-100.')
  prefix = path[:-len('.index')] if path.endswith('.index') else path
  if not os.path.isfile(prefix + '.index'):
    raise errors.InputError(
        f'{path}: no such checkpoint; name it without the ending of its '
        'files, as model.ckpt-100.')
  return prefix


def restore(session: tf.Session, prefix: str):
  """Restores all variables of the session's graph, and no others.

  A training checkpoint also holds optimizer slots, which are not read.

  Args:
    session: of a graph whose variables bear the checkpoint's names.
    prefix: path prefix of the checkpoint.

  Raises:
    InputError: if it is damaged or belongs to another model.
  """
  with session.graph.as_default():
    variables = {v.op.name: v for v in tf.global_variables()}
    try:
      shapes = tf.train.load_checkpoint(prefix).get_variable_to_shape_map()
      for name, variable in sorted(variables.items()):
        if name not in shapes:
          raise errors.InputError(
              f'{prefix}: holds no {name}; it is not a checkpoint of the '
              'model in the config.json beside it.')
        if shapes[name] != variable.shape.as_list():
          raise errors.InputError(
              f'{prefix}: {name} has shape {shapes[name]}, but the '
              'config.json beside it asks for '
              f'{variable.shape.as_list()}.')
      tf.train.Saver(variables).restore(session, prefix)
    except (tf.errors.OpError, ValueError, RuntimeError) as e:
      if isinstance(e, errors.InputError):
        raise
      reason = str(e).split('\n', maxsplit=1)[0]
      raise errors.InputError(
          f'{prefix}: damaged checkpoint ({reason}); use an older one.'
      ) from e
