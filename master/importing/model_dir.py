"""Imported weights as a model directory."""

import contextlib
import os
import shutil
from typing import Iterable, Iterator

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master import files
from master.estimator import run_config
from master.estimator.checkpoint import checkpoints
from master.models import recognizer


def check_free(path: str):
  """Refuses a directory that holds something.

  Raises:
    InputError: if it does, or is no directory.
  """
  if os.path.isdir(path) and not os.listdir(path):
    return
  if os.path.lexists(path):
    raise errors.InputError(
        f'--model_dir={path}: exists and is not an empty directory; name a '
        'new one.')


@contextlib.contextmanager
def writing(path: str) -> Iterator[str]:
  """A hidden directory beside `path` that becomes `path` in the end.

  Where the body raises, nothing is left, nor are parents made for it.

  Raises:
    InputError: if it cannot be written, a full disk included.
  """
  check_free(path)
  path = os.path.abspath(path)
  parent = os.path.dirname(path)
  first_new = parent
  while not os.path.isdir(os.path.dirname(first_new)):
    first_new = os.path.dirname(first_new)
  had_parent = os.path.isdir(parent)
  folder = files.PendingFolder(path)
  try:
    folder.make()
    yield folder.path
    folder.publish()
  except BaseException as e:
    folder.close()
    if not had_parent:
      shutil.rmtree(first_new, ignore_errors=True)
    if isinstance(e, (OSError, tf.errors.OpError)):
      raise errors.InputError(
          f'--model_dir={path}: cannot be written '
          f'({" ".join(str(e).split())[:120]}); make room or name another '
          'place.') from e
    raise


def write(directory: str, config: config_lib.ModelConfig,
          values: Iterable[tuple[str, np.ndarray]]):
  """Writes `config.json` and the checkpoint of step 0.

  Args:
    directory: an existing one.
    config: of the model.
    values: all its variables, by name without the model's.
  """
  with tf.Graph().as_default(), tf.Session(
      config=run_config.session_config(use_gpu=False)) as session:
    model = recognizer.Recognizer(config)
    step = tf.train.get_or_create_global_step()
    variables = {v.op.name.removeprefix(f'{model.name}/'): v
                 for v in model.variables}
    given = [(variables.pop(name), value) for name, value in values]
    if variables:
      raise ValueError(f'No value for {sorted(variables)}.')
    # In one run: each new set of fetches prunes the whole graph anew.
    session.run([step.initializer, *(v.initializer for v, _ in given)],
                {v.initial_value: value for v, value in given})
    tf.train.Saver(tf.global_variables(), save_relative_paths=True).save(
        session, os.path.join(directory, checkpoints.BASE_NAME), step,
        write_meta_graph=False)
  config_lib.write(config_lib.Config(config), directory)
