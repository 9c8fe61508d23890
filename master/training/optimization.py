"""Loss to train op. Guarded by tests/training/optimization_test.py."""

import re
from typing import Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.training import optimizers
from master.training import schedules

# Collection of scalars that the runner shows in its progress lines, each
# under the last part of its name; master/estimator/hooks.py reads it.
PROGRESS = 'progress_tensors'


def _show(name: str, value: tf.Tensor):
  """Tells a scalar in progress lines and TensorBoard."""
  tf.add_to_collection(PROGRESS, tf.identity(value, f'progress/{name}'))
  tf.summary.scalar(name, value)


def _unfrozen(variables: Sequence[tf.Variable],
              update_ops: Sequence[tf.Operation], patterns: Sequence[str]):
  """Leaves out what --freeze names: variables, and updates of statistics."""
  if not patterns:
    return list(variables), list(update_ops)
  frozen = optimizers.frozen(
      [optimizers.variable_name(v) for v in variables], patterns)
  trained = [v for v in variables if optimizers.variable_name(v) not in frozen]
  # The first input of an assignment is its variable.
  moving = [op for op in update_ops if not any(
      re.search(pattern, optimizers.variable_name(
          getattr(op, 'op', op).inputs[0])) for pattern in patterns)]
  logging.info('--freeze: %d variables are trained, %d are frozen, and %d '
               'updates of statistics are left out.', len(trained),
               len(frozen), len(update_ops) - len(moving))
  return trained, moving


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
  does not change what is learned. It is told too, but not where several
  replicas do not clip: the sum would be made for the display alone.
  """
  if not clip_norm:
    if replicas == 1:
      _show('gradient_norm', tf.global_norm(gradients))
    return gradients
  if replicas > 1:
    gradients = _sum_over_replicas(gradients)
  norm = tf.global_norm(gradients)
  clipped, _ = tf.clip_by_global_norm(gradients, clip_norm, use_norm=norm)
  _show('gradient_norm', norm)
  return [gradient / replicas for gradient in clipped]


def train_op(loss: tf.Tensor, variables: Sequence[tf.Variable],
             config: config_lib.TrainConfig,
             update_ops: Optional[Sequence[tf.Operation]] = None
             ) -> tf.Operation:
  """One step of learning.

  Args:
    loss: float32 scalar whose mean over the replicas is what is minimised.
    variables: what is learned, but for those that config.freeze names.
    config: of the training.
    update_ops: run before the step; None takes UPDATE_OPS, where batch norms
      put theirs.

  Returns:
    The op; it also counts up the global step.

  Raises:
    InputError: a pattern of --freeze or --learning_rate_factors matches no
      variable.
  """
  global_step = tf.train.get_or_create_global_step()
  if update_ops is None:
    update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
  variables, update_ops = _unfrozen(variables, update_ops, config.freeze)
  replicas = tf.distribute.get_strategy().num_replicas_in_sync
  rate = schedules.learning_rate(config, global_step)
  _show('learning_rate', rate)
  # tf.gradients and not compute_gradients: the latter scales the loss in some
  # runners and not in others. apply_gradients sums over replicas in all.
  gradients = [tf.convert_to_tensor(gradient) for gradient in
               tf.gradients(loss / replicas, variables)]
  gradients = _clip(gradients, config.clip_norm, replicas)
  with tf.control_dependencies(update_ops):
    return optimizers.build(config, rate, variables).apply_gradients(
        zip(gradients, variables), global_step=global_step)
