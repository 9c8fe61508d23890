"""NaN and rising losses end a training before anything is saved."""

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master import estimator as estimator_lib
from master.estimator.hooks import loss_guard


def _steps_until_end(losses, max_rise=0.0, updates=None):
  """Number of steps that pass, and what ended them; None if nothing did."""
  with tf.Graph().as_default():
    values = tf.constant(losses, tf.float32)
    step = tf.Variable(0)
    loss = values[step]
    if updates is not None:
      tf.add_to_collection(loss_guard.UPDATES, tf.constant(updates)[step])
    with tf.control_dependencies([loss]):
      train_op = step.assign_add(1)
    guard = loss_guard.LossGuard(loss, max_rise)
    with tf.train.MonitoredSession(hooks=[guard]) as session:
      for passed in range(len(losses)):
        try:
          session.run(train_op)
        except estimator_lib.DivergedError as e:
          return passed, e
  return len(losses), None


class LossGuardTest(tf.test.TestCase):

  def test_nan(self):
    passed, error = _steps_until_end([1, 2, np.nan, 1])
    self.assertEqual(2, passed)
    self.assertIn('the loss is no number (NaN)', str(error))
    self.assertIn('--learning_rate', str(error))
    self.assertNotIn('\n', str(error))

  def test_error_is_both_of_its_kinds(self):
    _, error = _steps_until_end([np.nan])
    self.assertIsInstance(error, errors.InputError)
    self.assertIsInstance(error, tf.train.NanLossDuringTrainingError)

  def test_a_rise(self):
    # Falls to a mean of 0.5, then jumps to 3.5. After n steps there the mean
    # is 0.5 + 3 n / 100, which is above 0.5 + 2 from n = 67 on.
    losses = [4.0] * 50 + [0.5] * 150 + [3.5] * 100
    passed, error = _steps_until_end(losses, max_rise=2.0)
    self.assertEqual(200 + 66, passed)
    self.assertIn('has risen from 0.5 to 2.51, means over 100 steps',
                  str(error))
    self.assertIn('--max_loss_rise', str(error))

  def test_a_rise_within_bounds(self):
    losses = [0.5] * 100 + [2.4] * 200 + [0.5] * 10
    self.assertEqual((310, None), _steps_until_end(losses, max_rise=2.0))

  def test_one_bad_batch(self):
    losses = [0.5] * 100 + [100.0] + [0.5] * 100
    self.assertEqual((201, None), _steps_until_end(losses, max_rise=2.0))

  def test_a_step_left_out_tells_nothing(self):
    updates = [loss_guard.APPLIED] * 300
    for i in (0, 50, 150, 299):
      updates[i] = loss_guard.LEFT_OUT
    losses = [0.5] * 300
    losses[0], losses[50], losses[150], losses[299] = (
        np.nan, np.inf, np.nan, np.nan)
    self.assertEqual((300, None), _steps_until_end(losses, 2.0, updates))

  def test_nan_of_an_update_that_is_applied(self):
    passed, error = _steps_until_end(
        [np.nan, 1, np.nan], updates=[loss_guard.LEFT_OUT, loss_guard.APPLIED,
                                      loss_guard.APPLIED])
    self.assertEqual(2, passed)
    self.assertIn('the loss is no number', str(error))

  def test_updates_without_hope(self):
    passed, error = _steps_until_end(
        [1, 1, 2.5], updates=[loss_guard.APPLIED, loss_guard.LEFT_OUT,
                              loss_guard.HOPELESS])
    self.assertEqual(2, passed)
    self.assertIn('the gradients are no finite numbers (the loss is 2.5)',
                  str(error))
    self.assertIn('--precision', str(error))

  def test_off(self):
    losses = [0.5] * 100 + [1e9] * 100
    self.assertEqual((200, None), _steps_until_end(losses))


if __name__ == '__main__':
  tf.test.main()
