"""A fully connected layer."""

from typing import NamedTuple, Sequence

import tensorflow.compat.v1 as tf

from master.layers import initializers
from master.layers import shapes


class Weights(NamedTuple):
  """Of one layer, or of several side by side.

  Attributes:
    kernel: float32 [input_size, output_size].
    bias: float32 [output_size].
  """
  kernel: tf.Tensor
  bias: tf.Tensor


class Linear(tf.Module):
  """y = x kernel + bias over the last dimension."""

  def __init__(self, input_size: int, output_size: int,
               name: str = 'linear'):
    """Makes `kernel` [input_size, output_size] and `bias` [output_size]."""
    super().__init__(name=name)
    with self.name_scope:
      self.kernel = initializers.variable(
          'kernel', [input_size, output_size], initializers.glorot_uniform)
      self.bias = initializers.variable(
          'bias', [output_size], initializers.zeros)

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Applies the layer.

    Args:
      x: float [..., input_size], rank 2 or more; its type is that of the
        computation.

    Returns:
      [..., output_size] of the same type.
    """
    input_size, output_size = self.kernel.shape.as_list()
    shapes.check('x', x, [None] * (x.shape.rank - 1) + [input_size])
    with tf.name_scope(self.name):
      weights = Weights(self.kernel, self.bias)
      if x.shape.rank == 2:
        return apply(x, weights)
      y = apply(tf.reshape(x, [-1, input_size]), weights)
      return tf.reshape(
          y, tf.concat([tf.shape(x)[:-1], [output_size]], axis=0))


def join(layers: Sequence[Linear]) -> Weights:
  """Layers of one input side by side, which is one product in place of many.

  Args:
    layers: all of the same input_size.

  Returns:
    Their kernels and biases along the output, in order.
  """
  return Weights(tf.concat([layer.kernel for layer in layers], axis=1),
                 tf.concat([layer.bias for layer in layers], axis=0))


def apply(x: tf.Tensor, weights: Weights) -> tf.Tensor:
  """Float [B, input_size] to [B, output_size], in the type of x."""
  return tf.nn.bias_add(tf.matmul(x, tf.cast(weights.kernel, x.dtype)),
                        tf.cast(weights.bias, x.dtype))
