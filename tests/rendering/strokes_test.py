"""Tests of master/rendering/strokes.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.rendering import strokes

ROWS = 60


def block():
  """A word that is one solid block of 60 x 240 pixels."""
  mask = np.zeros([70, 250], np.uint8)
  mask[5:65, 5:245] = 255
  return mask


def changed(kind, seed, seen_rows=50.0, letters=4):
  return strokes.changed(kind, block(), ROWS, seen_rows, letters,
                         random.Random(seed))


class StrokesTest(parameterized.TestCase):

  @parameterized.parameters(*strokes.KINDS)
  def test_keeps_shape_and_hangs_on_the_seed(self, kind):
    first = changed(kind, 1)
    self.assertEqual((np.uint8, (70, 250)), (first.dtype, first.shape))
    np.testing.assert_array_equal(first, changed(kind, 1))
    self.assertGreater(
        len({changed(kind, seed).tobytes() for seed in range(10)}), 8)

  @parameterized.parameters(*strokes.KINDS)
  def test_takes_a_part_of_the_ink_and_adds_none_outside(self, kind):
    for seed in range(30):
      done = changed(kind, seed)
      self.assertBetween(done.mean() / block().mean(), 0.25, 0.99)
      # A dot may reach over the edge by its half.
      self.assertLess(done[:2].max(initial=0), 255)

  @parameterized.parameters((50.0, 11, 17), (18.0, 8, 10))
  def test_dots_lie_in_rows_fewer_in_small_words(self, seen_rows, low, high):
    counts = []
    for seed in range(20):
      means = changed('dotted', seed, seen_rows).mean(axis=1)
      counts.append(np.count_nonzero(
          np.diff((means > 0.6 * means.max()).astype(np.int8)) == 1))
    self.assertBetween(min(counts), 7, 10)
    self.assertBetween(max(counts), low, high)

  def test_stencils_have_a_gap_in_each_letter_or_along_all(self):
    kinds = set()
    for seed in range(20):
      done = changed('stencil', seed)
      middle = done[20:50].min(axis=0)[10:240] == 0
      gaps = np.count_nonzero(np.diff(middle.astype(np.int8)) == 1)
      kinds.add('along' if middle.mean() > 0.8 else gaps)
    self.assertEqual({'along', 4}, kinds)

  def test_what_is_too_small_is_told(self):
    for kind in strokes.KINDS:
      self.assertTrue(strokes.able(kind, 30.0))
      self.assertFalse(strokes.able(kind, 10.0))


if __name__ == '__main__':
  absltest.main()
