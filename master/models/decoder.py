"""The transformer decoder (MASTER, section 3.3).

Guarded by tests/models/decoder_test.py.
Legend: `B` batch, `T` label positions, `S` memory length, `C` channels,
`N` heads, `D` channels of a head, `V` classes, `L` layers.
"""

from typing import NamedTuple, Optional

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.layers import attention
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
    self_attention: keys and values [B, N, T, D] of the labels so far, with
      beams [B * beams, N, T, D]; one position is written each step.
    memory: keys and values [B, N, S, D] of the memory; never change.
  """
  self_attention: tuple[attention.KeysValues, ...]
  memory: tuple[attention.KeysValues, ...]


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
    if is_training and self._dropout_rate:
      return tf.nn.dropout(x, rate=self._dropout_rate)
    return x

  def _attend_memory(self, x: tf.Tensor, memory: attention.KeysValues,
                     is_training: bool) -> tf.Tensor:
    """Rows that share one memory, as beams do, are positions of one query."""
    images = tf.shape(memory.keys)[0]
    positions = tf.shape(x)[0] * tf.shape(x)[1] // tf.maximum(images, 1)
    folded = tf.reshape(self.norms.memory_attention(x),
                        [images, positions, x.shape[-1]])
    return tf.reshape(
        self.memory_attention(folded, memory, None, is_training), tf.shape(x))

  def __call__(self, x: tf.Tensor, normed: tf.Tensor,
               self_keys_values: attention.KeysValues,
               memory_keys_values: attention.KeysValues,
               mask: tf.Tensor, is_training: bool) -> tf.Tensor:
    """One layer over all positions given, be it one or T.

    Args:
      x: float32 [B, T, C].
      normed: x after the self-attention norm, from which the caller also
        projected `self_keys_values`.
      self_keys_values: of the label positions that may be seen.
      memory_keys_values: of the memory, for B rows, or where T is 1 for fewer
        that B is a multiple of.
      mask: bool, which label positions are seen.
      is_training: whether to drop.

    Returns:
      float32 [B, T, C].
    """
    with tf.name_scope(self.name):
      x += self._drop(
          self.self_attention(normed, self_keys_values, mask, is_training),
          is_training)
      x += self._drop(
          self._attend_memory(x, memory_keys_values, is_training),
          is_training)
      return x + self._drop(
          self.feed_forward(self.norms.feed_forward(x), is_training),
          is_training)


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

  def _embed(self, ids: tf.Tensor, positions: tf.Tensor,
             is_training: bool) -> tf.Tensor:
    """ids int32 [B, T], positions float32 [T, C] -> float32 [B, T, C]."""
    x = tf.gather(self.embedding, ids) * self._embedding_scale + positions
    if is_training and self._config.dropout_rate:
      x = tf.nn.dropout(x, rate=self._config.dropout_rate)
    return x

  def forward(self, ids: tf.Tensor, memory: tf.Tensor,
              is_training: bool) -> tf.Tensor:
    """All positions at once, each seeing those before it (teacher forcing).

    Args:
      ids: int32 [B, T], `<SOS>` first; T at most max_label_length + 1.
      memory: float32 [B, S, C].
      is_training: whether to drop.

    Returns:
      Logits float32 [B, T, V]; position i is of the label after ids[:, i].
    """
    shapes.check('ids', ids, [None, None])
    shapes.check('memory', memory, [None, None, self._config.hidden_size])
    with tf.name_scope(self.name):
      length = tf.shape(ids)[1]
      mask = masks.causal(length)
      x = self._embed(ids, tf.constant(self._positions)[:length], is_training)
      for layer in self.layers:
        normed = layer.norms.self_attention(x)
        x = layer(x, normed, layer.self_attention.project(normed),
                  layer.memory_attention.project(memory), mask, is_training)
      return self.classes(self.output_norm(x))

  def init_cache(self, memory: tf.Tensor, beam_size: int = 1) -> Cache:
    """The cache before the first step: the memory projected once.

    Args:
      memory: float32 [B, S, C].
      beam_size: label sequences of each image; their rows stand together.

    Returns:
      A Cache whose self-attention part is zeros.
    """
    shapes.check('memory', memory, [None, None, self._config.hidden_size])
    with tf.name_scope(self.name):
      heads = self._config.num_heads
      shape = [tf.shape(memory)[0] * beam_size, heads, self._config.num_steps,
               self._config.hidden_size // heads]
      empty = attention.KeysValues(tf.zeros(shape), tf.zeros(shape))
      # Shared layers project the memory to the same keys and values.
      projected = {layer: layer.memory_attention.project(memory)
                   for layer in dict.fromkeys(self.layers)}
      return Cache(
          self_attention=(empty,) * len(self.layers),
          memory=tuple(projected[layer] for layer in self.layers))

  def step(self, ids: tf.Tensor, step: tf.Tensor,
           cache: Cache) -> tuple[tf.Tensor, Cache]:
    """One position, as `forward` computes it there.

    Args:
      ids: int32 [B], the labels at position `step`; with beams, the rows of
        one image side by side.
      step: int32 scalar in [0, max_label_length].
      cache: from `init_cache` or the step before.

    Returns:
      Logits float32 [B, V], and a new cache that knows this position.
    """
    shapes.check('ids', ids, [None])
    with tf.name_scope(self.name):
      length = self._config.num_steps
      mask = masks.up_to(step, length)
      here = tf.equal(tf.range(length), step)[None, None, :, None]
      x = self._embed(ids[:, None],
                      tf.constant(self._positions)[step][None, :],
                      is_training=False)  # [B, 1, C]
      updated = []
      for layer, old, memory in zip(self.layers, cache.self_attention,
                                    cache.memory):
        normed = layer.norms.self_attention(x)
        new = layer.self_attention.project(normed)  # [B, N, 1, D]
        updated.append(attention.KeysValues(
            tf.where_v2(here, new.keys, old.keys),
            tf.where_v2(here, new.values, old.values)))
        x = layer(x, normed, updated[-1], memory, mask, is_training=False)
      logits = self.classes(self.output_norm(x))[:, 0]  # [B, V]
      return logits, cache._replace(self_attention=tuple(updated))
