"""When exporters export, and what they keep."""

import os

import tensorflow.compat.v1 as tf

from master import estimator as estimator_lib
from tests.support import linear_model

_RECEIVER_FN = estimator_lib.build_raw_serving_input_receiver_fn(
    {'x': tf.TensorSpec([None, 3], tf.float32)})


class ExportersTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.runner = linear_model.estimator()
    cls.runner.train(linear_model.input_fn(4, repeat=True), max_steps=1)

  def export(self, exporter, base, loss=0.0, is_final=False):
    return exporter.export(self.runner, base, self.runner.latest_checkpoint(),
                           {'loss': loss, 'global_step': 1}, is_final)

  def test_latest_keeps_the_newest(self):
    base = self.create_tempdir().full_path
    exporter = estimator_lib.LatestExporter('latest', _RECEIVER_FN,
                                            exports_to_keep=2)
    paths = [self.export(exporter, base) for _ in range(3)]
    self.assertCountEqual([os.path.basename(path) for path in paths[1:]],
                          os.listdir(base))

  def test_final(self):
    base = self.create_tempdir().full_path
    exporter = estimator_lib.FinalExporter('final', _RECEIVER_FN)
    self.assertIsNone(self.export(exporter, base))
    self.assertIn('saved_model.pb',
                  os.listdir(self.export(exporter, base, is_final=True)))

  def test_best(self):
    base = self.create_tempdir().full_path
    exporter = estimator_lib.BestExporter(
        serving_input_receiver_fn=_RECEIVER_FN)
    exported = [self.export(exporter, base, loss) is not None
                for loss in (3.0, 5.0, 3.0, 2.0)]
    self.assertEqual([True, False, False, True], exported)

  def test_best_outlives_a_restart(self):
    base = self.create_tempdir().full_path
    results = self.runner.evaluate(linear_model.input_fn(4), name='best')

    def exported(loss):
      exporter = estimator_lib.BestExporter(
          serving_input_receiver_fn=_RECEIVER_FN,
          event_file_pattern='eval_best/*.tfevents.*')
      return self.export(exporter, base, loss) is not None

    self.assertFalse(exported(results['loss'] + 1))
    self.assertTrue(exported(results['loss'] - 1))
    # The evaluation at hand is in the event file too, and not its own rival.
    self.assertTrue(exported(results['loss']))

  def test_needs_a_receiver(self):
    with self.assertRaisesRegex(ValueError, 'serving_input_receiver_fn'):
      estimator_lib.BestExporter()
    with self.assertRaisesRegex(ValueError, 'exports_to_keep'):
      estimator_lib.LatestExporter('latest', _RECEIVER_FN, exports_to_keep=0)


if __name__ == '__main__':
  tf.test.main()
