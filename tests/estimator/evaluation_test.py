"""Evaluation: every row once, weights, steps, summaries."""

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator import evaluation
from tests.support import linear_model


def events(directory):
  path, = tf.gfile.Glob(f'{directory}/events*')
  return [(event.step, {value.tag: value for value in event.summary.value})
          for event in tf.train.summary_iterator(path)
          if event.HasField('summary')]


class EvaluationTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.runner = linear_model.estimator()
    cls.runner.train(linear_model.input_fn(4, repeat=True), max_steps=7)
    cls.errors = linear_model.numpy_errors(
        cls.runner.get_variable_value('linear/weights'),
        cls.runner.get_variable_value('linear/bias'))

  def test_counts_every_row_of_a_short_batch(self):
    results = self.runner.evaluate(linear_model.input_fn(4))
    self.assertAllClose(self.errors.mean(), results['error'])
    self.assertEqual(7, results['global_step'])

  def test_loss_is_the_mean_over_batches(self):
    results = self.runner.evaluate(linear_model.input_fn(4))
    batches = [self.errors[i:i + 4].mean() for i in (0, 4, 8)]
    self.assertAllClose(np.mean(batches), results['loss'])

  def test_weights(self):
    positive = self.errors[linear_model.TARGETS > 0]
    self.assertNotEqual(linear_model.ROWS, positive.size)
    results = self.runner.evaluate(linear_model.input_fn(4))
    self.assertAllClose(positive.mean(), results['positive_error'])

  def test_steps(self):
    results = self.runner.evaluate(linear_model.input_fn(4), steps=2)
    self.assertAllClose(self.errors[:8].mean(), results['error'])

  def test_older_checkpoint(self):
    results = self.runner.evaluate(
        linear_model.input_fn(4),
        checkpoint_path=f'{self.runner.model_dir}/model.ckpt-5')
    self.assertEqual(5, results['global_step'])

  def test_summaries_of_a_named_evaluation(self):
    results = self.runner.evaluate(linear_model.input_fn(4), name='named')
    (step, values), = events(f'{self.runner.model_dir}/eval_named')
    self.assertEqual(7, step)
    self.assertAllClose(results['error'], values['error'].simple_value)
    self.assertCountEqual(['error', 'positive_error', 'loss'], values)

  def test_bytes_are_summaries(self):
    inner = tf.Summary(value=[tf.Summary.Value(tag='a', simple_value=3),
                              tf.Summary.Value(tag='b', simple_value=5)])
    directory = self.create_tempdir().full_path
    evaluation.write_summaries(
        {'pictures': inner.SerializeToString(), 'global_step': 2}, directory)
    (_, values), = events(directory)
    self.assertEqual(3, values['pictures/0'].simple_value)
    self.assertEqual(5, values['pictures/1'].simple_value)

  def test_no_checkpoint(self):
    runner = linear_model.estimator()
    with self.assertRaisesRegex(errors.InputError, runner.model_dir):
      runner.evaluate(linear_model.input_fn(4))

  def test_empty_input(self):

    def empty():
      return linear_model.input_fn(4)().take(0)

    with self.assertRaisesRegex(errors.InputError, 'no batch'):
      self.runner.evaluate(empty)


if __name__ == '__main__':
  tf.test.main()
