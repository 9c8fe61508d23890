"""Tests of master/images/pixels.py."""

from absl.testing import absltest
import numpy as np

from master.images import pixels


class PixelsTest(absltest.TestCase):

  def test_every_value_comes_back(self):
    values = np.arange(256, dtype=np.uint8).reshape(32, 8, 1)
    image = values.astype(np.float32) / 127.5 - 1
    for shift in (-0.49, 0.0, 0.49):
      found = pixels.to_uint8(image + np.float32(shift / 127.5))
      self.assertEqual(np.uint8, found.dtype)
      np.testing.assert_array_equal(values, found)

  def test_what_lies_outside_is_cut(self):
    np.testing.assert_array_equal(
        [0, 255], pixels.to_uint8(np.float32([-1.5, 1.2])))


if __name__ == '__main__':
  absltest.main()
