"""Tests of master/errors.py."""

import errno

from absl.testing import absltest
import tensorflow.compat.v1 as tf

from master import errors


class WritingToTest(absltest.TestCase):

  def test_names_file_fault_and_mend(self):
    with self.assertRaisesRegex(
        errors.InputError,
        r'^--json=f: cannot be written \(No space left on device\); make '
        r'room\.$'):
      with errors.writing_to('--json=f', 'make room'):
        raise OSError(errno.ENOSPC, 'No space left on device', 'f.tmp')

  def test_without_the_words_of_the_system(self):
    with self.assertRaisesRegex(errors.InputError, 'cannot write mode F'):
      with errors.writing_to('f', 'make room'):
        raise OSError('cannot write mode F as PNG')


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
