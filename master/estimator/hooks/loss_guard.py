"""A hook that ends a training whose loss is NaN or diverges."""

import collections
import math
from typing import Any

import tensorflow.compat.v1 as tf

from master import errors

# Collection of an int32 scalar, where a graph may leave out the update of a
# step: one of the three below. With several replicas all of them are alike.
UPDATES = 'update_states'
APPLIED = 0
LEFT_OUT = 1  # And repaired meanwhile: the step's loss means nothing.
HOPELESS = 2  # Left out, and nothing left to try.

# Steps whose mean loss is compared. A batch alone says little.
WINDOW = 100


class DivergedError(errors.InputError, tf.train.NanLossDuringTrainingError):
  """The loss is no number, or far above what it was.

  tf.estimator's users know the second of its bases.
  """

  def __str__(self):
    return self.args[0]  # The second base has a text of its own.


class LossGuard(tf.train.SessionRunHook):
  """Raises DivergedError before the step can be saved."""

  def __init__(self, loss: tf.Tensor, max_rise: float = 0.0):
    """Constructs the hook.

    Args:
      loss: of the step, float scalar.
      max_rise: how far the mean loss of the last 100 steps may be above the
        lowest such mean of this run; 0 for any height.
    """
    self._loss = loss
    self._max_rise = max_rise
    self._recent = collections.deque(maxlen=WINDOW)
    self._lowest = math.inf

  def begin(self):
    self._fetches = [self._loss, *tf.get_collection(UPDATES)[:1]]

  def before_run(self, run_context):
    return tf.train.SessionRunArgs(self._fetches)

  def after_run(self, run_context, run_values):
    loss, *update = run_values.results
    if update == [HOPELESS]:
      raise DivergedError(
          f'the gradients are no finite numbers (the loss is {loss:.4g}) and '
          'a smaller loss scale did not help; nothing was saved since the '
          'last checkpoint. Start the same command with '
          '--precision=bfloat16 or float32, or a smaller --learning_rate.')
    if update != [LEFT_OUT]:
      self._check(loss)

  def _check(self, loss: Any):
    if math.isnan(loss):
      raise DivergedError(
          'the loss is no number (NaN); nothing was saved since the last '
          'checkpoint. Start the same command with a smaller --learning_rate, '
          'more --warmup_steps or --clip_norm.')
    if not self._max_rise:
      return
    self._recent.append(float(loss))
    if len(self._recent) < WINDOW:
      return
    mean = sum(self._recent) / WINDOW
    self._lowest = min(self._lowest, mean)
    if mean > self._lowest + self._max_rise:
      raise DivergedError(
          f'the loss has risen from {self._lowest:.4g} to {mean:.4g}, means '
          f'over {WINDOW} steps; nothing was saved since the last checkpoint. '
          'Start the same command with a smaller --learning_rate or with '
          '--clip_norm; a larger --max_loss_rise lets it go on, 0 for ever.')
