"""Confidence of a text and of its characters."""

from typing import NamedTuple

import tensorflow.compat.v1 as tf


class Confidence(NamedTuple):
  """Probabilities of one batch of readings.

  Attributes:
    sequence: float32 [B], of the whole sequence, end symbol included.
    characters: float32 [B, T], of each symbol; 0 after the end.
  """
  sequence: tf.Tensor
  characters: tf.Tensor


def after_end(ids: tf.Tensor, eos_id: int) -> tf.Tensor:
  """Positions after the first end symbol, which itself counts; bool [B, T].

  Args:
    ids: int32 [B, T].
    eos_id: the end symbol.
  """
  is_end = tf.cast(tf.equal(ids, eos_id), tf.int32)
  return tf.cumsum(is_end, axis=1, exclusive=True) > 0


def confidence(ids: tf.Tensor, logits: tf.Tensor, eos_id: int) -> Confidence:
  """Probabilities of the ids that a search chose.

  Args:
    ids: int32 [B, T].
    logits: float32 [B, T, V] from which they were chosen.
    eos_id: the end symbol; what stands after its first place does not count.

  Returns:
    A Confidence.
  """
  with tf.name_scope('confidence'):
    ended = after_end(ids, eos_id)  # [B, T]
    log_probs = tf.gather(tf.nn.log_softmax(logits), ids, axis=2,
                          batch_dims=2)  # [B, T]
    log_probs = tf.where(ended, tf.zeros_like(log_probs), log_probs)
    characters = tf.where(ended, tf.zeros_like(log_probs), tf.exp(log_probs))
    return Confidence(tf.exp(tf.reduce_sum(log_probs, axis=1)), characters)
