"""A fully connected layer. Guarded by tests/layers/linear_test.py."""

import tensorflow.compat.v1 as tf

from master.layers import initializers
from master.layers import shapes


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
      x: float32 [..., input_size], rank 2 or more.

    Returns:
      float32 [..., output_size].
    """
    input_size, output_size = self.kernel.shape.as_list()
    shapes.check('x', x, [None] * (x.shape.rank - 1) + [input_size])
    with tf.name_scope(self.name):
      flat = tf.reshape(x, [-1, input_size])
      y = tf.nn.bias_add(tf.matmul(flat, self.kernel), self.bias)
      return tf.reshape(
          y, tf.concat([tf.shape(x)[:-1], [output_size]], axis=0)
      ) if x.shape.rank > 2 else y
