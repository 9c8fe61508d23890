"""Imported models at work, for tests."""

import os
from typing import Mapping

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.importing import conversion as conversion_lib
from master.importing import state as state_lib
from master.models import recognizer
from tests.support import original_models
from tests.support import test_util

CHARSET = 'abcdefg'
SUFFIX = '/.ATTRIBUTES/VARIABLE_VALUE'


def given(settings: original_models.Settings) -> dict:
  """Fields that a user sets by flags for the file of an original."""
  return {'charset': CHARSET, 'image_height': settings.height,
          'image_width': settings.width, 'num_layers': settings.layers,
          'num_heads': settings.multiheads}


def state_of(tensors: Mapping[str, np.ndarray],
             path: str = 'FILE') -> state_lib.State:
  """A state in memory."""
  return state_lib.State(
      path, {name: value.shape for name, value in tensors.items()},
      tensors.__getitem__)


def write_checkpoint(tensors: Mapping[str, np.ndarray], prefix: str) -> str:
  """Writes an object checkpoint as TensorFlow 2 lays it out."""
  os.makedirs(os.path.dirname(prefix), exist_ok=True)
  with tf.Graph().as_default(), tf.Session() as session:
    session.run(tf.raw_ops.SaveV2(
        prefix=prefix, tensor_names=[name + SUFFIX for name in tensors],
        shape_and_slices=[''] * len(tensors),
        tensors=[tf.constant(value) for value in tensors.values()]))
  return prefix


def inputs(settings: original_models.Settings) -> tuple[np.ndarray, np.ndarray]:
  """Two images [2, H, W, C] and decoder inputs int [2, 5] for a model."""
  rng = np.random.RandomState(5)
  images = rng.uniform(-1, 1, [2, settings.height, settings.width,
                               settings.channels]).astype(np.float32)
  targets = rng.randint(4, settings.classes, [2, 5])
  targets[:, 0] = 2
  return images, targets


def outputs(conversion: conversion_lib.Conversion, images: np.ndarray,
            targets: np.ndarray) -> dict[str, np.ndarray]:
  """Memory and logits of a conversion's model."""
  with test_util.graph_session() as session:
    model = recognizer.Recognizer(conversion.settings.config)
    variables = {v.op.name.partition('/')[2]: v for v in model.variables}
    fetches = forward(model, images, targets)
    session.run([variables.pop(name).assign(value) for name, value
                 in conversion_lib.values(conversion)])
    assert not variables, variables
    return session.run(fetches)


def forward(model: recognizer.Recognizer, images: np.ndarray,
            targets: np.ndarray) -> dict[str, tf.Tensor]:
  """The tensors that the originals' expected outputs hold."""
  memory = model.encode(tf.constant(images), is_training=False)
  return {'memory': memory,
          'logits': model.forward(memory, tf.constant(targets, tf.int32),
                                  is_training=False),
          'greedy': model.decode(memory, config_lib.DecodeConfig()).ids}
