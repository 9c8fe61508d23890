"""The whole of MASTER: images in, texts out (arXiv 1910.02562, figure 2).

Legend: `B` batch, `H W` pixels, `S` memory length, `C` channels, `T` steps,
`V` classes.
"""

from typing import Optional

import tensorflow.compat.v1 as tf

from master import charset as charset_lib
from master import config as config_lib
from master.decoding import beam_search
from master.decoding import confidence
from master.decoding import greedy
from master.decoding import teacher_forcing
from master.layers import position
from master.layers import shapes
from master.models import backbone
from master.models import decoder
from master.models import folded_conv

_SPECIALS = greedy.Specials(charset_lib.SOS_ID, charset_lib.EOS_ID,
                            charset_lib.PAD_ID)


class Recognizer(tf.Module):
  """Backbone, position code and decoder, with their search.

  All variables are made by the constructor, so that a decoding loop is never
  their first user. They carry the module's name: checkpoints hold
  `master/backbone/...` and `master/decoder/...`.
  """

  def __init__(self, config: config_lib.ModelConfig,
               export_config: Optional[config_lib.ExportConfig] = None,
               name: str = 'master'):
    """Builds the variables.

    Args:
      config: of the model.
      export_config: where given the model is built as it is served: it
        cannot be trained, and `folded_conv.values` makes its variables of a
        checkpoint's.
      name: first part of every variable's name.
    """
    super().__init__(name=name)
    self.config = config
    self.charset = charset_lib.Charset(config.charset)
    height, width = config.memory_shape
    self._positions = position.sinusoids(height * width, config.hidden_size)
    self._jit_compile = export_config is not None and export_config.jit_compile
    with self.name_scope:
      self.backbone = backbone.Backbone(
          config, folded_conv.conv_norm_fn(export_config) if export_config
          else backbone.ConvNorm)
      self.decoder = decoder.Decoder(config)

  def encode(self, images: tf.Tensor, is_training: bool,
             dtype: tf.DType = tf.float32) -> tf.Tensor:
    """Images to memory.

    Args:
      images: float32 [B, H, W, image_channels] in [-1, 1].
      is_training: whether batch norms use and learn the batch's statistics.
      dtype: in which the backbone computes, and the decoder what it makes of
        the memory; variables, statistics and sums stay float32.

    Returns:
      `dtype` [B, S, C]: the feature map row by row, position code added.
    """
    config = self.config
    shapes.check('images', images,
                 [None, config.image_height, config.image_width,
                  config.image_channels])
    with tf.name_scope(self.name):
      features = self._features(tf.cast(images, dtype),
                                is_training)  # [B, H / 8, W / 4, C]
      memory = tf.reshape(
          tf.cast(features, tf.float32),
          [-1, len(self._positions), config.hidden_size])
      return tf.cast(memory + self._positions, dtype)  # [B, S, C]

  def _features(self, images: tf.Tensor, is_training: bool) -> tf.Tensor:
    if self._jit_compile:
      compiled = tf.function(
          lambda images: self.backbone(images, is_training), jit_compile=True)
      return compiled(images)
    return self.backbone(images, is_training)

  def forward(self, memory: tf.Tensor, ids: tf.Tensor,
              is_training: bool) -> tf.Tensor:
    """Teacher forcing: logits float32 [B, T, V] of what follows each id.

    Args:
      memory: from `encode`, [B, S, C].
      ids: int32 [B, T], `<SOS>` first.
      is_training: whether to drop.
    """
    with tf.name_scope(self.name):
      return self.decoder.forward(ids, memory, is_training)

  def decode(self, memory: tf.Tensor,
             decode_config: config_lib.DecodeConfig) -> greedy.Result:
    """Searches for the texts of a memory.

    Args:
      memory: float32 [B, S, C].
      decode_config: how to search.

    Returns:
      ids int32 [B, T], `<PAD>` after `<EOS>`, and logits float32 [B, T, V],
      zeros after `<EOS>`.
    """
    return self._decode(memory, decode_config)[0]

  def _decode(self, memory: tf.Tensor, decode_config: config_lib.DecodeConfig
              ) -> tuple[greedy.Result, Optional[beam_search.Result]]:
    """As `decode`; also all the beams, where there are several."""
    if decode_config.beam_size > 1:
      beams = self.search(memory, decode_config)
      return self._best(memory, beams), beams
    with tf.name_scope(self.name):
      cache = self.decoder.init_cache(memory)
      return greedy.greedy_search(
          self._step_fn(cache), cache.self_attention, tf.shape(memory)[0],
          self.config.num_steps, self.config.num_classes, _SPECIALS,
          early_stop=decode_config.early_stop), None

  def search(self, memory: tf.Tensor, decode_config: config_lib.DecodeConfig
             ) -> beam_search.Result:
    """The best K = beam_size texts of a memory.

    Args:
      memory: float32 [B, S, C].
      decode_config: how to search.

    Returns:
      ids int32 [B, K, T] and scores float32 [B, K], the best first.
    """
    with tf.name_scope(self.name):
      cache = self.decoder.init_cache(memory, decode_config.beam_size)
      return beam_search.beam_search(
          self._step_fn(cache), cache.self_attention, tf.shape(memory)[0],
          decode_config.beam_size, self.config.num_steps,
          self.config.num_classes, _SPECIALS, decode_config.length_penalty,
          early_stop=decode_config.early_stop)

  def _step_fn(self, cache: decoder.Cache) -> greedy.StepFn:

    def step_fn(ids, step, self_attention):
      # The memory part does not change: outside the loop's state it is
      # neither copied nor reordered.
      logits, new = self.decoder.step(
          ids, step, cache._replace(self_attention=self_attention))
      return logits, new.self_attention

    return step_fn

  def _best(self, memory: tf.Tensor,
            found: beam_search.Result) -> greedy.Result:
    """The best of each image, its logits in one pass over the whole text."""
    with tf.name_scope(self.name):
      ids = found.ids[:, 0]  # [B, T]
      shifted = teacher_forcing.shift_right(ids, charset_lib.SOS_ID)
      logits = self.decoder.forward(shifted, memory, is_training=False)
      return greedy.Result(ids, logits * _until_end(ids)[:, :, None])

  def attention_maps(self, memory: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
    """Where in the picture the decoder looked for each symbol it wrote.

    The last layer's attention over the memory, the mean of its heads, in one
    pass over the whole text.

    Args:
      memory: float32 [B, S, C].
      ids: int32 [B, T], what was read.

    Returns:
      float32 [B, T, h, w] over the feature map's h x w positions; each map
      sums to 1, those after `<EOS>` are zeros.
    """
    with tf.name_scope(self.name):
      shifted = teacher_forcing.shift_right(ids, charset_lib.SOS_ID)
      maps = self.decoder.attention_maps(shifted, memory)  # [B, T, S]
      maps *= _until_end(ids)[:, :, None]
      return tf.reshape(maps, [-1, self.config.num_steps,
                               *self.config.memory_shape])

  def read(self, images: tf.Tensor,
           decode_config: config_lib.DecodeConfig) -> dict[str, tf.Tensor]:
    """Images to texts, from the same ops in every mode and in the export.

    Args:
      images: float32 [B, H, W, image_channels] in [-1, 1].
      decode_config: how to search.

    Returns:
      ids: int32 [B, T], `<PAD>` after `<EOS>`.
      logits: float32 [B, T, V], zeros after `<EOS>`.
      text: string [B], UTF-8.
      confidence: float32 [B], probability of the whole sequence.
      char_confidence: float32 [B, T], of each symbol, 0 after `<EOS>`.
      nbest_text: string [B, K], with K = beam_size above 1 alone: the best
        texts, the best first; one may come twice, spelled by other ids.
      nbest_score: float32 [B, K], their scores, -inf where there is no text.
    """
    memory = self.encode(images, is_training=False)
    return self.read_memory(memory, decode_config)

  def read_memory(
      self, memory: tf.Tensor,
      decode_config: config_lib.DecodeConfig) -> dict[str, tf.Tensor]:
    """As `read`, from the memory float32 [B, S, C] of the images."""
    result, beams = self._decode(memory, decode_config)
    with tf.name_scope(self.name):
      probabilities = confidence.confidence(result.ids, result.logits,
                                            charset_lib.EOS_ID)
      return {
          'ids': result.ids,
          'logits': result.logits,
          'text': self.charset.decode_tensor(result.ids),
          'confidence': probabilities.sequence,
          'char_confidence': probabilities.characters,
          **(self._nbest(beams) if beams else {}),
      }

  def _nbest(self, found: beam_search.Result) -> dict[str, tf.Tensor]:
    shape = tf.shape(found.ids)  # [B, K, T]
    texts = self.charset.decode_tensor(
        tf.reshape(found.ids, [-1, self.config.num_steps]))
    return {'nbest_text': tf.reshape(texts, shape[:2]),
            'nbest_score': found.scores}


def _until_end(ids: tf.Tensor) -> tf.Tensor:
  """1.0 up to the first `<EOS>` of int32 [B, T], it included, then 0.0."""
  return tf.cast(tf.logical_not(
      confidence.after_end(ids, charset_lib.EOS_ID)), tf.float32)
