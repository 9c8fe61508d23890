"""Our model_fn, input_fn and receivers under the real tf.estimator."""

import os

import tensorflow.compat.v1 as tf

from master import estimator as estimator_lib
from master.estimator import compat
from tests.support import linear_model


class OriginalTest(tf.test.TestCase):

  def test_is_found_where_it_exists(self):
    version = tuple(map(int, tf.__version__.split('.')[:2]))
    self.assertEqual(version < (2, 16), compat.ESTIMATOR is not None)

  def test_runs_what_ours_runs(self):
    if compat.ESTIMATOR is None:
      self.skipTest('This TensorFlow has no tf.estimator: run make '
                    'test-tf-estimator.')
    config = compat.ESTIMATOR.RunConfig(save_checkpoints_steps=5)
    real = compat.ESTIMATOR.Estimator(
        linear_model.model_fn, self.create_tempdir().full_path, config, {})
    real.train(linear_model.input_fn(4, repeat=True), max_steps=8)
    results = real.evaluate(linear_model.input_fn(4))
    rows = list(real.predict(linear_model.input_fn(4)))
    path = real.export_saved_model(
        self.create_tempdir().full_path,
        estimator_lib.build_raw_serving_input_receiver_fn(
            {'x': tf.TensorSpec([None, 3], tf.float32)}))

    ours = linear_model.estimator(real.model_dir)
    self.assertEqual(8, ours.get_variable_value('global_step'))
    again = ours.evaluate(linear_model.input_fn(4))
    self.assertAllClose(results, again)
    self.assertAllClose([row['y'] for row in rows], [
        row['y'] for row in ours.predict(linear_model.input_fn(4))])
    self.assertIn('saved_model.pb', os.listdir(path.decode()))

    alone = linear_model.estimator()
    alone.train(linear_model.input_fn(4, repeat=True), max_steps=8)
    for name, value in linear_model.values(ours).items():
      self.assertAllClose(value, alone.get_variable_value(name), msg=name)


if __name__ == '__main__':
  tf.test.main()
