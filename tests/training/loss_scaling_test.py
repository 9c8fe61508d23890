"""Loss scaling: good steps are those without it, bad ones change nothing."""

from unittest import mock

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import estimator as estimator_lib
from master.estimator.hooks import loss_guard
from master.layers import linear
from master.training import loss_scaling
from master.training import optimization
from tests.support import linear_model
from tests.support import test_util

# Two devices; tests/estimator/distribute/strategy_test.py says why on import.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices('CPU')[0],
    [tf.config.LogicalDeviceConfiguration()] * 2)

_START = np.array([1., -2., 3.], np.float32)
_OPTIMIZERS = (
    dict(), dict(clip_norm=0.5), dict(optimizer='adamw', weight_decay=0.3),
    dict(optimizer='momentum', weight_decay=0.3, nesterov=True),
    dict(optimizer='momentum', learning_rate_factors=('x=0.5',)),
    dict(average_decay=0.5))


def _train(factors, precision='float16', **settings):
  """Minimises sum(f x ** 2), f one of `factors` at each step.

  Returns:
    All variables after the steps, and what the guard was told at each.
  """
  config = config_lib.TrainConfig(**{
      'learning_rate': 0.1, 'precision': precision, **settings})
  with test_util.graph_session() as session:
    x = tf.Variable(lambda: _START, use_resource=True, dtype=tf.float32,
                    name='x')
    factor = tf.placeholder(tf.float32, [])
    op = optimization.train_op(tf.reduce_sum(factor * x ** 2), [x], config)
    state = tf.get_collection(loss_guard.UPDATES)[:1]
    session.run(tf.global_variables_initializer())
    states = [session.run([*state, op], {factor: value})[0]
              for value in factors]
    return session.run({v.op.name: v for v in tf.global_variables()}), states


class LossScaleTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(*_OPTIMIZERS)
  def test_good_steps_are_those_of_float32(self, **settings):
    """Bit for bit, as a power of two rounds nothing."""
    got, states = _train([1, 2, 3], **settings)
    expected, _ = _train([1, 2, 3], 'float32', **settings)
    self.assertEqual([loss_guard.APPLIED] * 3, states)
    for name, value in expected.items():
      self.assertAllEqual(value, got[name], msg=name)
    self.assertEqual(
        {loss_scaling.SCALE, loss_scaling.GOOD_STEPS, loss_scaling.SKIPPED},
        got.keys() - expected.keys())

  @parameterized.product(
      bad=(np.inf, np.nan, 1e36), settings=_OPTIMIZERS[:-1])
  def test_a_bad_step_changes_nothing(self, bad, settings):
    """1e36 is finite, but is not when it is scaled."""
    got, states = _train([1, bad, 2, bad, 3], **settings)
    expected, _ = _train([1, 2, 3], **settings)
    self.assertEqual([loss_guard.APPLIED, loss_guard.LEFT_OUT] * 2
                     + [loss_guard.APPLIED], states)
    told = {'global_step': 5, loss_scaling.SCALE: 2.0 ** 13,
            loss_scaling.SKIPPED: 2, loss_scaling.GOOD_STEPS: 1}
    for name, value in {**expected, **told}.items():
      self.assertAllEqual(value, got[name], msg=name)

  def test_a_bad_first_step(self):
    got, _ = _train([np.nan, 1])
    expected, _ = _train([1])
    for name in ('x', 'x/Adam', 'x/Adam_1', 'beta1_power', 'beta2_power'):
      self.assertAllEqual(expected[name], got[name], msg=name)

  def test_grows_after_good_steps_in_a_row(self):
    with mock.patch.object(loss_scaling, 'GROWTH_STEPS', 3):
      for factors, exponent in (
          ([1] * 2, 15), ([1] * 3, 16), ([1] * 6, 17),
          ([1, 1, np.nan], 14), ([1, 1, np.nan, 1, 1], 14),
          ([1, 1, np.nan, 1, 1, 1], 15), ([1] * 33, 24)):
        got, _ = _train(factors)
        self.assertEqual(2.0 ** exponent, got[loss_scaling.SCALE], factors)

  def test_at_scale_one_nothing_is_left_to_mend(self):
    with mock.patch.object(loss_scaling, 'INITIAL_SCALE', 2.0):
      got, states = _train([np.nan] * 3)
    self.assertEqual([loss_guard.LEFT_OUT, loss_guard.HOPELESS,
                      loss_guard.HOPELESS], states)
    self.assertEqual(1, got[loss_scaling.SCALE])
    self.assertAllEqual(_START, got['x'])

  def test_told(self):
    with test_util.graph_session() as session:
      x = tf.Variable(lambda: _START, use_resource=True, dtype=tf.float32)
      optimization.train_op(tf.reduce_sum(x ** 2), [x],
                            config_lib.TrainConfig(precision='float16'))
      session.run(tf.global_variables_initializer())
      summary = tf.Summary.FromString(session.run(tf.summary.merge_all()))
      told = {value.tag: value.simple_value for value in summary.value}
      self.assertEqual(2.0 ** 15, told['loss_scale'])
      self.assertEqual(0, told['skipped_updates'])


