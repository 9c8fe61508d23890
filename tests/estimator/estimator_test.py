"""What an Estimator tells about itself and its checkpoints."""

import os

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master import estimator as estimator_lib
from tests.support import linear_model


class EstimatorTest(tf.test.TestCase):

  def test_directories(self):
    runner = linear_model.estimator('some/where')
    self.assertEqual('some/where', runner.model_dir)
    self.assertEqual('some/where', runner.config.model_dir)
    self.assertEqual('some/where/eval', runner.eval_dir())
    self.assertEqual('some/where/eval_set', runner.eval_dir('set'))
    self.assertIsNone(runner.latest_checkpoint())
    with self.assertRaisesRegex(ValueError, "'some/where'.*'else'"):
      estimator_lib.Estimator(
          linear_model.model_fn, 'some/where',
          estimator_lib.RunConfig(model_dir='else'))

  def test_makes_a_directory_of_its_own(self):
    runner = estimator_lib.Estimator(linear_model.model_fn)
    self.assertTrue(os.path.isdir(runner.model_dir))

  def test_params_are_a_copy(self):
    params = {'width': 2}
    runner = linear_model.estimator(params=params)
    params['width'] = 3
    runner.params['width'] = 3
    self.assertEqual({'width': 2}, runner.params)

  def test_variables(self):
    runner = linear_model.estimator()
    with self.assertRaisesRegex(errors.InputError, runner.model_dir):
      runner.get_variable_names()
    runner.train(linear_model.input_fn(4, repeat=True), steps=1)
    self.assertContainsSubset(
        ['global_step', 'linear/weights', 'linear/bias', 'linear/moving'],
        runner.get_variable_names())
    self.assertAllEqual(np.float32([7, 7]),
                        runner.get_variable_value('linear/moving'))

  def test_model_fn_alone(self):
    runner = linear_model.estimator(params={'width': 2})
    with tf.Graph().as_default():
      spec = runner.model_fn({'x': tf.zeros([5, 3])}, None,
                             estimator_lib.ModeKeys.PREDICT, runner.config)
      self.assertEqual([5, 1], spec.predictions['y'].shape.as_list())

  def test_seed(self):

    def model_fn(features, labels, mode):
      del features, labels
      drawn = tf.Variable(lambda: tf.random.uniform([5]), use_resource=True)
      return estimator_lib.EstimatorSpec(
          mode, loss=tf.reduce_sum(drawn),
          train_op=tf.assign_add(tf.train.get_global_step(), 1))

    def drawn(seed):
      runner = estimator_lib.Estimator(
          model_fn, self.create_tempdir().full_path,
          estimator_lib.RunConfig(tf_random_seed=seed))
      runner.train(linear_model.input_fn(4, repeat=True), steps=1)
      return runner.get_variable_value('Variable')

    self.assertAllEqual(drawn(3), drawn(3))
    self.assertNotAllClose(drawn(3), drawn(5))


if __name__ == '__main__':
  tf.test.main()
