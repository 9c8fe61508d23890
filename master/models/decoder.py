"""The transformer decoder (MASTER, section 3.3).

Legend: `B` batch, `T` label positions, `S` memory length, `C` channels,
`N` heads, `D` channels of a head, `V` classes, `L` layers.
"""

from typing import NamedTuple, Optional

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.layers import attention
from master.layers import dropout
from master.layers import feed_forward
from master.layers import initializers
from master.layers import linear
from master.layers import masks
from master.layers import normalization
from master.layers import position
from master.layers import shapes


class Cache(NamedTuple):
  """What decoding step by step keeps; one entry a layer.

  Attributes:
    self_attention: keys and values [B, N, T, D] of the T labels so far, with
      beams [B * beams, N, T, D]; each step appends one position.
    memory: keys and values [B, N, S, D] of the memory; never change.
    projections: query, key and value of the self-attention as one product;
      never change.
    beam_size: rows that share the memory of one image.
  """
  self_attention: tuple[attention.KeysValues, ...]
  memory: tuple[attention.KeysValues, ...]
  projections: tuple[linear.Weights, ...]
  beam_size: int


class _Norms(NamedTuple):
  self_attention: normalization.LayerNorm
  memory_attention: normalization.LayerNorm
  feed_forward: normalization.LayerNorm


