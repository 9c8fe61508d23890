"""What becomes of a reading where there was no image to read.

Guarded by tests/models/reading_test.py.
"""

from typing import Mapping

import tensorflow.compat.v1 as tf


def mask_invalid(reading: Mapping[str, tf.Tensor],
                 valid: tf.Tensor) -> dict[str, tf.Tensor]:
  """Gives rows without an image an empty text and confidence 0.

  Args:
    reading: with text string [B], confidence float32 [B] and char_confidence
      float32 [B, T], as `Recognizer.read` returns.
    valid: bool [B], whether the row's bytes were an image.

  Returns:
    These three, masked, and `valid` itself.
  """
  with tf.name_scope('mask_invalid'):
    kept = tf.cast(valid, tf.float32)  # [B]
    return {
        'text': tf.where(valid, reading['text'], tf.fill(tf.shape(valid), '')),
        'confidence': reading['confidence'] * kept,
        'char_confidence': reading['char_confidence'] * kept[:, None],
        'valid': tf.identity(valid),
    }
