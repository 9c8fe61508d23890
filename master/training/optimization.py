"""The train op of a loss."""

import dataclasses
import re
from typing import Callable, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.estimator import moving_averages
from master.training import accumulation
from master.training import loss_scaling
from master.training import optimizers
from master.training import schedules

# Collection of scalars that the runner's estimator/hooks/progress_hook.py
# shows, each under the last part of its name.
PROGRESS = 'progress_tensors'


def _show(name: str, value: tf.Tensor):
  """Tells a scalar in progress lines and TensorBoard."""
  tf.add_to_collection(PROGRESS, tf.identity(value, f'progress/{name}'))
  tf.summary.scalar(name, value)


def _unfrozen(variables: Sequence[tf.Variable], patterns: Sequence[str]
              ) -> list[tf.Variable]:
  """Leaves out the variables that --freeze names."""
  if not patterns:
    return list(variables)
  frozen = optimizers.frozen(
      [optimizers.variable_name(v) for v in variables], patterns)
  trained = [v for v in variables if optimizers.variable_name(v) not in frozen]
  logging.info('--freeze: %d variables are trained, %d are frozen.',
               len(trained), len(frozen))
  return trained


def _moving(update_ops: Sequence[tf.Operation],
            patterns: Sequence[str]) -> list[tf.Operation]:
  """Leaves out updates of statistics that --freeze names."""
  # The first input of an assignment is its variable.
  return [op for op in update_ops if not any(
      re.search(pattern, optimizers.variable_name(
          getattr(op, 'op', op).inputs[0])) for pattern in patterns)]


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
  does not change what is learned. It is logged too, but not where several
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


def num_parts(config: config_lib.TrainConfig) -> int:
  """In how many parts a device reads its images of a batch."""
  return config.accumulate_steps * config.towers


def step(loss_fn: Callable[[int], tf.Tensor],
         variables: Sequence[tf.Variable], config: config_lib.TrainConfig,
         update_ops: Optional[Sequence[tf.Operation]] = None
         ) -> tuple[tf.Tensor, tf.Operation]:
  """One step of learning, from num_parts(config) parts of a batch.

  Args:
    loss_fn: number of a part, from 0, to its share of the loss: float32
      scalars whose sum, and mean over the replicas, is what is minimised.
    variables: what is learned, but for those that config.freeze names.
    config: of the training.
    update_ops: run before the step; None takes UPDATE_OPS, where batch norms
      put theirs.

  Returns:
    (The loss, the op); the op also counts up the global step.

  Raises:
    InputError: a pattern of --freeze or --learning_rate_factors matches no
      variable.
  """

  def updates():
    found = (tf.get_collection(tf.GraphKeys.UPDATE_OPS)
             if update_ops is None else update_ops)
    return _moving(found, config.freeze)

  global_step = tf.train.get_or_create_global_step()
  trained = _unfrozen(variables, config.freeze)
  replicas = tf.distribute.get_strategy().num_replicas_in_sync
  rate = schedules.learning_rate(config, global_step)
  _show('learning_rate', rate)
  # tf.gradients and not compute_gradients: the latter scales the loss in some
  # runners and not in others. apply_gradients sums over replicas in all.
  scaling, are_finite, factor = None, None, 1 / replicas
  if config.precision == 'float16':
    scaling = loss_scaling.LossScale()
    factor *= scaling.scale
    _show('loss_scale', scaling.scale)
    _show('skipped_updates', scaling.skipped)
  loss, gradients = accumulation.gradients(
      loss_fn, num_parts(config), trained, updates, factor,
      side_by_side=config.towers)
  if scaling:
    gradients, are_finite = scaling.unscale(gradients)
  gradients = _clip(gradients, config.clip_norm, replicas)
  with tf.control_dependencies(updates()):
    train = optimizers.build(
        config, rate, trained, are_finite).apply_gradients(
            zip(gradients, trained), global_step=global_step)
  if scaling:
    train = tf.group(train, scaling.update(are_finite))
  if config.average_decay:
    train = moving_averages.update(variables, config.average_decay, train)
  return loss, train


def train_op(loss: tf.Tensor, variables: Sequence[tf.Variable],
             config: config_lib.TrainConfig,
             update_ops: Optional[Sequence[tf.Operation]] = None
             ) -> tf.Operation:
  """The op of a `step` whose loss, of a whole batch, is there already."""
  whole = dataclasses.replace(config, accumulate_steps=1, towers=1)
  return step(lambda part: loss, variables, whole, update_ops)[1]
