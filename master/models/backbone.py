"""The 31-layer ResNet (MASTER, section 3.1 and table 1).

Legend: `B` batch, `H W C` feature map.
"""

from typing import Callable

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.layers import conv
from master.layers import gc_attention
from master.layers import normalization
from master.layers import shapes

# After the stem, and after each stage. Characters are narrow: the third pool
# leaves the width alone.
_STEM_POOL = (2, 2)
_POOLS = ((2, 2), (2, 1), None, None)


def _map_size(config: config_lib.ModelConfig, stage: int) -> tuple[int, int]:
  """Height and width of the feature map of a stage, the first being 0."""
  height, width = config.image_height, config.image_width
  for pool in (_STEM_POOL, *_POOLS[:stage]):
    if pool:
      height, width = height // pool[0], width // pool[1]
  return height, width


class ConvNorm(tf.Module):
  """A convolution without bias, then batch norm."""

  def __init__(self, input_channels: int, output_channels: int,
               kernel_size: int, config: config_lib.ModelConfig, name: str):
    super().__init__(name=name)
    with self.name_scope:
      self.conv = conv.Conv2D(input_channels, output_channels, kernel_size,
                              use_bias=False, name='conv')
      self.norm = normalization.BatchNorm(
          output_channels, config.batch_norm_decay,
          config.batch_norm_epsilon, name='norm')

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    return self.norm(self.conv(x), is_training)


# (input_channels, output_channels, kernel_size, config, name) -> a module
# called as (x, is_training): ConvNorm, or what stands for it when served.
ConvNormFn = Callable[..., tf.Module]


class ResidualBlock(tf.Module):
  """conv-BN-ReLU-conv-BN, context block if any, plus shortcut, ReLU."""

  def __init__(self, input_channels: int, output_channels: int,
               map_size: tuple[int, int], has_context: bool,
               config: config_lib.ModelConfig, conv_norm: ConvNormFn,
               name: str):
    """Makes `conv1`, `conv2`, and `context` and `shortcut` where needed.

    Args:
      input_channels: channels of the input.
      output_channels: channels of the output; where they differ the shortcut
        is a 1x1 convolution with batch norm.
      map_size: height and width of the feature map.
      has_context: whether the global context block is there.
      config: of the model.
      conv_norm: makes the convolutions.
      name: of the block.
    """
    super().__init__(name=name)
    with self.name_scope:
      self.conv1 = conv_norm(input_channels, output_channels, 3, config,
                             name='conv1')
      self.conv2 = conv_norm(output_channels, output_channels, 3, config,
                             name='conv2')
      self.context = gc_attention.MultiAspectGCAttention(
          output_channels, config.gcb_heads, config.gcb_ratio,
          config.gcb_fusion, config.gcb_pooling, config.gcb_scale_mask,
          config.gcb_norm_epsilon,
          map_size if config.gcb_join_norm else None,
          name='context') if has_context else None
      self.shortcut = (
          conv_norm(input_channels, output_channels, 1, config,
                    name='shortcut')
          if input_channels != output_channels else None)

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Maps float [B, H, W, input] to [B, H, W, output]."""
    with tf.name_scope(self.name):
      y = tf.nn.relu(self.conv1(x, is_training))
      y = self.conv2(y, is_training)
      if self.context is not None:
        y = self.context(y)
      if self.shortcut is not None:
        x = self.shortcut(x, is_training)
      return tf.nn.relu(x + y)


class Backbone(tf.Module):
  """Images to a feature map of 1/8 of their height and 1/4 of their width."""

  def __init__(self, config: config_lib.ModelConfig,
               conv_norm: ConvNormFn = ConvNorm, name: str = 'backbone'):
    """Makes conv1 to conv6 and the blocks of stages 1 to 4.

    Args:
      config: of the model.
      conv_norm: makes the convolutions.
      name: of the backbone.
    """
    super().__init__(name=name)
    self._image_channels = config.image_channels
    stem1, stem2 = config.stem_channels
    with self.name_scope:
      self.conv1 = conv_norm(config.image_channels, stem1, 3, config,
                             name='conv1')
      self.conv2 = conv_norm(stem1, stem2, 3, config, name='conv2')
      self.stages = []
      self.stage_convs = []
      channels = stem2
      for i, width in enumerate(config.stage_channels):
        blocks = []
        for j in range(config.stage_blocks[i]):
          has_context = i > 0 and (j == 0 or config.gcb_placement == 'all')
          blocks.append(ResidualBlock(
              channels, width, _map_size(config, i), has_context, config,
              conv_norm, name=f'stage{i + 1}_block{j + 1}'))
          channels = width
        self.stages.append(blocks)
        self.stage_convs.append(
            conv_norm(width, width, 3, config, name=f'conv{i + 3}'))

  def __call__(self, images: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Extracts features.

    Args:
      images: float [B, H, W, channels] in [-1, 1]; their type is that of the
        computation.
      is_training: whether batch norms use and learn the batch's statistics.

    Returns:
      [B, H / 8, W / 4, C] of the same type.
    """
    shapes.check('images', images, [None, None, None, self._image_channels])
    with tf.name_scope(self.name):
      x = tf.nn.relu(self.conv1(images, is_training))
      x = tf.nn.relu(self.conv2(x, is_training))
      x = _max_pool(x, *_STEM_POOL)
      for blocks, stage_conv, pool in zip(self.stages, self.stage_convs,
                                          _POOLS):
        for block in blocks:
          x = block(x, is_training)
        x = tf.nn.relu(stage_conv(x, is_training))
        if pool:
          x = _max_pool(x, *pool)
      return x


def _max_pool(x: tf.Tensor, height: int, width: int) -> tf.Tensor:
  window = [1, height, width, 1]
  return tf.nn.max_pool2d(x, ksize=window, strides=window, padding='VALID')
