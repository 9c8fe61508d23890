"""Training: resuming, being killed, stopping, checkpoints that do not fit."""

import os
import re
import signal
import tempfile

import tensorflow.compat.v1 as tf

from master import errors
from tests import commands
from tests import linear_model

_KILLED = """
import os, signal, sys
import tensorflow.compat.v1 as tf
from tests import linear_model

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


class TrainingLoopTest(tf.test.TestCase):

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
