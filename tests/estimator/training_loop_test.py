"""Training: resuming, being killed, stopping, checkpoints that do not fit."""

import os
import re
import signal
import tempfile

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master import estimator as estimator_lib
from master.estimator.checkpoint import checkpoints
from master.estimator.distribute import strategy as strategy_lib
from tests.support import commands
from tests.support import linear_model

# Two devices; tests/estimator/distribute/strategy_test.py says why on import.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices('CPU')[0],
    [tf.config.LogicalDeviceConfiguration()] * 2)

_MODEL = ('global_step', 'linear/bias', 'linear/moving', 'linear/weights')

_KILLED = """
import os, signal, sys
import tensorflow.compat.v1 as tf
from tests.support import linear_model

class Kill(tf.train.SessionRunHook):
  def __init__(self):
    self.steps = 0
  def after_run(self, run_context, run_values):
    self.steps += 1
    if self.steps == 8:
      os.kill(os.getpid(), signal.SIGKILL)

linear_model.estimator(sys.argv[1]).train(
    linear_model.input_fn(4, repeat=True), hooks=[Kill()], max_steps=20)
"""


def saved_steps(model_dir):
  return sorted(int(re.search(r'-(\d+)\.index$', name).group(1))
                for name in os.listdir(model_dir) if name.endswith('.index'))


def without_optimizer(source, step=None, leave_out=(), **others):
  """A model directory with the model's variables and the step alone.

  Args:
    source: Estimator whose newest checkpoint is taken.
    step: to save; None keeps that of the source.
    leave_out: names of variables to leave out.
    **others: variables to add, by name.
  """
  values = {name: value for name, value in linear_model.values(source).items()
            if name in _MODEL and name not in leave_out}
  if step is not None:
    values['global_step'] = np.int64(step)
  directory = tempfile.mkdtemp()
  with tf.Graph().as_default(), tf.Session() as session:
    variables = [tf.Variable(value, name=name)
                 for name, value in {**values, **others}.items()]
    session.run([v.initializer for v in variables])
    tf.train.Saver(variables, save_relative_paths=True).save(
        session, f'{directory}/model.ckpt', values['global_step'],
        write_meta_graph=False)
  return directory


def simple_model_fn(features, labels, mode, params):
  """Linear, learned by plain descent or, if `params` say so, momentum."""
  weights = tf.Variable(lambda: tf.zeros([3, 1]), use_resource=True,
                        name='linear/weights')
  loss = tf.reduce_mean(tf.square(tf.matmul(features['x'], weights) - labels))
  optimizer = (tf.train.MomentumOptimizer(0.1, 0.9) if params['momentum']
               else tf.train.GradientDescentOptimizer(0.1))
  return estimator_lib.EstimatorSpec(mode, loss=loss, train_op=(
      optimizer.minimize(loss, tf.train.get_global_step())))


class Poison(tf.train.SessionRunHook):
  """Makes a weight NaN before step 4."""

  def begin(self):
    weights, = [v for v in tf.trainable_variables()
                if v.name == 'linear/weights:0']
    self._assign = weights.assign(weights * float('nan'))
    self._steps = 0

  def before_run(self, run_context):
    self._steps += 1
    if self._steps == 4:
      run_context.session.run(self._assign)


