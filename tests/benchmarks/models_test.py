"""Tests of benchmarks/models.py."""

import contextlib
import io
import types
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from benchmarks import models
from master import charset
from master import errors
from master import export
from master.export import predictor
from tests.support import test_util


def _raising(error, cause=None):
  """A stand-in for the export that fails."""

  def export_onnx(*unused_arguments):
    raise error from cause

  return export_onnx


class ModelsTest(parameterized.TestCase):

  def test_random_weights_are_a_model_whose_texts_do_not_end(self):
    config = test_util.tiny_config()
    ids = []
    for _ in range(2):
      folder = self.create_tempdir().full_path
      models.write_random(config, folder)
      with predictor.Predictor.from_model_dir(folder) as model:
        self.assertEqual(config, model.config.model)
        self.assertEndsWith(model.name, 'model.ckpt-0')
        ids.append(model.run('decode', ('ids',), image=test_util.formula_images(
            3, config))['ids'])
    np.testing.assert_array_equal(ids[0], ids[1])
    self.assertNotIn(charset.EOS_ID, ids[0])

  def _export(self, wanted, export_onnx):
    stub = types.SimpleNamespace(export_onnx=export_onnx)
    with mock.patch.object(export, 'onnx_model', stub, create=True):
      return models.export_onnx('model', 'folder', wanted)

  def test_onnx_export(self):
    for wanted in ('auto', 'yes'):
      self.assertEqual('model in folder/1', self._export(
          wanted, lambda model, folder: f'{model} in {folder}/1'))
    self.assertIsNone(self._export('no', None))

  @parameterized.parameters(
      _raising(ImportError('no onnx')),
      _raising(errors.InputError('no onnx'), ImportError()))
  def test_onnx_without_its_packages(self, lacking):
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr):
      self.assertIsNone(self._export('auto', lacking))
    self.assertEqual('onnx is left out: no onnx\n', stderr.getvalue())
    with self.assertRaisesRegex(errors.InputError, '^--onnx=yes: no onnx '):
      self._export('yes', lacking)

  def test_other_faults_of_the_onnx_export(self):
    with self.assertRaisesRegex(errors.InputError, '^no room'):
      self._export('auto', _raising(errors.InputError('no room'), OSError()))


if __name__ == '__main__':
  absltest.main()
