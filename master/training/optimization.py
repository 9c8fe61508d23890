"""Loss to train op. Guarded by tests/training/optimization_test.py."""

from typing import Optional, Sequence

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.training import schedules

# Collection of scalars that the runner shows in its progress lines, each
# under the last part of its name; master/estimator/hooks.py reads it.
PROGRESS = 'progress_tensors'


def _show(name: str, value: tf.Tensor):
  """Tells a scalar in progress lines and TensorBoard."""
  tf.add_to_collection(PROGRESS, tf.identity(value, f'progress/{name}'))
  tf.summary.scalar(name, value)


def _optimizer(config: config_lib.TrainConfig,
               rate: tf.Tensor) -> tf.train.Optimizer:
  if config.optimizer == 'momentum':
    return tf.train.MomentumOptimizer(rate, config.momentum)
  return tf.train.AdamOptimizer(rate, config.adam_beta1, config.adam_beta2,
                                config.adam_epsilon)


def _sum_over_replicas(gradients: list[tf.Tensor]) -> list[tf.Tensor]:

  def reduce(strategy, *values):
    return strategy.extended.batch_reduce_to(
        tf.distribute.ReduceOp.SUM, [(value, value) for value in values])

  # all_reduce would also make it differentiable, and fails in doing so in a
  # graph where another replica's gradients come from its variables.
  return tf.distribute.get_replica_context().merge_call(reduce, gradients)


def _clip(gradients: list[tf.Tensor], clip_norm: float,
          replicas: int) -> list[tf.Tensor]:
  """Scales down gradients whose global norm is larger than clip_norm.

  The norm is of the sum over the replicas, so that the number of devices
  does not change what is learned. Tells the norm where one device knows it.
  """
  if not clip_norm:
    if replicas == 1:
      _show('gradient_norm', tf.global_norm(gradients))
    return gradients
  if replicas > 1:
    gradients = _sum_over_replicas(gradients)
  clipped, norm = tf.clip_by_global_norm(gradients, clip_norm)
  if replicas == 1:
    _show('gradient_norm', norm)
  return [gradient / replicas for gradient in clipped]


def train_op(loss: tf.Tensor, variables: Sequence[tf.Variable],
             config: config_lib.TrainConfig,
             update_ops: Optional[Sequence[tf.Operation]] = None
             ) -> tf.Operation:
  """One step of learning.

  Args:
    loss: float32 scalar whose mean over the replicas is what is minimised.
    variables: what is learned.
    config: of the training.
    update_ops: run before the step; None takes UPDATE_OPS, where batch norms
      put theirs.

  Returns:
    The op; it also counts up the global step.
  """
  global_step = tf.train.get_or_create_global_step()
  if update_ops is None:
    update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
  replicas = tf.distribute.get_strategy().num_replicas_in_sync
  rate = schedules.learning_rate(config, global_step)
  _show('learning_rate', rate)
  # tf.gradients and not compute_gradients: the latter scales the loss in some
  # runners and not in others. apply_gradients sums over replicas in all.
  gradients = [tf.convert_to_tensor(gradient) for gradient in
               tf.gradients(loss / replicas, variables)]
  gradients = _clip(gradients, config.clip_norm, replicas)
  with tf.control_dependencies(update_ops):
    return _optimizer(config, rate).apply_gradients(
        zip(gradients, variables), global_step=global_step)
