"""Tests of master/importing/model_dir.py."""

import errno
import os
import stat
from unittest import mock

from absl.testing import parameterized
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master.estimator.checkpoint import checkpoints
from master.export import predictor
from master.importing import model_dir
from master.models import recognizer
from tests.support import model_files
from tests.support import test_util


def _values():
  with tf.Graph().as_default():
    variables = recognizer.Recognizer(test_util.TINY).variables
  return {name.removeprefix('master/'): value for name, value
          in test_util.formula_weights(variables).items()}


class ModelDirTest(tf.test.TestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.parent = self.create_tempdir().full_path
    self.path = os.path.join(self.parent, 'new', 'model')

  def write(self):
    with model_dir.writing(self.path) as scratch:
      model_dir.write(scratch, test_util.TINY, _values().items())

  def test_restored_equals_given(self):
    self.write()
    self.assertEqual(config_lib.Config(test_util.TINY),
                     config_lib.read(self.path))
    prefix = checkpoints.find(self.path)
    self.assertEqual(os.path.join(self.path, 'model.ckpt-0'), prefix)
    reader = tf.train.load_checkpoint(prefix)
    expected = {f'master/{name}': value for name, value in _values().items()}
    self.assertCountEqual([*expected, 'global_step'],
                          reader.get_variable_to_shape_map())
    for name, value in expected.items():
      self.assertAllEqual(value, reader.get_tensor(name))
    self.assertEqual(0, checkpoints.step(prefix))
    with predictor.Predictor.from_model_dir(self.path) as model:
      self.assertTrue(model.read_bytes([model_files.encoded_image()])[0].valid)

  def test_it_may_be_moved_and_read_by_others(self):
    self.write()
    moved = os.path.join(self.parent, 'moved')
    os.rename(self.path, moved)
    self.assertEqual(os.path.join(moved, 'model.ckpt-0'),
                     checkpoints.find(moved))
    umask = os.umask(0)
    os.umask(umask)
    self.assertEqual(0o777 & ~umask, stat.S_IMODE(os.stat(moved).st_mode))

  def test_an_empty_directory_will_do(self):
    os.makedirs(self.path)
    self.write()
    self.assertEqual([os.path.basename(self.path)],
                     os.listdir(os.path.dirname(self.path)))
    self.assertIn('config.json', os.listdir(self.path))

  def test_what_is_there_is_kept(self):
    os.makedirs(self.path)
    model_files.write_files(self.path, {'config.json': b'{}'})
    with self.assertRaisesRegex(errors.InputError, 'name a new one'):
      self.write()
    self.assertEqual(['config.json'], os.listdir(self.path))
    self.path = os.path.join(self.path, 'config.json')
    with self.assertRaisesRegex(errors.InputError, 'not an empty directory'):
      self.write()

  @parameterized.parameters(
      OSError(errno.ENOSPC, 'No space left on device'),
      tf.errors.ResourceExhaustedError(None, None, 'No space left on device'))
  def test_a_full_disk_leaves_nothing(self, error):
    with mock.patch.object(tf.train.Saver, 'save', side_effect=error):
      with self.assertRaisesRegex(
          errors.InputError, '--model_dir=.*new/model: cannot be written '
          '.*No space left on device'):
        self.write()
    self.assertEmpty(os.listdir(self.parent))

  @parameterized.parameters(KeyboardInterrupt, ValueError,
                            errors.InputError)
  def test_a_failure_leaves_nothing(self, error):
    with self.assertRaises(error):
      with model_dir.writing(self.path) as scratch:
        model_files.write_files(scratch, {'model.ckpt-0.index': b'x'})
        raise error('half way')
    self.assertEmpty(os.listdir(self.parent))

  def test_a_failure_keeps_parents_that_were_there(self):
    os.makedirs(os.path.dirname(self.path))
    with self.assertRaises(ValueError):
      with model_dir.writing(self.path):
        raise ValueError
    self.assertEqual(['new'], os.listdir(self.parent))
    self.assertEmpty(os.listdir(os.path.join(self.parent, 'new')))

  def test_a_place_that_cannot_be(self):
    model_files.write_files(self.parent, {'file': b''})
    self.path = os.path.join(self.parent, 'file', 'model')
    with self.assertRaisesRegex(errors.InputError, 'cannot be written'):
      self.write()

  def test_every_variable_needs_a_value(self):
    values = _values()
    del values['decoder/embedding']
    with self.assertRaisesRegex(ValueError, 'decoder/embedding'):
      model_dir.write(self.parent, test_util.TINY, values.items())


if __name__ == '__main__':
  tf.test.main()
