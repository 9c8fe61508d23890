"""Initial values of variables, as functions of a shape.

Guarded by tests/layers/initializers_test.py.
"""

import math
from typing import Callable, Sequence

import tensorflow.compat.v1 as tf

Initializer = Callable[[Sequence[int]], tf.Tensor]


def zeros(shape: Sequence[int]) -> tf.Tensor:
  """float32 zeros."""
  return tf.zeros(shape)


def ones(shape: Sequence[int]) -> tf.Tensor:
  """float32 ones."""
  return tf.ones(shape)


def normal(stddev: float) -> Initializer:
  """Values of a normal distribution around 0, float32."""
  return lambda shape: tf.random.normal(shape, stddev=stddev)


def he_normal(shape: Sequence[int]) -> tf.Tensor:
  """Normal with variance 2 / fan-in, for what a ReLU follows (He 2015).

  Args:
    shape: output channels last, so that the rest is the fan-in.
  """
  return tf.random.normal(shape, stddev=math.sqrt(2 / math.prod(shape[:-1])))


def glorot_uniform(shape: Sequence[int]) -> tf.Tensor:
  """Uniform with variance 2 / (fan-in + fan-out) (Glorot 2010).

  Args:
    shape: [inputs, outputs].
  """
  limit = math.sqrt(6 / sum(shape))
  return tf.random.uniform(shape, -limit, limit)


def variable(name: str, shape: Sequence[int], initializer: Initializer,
             trainable: bool = True, **kwargs) -> tf.Variable:
  """A float32 resource variable, named by the current name scope.

  The initial value is a callable: a variable may then be made where a plain
  tensor may not be, as in a replica's thread.
  """
  return tf.Variable(lambda: initializer(shape), name=name,
                     trainable=trainable, dtype=tf.float32, use_resource=True,
                     **kwargs)
