"""Dynamic loss scaling for float16 gradients.

Micikevicius et al. 2018, "Mixed Precision Training" (arXiv 1710.03740),
section 3.2.
"""

from typing import Sequence

import tensorflow.compat.v1 as tf

from master.estimator.checkpoint import optional_variables
from master.estimator.hooks import loss_guard
from master.training import losses

INITIAL_SCALE = 2.0 ** 15
GROWTH_STEPS = 2000
_LARGEST_SCALE = 2.0 ** 24  # Above, gradients that matter are there anyway.

# Names in checkpoints.
SCALE = 'loss_scaling/scale'
GOOD_STEPS = 'loss_scaling/good_steps'
SKIPPED = 'loss_scaling/skipped_updates'


class LossScale:
  """What the loss of a step is multiplied by, and what became of it.

  A step whose gradients are not all finite is left out on all replicas: no
  weight and no state of the optimizer changes, the global step counts on, and
  the scale is halved, to 1 at the least. After 2000 good steps in a row it is
  doubled. The state is in checkpoints.

  Attributes:
    scale: float32 scalar, of this step.
    skipped: int64 scalar, steps left out before this one.
  """

  def __init__(self):
    """Makes the variables, or finds those of the graph."""
    self._scale = optional_variables.variable(
        SCALE, [], tf.float32, INITIAL_SCALE)
    self._good_steps = optional_variables.variable(GOOD_STEPS, [], tf.int64)
    self._skipped = optional_variables.variable(SKIPPED, [], tf.int64)
    self.scale = self._scale.read_value()
    self.skipped = self._skipped.read_value()

  def unscale(self, gradients: Sequence[tf.Tensor]
              ) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Takes the scale back out of the gradients of a scaled loss.

    Args:
      gradients: float32, of this replica.

    Returns:
      The gradients, all zeros where one of any replica is not finite; and
      whether they are all finite, bool scalar.
    """
    with tf.name_scope('unscale'):
      gradients = [gradient / self.scale for gradient in gradients]
      # A sum of squares is finite where all its terms are, and one pass.
      bad = tf.cast(tf.logical_not(
          tf.math.is_finite(tf.global_norm(gradients))), tf.float32)
      # All replicas decide alike: each sends its own to the others.
      are_finite = tf.equal(losses.sum_over_replicas(bad), 0)
      tf.add_to_collection(loss_guard.UPDATES, tf.where(
          are_finite, loss_guard.APPLIED,
          tf.where(self.scale > 1, loss_guard.LEFT_OUT, loss_guard.HOPELESS)))
      return [tf.where_v2(are_finite, gradient, 0.0)
              for gradient in gradients], are_finite

  def update(self, are_finite: tf.Tensor) -> tf.Operation:
    """Writes the scale of the next step, from what `unscale` found."""
    with tf.name_scope('update_loss_scale'):
      good_steps = self._good_steps.read_value() + 1
      grows = tf.logical_and(are_finite,
                             tf.equal(good_steps % GROWTH_STEPS, 0))
      scale = tf.where(are_finite, self.scale,
                       tf.maximum(self.scale / 2, 1.0))
      scale = tf.where(
          grows, tf.minimum(self.scale * 2, _LARGEST_SCALE), scale)
      zero = tf.zeros_like(good_steps)
      # In order: what is read must not be what is written.
      with tf.control_dependencies([scale, good_steps, self.skipped]):
        return tf.group(
            self._scale.assign(scale),
            self._good_steps.assign(tf.where(are_finite, good_steps, zero)),
            self._skipped.assign(self.skipped + tf.where(
                are_finite, zero, tf.ones_like(zero))))
