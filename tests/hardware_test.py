"""Tests of master/hardware.py."""

import os

from absl.testing import absltest
import tensorflow as tf

from master import hardware


class HardwareTest(absltest.TestCase):

  def test_one_line_with_cores_and_version(self):
    found = hardware.describe()
    self.assertRegex(found, f'^{os.cpu_count()} x .* cores')
    self.assertIn(f'TensorFlow {tf.__version__}', found)
    self.assertNotIn('\n', found)

  def test_the_processor_is_told_once_or_not_at_all(self):
    path = self.create_tempfile(content=(
        'processor : 0\nmodel name\t: A  CPU\nprocessor : 1\n'
        'model name\t: A  CPU\n')).full_path
    self.assertEqual('A CPU', hardware._processor(path))
    self.assertEqual('', hardware._processor(path + '.missing'))


if __name__ == '__main__':
  absltest.main()
