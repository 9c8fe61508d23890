"""Multi-head attention.

Legend: `B` batch, `T` queries, `S` keys, `C` channels, `N` heads,
`D` = C / N channels of a head.
"""

from typing import NamedTuple, Optional, Sequence

import tensorflow.compat.v1 as tf

from master.layers import dropout
from master.layers import linear
from master.layers import shapes

# Added to the logits of hidden positions; exp() of it is 0 in float32.
_HIDDEN = -1e9


class KeysValues(NamedTuple):
  """Projected keys and values, each float [B, N, S, D]."""
  keys: tf.Tensor
  values: tf.Tensor


class MultiHeadAttention(tf.Module):
  """Scaled dot-product attention with several heads (Vaswani 2017, 3.2).

  Keys and values are projected apart from the queries' attention, so that a
  decoder projects its memory once and keeps what it projected.
  """

  def __init__(self, size: int, num_heads: int, dropout_rate: float,
               name: str = 'attention'):
    """Makes the projections `query`, `key`, `value` and `output`.

    Args:
      size: channels C of queries, keys and output.
      num_heads: heads N; divides size.
      dropout_rate: probability of dropping an attention weight.
      name: of the layer.

    Raises:
      ValueError: if num_heads does not divide size.
    """
    super().__init__(name=name)
    if size % num_heads:
      raise ValueError(f'num_heads {num_heads} does not divide size {size}.')
    self._size = size
    self._num_heads = num_heads
    self._dropout_rate = dropout_rate
    with self.name_scope:
      self.query = linear.Linear(size, size, name='query')
      self.key = linear.Linear(size, size, name='key')
      self.value = linear.Linear(size, size, name='value')
      self.output = linear.Linear(size, size, name='output')

  def _split_heads(self, x: tf.Tensor) -> tf.Tensor:
    # All sizes are said, for of an empty batch none could be inferred.
    batch, length = tf.unstack(tf.shape(x)[:2])
    heads = tf.reshape(x, [batch, length, self._num_heads,
                           self._size // self._num_heads])  # [B, T, N, D]
    return tf.transpose(heads, [0, 2, 1, 3])  # [B, N, T, D]

  def project(self, source: tf.Tensor) -> KeysValues:
    """Keys and values of `source`, float [B, S, C], in its type."""
    shapes.check('source', source, [None, None, self._size])
    with tf.name_scope(self.name):
      return KeysValues(self._split_heads(self.key(source)),
                        self._split_heads(self.value(source)))

  def join_projections(self) -> linear.Weights:
    """`query`, `key` and `value` as one layer, for `project_one`."""
    with tf.name_scope(self.name):
      return linear.join([self.query, self.key, self.value])

  def project_one(self, x: tf.Tensor, joined: linear.Weights
                  ) -> tuple[tf.Tensor, KeysValues]:
    """Query, key and value of one position, without a copy.

    Args:
      x: float32 [B, C].
      joined: from `join_projections`.

    Returns:
      The query, float32 [B, N, 1, D], and a KeysValues of S = 1.
    """
    with tf.name_scope(self.name):
      split = tf.split(linear.apply(x, joined), 3, axis=1)
      query, key, value = (self._one_position(part) for part in split)
      return query, KeysValues(key, value)

  def query_one(self, x: tf.Tensor, sharing: int) -> tf.Tensor:
    """Queries to keys that rows share.

    Args:
      x: float32 [B * sharing, C].
      sharing: how many rows side by side share their keys.

    Returns:
      float32 [B, N, sharing, D].
    """
    with tf.name_scope(self.name):
      query = self.query(x)
      if sharing == 1:
        return self._one_position(query)
      rows = tf.reshape(query, [-1, sharing, self._num_heads,
                                self._size // self._num_heads])
      return tf.transpose(rows, [0, 2, 1, 3])

  def _one_position(self, x: tf.Tensor) -> tf.Tensor:
    """[B, C] to [B, N, 1, D]: with one position nothing need be moved."""
    return tf.reshape(x, [-1, self._num_heads, 1,
                          self._size // self._num_heads])

  def attend(self, queries: tf.Tensor, keys_values: KeysValues,
             mask: Optional[tf.Tensor], is_training: bool = False
             ) -> tuple[tf.Tensor, tf.Tensor]:
    """What each query sees.

    Args:
      queries: float [B, N, T, D].
      keys_values: of S positions, of the type of the queries.
      mask: bool, broadcasts to [B, N, T, S], True where seen; None for all.
      is_training: whether to drop attention weights.

    Returns:
      The heads side by side, [B, T, C] of the same type, before `output`;
      and the attention weights float32 [B, N, T, S], of which each row sums
      to 1.
    """
    queries *= (self._size // self._num_heads) ** -0.5
    # The softmax is float32 whatever the products are in.
    logits = tf.cast(tf.matmul(queries, keys_values.keys, transpose_b=True),
                     tf.float32)  # [B, N, T, S]
    if mask is not None:
      logits += (1 - tf.cast(mask, tf.float32)) * _HIDDEN
    weights = tf.nn.softmax(logits)  # [B, N, T, S]
    if is_training and self._dropout_rate:
      weights = dropout.dropout(weights, self._dropout_rate)
    heads = tf.matmul(tf.cast(weights, queries.dtype),
                      keys_values.values)  # [B, N, T, D]
    if queries.shape[2] != 1:
      heads = tf.transpose(heads, [0, 2, 1, 3])  # [B, T, N, D]
    length = queries.shape[2] or tf.shape(queries)[2]
    return tf.reshape(heads, [-1, length, self._size]), weights

  def __call__(self, x: tf.Tensor, keys_values: KeysValues,
               mask: Optional[tf.Tensor],
               is_training: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Attends from each position of x.

    Args:
      x: float [B, T, C].
      keys_values: from `project`, of the same type.
      mask: bool, broadcasts to [B, N, T, S], True where seen; None for all.
      is_training: whether to drop attention weights.

    Returns:
      [B, T, C] of that type, and the attention weights float32 [B, N, T, S].
    """
    shapes.check('x', x, [None, None, self._size])
    with tf.name_scope(self.name):
      heads, weights = self.attend(self._split_heads(self.query(x)),
                                   keys_values, mask, is_training)
      return self.output(heads), weights


def project_all(layers: Sequence[MultiHeadAttention],
                source: tf.Tensor) -> list[KeysValues]:
  """What `project` of each layer gives, by one product for them all.

  Args:
    layers: of the same size and number of heads.
    source: float32 [B, S, C].

  Returns:
    A KeysValues for each layer.
  """
  size, num_heads = layers[0]._size, layers[0]._num_heads
  shapes.check('source', source, [None, None, size])
  with tf.name_scope('project_all'):
    joined = linear.join([projection for layer in layers
                          for projection in (layer.key, layer.value)])
    batch, length = tf.unstack(tf.shape(source)[:2])
    heads = tf.reshape(
        linear.apply(tf.reshape(source, [-1, size]), joined),
        [batch, length, 2 * len(layers), num_heads, size // num_heads])
    # The parts first: then taking them apart copies nothing.
    parts = tf.unstack(tf.transpose(heads, [2, 0, 3, 1, 4]),
                       2 * len(layers))  # each [B, N, S, D]
    return [KeysValues(*pair) for pair in zip(parts[::2], parts[1::2])]
