"""A training's position in its data, as a part of its checkpoint."""

import logging
from typing import Optional

import tensorflow.compat.v1 as tf

from master.inputs import sampling

# Feature of training batches, int64 [B, 2], all rows alike: the place in the
# whole order behind the last row, and the order's fingerprint.
FEATURE = 'position'
# The variable, int64 [2], with the same.
NAME = 'data_position'


def record(position: tf.Tensor) -> tf.Operation:
  """Writes a batch's position to a variable that checkpoints hold.

  Args:
    position: int64 [B, 2], the feature of the batch that is learned from.
  """
  with tf.variable_scope('', reuse=tf.AUTO_REUSE):
    variable = tf.get_variable(
        NAME, [2], tf.int64, tf.zeros_initializer(), trainable=False,
        use_resource=True,
        # All replicas of a step are given the same.
        aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
  return variable.assign(position[0])


def restored_place(model_dir: Optional[str], order: sampling.Order) -> int:
  """The place in `order` to go on from; 0 where nothing says otherwise.

  Args:
    model_dir: whose newest checkpoint holds it.
    order: over all shards.
  """
  checkpoint = model_dir and tf.train.latest_checkpoint(model_dir)
  if not checkpoint:
    return 0
  reader = tf.train.load_checkpoint(checkpoint)
  if not reader.has_tensor(NAME):
    logging.warning('%s does not tell its place in the data: it starts at '
                    'the beginning.', checkpoint)
    return 0
  place, fingerprint = reader.get_tensor(NAME).tolist()
  if place and fingerprint != order.fingerprint():
    logging.warning(
        '%s was trained on other data, or by another seed: the order of '
        'records starts anew.', checkpoint)
    return 0
  logging.info('The data goes on from record %d of its order.', place)
  return place
