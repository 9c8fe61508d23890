"""Initial values of variables, as functions of a shape."""

import contextlib
import contextvars
import math
from typing import Callable, Iterator, Optional, Sequence

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


_weight_inputs: contextvars.ContextVar[Optional[list[tf.Tensor]]] = (
    contextvars.ContextVar('weight_inputs', default=None))


@contextlib.contextmanager
def weights_as_inputs() -> Iterator[list[tf.Tensor]]:
  """Has `variable` make placeholders, for a graph that is to be converted.

  A converter then need not carry the weights through its passes.

  Yields:
    The placeholders made so far, each with its variable's op name.
  """
  made = []
  token = _weight_inputs.set(made)
  try:
    yield made
  finally:
    _weight_inputs.reset(token)


def variable(name: str, shape: Sequence[int], initializer: Initializer,
             trainable: bool = True, dtype: tf.DType = tf.float32,
             **kwargs) -> tf.Variable:
  """A resource variable, named by the current name scope.

  The initial value is a callable: a variable may then be made where a plain
  tensor may not be, as in a replica's thread.
  """
  made = _weight_inputs.get()
  if made is not None:
    made.append(tf.placeholder(dtype, shape, name))
    return made[-1]
  return tf.Variable(lambda: tf.cast(initializer(shape), dtype), name=name,
                     trainable=trainable, dtype=dtype, use_resource=True,
                     **kwargs)
