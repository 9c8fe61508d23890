"""What the tests of several modules share: a tiny model and its weights."""

import contextlib
import dataclasses
import math
from typing import Any, Iterator, Sequence
from unittest import mock
import zlib

import numpy as np
import tensorflow.compat.v1 as tf

from master import charset
from master import config as config_lib
from master.layers import normalization

# Sizes that differ wherever the graph lets them, so that a swapped axis
# shows. The memory has 2 x 5 positions, a head of the decoder 11 channels.
TINY = config_lib.ModelConfig(
    image_height=16, image_width=20, image_channels=1, charset='abcdefg',
    max_label_length=5, stem_channels=(3, 5), stage_channels=(7, 10, 14, 22),
    stage_blocks=(1, 2, 1, 2), gcb_heads=2, gcb_ratio=3, hidden_size=22,
    num_layers=2, num_heads=2, filter_size=13, dropout_rate=0.0)


def tiny_config(**changes) -> config_lib.ModelConfig:
  """The tiny model with some fields changed."""
  return dataclasses.replace(TINY, **changes)


@contextlib.contextmanager
def moving_statistics() -> Iterator[None]:
  """Batch norms use theirs in training too.

  What they learn of a batch depends on how it is cut.
  """
  original = normalization.BatchNorm.__call__
  with mock.patch.object(
      normalization.BatchNorm, '__call__',
      lambda self, x, is_training: original(self, x, is_training=False)):
    yield


@contextlib.contextmanager
def graph_session(seed: int = 7) -> Iterator[tf.Session]:
  """A session of a fresh default graph whose random ops are seeded."""
  with tf.Graph().as_default():
    tf.set_random_seed(seed)
    with tf.Session() as session:
      yield session


def formula_value(name: str, shape: Sequence[int]) -> np.ndarray:
  """A variable's value, decided by its name and shape alone.

  Args:
    name: of the variable, without `:0`.
    shape: of the variable.

  Returns:
    float32: positive for what scales; else uniform around 0, for kernels
    with variance 2 / fan-in.
  """
  draws = np.random.RandomState(zlib.crc32(name.encode())).uniform(
      -1, 1, shape)
  if name.endswith(('gamma', 'moving_variance')):
    draws = 1 + draws / 2
  elif len(shape) > 1:
    draws *= math.sqrt(6 / math.prod(shape[:-1]))
  else:
    draws /= 5
  return draws.astype(np.float32)


def formula_weights(variables: Sequence[tf.Variable]
                    ) -> dict[str, np.ndarray]:
  """`formula_value` of each variable by its name without `:0`."""
  return {v.name[:-2]: formula_value(v.name[:-2], v.shape.as_list())
          for v in variables}


def assign_formula(session: tf.Session, variables: Sequence[tf.Variable]
                   ) -> dict[str, np.ndarray]:
  """Sets each variable to its formula value; returns values by name."""
  weights = formula_weights(variables)
  session.run([v.assign(weights[v.name[:-2]]) for v in variables])
  return weights


def assign_reading(session: tf.Session, variables: Sequence[tf.Variable]
                   ) -> dict[str, np.ndarray]:
  """As `assign_formula`, so that images give texts of unequal lengths."""
  weights = formula_weights(variables)
  # Let the image weigh more than the text so far.
  weights['master/decoder/embedding'] *= 0.3
  bias = weights['master/decoder/classes/bias']
  bias[[charset.PAD_ID, charset.SOS_ID, charset.UNK_ID]] -= 9
  bias[charset.EOS_ID] += 3.5
  session.run([v.assign(weights[v.name[:-2]]) for v in variables])
  return weights


def formula_images(count: int,
                   config: config_lib.ModelConfig = TINY) -> np.ndarray:
  """Blocks of 8 x 4 pixels of one grey or colour each.

  Args:
    count: of images B; image i is the same whatever the count.
    config: tells the size.

  Returns:
    float32 [B, H, W, C] in [-1, 1].
  """
  shape = [*config.memory_shape, config.image_channels]
  blocks = np.stack([np.random.RandomState(i).uniform(-1, 1, shape)
                     for i in range(count)]).astype(np.float32)
  return blocks.repeat(config_lib.HEIGHT_STRIDE, axis=1).repeat(
      config_lib.WIDTH_STRIDE, axis=2)


def names_and_shapes(variables: Sequence[tf.Variable]
                     ) -> dict[str, list[int]]:
  """Shape of each variable by name."""
  return {v.name: v.shape.as_list() for v in variables}


def random(*shape: int, seed: int = 0) -> np.ndarray:
  """float32 values of a normal distribution, the same for a seed."""
  return np.random.RandomState(seed).normal(size=shape).astype(np.float32)


def error_of(function, *args, **kwargs) -> Any:
  """The text of the ValueError that a call must raise."""
  try:
    function(*args, **kwargs)
  except ValueError as e:
    return str(e)
  raise AssertionError('No ValueError was raised.')
