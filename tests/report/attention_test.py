"""Tests of how attention is packed."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.report import attention


def _maps(symbols, height, width):
  rng = np.random.default_rng(0)
  return rng.random([symbols, height, width], np.float32) ** 8


class AttentionTest(parameterized.TestCase):

  @parameterized.parameters((5, 3, 7), (11, 6, 40), (3, 16, 17), (3, 19, 31))
  def test_keeps_the_largest_weights(self, symbols, height, width):
    maps = _maps(symbols, height, width)
    found = attention.unpack(attention.pack(maps, symbols))
    self.assertEqual(found.shape, maps.shape)
    for one, kept in zip(maps / maps.max((1, 2), keepdims=True), found):
      threshold = np.sort(one.ravel())[-attention.MAX_CELLS]
      expected = np.where(one >= threshold, one, 0)
      # Half of a level of 4 bits.
      np.testing.assert_allclose(kept, expected, atol=0.5 / 15 + 1e-6)

  def test_drops_what_follows_the_text(self):
    maps = _maps(7, 2, 5)
    found = attention.unpack(attention.pack(maps, 3))
    np.testing.assert_array_equal(
        found, attention.unpack(attention.pack(maps[:3], 3)))
    self.assertLen(found, 3)

  def test_holds_no_more_symbols_than_there_are(self):
    self.assertLen(attention.unpack(attention.pack(_maps(2, 2, 5), 9)), 2)

  def test_a_grid_of_few_cells(self):
    maps = np.array([[[0.2, 0.8, 0.0]]], np.float32)
    found = attention.unpack(attention.pack(maps, 1))
    np.testing.assert_allclose(found, [[[4 / 15, 1, 0]]], atol=1e-6)

  def test_no_weight_at_all(self):
    maps = np.array([[[0, 0]], [[np.nan, 0.5]]], np.float32)
    found = attention.unpack(attention.pack(maps, 2))
    np.testing.assert_array_equal(found, [[[0, 0]], [[0, 1]]])

  def test_no_symbol(self):
    found = attention.unpack(attention.pack(_maps(3, 2, 5), 0))
    self.assertEqual(found.shape, (0, 2, 5))

  def test_is_small(self):
    self.assertLess(len(attention.pack(_maps(12, 6, 40), 12)), 12 * 20)


if __name__ == '__main__':
  absltest.main()