class ReplicasTest(tf.test.TestCase):

  def test_all_leave_a_step_out_where_one_overflows(self):
    config = config_lib.TrainConfig(learning_rate=0.5, precision='float16')
    with tf.Graph().as_default():
      strategy = tf.distribute.MirroredStrategy(['/cpu:0', '/cpu:1'])
      factors = tf.placeholder(tf.float32, [2])
      with strategy.scope():
        layer = linear.Linear(3, 1)
        step = tf.train.get_or_create_global_step()

        def replica():
          index = tf.distribute.get_replica_context(
          ).replica_id_in_sync_group
          loss = factors[index] * tf.reduce_sum(
              layer(tf.constant(test_util.random(2, 3))))
          return optimization.train_op(loss, layer.variables, config)

        ops = strategy.experimental_local_results(strategy.run(replica))
      with tf.Session(config=tf.ConfigProto(
          device_count={'CPU': 2})) as session:
        session.run(tf.global_variables_initializer())

        def after(*values):
          session.run(ops, {factors: values})
          return session.run([
              copy for v in layer.variables
              for copy in strategy.experimental_local_results(v)])

        start = after(1, np.nan)
        self.assertAllEqual(start[0], start[1])
        for values in ((np.inf, 1), (1, np.nan)):
          for expected, got in zip(start, after(*values)):
            self.assertAllEqual(expected, got)
        moved = after(1, 1)
        self.assertNotAllClose(start[0], moved[0])
        self.assertAllEqual(moved[0], moved[1])
        self.assertEqual(4, session.run(step))
        (scale,) = [v for v in tf.global_variables()
                    if v.name == f'{loss_scaling.SCALE}:0']
        self.assertEqual(2.0 ** 12, session.run(scale))


class CheckpointTest(linear_model.RunnerTestCase):

  def _runner(self, model_dir, precision, factor=1.0):

    def model_fn(features, labels, mode):
      del labels
      weights = tf.Variable(lambda: tf.zeros([3, 1]), use_resource=True,
                            name='linear/weights')
      loss = factor * tf.reduce_mean(
          tf.square(tf.matmul(features['x'], weights) - 1))
      return estimator_lib.EstimatorSpec(
          mode, loss=loss, train_op=optimization.train_op(
              loss, [weights], config_lib.TrainConfig(precision=precision)))

    return estimator_lib.Estimator(
        model_fn, model_dir, estimator_lib.RunConfig(
            save_checkpoints_steps=5, save_summary_steps=None,
            log_step_count_steps=None))

  def test_goes_on_from_what_was_saved(self):
    model_dir = self.create_tempdir().full_path
    self.train(self._runner(model_dir, 'float16', np.nan), 3)
    self.train(self._runner(model_dir, 'float16'), 5)
    values = linear_model.values(self._runner(model_dir, 'float16'))
    self.assertEqual(2.0 ** 12, values[loss_scaling.SCALE])
    self.assertEqual(3, values[loss_scaling.SKIPPED])
    self.assertEqual(2, values[loss_scaling.GOOD_STEPS])

  def test_precision_may_change_on_the_way(self):
    model_dir = self.create_tempdir().full_path
    self.train(self._runner(model_dir, 'float32'), 3)
    with self.assertLogs('absl', 'INFO') as logs:
      self.train(self._runner(model_dir, 'float16'), 6)
    self.assertIn('model.ckpt-3 holds no averages of weights or loss scale',
                  '\n'.join(logs.output))
    self.train(self._runner(model_dir, 'bfloat16'), 9)
    whole = self._runner(self.create_tempdir().full_path, 'float32')
    for steps in (3, 6, 9):  # The input begins anew with each.
      self.train(whole, steps)
    expected, got = (linear_model.values(runner) for runner in (
        whole, self._runner(model_dir, 'float32')))
    for name, value in expected.items():
      self.assertAllEqual(value, got[name], msg=name)

  def test_ends_where_no_scale_helps(self):
    runner = self._runner(self.create_tempdir().full_path, 'float16', np.nan)
    with self.assertRaisesRegex(
        estimator_lib.DivergedError, 'loss is nan.*--precision=bfloat16'):
      self.train(runner, 100)
    # 15 steps halve the scale to 1, the one after has nothing left to halve.
    self.assertEqual(15, runner.get_variable_value('global_step'))


if __name__ == '__main__':
  tf.test.main()
