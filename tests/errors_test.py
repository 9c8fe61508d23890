"""Tests of master/errors.py."""

import errno

from absl.testing import absltest
import tensorflow.compat.v1 as tf

from master import errors


class NoRoomTest(absltest.TestCase):

  def test_of_the_system(self):
    self.assertEqual('No space left on device',
                     errors.no_room(OSError(errno.ENOSPC, 'x', 'file')))
    self.assertEqual('Disk quota exceeded',
                     errors.no_room(OSError(errno.EDQUOT, 'x')))

  def test_of_tensorflow(self):
    self.assertEqual('File too large', errors.no_room(
        tf.errors.UnknownError(None, None, 'm/part; File too large')))

  def test_others(self):
    self.assertIsNone(errors.no_room(OSError(errno.EACCES, 'x')))
    self.assertIsNone(errors.no_room(
        tf.errors.ResourceExhaustedError(None, None, 'OOM when allocating')))


if __name__ == '__main__':
  absltest.main()
