"""Position-wise feed-forward."""

import tensorflow.compat.v1 as tf

from master.layers import dropout
from master.layers import linear


class FeedForward(tf.Module):
  """linear - ReLU - linear at each position (Vaswani 2017, 3.3)."""

  def __init__(self, size: int, filter_size: int, dropout_rate: float,
               name: str = 'feed_forward'):
    """Makes the layers `filter` and `output`.

    Args:
      size: channels of input and output.
      filter_size: channels between.
      dropout_rate: probability of dropping a channel between.
      name: of the layer.
    """
    super().__init__(name=name)
    self._dropout_rate = dropout_rate
    with self.name_scope:
      self.filter = linear.Linear(size, filter_size, name='filter')
      self.output = linear.Linear(filter_size, size, name='output')

  def __call__(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    """Maps float [B, T, size] to the same shape and type."""
    with tf.name_scope(self.name):
      hidden = tf.nn.relu(self.filter(x))  # [B, T, filter_size]
      if is_training and self._dropout_rate:
        hidden = dropout.dropout(hidden, self._dropout_rate)
      return self.output(hidden)
