"""Tests of master/export/publishing.py, by way of SavedModels."""

import os
import tempfile
from unittest import mock

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master.export import predictor as predictor_lib
from master.export import publishing
from master.export import saved_model
from tests.support import model_files


class PublishingTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.prefix = model_files.write_tiny_model_dir(
        os.path.join(folder.name, 'model'))
    cls.original = predictor_lib.Predictor.from_checkpoint(cls.prefix)
    cls.addClassCleanup(cls.original.close)

  def test_a_taken_version_makes_way(self):
    export_dir = self.create_tempdir().full_path
    model_files.write_files(export_dir, {'1000/kept': b''})
    with mock.patch('time.time', lambda: 1000.5):
      path = saved_model.export_model(self.original, export_dir)
    self.assertEqual(os.path.join(export_dir, '1001'), path)
    self.assertEqual(['kept'], os.listdir(os.path.join(export_dir, '1000')))

  def test_refuses_a_model_that_reads_otherwise(self):
    with predictor_lib.Predictor.from_checkpoint(self.prefix) as other:
      publishing.verify(self.original, other)
      with other.session.graph.as_default():
        bias, = [v for v in tf.global_variables()
                 if v.op.name == 'master/decoder/classes/bias']
        other.session.run(bias.assign_add(
            np.linspace(0, 0.1, bias.shape[0], dtype=np.float32)))
      with self.assertRaisesRegex(RuntimeError, 'differs.*not published'):
        publishing.verify(self.original, other)

  def test_a_failure_leaves_nothing_behind(self):
    folder = self.create_tempdir().full_path
    export_dir = os.path.join(folder, 'export')
    with mock.patch.object(publishing, 'verify',
                           side_effect=RuntimeError('differs')):
      with self.assertRaisesRegex(RuntimeError, 'differs'):
        saved_model.export_model(self.original, export_dir)
    self.assertEmpty(os.listdir(folder))

  def test_an_export_dir_that_is_a_file_is_named(self):
    path = self.create_tempfile('taken').full_path
    with self.assertRaisesRegex(errors.InputError, '--export_dir=.*taken'):
      saved_model.export_model(self.original, path)


if __name__ == '__main__':
  tf.test.main()
