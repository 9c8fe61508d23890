"""Tests of master/estimator/export/versions.py."""

import os
from unittest import mock

import tensorflow.compat.v1 as tf

from master import errors
from master.estimator.export import versions
from tests.support import model_files


def _write(folder):
  model_files.write_files(folder, {'whole': b''})


class VersionsTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.parent = self.create_tempdir().full_path
    self.base = os.path.join(self.parent, 'new', 'base')

  def publish(self, now, write=_write):
    with mock.patch('time.time', lambda: now):
      return os.path.basename(versions.publish(self.base, write))

  def test_named_by_the_time_or_above_all_there_are(self):
    self.assertEqual('1000', self.publish(1000.9))
    self.assertEqual('1001', self.publish(1000.9))
    self.assertEqual('2000', self.publish(2000.1))
    self.assertEqual('2001', self.publish(1500.0))
    self.assertEqual(['whole'], os.listdir(os.path.join(self.base, '2001')))

  def test_lists_by_number_and_nothing_else(self):
    self.assertEmpty(versions.paths(self.base))
    for name in ('10', '9', '008', 'temp-11', '²', '-3', '1.5'):
      os.makedirs(os.path.join(self.base, name))
    self.assertEqual(['008', '9', '10'],
                     list(map(os.path.basename, versions.paths(self.base))))

  def test_another_takes_the_version_meanwhile(self):
    rename = tf.io.gfile.rename

    def rename_late(source, target):
      model_files.write_files(target, {'of another': b''})
      mocked.side_effect = rename
      rename(source, target)

    with mock.patch.object(tf.io.gfile, 'rename',
                           side_effect=rename_late) as mocked:
      self.assertEqual('1001', self.publish(1000.0))
    self.assertEqual(['of another'],
                     os.listdir(os.path.join(self.base, '1000')))

  def test_a_failure_leaves_nothing(self):

    def fail(folder):
      _write(folder)
      raise error

    for error in (ValueError(), KeyboardInterrupt()):
      with self.assertRaises(type(error)):
        self.publish(1000.0, fail)
      self.assertEmpty(os.listdir(os.path.join(self.parent, 'new')))
    os.makedirs(self.base)
    with self.assertRaises(KeyboardInterrupt):
      self.publish(1000.0, fail)
    self.assertEmpty(os.listdir(self.base))

  def test_a_base_that_is_a_file_is_named(self):
    self.base = self.create_tempfile('taken').full_path
    with self.assertRaisesRegex(
        errors.InputError,
        rf'--export_dir={self.base}: cannot be written to \(.* not a directory'
        r'\); name another folder'):
      versions.publish(self.base, _write, '--export_dir=')


if __name__ == '__main__':
  tf.test.main()
