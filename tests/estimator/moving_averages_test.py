"""Averages of weights: what they are, and that they are what is read."""

import numpy as np
import tensorflow.compat.v1 as tf

from master import estimator as estimator_lib
from master.estimator import moving_averages
from master.estimator.checkpoint import checkpoints
from master.estimator.checkpoint import warm_start
from master.estimator.distribute import strategy as strategy_lib
from tests.support import linear_model

# Two devices; tests/estimator/distribute/strategy_test.py says why on import.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices('CPU')[0],
    [tf.config.LogicalDeviceConfiguration()] * 2)

_DECAY = 0.3
_WEIGHTS = 'linear/weights'


def _model_fn(features, labels, mode, params):
  """That of linear_model, with averages."""
  if mode != estimator_lib.ModeKeys.TRAIN:
    with moving_averages.reading():
      return linear_model.model_fn(features, labels, mode, params)
  return linear_model.model_fn(features, labels, mode,
                               {'average_decay': _DECAY, **params})


def _numpy_average(values):
  average = 0
  for n, value in enumerate(values):
    decay = min(_DECAY, n / (n + 9))
    average = decay * average + (1 - decay) * value
  return average


class AveragesTest(linear_model.RunnerTestCase):

  def _runner(self, model_dir=None, **config):
    return estimator_lib.Estimator(
        _model_fn, model_dir or self.create_tempdir().full_path,
        estimator_lib.RunConfig(**{
            'save_checkpoints_steps': 1, 'keep_checkpoint_max': None,
            'save_summary_steps': None, 'log_step_count_steps': None,
            **config}), {})

  def _weights(self, runner, steps, name=_WEIGHTS):
    return [tf.train.load_variable(f'{runner.model_dir}/model.ckpt-{step}',
                                   name) for step in steps]

  def test_numpy(self):
    runner = self._runner()
    for steps in (3, 8):  # Which a restart in between does not change.
      self.train(runner, steps)
    weights = self._weights(runner, range(1, 9))
    (average,) = self._weights(runner, [8], _WEIGHTS + moving_averages.SUFFIX)
    self.assertAllClose(_numpy_average(weights), average, rtol=1e-5)
    self.assertNotAllClose(weights[-1], average, rtol=1e-3)

  def test_the_first_is_the_weight(self):
    runner = self._runner()
    self.train(runner, 1)
    self.assertAllEqual(
        *self._weights(runner, [1]),
        *self._weights(runner, [1], _WEIGHTS + moving_averages.SUFFIX))

  def test_two_devices(self):
    one = self._runner()
    two = self._runner(train_distribute=strategy_lib.strategy_from_name(
        'mirrored', ['/cpu:0', '/cpu:1']))
    for runner in (one, two):
      self.train(runner, 5)
    self.assert_same_values(one, two)
    # And one goes on from two.
    self.train(self._runner(two.model_dir), 6)

  def test_devices_exchange_nothing_for_them(self):

    def sums(params):
      with tf.Graph().as_default() as graph:
        strategy = strategy_lib.strategy_from_name('mirrored',
                                                   ['/cpu:0', '/cpu:1'])
        with strategy.scope():
          tf.train.get_or_create_global_step()
          strategy.extended.call_for_each_replica(
              lambda: linear_model.model_fn(
                  {'x': tf.constant(linear_model.INPUTS)},
                  tf.constant(linear_model.TARGETS),
                  estimator_lib.ModeKeys.TRAIN, params))
        return [op.type for op in graph.get_operations()].count('AddN')

    self.assertGreaterEqual(sums({}), 2)  # Of the gradients.
    self.assertEqual(sums({}), sums({'average_decay': _DECAY}))

  def test_evaluates_the_averages(self):
    strategy = strategy_lib.strategy_from_name('mirrored',
                                               ['/cpu:0', '/cpu:1'])
    for eval_distribute in (None, strategy):
      runner = self._runner(eval_distribute=eval_distribute)
      self.train(runner, 6)
      results = runner.evaluate(linear_model.input_fn(4))
      average, bias = (
          self._weights(runner, [6], name + moving_averages.SUFFIX)[0]
          for name in (_WEIGHTS, 'linear/bias'))
      self.assertAllClose(
          np.mean(linear_model.numpy_errors(average, bias)),
          results['error'], rtol=1e-5)

  def test_names(self):
    runner = self._runner()
    self.train(runner, 1)
    saved = checkpoints.saved_shapes(runner.latest_checkpoint())
    self.assertEqual(
        {name: name + \
         moving_averages.SUFFIX for name in (_WEIGHTS, 'linear/bias')},
        moving_averages.previous_names(saved))
    self.assertEqual(
        {_WEIGHTS + moving_averages.SUFFIX: 1, 'linear/moving': 2},
        moving_averages.restored({_WEIGHTS: 1, 'linear/moving': 2}, saved))

  def test_begins_where_a_checkpoint_has_none(self):
    plain = linear_model.estimator()
    self.train(plain, 5)
    expected = linear_model.values(plain)
    runner = self._runner(plain.model_dir)
    with self.assertLogs('absl', level='INFO') as logs:
      self.train(runner, 8)
    self.assertIn('model.ckpt-5 holds no averages of weights or loss '
                  'scale, which begin now',
                  '\n'.join(logs.output))
    for name, value in expected.items():  # With the optimizer's state.
      self.assertAllEqual(*self._weights(runner, [5], name), value, msg=name)
    self.assertAllClose(
        _numpy_average(self._weights(runner, (6, 7, 8))),
        *self._weights(runner, [8], _WEIGHTS + moving_averages.SUFFIX),
        rtol=1e-5)

  def test_warm_start_from_averages(self):
    source = self._runner()
    self.train(source, 6)
    path = source.latest_checkpoint()
    runner = linear_model.estimator(
        warm_start_from=warm_start.WarmStartSettings(
            path, var_name_to_prev_var_name=moving_averages.previous_names(
                checkpoints.saved_shapes(path))))
    self.train(runner, 1)
    self.assertAllEqual(
        *self._weights(source, [6], _WEIGHTS + moving_averages.SUFFIX),
        *self._weights(runner, [0]))


if __name__ == '__main__':
  tf.test.main()
