"""Tests of master/layers/position.py."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.layers import position
from tests.support import reference
from tests.support import test_util


class SinusoidsTest(parameterized.TestCase):

  @parameterized.parameters((1, 2), (7, 6), (300, 22), (13, 512))
  def test_equals_the_formula(self, length, size):
    code = position.sinusoids(length, size)
    self.assertEqual((length, size), code.shape)
    self.assertEqual(np.float32, code.dtype)
    np.testing.assert_allclose(reference.sinusoids(length, size), code,
                               atol=1e-6)

  def test_first_channels_are_sine_and_cosine_of_the_position(self):
    code = position.sinusoids(4, 10)
    np.testing.assert_allclose(np.sin(np.arange(4)), code[:, 0], atol=1e-6)
    np.testing.assert_allclose(np.cos(np.arange(4)), code[:, 1], atol=1e-6)

  def test_longer_codes_extend_shorter_ones(self):
    np.testing.assert_array_equal(position.sinusoids(5, 6),
                                  position.sinusoids(9, 6)[:5])

  def test_odd_size(self):
    self.assertEqual('size is 7, must be even.',
                     test_util.error_of(position.sinusoids, 3, 7))


if __name__ == '__main__':
  absltest.main()
