"""A convolution of stride 1."""

import tensorflow.compat.v1 as tf

from master.layers import initializers
from master.layers import shapes


class Conv2D(tf.Module):
  """A square convolution of stride 1 that keeps height and width."""

  def __init__(self, input_channels: int, output_channels: int,
               kernel_size: int, use_bias: bool,
               kernel_initializer: initializers.Initializer
               = initializers.he_normal,
               name: str = 'conv'):
    """Makes `kernel` [k, k, input, output] and, if wanted, `bias`.

    Args:
      input_channels: channels of the input.
      output_channels: channels of the output.
      kernel_size: height and width of the kernel, odd, so that zero padding
        is the same on all sides.
      use_bias: whether there is a bias; none before a batch norm, whose beta
        is one.
      kernel_initializer: of the kernel; he_normal, as a ReLU follows most.
      name: of the layer.

    Raises:
      ValueError: if kernel_size is even.
    """
    super().__init__(name=name)
    if kernel_size % 2 == 0:
      raise ValueError(f'kernel_size is {kernel_size}, must be odd.')
    with self.name_scope:
      self.kernel = initializers.variable(
          'kernel',
          [kernel_size, kernel_size, input_channels, output_channels],
          kernel_initializer)
      self.bias = initializers.variable(
          'bias', [output_channels], initializers.zeros) if use_bias else None

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Applies the layer.

    Args:
      x: float [B, H, W, input_channels]; its type is that of the computation.

    Returns:
      [B, H, W, output_channels] of the same type.
    """
    shapes.check('x', x, [None, None, None, self.kernel.shape[2]])
    with tf.name_scope(self.name):
      y = tf.nn.conv2d(x, tf.cast(self.kernel, x.dtype), strides=[1, 1, 1, 1],
                       padding='SAME')
      return y if self.bias is None else tf.nn.bias_add(
          y, tf.cast(self.bias, x.dtype))
