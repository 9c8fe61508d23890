"""Cross entropy over labels.

Legend: `B` batch, `T` label positions, `V` classes.
"""

import tensorflow.compat.v1 as tf


def cut_padding(ids: tf.Tensor, pad_id: int) -> tf.Tensor:
  """`ids` int32 [B, T] without the columns that are padding in every row.

  One column is kept even of no rows, as a device may get none.
  """
  used = tf.reduce_any(tf.not_equal(ids, pad_id), axis=0)  # [T]
  length = tf.reduce_sum(tf.cast(used, tf.int32))
  return ids[:, :tf.maximum(length, 1)]


# Graph collection of float32 [B]: what each row of a part of a training batch
# adds to the sum.
ROWS = 'master_row_losses'


def cross_entropy(logits: tf.Tensor, ids: tf.Tensor, weights: tf.Tensor,
                  label_smoothing: float, collect_rows: bool = False
                  ) -> tf.Tensor:
  """Sum of the weighted cross entropies; the caller divides by the weights.

  Args:
    logits: float32 [B, T, V].
    ids: int32 [B, T] labels.
    weights: float32 [B, T], 0 where a label does not count.
    label_smoothing: probability spread evenly over all V classes
      (Szegedy 2016, section 7), in [0, 1).
    collect_rows: also add the rows' sums to the collection `ROWS`.

  Returns:
    float32 scalar, in nats.
  """
  with tf.name_scope('cross_entropy'):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=ids, logits=logits)  # [B, T]
    if label_smoothing:
      spread = -tf.reduce_mean(tf.nn.log_softmax(logits), axis=-1)
      losses = (1 - label_smoothing) * losses + label_smoothing * spread
    weighted = losses * weights
    if collect_rows:
      tf.add_to_collection(ROWS, tf.reduce_sum(weighted, axis=1))
    return tf.reduce_sum(weighted)


def sum_over_replicas(weight: tf.Tensor) -> tf.Tensor:
  """The sum of the float32 scalars that the replicas have."""
  if tf.distribute.get_strategy().num_replicas_in_sync == 1:
    return weight
  return tf.distribute.get_replica_context().all_reduce(
      tf.distribute.ReduceOp.SUM, weight)


def part_of_mean(total: tf.Tensor, whole_weight: tf.Tensor) -> tf.Tensor:
  """What a weighted sum adds to the mean over the global batch.

  Shards hold different numbers of characters, so that the mean of their
  means would not be the mean of the batch.

  Args:
    total: float32 scalar, a weighted sum of this replica.
    whole_weight: float32 scalar, the sum of weights of all replicas.

  Returns:
    float32 scalar. The mean over the replicas of the sums of theirs is the
    sum of all totals over the sum of all weights.
  """
  replicas = tf.distribute.get_strategy().num_replicas_in_sync
  return total * replicas / tf.maximum(whole_weight, 1.0)


def mean_over_replicas(total: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
  """`part_of_mean` of a replica with one total.

  Args:
    total: float32 scalar, this replica's weighted sum.
    weight: float32 scalar, this replica's sum of weights.
  """
  return part_of_mean(total, sum_over_replicas(weight))
