"""Attention masks."""

import tensorflow.compat.v1 as tf


def causal(length: tf.Tensor) -> tf.Tensor:
  """Each position sees itself and what is before it.

  Args:
    length: int32 scalar T.

  Returns:
    bool [1, 1, T, T]: queries, then keys; True where seen.
  """
  positions = tf.range(length)
  return (positions[None, None, None, :] <= positions[None, None, :, None])


def label_weights(ids: tf.Tensor, pad_id: int) -> tf.Tensor:
  """1.0 for each id that counts in the loss, 0.0 for padding; shape kept."""
  return tf.cast(tf.not_equal(ids, pad_id), tf.float32)
