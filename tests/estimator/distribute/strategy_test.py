"""Two replicas: the same learning, the same checkpoints, every row once."""

from absl.testing import parameterized
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator.distribute import strategy as strategy_lib
from tests.support import linear_model

_NAMES = ['beta1_power', 'beta2_power', 'global_step', 'linear/bias',
          'linear/bias/Adam', 'linear/bias/Adam_1', 'linear/moving',
          'linear/weights', 'linear/weights/Adam', 'linear/weights/Adam_1']


# On import, for it must come before the first use of TensorFlow by any test
# of this process.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices('CPU')[0],
    [tf.config.LogicalDeviceConfiguration()] * 2)


def mirrored():
  return strategy_lib.strategy_from_name('mirrored', ['/cpu:0', '/cpu:1'])


class DistributionTest(linear_model.RunnerTestCase, parameterized.TestCase):

  def test_learns_as_one_device_does(self):
    one = self.train(linear_model.estimator(), 8)
    two = self.train(
        linear_model.estimator(train_distribute=mirrored()), 8)
    self.assertEqual(_NAMES, sorted(two.get_variable_names()))
    self.assert_same_values(one, two)

  def test_checkpoint_moves_between_devices(self):
    moved = self.train(linear_model.estimator(), 3)
    self.train(linear_model.estimator(
        moved.model_dir, train_distribute=mirrored()), 6)
    self.train(linear_model.estimator(moved.model_dir), 9)
    whole = linear_model.estimator()
    for steps in (3, 6, 9):
      self.train(whole, steps)
    self.assert_same_values(whole, moved)

  @parameterized.parameters(tf, tf.compat.v2)
  def test_default_collective_ops_run_in_a_session(self, module):
    strategy = module.distribute.MirroredStrategy(['/cpu:0', '/cpu:1'])
    one = self.train(linear_model.estimator(), 2)
    two = self.train(linear_model.estimator(train_distribute=strategy), 2)
    self.assert_same_values(one, two)

  def test_evaluation_counts_every_row_once(self):
    runner = self.train(linear_model.estimator(), 3)
    expected = runner.evaluate(linear_model.input_fn(4))
    two = linear_model.estimator(runner.model_dir, eval_distribute=mirrored())
    # Of 11 rows, batches of 2 x 2 leave 2 + 1, batches of 2 x 5 one and none.
    for batch in (4, 10):
      actual = two.evaluate(linear_model.input_fn(batch))
      for name in ('error', 'positive_error'):
        self.assertAllClose(expected[name], actual[name], msg=name)
      self.assertAllClose(
          runner.evaluate(linear_model.input_fn(batch))['loss'],
          actual['loss'])

  def test_summaries_of_the_first_replica_alone(self):
    runner = self.train(linear_model.estimator(
        train_distribute=mirrored(), save_summary_steps=1), 2)
    path, = tf.gfile.Glob(f'{runner.model_dir}/events*')
    tags = {value.tag for event in tf.train.summary_iterator(path)
            for value in event.summary.value}
    self.assertEqual({'loss'}, tags)

  def test_warm_start_reaches_every_replica(self):
    source = self.train(linear_model.estimator(), 5)
    one = self.train(linear_model.estimator(warm_start_from=source.model_dir),
                     3)
    two = self.train(linear_model.estimator(
        warm_start_from=source.model_dir, train_distribute=mirrored()), 3)
    self.assert_same_values(one, two)

  def test_names(self):
    self.assertIsNone(strategy_lib.strategy_from_name('none'))
    self.assertIsNone(strategy_lib.strategy_from_name('mirrored', ['/cpu:0']))
    self.assertEqual(2, mirrored().num_replicas_in_sync)
    with self.assertRaisesRegex(errors.InputError, '--distribution=tpu'):
      strategy_lib.strategy_from_name('tpu')

  def test_input_must_be_a_dataset(self):

    def input_fn():
      return {'x': tf.constant(linear_model.INPUTS)}, tf.constant(
          linear_model.TARGETS)

    with self.assertRaisesRegex(ValueError, 'must give a Dataset'):
      linear_model.estimator(train_distribute=mirrored()).train(
          input_fn, max_steps=1)


if __name__ == '__main__':
  tf.test.main()
