"""Rows that move, come and go, by hand and through a warm start."""

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator.checkpoint import row_maps
from master.estimator.checkpoint import warm_start
from master.estimator.distribute import strategy as strategy_lib
from tests.support import linear_model

# Two devices; tests/estimator/distribute/strategy_test.py says why on import.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices('CPU')[0],
    [tf.config.LogicalDeviceConfiguration()] * 2)


class RowMapTest(linear_model.RunnerTestCase):

  def test_rows(self):
    rows = row_maps.RowMap(0, (2, -1, 0), 5)
    self.assertEqual([5, 7], rows.source_shape([3, 7]))
    saved = np.arange(10).reshape(5, 2)
    initial = np.float32([[-1, -2], [-3, -4], [-5, -6]])
    self.assertAllEqual([[4, 5], [-3, -4], [0, 1]],
                        rows.apply(saved, initial))
    self.assertAllEqual([[-1, -2], [-3, -4], [-5, -6]], initial)

  def test_columns(self):
    columns = row_maps.RowMap(1, (-1, 1), 3)
    self.assertAllEqual(
        [[7, 2], [8, 5]],
        columns.apply(np.arange(1, 7).reshape(2, 3), [[7, 0], [8, 0]]))

  def _warm_started(self, maps, **config):
    source = linear_model.estimator()
    self.train(source, 5)
    # The third input of the model is the first of the source; the first is
    # new.
    runner = linear_model.estimator(
        warm_start_from=warm_start.WarmStartSettings(
            source.model_dir, row_maps=maps), **config)
    runner.train(linear_model.input_fn(4, repeat=True), max_steps=1)
    path = f'{runner.model_dir}/model.ckpt-0'
    return (source.get_variable_value('linear/weights'),
            tf.train.load_variable(path, 'linear/weights'))

  def test_warm_start(self):
    for strategy in (None, strategy_lib.strategy_from_name(
        'mirrored', ['/cpu:0', '/cpu:1'])):
      saved, started = self._warm_started(
          {'linear/weights': row_maps.RowMap(0, (-1, 2, 0), 3)},
          train_distribute=strategy)
      self.assertAllEqual([[0], saved[2], saved[0]], started)

  def test_a_checkpoint_of_another_size(self):
    with self.assertRaisesRegex(
        errors.InputError,
        r'linear/weights has shape \[3, 1\] in it, \[3, 1\] in the model, '
        r'\[4, 1\] by its charset'):
      self._warm_started(
          {'linear/weights': row_maps.RowMap(0, (-1, 2, 0), 4)})


if __name__ == '__main__':
  tf.test.main()
