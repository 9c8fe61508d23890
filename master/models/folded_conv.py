"""Convolutions for inference, with the batch norm folded in.

Legend: `I O` channels in and out, `P` products (master/layers/winograd.py).
"""

from typing import Callable, Mapping, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.layers import initializers
from master.layers import shapes
from master.layers import winograd

# Below that the copies of the tiles cost more than the products they save.
_WINOGRAD_CHANNELS = 128

# The larger tile saves more products, the smaller one memory: 1.8 in place of
# 3.3 times that of the plain kernel, which matters for the widest layers.
_TILE = (3, 4)
_WIDE_TILE = (2, 2)
_WIDE = 512 * 512  # Input times output channels.


def _tile(input_channels: int, output_channels: int,
          kernel_size: int) -> Optional[winograd.Tile]:
  """None where the plain convolution serves better."""
  if kernel_size != winograd.KERNEL or input_channels < _WINOGRAD_CHANNELS:
    return None
  return _TILE if input_channels * output_channels < _WIDE else _WIDE_TILE


class FoldedConvNorm(tf.Module):
  """A ConvNorm for inference: one convolution with a bias.

  Its variables are not those of a checkpoint; `values` computes them.
  """

  def __init__(self, input_channels: int, output_channels: int,
               kernel_size: int, config: config_lib.ModelConfig,
               export_config: config_lib.ExportConfig, name: str):
    """Makes `kernel`, [k, k, I, O] or [P, I, O], and `bias` [O].

    Args:
      input_channels: channels of the input.
      output_channels: channels of the output.
      kernel_size: height and width of the kernel.
      config: of the model.
      export_config: decides the convolution and the type of the variables.
      name: of the ConvNorm that this one stands for.
    """
    super().__init__(name=name)
    self._epsilon = config.batch_norm_epsilon
    self._tile = (_tile(input_channels, output_channels, kernel_size)
                  if export_config.convolution == 'winograd' else None)
    shape = (winograd.kernel_shape(input_channels, output_channels, self._tile)
             if self._tile
             else [kernel_size, kernel_size, input_channels, output_channels])
    kind = dict(trainable=False, dtype=tf.as_dtype(export_config.dtype))
    with self.name_scope:
      self.kernel = initializers.variable('kernel', shape, initializers.zeros,
                                          **kind)
      self.bias = initializers.variable('bias', [output_channels],
                                        initializers.zeros, **kind)

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Maps float [B, H, W, I] to [B, H, W, O] of the variables' type.

    Raises:
      ValueError: if it is to be trained.
    """
    if is_training:
      raise ValueError(f'{self.name}: a folded batch norm cannot be trained.')
    shapes.check('x', x, [None, None, None, self.kernel.shape[-2]])
    with tf.name_scope(self.name):
      x = tf.cast(x, self.kernel.dtype)
      if self._tile:
        y = winograd.conv2d(x, tf.convert_to_tensor(self.kernel), self._tile)
      else:
        y = tf.nn.conv2d(x, self.kernel, strides=[1, 1, 1, 1],
                         padding='SAME')
      return tf.nn.bias_add(y, self.bias)

  def values(self, trained: Mapping[str, np.ndarray]
             ) -> list[tuple[tf.Variable, np.ndarray]]:
    """What the variables must be.

    Args:
      trained: values of a checkpoint by name.

    Returns:
      Each variable with its value.
    """
    prefix = self.name_scope.name

    def norm(part: str) -> np.ndarray:
      return trained[f'{prefix}norm/{part}'].astype(np.float64)

    scale = norm('gamma') / np.sqrt(norm('moving_variance') + self._epsilon)
    kernel = trained[f'{prefix}conv/kernel'] * scale  # [k, k, I, O]
    if self._tile:
      kernel = winograd.transform_kernel(kernel, self._tile)
    return [(self.kernel, kernel),
            (self.bias, norm('beta') - norm('moving_mean') * scale)]


def conv_norm_fn(export_config: config_lib.ExportConfig
                 ) -> Callable[..., FoldedConvNorm]:
  """Makes FoldedConvNorms in place of ConvNorms."""

  def make(input_channels, output_channels, kernel_size, config, name):
    return FoldedConvNorm(input_channels, output_channels, kernel_size,
                          config, export_config, name)

  return make


def values(model: tf.Module, variables: Sequence[tf.Variable],
           trained: Mapping[str, np.ndarray]
           ) -> Sequence[tuple[tf.Variable, np.ndarray]]:
  """What the variables of a served model must be.

  Args:
    model: with FoldedConvNorms in place of ConvNorms.
    variables: all of its variables, or what stands for them
      (`initializers.weights_as_inputs`).
    trained: values of the trained model's checkpoint by name.

  Returns:
    Each variable of the model with its value, of its own type.
  """
  pairs = [pair for module in model.submodules
           if isinstance(module, FoldedConvNorm)
           for pair in module.values(trained)]
  names = {variable.name for variable, _ in pairs}
  pairs += [(variable, trained[variable.op.name]) for variable in variables
            if variable.name not in names]
  return [(variable, value.astype(variable.dtype.base_dtype.as_numpy_dtype))
          for variable, value in pairs]