class TrainingLoopTest(linear_model.RunnerTestCase):

  def test_twenty_steps_are_ten_and_ten(self):
    input_fn = linear_model.input_fn(linear_model.ROWS, repeat=True)
    whole = linear_model.estimator().train(input_fn, max_steps=20)
    parts = linear_model.estimator()
    parts.train(input_fn, steps=10).train(input_fn, steps=10)
    expected, actual = linear_model.values(whole), linear_model.values(parts)
    self.assertEqual(20, expected['global_step'])
    self.assertGreater(abs(expected['linear/weights']).min(), 0.1)
    self.assertAllEqual(sorted(expected), sorted(actual))
    for name in expected:
      self.assertAllEqual(expected[name], actual[name])

  def test_killed_process_resumes(self):
    model_dir = tempfile.mkdtemp()
    process = commands.run('-c', _KILLED, model_dir)
    self.assertEqual(-signal.SIGKILL, process.returncode, process.stderr)
    self.assertEqual([0, 5], saved_steps(model_dir))
    runner = linear_model.estimator(model_dir)
    runner.train(linear_model.input_fn(4, repeat=True), max_steps=20)
    self.assertEqual([0, 5, 10, 15, 20], saved_steps(model_dir))

  def test_nothing_to_train_writes_nothing(self):
    runner = linear_model.estimator()
    input_fn = linear_model.input_fn(4, repeat=True)
    runner.train(input_fn, max_steps=7)
    before = {name: os.stat(os.path.join(runner.model_dir, name)).st_mtime_ns
              for name in os.listdir(runner.model_dir)}
    runner.train(input_fn, max_steps=7)
    runner.train(input_fn, max_steps=3)
    after = {name: os.stat(os.path.join(runner.model_dir, name)).st_mtime_ns
             for name in os.listdir(runner.model_dir)}
    self.assertEqual(before, after)

  def test_restored_checkpoint_is_not_written_again(self):
    runner = linear_model.estimator()
    input_fn = linear_model.input_fn(4, repeat=True)
    runner.train(input_fn, max_steps=5)
    path = f'{runner.model_dir}/model.ckpt-5.index'
    before = os.stat(path)
    runner.train(input_fn, max_steps=7)
    after = os.stat(path)
    self.assertEqual((before.st_ino, before.st_mtime_ns),
                     (after.st_ino, after.st_mtime_ns))
    self.assertEqual([0, 5, 7], saved_steps(runner.model_dir))

  def test_end_of_input_ends_training(self):
    runner = linear_model.estimator()
    runner.train(linear_model.input_fn(4))
    self.assertEqual(3, runner.get_variable_value('global_step'))

  def test_keeps_the_newest(self):
    runner = linear_model.estimator(keep_checkpoint_max=2)
    runner.train(linear_model.input_fn(4, repeat=True), max_steps=17)
    self.assertEqual([15, 17], saved_steps(runner.model_dir))

  def test_nan_stops_before_saving(self):
    runner = linear_model.estimator()
    with self.assertRaises(tf.train.NanLossDuringTrainingError):
      # The NaN comes at step 4; were it saved, step 5 would hold it.
      runner.train(linear_model.input_fn(4, repeat=True), hooks=[Poison()],
                   max_steps=20)
    self.assertEqual([0], saved_steps(runner.model_dir))

  def test_checkpoint_of_another_shape(self):
    runner = linear_model.estimator(params={'width': 2})
    input_fn = linear_model.input_fn(4, repeat=True)
    runner.train(input_fn, max_steps=1)
    other = linear_model.estimator(runner.model_dir)
    with self.assertRaises(errors.InputError) as caught:
      other.train(input_fn, max_steps=2)
    message = str(caught.exception)
    self.assertStartsWith(message, runner.model_dir)
    self.assertIn('model.ckpt-1 does not fit the model: linear/weights has '
                  'shape [2, 1] in it, [3, 1] in the model', message)
    self.assertNotIn('\n', message)

  def test_checkpoint_without_optimizer(self):
    source = self.train(linear_model.estimator(), 6)
    directory = without_optimizer(source)
    runner = linear_model.estimator(directory, {'rate': 1e-12})
    with self.assertLogs('absl', level='INFO') as logs:
      self.train(runner, 7)
    self.assertIn(f'{directory}/model.ckpt-6 holds no state of the optimizer',
                  '\n'.join(logs.output))
    values = linear_model.values(runner)
    self.assertEqual(7, values['global_step'])
    for name in ('linear/weights', 'linear/bias', 'linear/moving'):
      self.assertAllClose(source.get_variable_value(name), values[name])
    # One step of a fresh Adam.
    self.assertAllClose(0.9 ** 2, values['beta1_power'])
    self.assertEqual([6, 7], saved_steps(directory))

  def test_trains_on_from_a_checkpoint_without_optimizer(self):
    source = self.train(linear_model.estimator(), 2)
    other = self.train(linear_model.estimator(params={'rate': 1.0}), 3)
    directory = without_optimizer(source, step=0)
    # What was to be a warm start is left aside, as with any checkpoint.
    settings = dict(warm_start_from=other.model_dir, keep_checkpoint_max=3)
    self.train(linear_model.estimator(directory, **settings), 8)
    self.assertEqual([0, 5, 8], saved_steps(directory))
    self.train(linear_model.estimator(directory, **settings), 12)
    self.assertEqual([5, 8, 12], saved_steps(directory))
    whole = linear_model.estimator(warm_start_from=source.model_dir)
    for max_steps in (8, 12):
      self.train(whole, max_steps)
    self.assert_same_values(whole, linear_model.estimator(directory))

  def test_two_devices_start_from_a_checkpoint_without_optimizer(self):
    source = self.train(linear_model.estimator(), 2)
    one, two = (
        self.train(linear_model.estimator(
            without_optimizer(source), train_distribute=strategy), 6)
        for strategy in (None, strategy_lib.strategy_from_name(
            'mirrored', ['/cpu:0', '/cpu:1'])))
    self.assertEqual(6, two.get_variable_value('global_step'))
    self.assert_same_values(one, two)

  def test_counts_steps_from_a_checkpoint_without_optimizer(self):
    source = self.train(linear_model.estimator(), 2)
    runner = linear_model.estimator(without_optimizer(source, step=40),
                                    keep_checkpoint_max=2)
    runner.train(linear_model.input_fn(4, repeat=True), steps=7)
    # The old one counts among those kept.
    self.assertEqual([45, 47], saved_steps(runner.model_dir))

  def test_model_without_a_variable_is_no_model_without_optimizer(self):
    source = self.train(linear_model.estimator(), 2)
    directory = without_optimizer(source, leave_out=['linear/moving'])
    with self.assertRaisesRegex(
        errors.InputError, 'ckpt-2 does not fit the model: linear/moving is '
        'not in it. Use'):
      self.train(linear_model.estimator(directory), 3)
    wide = without_optimizer(source, leave_out=['linear/bias'],
                             **{'linear/bias': np.zeros([2], np.float32)})
    with self.assertRaisesRegex(errors.InputError,
                                r'linear/bias has shape \[2\] in it'):
      self.train(linear_model.estimator(wide), 3)

  def test_checkpoint_of_another_optimizer(self):
    source = self.train(linear_model.estimator(), 2)
    directory = without_optimizer(
        source, **{'linear/weights/Momentum': np.zeros([3, 1], np.float32)})
    with self.assertRaisesRegex(errors.InputError, 'beta1_power is not in it'):
      self.train(linear_model.estimator(directory), 3)

  def test_optimizer_without_state(self):
    directory = tempfile.mkdtemp()

    def train(momentum, max_steps):
      runner = estimator_lib.Estimator(
          simple_model_fn, directory, params={'momentum': momentum})
      with self.assertLogs('absl', level='INFO') as logs:
        self.train(runner, max_steps)
      return 'no state of the optimizer' in '\n'.join(logs.output)

    # Nothing is missing, so these are plainly restored.
    self.assertFalse(train(False, 2))
    self.assertFalse(train(False, 4))
    # To an optimizer with slots the same checkpoint lacks them.
    self.assertTrue(train(True, 6))
    self.assertFalse(train(True, 8))
    self.assertEqual(8, checkpoints.step(checkpoints.find(directory)))

  def test_writes_summaries(self):
    runner = linear_model.estimator(
        save_summary_steps=2, log_step_count_steps=2, examples_per_step=4,
        examples_unit='images')
    runner.train(linear_model.input_fn(4, repeat=True), max_steps=7)
    path, = tf.gfile.Glob(f'{runner.model_dir}/events*')
    tags = {value.tag for event in tf.train.summary_iterator(path)
            for value in event.summary.value}
    self.assertContainsSubset(
        {'loss', 'images_per_second', 'global_step/sec'}, tags)

  def test_steps_that_make_no_sense(self):
    runner = linear_model.estimator()
    input_fn = linear_model.input_fn(4)
    with self.assertRaisesRegex(ValueError, 'not both'):
      runner.train(input_fn, steps=1, max_steps=1)
    with self.assertRaisesRegex(ValueError, 'max_steps=0'):
      runner.train(input_fn, max_steps=0)


if __name__ == '__main__':
  tf.test.main()
