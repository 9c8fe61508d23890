"""The order of training, evaluations and exports."""

import os

import tensorflow.compat.v1 as tf

from master import estimator as estimator_lib
from tests import linear_model


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
