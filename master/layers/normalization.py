"""Batch and layer normalisation."""

from typing import Optional, Sequence

import tensorflow.compat.v1 as tf

from master.layers import initializers
from master.layers import shapes


class BatchNorm(tf.Module):
  """Normalises each channel over batch, height and width (Ioffe 2015).

  In training the update moving = decay * moving + (1 - decay) * batch goes to
  UPDATE_OPS, on which the train op depends.
  """

  def __init__(self, channels: int, decay: float, epsilon: float,
               name: str = 'batch_norm'):
    """Makes gamma, beta, moving_mean and moving_variance, all [channels].

    Args:
      channels: size of the last dimension.
      decay: share of the old moving average kept at each step, in [0, 1).
      epsilon: added to the variance.
      name: of the layer.
    """
    super().__init__(name=name)
    self._decay = decay
    self._epsilon = epsilon
    # Each replica updates its own copy; their mean is read and saved.
    moving = dict(trainable=False,
                  synchronization=tf.VariableSynchronization.ON_READ,
                  aggregation=tf.VariableAggregation.MEAN)
    with self.name_scope:
      self.gamma = initializers.variable(
          'gamma', [channels], initializers.ones)
      self.beta = initializers.variable(
          'beta', [channels], initializers.zeros)
      self.moving_mean = initializers.variable(
          'moving_mean', [channels], initializers.zeros, **moving)
      self.moving_variance = initializers.variable(
          'moving_variance', [channels], initializers.ones, **moving)

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Applies the layer.

    Args:
      x: float [B, H, W, channels]; the statistics are float32 in any case.
      is_training: normalise by the batch's own statistics and update the
        moving ones, else by the moving ones.

    Returns:
      [B, H, W, channels] of the type of x.
    """
    shapes.check('x', x, [None, None, None, self.gamma.shape[0]])
    with tf.name_scope(self.name):
      if not is_training:
        y, _, _ = tf.nn.fused_batch_norm(
            x, self.gamma, self.beta, mean=self.moving_mean,
            variance=self.moving_variance, epsilon=self._epsilon,
            is_training=False)
        return y
      y, mean, variance = tf.nn.fused_batch_norm(
          x, self.gamma, self.beta, epsilon=self._epsilon, is_training=True)
      for moving, batch in ((self.moving_mean, mean),
                            (self.moving_variance, variance)):
        change = (moving - batch) * (1 - self._decay)
        if x.dtype == tf.float16:
          # A map that overflowed is no part of the data.
          change = tf.where(tf.math.is_finite(change), change,
                            tf.zeros_like(change))
        tf.add_to_collection(tf.GraphKeys.UPDATE_OPS,
                             moving.assign_sub(change))
      return y


class LayerNorm(tf.Module):
  """Normalises each position over its channels (Ba 2016)."""

  def __init__(self, size: int, epsilon: float, name: str = 'layer_norm'):
    """Makes gamma and beta [size].

    Args:
      size: of the last dimension.
      epsilon: added to the variance.
      name: of the layer.
    """
    super().__init__(name=name)
    self._epsilon = epsilon
    with self.name_scope:
      self.gamma = initializers.variable('gamma', [size], initializers.ones)
      self.beta = initializers.variable('beta', [size], initializers.zeros)

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Normalises float32 [..., size] over the last dimension."""
    shapes.check('x', x,
                 [None] * (x.shape.rank - 1) + [self.gamma.shape[0]])
    with tf.name_scope(self.name):
      # By hand, as tf.nn.moments subtracts the mean once more.
      x -= tf.reduce_mean(x, axis=-1, keepdims=True)
      variance = tf.reduce_mean(tf.square(x), axis=-1, keepdims=True)
      # The order matters: normalize(x) * gamma + beta looks like an instance
      # norm to TensorFlow 2.15's graph rewriting for oneDNN, which then dies
      # as gamma is no constant.
      scale = tf.math.rsqrt(variance + self._epsilon) * self.gamma
      return x * scale + self.beta


class MapNorm(tf.Module):
  """Layer norm of a whole feature map: over height, width and channels."""

  def __init__(self, shape: Optional[Sequence[int]], epsilon: float,
               name: str = 'map_norm'):
    """Makes gamma and beta of `shape`, or no variables.

    Args:
      shape: [H, W, C] of the maps to come; None for any size, without gain
        and offset.
      epsilon: added to the variance.
      name: of the layer.
    """
    super().__init__(name=name)
    self._epsilon = epsilon
    self._shape = [None] * 3 if shape is None else list(shape)
    self.gamma = self.beta = None
    if shape is not None:
      with self.name_scope:
        self.gamma = initializers.variable('gamma', shape, initializers.ones)
        self.beta = initializers.variable('beta', shape, initializers.zeros)

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Normalises each map of float32 [B, H, W, C]."""
    shapes.check('x', x, [None, *self._shape])
    with tf.name_scope(self.name):
      mean, variance = tf.nn.moments(x, axes=[1, 2, 3], keepdims=True)
      scale = tf.math.rsqrt(variance + self._epsilon)  # [B, 1, 1, 1]
      if self.gamma is None:
        return (x - mean) * scale
      # In this order for the same reason as in LayerNorm.
      return (x - mean) * (scale * self.gamma) + self.beta