class DecoderLayer(tf.Module):
  """Pre-norm self-attention, attention over the memory, feed-forward."""

  def __init__(self, config: config_lib.ModelConfig,
               shared_norm: Optional[normalization.LayerNorm], name: str):
    """Makes the three sublayers and, unless shared, their norms.

    Args:
      config: of the model.
      shared_norm: used for every sublayer where given.
      name: of the layer.
    """
    super().__init__(name=name)
    self._dropout_rate = config.dropout_rate
    size = config.hidden_size
    with self.name_scope:
      self.self_attention = attention.MultiHeadAttention(
          size, config.num_heads, config.dropout_rate, name='self_attention')
      self.memory_attention = attention.MultiHeadAttention(
          size, config.num_heads, config.dropout_rate,
          name='memory_attention')
      self.feed_forward = feed_forward.FeedForward(
          size, config.filter_size, config.dropout_rate, name='feed_forward')
      self.norms = _Norms(*[
          shared_norm or normalization.LayerNorm(
              size, config.layer_norm_epsilon, name=f'{sublayer}_norm')
          for sublayer in _Norms._fields])

  def _drop(self, x: tf.Tensor, is_training: bool) -> tf.Tensor:
    x = tf.cast(x, tf.float32)
    if is_training and self._dropout_rate:
      return dropout.dropout(x, self._dropout_rate)
    return x

  def __call__(self, x: tf.Tensor, memory: tf.Tensor, mask: tf.Tensor,
               is_training: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """One layer over all positions.

    The sublayers compute in the type of the memory; what joins them, and
    their norms, stay float32.

    Args:
      x: float32 [B, T, C].
      memory: float [B, S, C].
      mask: bool, which label positions are seen.
      is_training: whether to drop.

    Returns:
      float32 [B, T, C], and how the memory was attended to, float32
      [B, N, T, S].
    """
    with tf.name_scope(self.name):
      normed = tf.cast(self.norms.self_attention(x), memory.dtype)
      seen, _ = self.self_attention(
          normed, self.self_attention.project(normed), mask, is_training)
      x += self._drop(seen, is_training)
      normed = tf.cast(self.norms.memory_attention(x), memory.dtype)
      seen, weights = self.memory_attention(
          normed, self.memory_attention.project(memory), None, is_training)
      x += self._drop(seen, is_training)
      normed = tf.cast(self.norms.feed_forward(x), memory.dtype)
      return x + self._drop(self.feed_forward(normed, is_training),
                            is_training), weights

  def step(self, x: tf.Tensor, projections: linear.Weights,
           labels: attention.KeysValues, memory: attention.KeysValues,
           beam_size: int) -> tuple[tf.Tensor, attention.KeysValues]:
    """What `__call__` computes at one position, in fewer and flatter ops.

    Args:
      x: float32 [R, C] of R = B * beam_size rows.
      projections: of the self-attention, joined.
      labels: keys and values [R, N, T, D] of the positions before.
      memory: keys and values [B, N, S, D].
      beam_size: rows that share a memory.

    Returns:
      float32 [R, C], and `labels` with this position at their end.
    """
    with tf.name_scope(self.name):
      query, new = self.self_attention.project_one(
          self.norms.self_attention(x), projections)
      # Copying what there is so far is cheaper than attending over room for
      # all labels, and nothing to come need be hidden.
      labels = attention.KeysValues(
          tf.concat([labels.keys, new.keys], axis=2),
          tf.concat([labels.values, new.values], axis=2))
      seen, _ = self.self_attention.attend(query, labels, None)
      x += self.self_attention.output(seen[:, 0])
      query = self.memory_attention.query_one(
          self.norms.memory_attention(x), beam_size)
      seen, _ = self.memory_attention.attend(query, memory, None)
      x += self.memory_attention.output(
          tf.reshape(seen, [-1, x.shape[-1]]))
      x += self.feed_forward(self.norms.feed_forward(x), is_training=False)
      return x, labels


class Decoder(tf.Module):
  """Label ids and memory to the logits of the next label."""

  def __init__(self, config: config_lib.ModelConfig, name: str = 'decoder'):
    """Makes the embedding, the layers, the output norm and `classes`.

    With `shared_layers` there is one layer, used `num_layers` times.

    Args:
      config: of the model.
      name: of the decoder.
    """
    super().__init__(name=name)
    self._config = config
    size = config.hidden_size
    self._positions = position.sinusoids(config.num_steps, size)
    self._embedding_scale = size ** 0.5 if config.scale_embedding else 1.0
    with self.name_scope:
      self.embedding = initializers.variable(
          'embedding', [config.num_classes, size],
          initializers.normal(size ** -0.5))
      shared = normalization.LayerNorm(
          size, config.layer_norm_epsilon,
          name='norm') if config.shared_layer_norm else None
      own = [DecoderLayer(config, shared, name=f'layer{i + 1}')
             for i in range(1 if config.shared_layers else config.num_layers)]
      self.layers = own * (config.num_layers // len(own))
      self.output_norm = shared or normalization.LayerNorm(
          size, config.output_norm_epsilon, name='output_norm')
      self.classes = linear.Linear(size, config.num_classes, name='classes')

  def _embed(self, ids: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    """ids int32 [..., T], positions float32 [T, C] -> float32 [..., T, C]."""
    return tf.gather(self.embedding, ids) * self._embedding_scale + positions

  def _layers_over(self, ids: tf.Tensor, memory: tf.Tensor,
                   is_training: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """All layers over all positions, and the last one's attention."""
    shapes.check('ids', ids, [None, None])
    shapes.check('memory', memory, [None, None, self._config.hidden_size])
    length = tf.shape(ids)[1]
    mask = masks.causal(length)
    x = self._embed(ids, tf.constant(self._positions)[:length])
    if is_training and self._config.dropout_rate:
      x = dropout.dropout(x, self._config.dropout_rate)
    for layer in self.layers:
      x, weights = layer(x, memory, mask, is_training)
    return x, weights

  def forward(self, ids: tf.Tensor, memory: tf.Tensor,
              is_training: bool) -> tf.Tensor:
    """All positions at once, each seeing those before it (teacher forcing).

    Args:
      ids: int32 [B, T], `<SOS>` first; T at most max_label_length + 1.
      memory: float [B, S, C]; its type is that of the layers' products.
      is_training: whether to drop.

    Returns:
      Logits float32 [B, T, V]; position i is of the label after ids[:, i].
    """
    with tf.name_scope(self.name):
      x, _ = self._layers_over(ids, memory, is_training)
      return self.classes(self.output_norm(x))

  def attention_maps(self, ids: tf.Tensor, memory: tf.Tensor) -> tf.Tensor:
    """Where the last layer looks in the memory for each label.

    Args:
      ids: int32 [B, T], `<SOS>` first.
      memory: float32 [B, S, C].

    Returns:
      float32 [B, T, S], the mean of the heads; each row sums to 1, and row i
      is of the label after ids[:, i].
    """
    with tf.name_scope(self.name):
      _, weights = self._layers_over(ids, memory, is_training=False)
      return tf.reduce_mean(weights, axis=1)

  def init_cache(self, memory: tf.Tensor, beam_size: int = 1) -> Cache:
    """The cache before the first step: the memory projected once.

    Args:
      memory: float32 [B, S, C].
      beam_size: label sequences of each image; their rows stand together.

    Returns:
      A Cache whose self-attention part is of no labels.
    """
    shapes.check('memory', memory, [None, None, self._config.hidden_size])
    with tf.name_scope(self.name):
      # Shared layers have the same keys, values and projections.
      own = list(dict.fromkeys(self.layers))
      projected = dict(zip(own, attention.project_all(
          [layer.memory_attention for layer in own], memory)))
      joined = {layer: layer.self_attention.join_projections()
                for layer in own}
      # Slices in place of tf.zeros: an ONNX model made of zeros with a size
      # of 0 fails when run. Nothing of the memory is in them, so that they
      # must not count as its descendants either.
      empty = tf.nest.map_structure(
          lambda x: tf.stop_gradient(
              tf.concat([x[:, :, :0]] * beam_size, axis=0)),
          projected[own[0]])
      return Cache(
          self_attention=(empty,) * len(self.layers),
          memory=tuple(projected[layer] for layer in self.layers),
          projections=tuple(joined[layer] for layer in self.layers),
          beam_size=beam_size)

  def step(self, ids: tf.Tensor, step: tf.Tensor,
           cache: Cache) -> tuple[tf.Tensor, Cache]:
    """One position, as `forward` computes it there.

    Args:
      ids: int32 [B], the labels at position `step`; with beams, the rows of
        one image side by side.
      step: int32 scalar in [0, max_label_length].
      cache: from `init_cache` for step 0, else what the step before gave.

    Returns:
      Logits float32 [B, V], and a new cache that knows this position.
    """
    shapes.check('ids', ids, [None])
    with tf.name_scope(self.name):
      x = self._embed(ids, tf.constant(self._positions)[step])  # [B, C]
      updated = []
      for layer, projections, labels, memory in zip(
          self.layers, cache.projections, cache.self_attention,
          cache.memory):
        x, labels = layer.step(x, projections, labels, memory,
                               cache.beam_size)
        updated.append(labels)
      logits = self.classes(self.output_norm(x))  # [B, V]
      return logits, cache._replace(self_attention=tuple(updated))
