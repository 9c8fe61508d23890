"""Masks predictions of undecodable images."""

from typing import Mapping

import tensorflow.compat.v1 as tf


def mask_invalid(reading: Mapping[str, tf.Tensor],
                 valid: tf.Tensor) -> dict[str, tf.Tensor]:
  """Gives rows without an image an empty text and confidence 0.

  Args:
    reading: with text string [B], confidence float32 [B] and char_confidence
      float32 [B, T], as `Recognizer.read` returns; with beams nbest_text
      string [B, K] and nbest_score float32 [B, K] too.
    valid: bool [B], whether the row's bytes were an image.

  Returns:
    These, masked (scores to -inf), and `valid` itself.
  """
  with tf.name_scope('mask_invalid'):
    kept = tf.cast(valid, tf.float32)  # [B]
    masked = {
        'text': tf.where(valid, reading['text'], tf.fill(tf.shape(valid), '')),
        'confidence': reading['confidence'] * kept,
        'char_confidence': reading['char_confidence'] * kept[:, None],
        'valid': tf.identity(valid),
    }
    for name, value in (('nbest_text', ''), ('nbest_score', float('-inf'))):
      if name in reading:
        masked[name] = tf.where_v2(valid[:, None], reading[name], value)
    return masked
