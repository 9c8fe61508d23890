"""Multi-aspect global context attention (MASTER, section 3.2).

Legend: `B` batch, `H W` feature map, `P` = H * W positions, `C` channels,
`N` heads, `D` = C / N channels of a head.
"""

from typing import Optional

import tensorflow.compat.v1 as tf

from master.layers import conv
from master.layers import initializers
from master.layers import normalization
from master.layers import shapes


class MultiAspectGCAttention(tf.Module):
  """Adds to each position what the whole map is about.

  Each head weighs all positions by a softmax and sums its channels; the
  joined heads pass a bottleneck (GCNet, Cao 2019) and join the features.
  One mask convolution serves all heads, as in the authors' code.
  """

  def __init__(self, channels: int, num_heads: int, ratio: int, fusion: str,
               pooling: str, scale_mask: bool, epsilon: float,
               join_norm_size: Optional[tuple[int, int]] = None,
               name: str = 'gc_attention'):
    """Makes `mask`, `reduce`, `reduce_norm`, `expand`.

    And, to concat, `join` and, if asked for, `join_norm`.

    Args:
      channels: C of the feature map.
      num_heads: N; divides channels.
      ratio: C over the channels of the bottleneck.
      fusion: add; mul (features times the sigmoid of the transform); or
        concat (1x1 convolution of features and transform, layer norm over
        H, W and C, ReLU).
      pooling: attention; or average, which has no `mask`.
      scale_mask: divide the mask by sqrt(C / N) before the softmax. The
        paper describes it, the published weights were trained without.
      epsilon: of the layer norms.
      join_norm_size: concat only: H and W of all maps there will be, and the
        norm after the join has gamma and beta [H, W, C], as in MASTER-TF;
        None for a norm without variables, as in MASTER-pytorch.
      name: of the layer.

    Raises:
      ValueError: for an unknown fusion or pooling, or if num_heads does not
        divide channels.
    """
    super().__init__(name=name)
    if channels % num_heads:
      raise ValueError(
          f'num_heads {num_heads} does not divide channels {channels}.')
    if fusion not in ('add', 'mul', 'concat'):
      raise ValueError(f'fusion is {fusion}, must be add, mul or concat.')
    if pooling not in ('attention', 'average'):
      raise ValueError(f'pooling is {pooling}, must be attention or average.')
    self._channels = channels
    self._num_heads = num_heads
    self._fusion = fusion
    self._pooling = pooling
    self._mask_scale = (channels / num_heads) ** -0.5 if scale_mask else 1.0
    bottleneck = channels // ratio
    with self.name_scope:
      if pooling == 'attention':
        self.mask = conv.Conv2D(channels // num_heads, 1, 1, use_bias=True,
                                name='mask')
      self.reduce = conv.Conv2D(channels, bottleneck, 1, use_bias=True,
                                name='reduce')
      self.reduce_norm = normalization.LayerNorm(bottleneck, epsilon,
                                                 name='reduce_norm')
      # With zeros, add starts as the plain residual block (GCNet, 3.3).
      self.expand = conv.Conv2D(
          bottleneck, channels, 1, use_bias=True,
          kernel_initializer=(initializers.he_normal if fusion == 'concat'
                              else initializers.zeros),
          name='expand')
      if fusion == 'concat':
        self.join = conv.Conv2D(2 * channels, channels, 1, use_bias=True,
                                name='join')
        self.join_norm = normalization.MapNorm(
            join_norm_size and (*join_norm_size, channels), epsilon,
            name='join_norm')

  def _context(self, x: tf.Tensor) -> tf.Tensor:
    """The weighted sum of all positions, float32 [B, 1, 1, C]."""
    if self._pooling == 'average':
      return tf.reduce_mean(x, axis=[1, 2], keepdims=True)
    positions = tf.shape(x)[1] * tf.shape(x)[2]
    head_size = self._channels // self._num_heads
    heads = tf.reshape(
        x, [-1, positions, self._num_heads, head_size])  # [B, P, N, D]
    mask = self.mask(heads)  # [B, P, N, 1]
    weights = tf.nn.softmax(mask * self._mask_scale, axis=1)
    context = tf.reduce_sum(heads * weights, axis=1)  # [B, N, D]
    return tf.reshape(context, [-1, 1, 1, self._channels])

  def __call__(self, x: tf.Tensor) -> tf.Tensor:
    """Joins the context to the features.

    The context is computed in float32 whatever the features are in.

    Args:
      x: float [B, H, W, C].

    Returns:
      [B, H, W, C] of the same type.
    """
    shapes.check('x', x, [None, None, None, self._channels])
    with tf.name_scope(self.name):
      features = tf.cast(x, tf.float32)
      bottleneck = self.reduce_norm(self.reduce(self._context(features)))
      transform = self.expand(tf.nn.relu(bottleneck))  # [B, 1, 1, C]
      if self._fusion == 'add':
        return x + tf.cast(transform, x.dtype)
      if self._fusion == 'mul':
        return x * tf.cast(tf.sigmoid(transform), x.dtype)
      both = tf.concat([features, tf.broadcast_to(transform, tf.shape(x))],
                       axis=-1)
      joined = tf.nn.relu(self.join_norm(self.join(both)))  # [B, H, W, C]
      return tf.cast(joined, x.dtype)
