"""Tests of master/export/weights.py."""

import os
import tempfile

from absl.testing import absltest
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.estimator import moving_averages
from master.estimator.checkpoint import checkpoints
from master.export import predictor as predictor_lib
from master.export import weights
from tests.support import model_files


def training_checkpoint(folder):
  """Writes a model as a training with averages leaves it; returns its path.

  Averages differ from the weights, and there is an optimizer's slot.
  """
  prefix = model_files.write_tiny_model_dir(folder, step=7)
  reader = tf.train.load_checkpoint(prefix)
  rng = np.random.default_rng(0)
  with tf.Graph().as_default(), tf.Session() as session:
    for name in reader.get_variable_to_shape_map():
      value = reader.get_tensor(name)
      tf.get_variable(name, initializer=value)
      if value.dtype == np.float32 and 'moving' not in name:
        # Never the value itself, whatever the shape.
        other = value + rng.uniform(0.01, 0.02, value.shape).astype(np.float32)
        tf.get_variable(name + moving_averages.SUFFIX, initializer=other)
        tf.get_variable(f'{name}/Adam', initializer=other)
    session.run(tf.global_variables_initializer())
    step = [v for v in tf.global_variables()
            if v.op.name == tf.GraphKeys.GLOBAL_STEP][0]
    session.run(step.assign(9))
    return tf.train.Saver(save_relative_paths=True).save(
        session, os.path.join(folder, 'model.ckpt'), step)


class WeightsTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.prefix = training_checkpoint(os.path.join(folder.name, 'model'))
    cls.export_dir = os.path.join(folder.name, 'export')
    with predictor_lib.Predictor.from_checkpoint(cls.prefix) as model:
      cls.path = weights.export_weights(model, cls.export_dir)

  def test_holds_the_averages_and_nothing_of_the_training(self):
    self.assertEqual(
        ['checkpoint', 'config.json', 'model.ckpt-9.data-00000-of-00001',
         'model.ckpt-9.index'], sorted(os.listdir(self.path)))
    exported = tf.train.load_checkpoint(checkpoints.find(self.path))
    trained = tf.train.load_checkpoint(self.prefix)
    shapes = exported.get_variable_to_shape_map()
    num_averages = 0
    for name in shapes:
      average = name + moving_averages.SUFFIX
      has_average = trained.has_tensor(average)
      num_averages += has_average
      self.assertAllEqual(
          trained.get_tensor(average if has_average else name),
          exported.get_tensor(name))
    self.assertGreater(num_averages, 50)
    self.assertEqual(9, checkpoints.step(checkpoints.find(self.path)))
    self.assertEmpty([name for name in shapes if 'Adam' in name])

  def test_is_read_as_the_original(self):
    images = np.random.default_rng(1).uniform(
        -1, 1, [4, 16, 20, 1]).astype(np.float32)
    with predictor_lib.Predictor.from_checkpoint(self.prefix) as original, (
        predictor_lib.Predictor.from_model_dir(self.path)) as exported:
      self.assertAllEqual(*(model.run('decode', image=images)['logits']
                            for model in (original, exported)))

  def test_keeps_the_configuration(self):
    self.assertEqual(config_lib.read(os.path.dirname(self.prefix)),
                     config_lib.read(self.path))

  def test_weights_in_place_of_averages(self):
    with predictor_lib.Predictor.from_checkpoint(
        self.prefix, use_average=False) as model:
      path = weights.export_weights(model, self.export_dir)
    self.assertNotEqual(self.path, path)
    name = 'master/decoder/classes/bias'
    self.assertAllEqual(*(tf.train.load_variable(prefix, name) for prefix in
                          (self.prefix, checkpoints.find(path))))


if __name__ == '__main__':
  absltest.main()
