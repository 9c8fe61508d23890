"""Checkpoints of broken models and on full disks."""

import contextlib
import os
import re
import resource

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator.checkpoint import saving
from tests.support import linear_model


@contextlib.contextmanager
def _file_size_limit(num_bytes):
  """Files cannot grow beyond this, as on a disk that becomes full."""
  soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
  resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, hard))
  try:
    yield
  finally:
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class _Poison(tf.train.SessionRunHook):
  """Breaks a weight after the run numbered `run`, so that no loss shows it."""

  def __init__(self, run):
    self._runs_left = run

  def begin(self):
    (weights,) = [v for v in tf.trainable_variables()
                  if v.op.name == 'linear/weights']
    self._break = weights.assign([[np.inf]] * 3)

  def after_run(self, run_context, run_values):
    self._runs_left -= 1
    if not self._runs_left:
      run_context.session.run(self._break)


def _names(directory):
  return sorted(name for name in os.listdir(directory)
                if not name.startswith('events'))


class FiniteTest(tf.test.TestCase):

  def test_names_what_is_broken(self):
    with tf.Graph().as_default(), tf.Session() as session:
      first = tf.Variable([1.0, 2.0], name='first')
      second = tf.Variable([[3.0]], name='second')
      third = tf.Variable(4.0, name='third')
      check = saving.FiniteCheck(
          [first, second, third, tf.Variable(5, name='whole')])
      session.run(tf.global_variables_initializer())
      self.assertIsNone(check.fault(session))
      session.run(second.assign([[np.inf]]))
      self.assertEqual('second', check.fault(session))
      session.run(third.assign(np.nan))
      self.assertEqual('second and 1 more', check.fault(session))

  def test_without_variables(self):
    with tf.Graph().as_default(), tf.Session() as session:
      self.assertIsNone(saving.FiniteCheck([]).fault(session))

  def test_broken_model_is_not_saved(self):
    runner = linear_model.estimator()
    input_fn = linear_model.input_fn(4, repeat=True)
    runner.train(input_fn, max_steps=5)
    before = _names(runner.model_dir)

    with self.assertRaisesRegex(
        errors.InputError,
        re.escape(runner.model_dir) + ': at step 10 linear/weights hold NaN '
        'or an infinity, and nothing was saved'):
      runner.train(input_fn, hooks=[_Poison(5)], max_steps=20)
    self.assertEqual(before, _names(runner.model_dir))


class FullDiskTest(linear_model.RunnerTestCase):

  def _train_on_full_disk(self, runner, num_bytes):
    """Trains five steps; there is room for files of `num_bytes` at most."""
    with _file_size_limit(num_bytes), self.assertRaisesRegex(
        errors.InputError, re.escape(runner.model_dir)
        + r': no room for model\.ckpt-10 \(File too large\)'):
      self.train(runner, 10)

  def test_old_checkpoints_stay_and_training_goes_on(self):
    runner = linear_model.estimator()
    self.train(runner, 5)
    before = _names(runner.model_dir)
    self._train_on_full_disk(runner, 64)
    self.assertEqual(before, _names(runner.model_dir))
    self.assertEqual(5, runner.get_variable_value('global_step'))

    self.train(runner, 10)
    unbroken = linear_model.estimator()
    self.train(unbroken, 5)
    self.train(unbroken, 10)
    self.assert_same_values(unbroken, runner)

  def test_no_room_for_the_graph_beside_it(self):
    runner = linear_model.estimator()
    self.train(runner, 5)
    self._train_on_full_disk(runner, 4000)
    # The checkpoint itself found room.
    self.assertEqual(10, runner.get_variable_value('global_step'))
    self.assertEqual(['model.ckpt-10.data-00000-of-00001',
                      'model.ckpt-10.index'],
                     [name for name in _names(runner.model_dir)
                      if 'ckpt-10' in name])

  def test_other_faults_are_not_called_full(self):
    runner = linear_model.estimator()
    self.train(runner, 5)
    saver = tf.test.mock.Mock()
    saver.save.side_effect = tf.errors.PermissionDeniedError(
        None, None, 'Permission denied')
    with self.assertRaises(tf.errors.PermissionDeniedError):
      saving.save(saver, None, runner.model_dir, 'model.ckpt', 10, False)


if __name__ == '__main__':
  tf.test.main()
