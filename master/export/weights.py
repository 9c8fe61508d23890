"""A model's weights alone, as a model directory.

A training's checkpoint also holds the optimizer's state, and averages beside
the weights; what is written here has one value for each variable of the
model: what it reads with.
"""

import dataclasses
import os
from typing import Mapping

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.estimator import run_config
from master.estimator.checkpoint import checkpoints
from master.export import predictor as predictor_lib
from master.export import publishing


def export_weights(model: predictor_lib.Predictor, export_dir: str) -> str:
  """Exports a model as a checkpoint with its `config.json`.

  As `saved_model.export_model` does: nothing appears that has not been loaded
  again and compared with the model.

  Args:
    model: made of a checkpoint.
    export_dir: folder of versions, made if need be.

  Returns:
    Path of the version's folder: a model directory, to read, export or start
    another training with. A training does not go on in it.

  Raises:
    InputError: if export_dir cannot be written to.
    RuntimeError: if the checkpoint does not read as the model does.
  """
  values = model.variable_values()
  # Read with the model, it is no variable of its graph.
  values[tf.GraphKeys.GLOBAL_STEP] = np.int64(checkpoints.step(model.name))

  def write(folder: str):
    _save(values, os.path.join(folder, checkpoints.BASE_NAME))
    config_lib.write(dataclasses.replace(model.config, export=None), folder)

  return publishing.publish(model, export_dir, write,
                            predictor_lib.Predictor.from_model_dir)


def _save(values: Mapping[str, np.ndarray], path: str):
  """Writes a checkpoint of these values, the global step among them."""
  with tf.Graph().as_default(), tf.Session(
      config=run_config.session_config(use_gpu=False)) as session:
    holders, variables = {}, {}
    for name, value in values.items():
      holders[name] = tf.placeholder(value.dtype, value.shape)
      variables[name] = tf.Variable(holders[name], trainable=False)
    session.run([variable.initializer for variable in variables.values()],
                {holders[name]: value for name, value in values.items()})
    tf.train.Saver(variables, save_relative_paths=True).save(
        session, path, values[tf.GraphKeys.GLOBAL_STEP],
        write_meta_graph=False)
