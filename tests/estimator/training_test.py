"""The order of training, evaluations and exports."""

import os

import tensorflow.compat.v1 as tf

from master import errors
from master import estimator as estimator_lib
from tests.support import linear_model


class NoteSteps(tf.train.SessionRunHook):
  """Notes the step of each evaluation."""

  def __init__(self):
    self.steps = []

  def begin(self):
    self._step = tf.train.get_global_step().read_value()

  def end(self, session):
    self.steps.append(int(session.run(self._step)))


class NoteExports(estimator_lib.Exporter):
  name = 'noted'

  def __init__(self):
    self.calls = []

  def export(self, estimator, export_path, checkpoint_path, eval_result,
             is_the_final_export):
    self.calls.append((os.path.relpath(export_path, estimator.model_dir),
                       os.path.basename(checkpoint_path),
                       is_the_final_export))
    return eval_result['global_step']


class TrainAndEvaluateTest(tf.test.TestCase):

  def run_it(self, runner=None, max_steps=20, **spec):
    runner = runner or linear_model.estimator()
    hook = NoteSteps()
    results = estimator_lib.train_and_evaluate(
        runner,
        estimator_lib.TrainSpec(linear_model.input_fn(4, repeat=True),
                                max_steps),
        estimator_lib.EvalSpec(linear_model.input_fn(4), hooks=[hook],
                               **spec))
    return hook.steps, results

  def test_evaluates_each_checkpoint(self):
    exporter = NoteExports()
    evaluated, (metrics, exports) = self.run_it(throttle_secs=0,
                                                exporters=exporter)
    self.assertEqual([5, 10, 15, 20], evaluated)
    self.assertEqual(20, metrics['global_step'])
    self.assertEqual([20], exports)
    self.assertEqual(
        [('export/noted', f'model.ckpt-{step}', step == 20)
         for step in evaluated], exporter.calls)

  def test_throttle_seconds(self):
    evaluated, _ = self.run_it(throttle_secs=3600)
    self.assertEqual([5, 20], evaluated)

  def test_throttle_steps(self):
    evaluated, _ = self.run_it(throttle_secs=0, throttle_steps=10)
    self.assertEqual([10, 20], evaluated)

  def test_trained_already(self):
    runner = linear_model.estimator()
    runner.train(linear_model.input_fn(4, repeat=True), max_steps=10)
    evaluated, (metrics, _) = self.run_it(runner, max_steps=10)
    self.assertEqual([10], evaluated)
    self.assertEqual(10, metrics['global_step'])

  def test_resumed(self):
    runner = linear_model.estimator()
    runner.train(linear_model.input_fn(4, repeat=True), max_steps=7)
    evaluated, _ = self.run_it(runner, throttle_secs=0)
    self.assertEqual([12, 17, 20], evaluated)

  def test_every_seconds_whatever_the_steps(self):
    evaluated, _ = self.run_it(throttle_secs=0, throttle_steps=100,
                               every_secs=0)
    self.assertEqual([5, 10, 15, 20], evaluated)
    evaluated, _ = self.run_it(throttle_secs=0, throttle_steps=100,
                               every_secs=3600)
    self.assertEqual([20], evaluated)

  def test_a_part_in_between_and_the_whole_at_the_end(self):
    reads = []

    def noting(name):
      def input_fn():
        reads.append(name)
        return linear_model.input_fn(4)()
      return input_fn

    runner = linear_model.estimator()
    exporter = NoteExports()
    estimator_lib.train_and_evaluate(
        runner,
        estimator_lib.TrainSpec(linear_model.input_fn(4, repeat=True), 10),
        estimator_lib.EvalSpec(noting('whole'), throttle_secs=0,
                               interim_input_fn=noting('part'),
                               exporters=exporter))
    # Step 5, then step 10 as the one before and as the last.
    self.assertEqual(['part', 'part', 'whole'], reads)
    self.assertEqual([(5, False), (10, False), (10, True)],
                     [(int(name.rpartition('-')[2]), is_final)
                      for _, name, is_final in exporter.calls])

  def _train_until(self, runner, should_stop, max_steps=20):
    hook = NoteSteps()
    estimator_lib.train_and_evaluate(
        runner,
        estimator_lib.TrainSpec(linear_model.input_fn(4, repeat=True),
                                max_steps, should_stop=should_stop),
        estimator_lib.EvalSpec(linear_model.input_fn(4), hooks=[hook],
                               throttle_secs=0))
    return hook.steps

  def test_ends_early_and_stays_ended(self):
    runner = linear_model.estimator()
    asked = []

    def should_stop():
      asked.append(0)
      return len(asked) >= 2

    self.assertEqual([5, 10], self._train_until(runner, should_stop))
    self.assertEndsWith(runner.latest_checkpoint(), 'model.ckpt-10')
    self.assertEqual([10], self._train_until(runner, lambda: True))
    self.assertEndsWith(runner.latest_checkpoint(), 'model.ckpt-10')
    self.assertEqual([15, 20], self._train_until(runner, lambda: False))

  def test_a_set_that_is_away_ends_no_training(self):
    runner = linear_model.estimator()
    calls = []

    def input_fn():
      calls.append(0)
      if len(calls) < 4:
        raise errors.InputError('/data/val: is not there')
      return linear_model.input_fn(4)()

    def train(max_steps):
      return estimator_lib.train_and_evaluate(
          runner, estimator_lib.TrainSpec(
              linear_model.input_fn(4, repeat=True), max_steps),
          estimator_lib.EvalSpec(input_fn, name='Val', throttle_secs=0))

    with self.assertLogs('absl', level='ERROR') as logs:
      # At the end there are no metrics to give.
      with self.assertRaisesRegex(errors.InputError, 'is not there'):
        train(15)
    self.assertEqual([
        f'Val could not be evaluated at step {step}: /data/val: is not there'
        for step in (5, 10)],
                     [line.split(':', 2)[2] for line in logs.output])
    self.assertEndsWith(runner.latest_checkpoint(), 'model.ckpt-15')
    metrics, _ = train(15)
    self.assertEqual(15, metrics['global_step'])

  def test_training_input_does_not_start_again(self):
    starts = []

    def input_fn():
      starts.append(0)
      return linear_model.input_fn(4, repeat=True)()

    runner = linear_model.estimator()
    estimator_lib.train_and_evaluate(
        runner, estimator_lib.TrainSpec(input_fn, 10),
        estimator_lib.EvalSpec(linear_model.input_fn(4), throttle_secs=0))
    self.assertLen(starts, 1)

  def test_several_sets(self):
    runner = linear_model.estimator()
    specs = [estimator_lib.EvalSpec(linear_model.input_fn(4), name=name,
                                    throttle_secs=0) for name in 'ab']
    results, _ = estimator_lib.train_and_evaluate(
        runner,
        estimator_lib.TrainSpec(linear_model.input_fn(4, repeat=True), 5),
        specs)
    self.assertLen(results, 2)
    self.assertContainsSubset(['eval_a', 'eval_b'],
                              os.listdir(runner.model_dir))


if __name__ == '__main__':
  tf.test.main()
