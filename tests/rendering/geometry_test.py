"""Tests of master/rendering/geometry.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.rendering import geometry
from master.rendering import lettering

WORD = np.zeros([23, 97], np.uint8)
WORD[2:-2, ::7] = 255
WORD[0], WORD[-1], WORD[:, 0], WORD[:, -1] = 255, 255, 255, 255


class CurvedTest(absltest.TestCase):

  def test_whole_offsets_move_columns(self):
    mask = np.array([[10, 20, 30], [40, 50, 60]], np.uint8)
    moved = geometry.curved(mask, np.array([0., 2., 1.]))
    np.testing.assert_array_equal(
        [[10, 0, 0], [40, 0, 30], [0, 20, 60], [0, 50, 0], [0, 0, 0]], moved)

  def test_half_offsets_share_rows(self):
    moved = geometry.curved(np.array([[100], [200]], np.uint8),
                            np.array([0.5]))
    np.testing.assert_array_equal([50, 150, 100, 0], moved[:, 0])


def lettering_of(word, margin=2.0):
  """A word with the same margin on all sides."""
  rows, columns = word.shape
  return lettering.Lettering(
      lettering.padded(word, 1, 1, 1, 1),
      lettering.Box(1 - margin, 1 - margin, 1 + columns + margin,
                    1 + rows + margin), rows, 3.0, ())


class PlacedTest(parameterized.TestCase):

  def place(self, seed, strength, height=31, word=WORD, wild=False):
    placed = geometry.placed(lettering_of(word), height, random.Random(seed),
                             strength, wild)
    self.assertEqual(height, placed.mask.height)
    return np.asarray(placed.mask), placed.scale

  def test_without_strength_only_the_size_changes(self):
    mask, scale = self.place(0, 0.0)
    self.assertAlmostEqual(31 / 27, scale)
    self.assertAlmostEqual(101 * 31 / 27, mask.shape[1], delta=1)
    rows = np.flatnonzero(mask.max(axis=1) > 99)
    columns = np.flatnonzero(mask.max(axis=0) > 99)
    self.assertBetween(rows[0], 1, 3)
    self.assertBetween(rows[-1], 27, 29)
    # The frame stays straight.
    self.assertGreater(mask[rows[0] + 1, 9:-9].min(), 40)
    self.assertGreater(mask[9:-9, columns[0]].min(), 40)

  def test_is_the_same_for_a_seed(self):
    np.testing.assert_array_equal(self.place(5, 1.0)[0],
                                  self.place(5, 1.0)[0])
    self.assertGreater(len({self.place(s, 1.0)[0].shape
                            for s in range(20)}), 10)

  @parameterized.parameters(24, 64)
  def test_keeps_the_word_in_the_crop(self, height):
    filled = np.full([40, 120], 255, np.uint8)
    for seed in range(200):
      mask, scale = self.place(seed, 1.0, height, filled)
      lost = 1 - mask.astype(float).sum() / 255 / (scale ** 2 * filled.size)
      # Stretch and perspective change the area, cut corners little of it.
      self.assertLess(lost, 0.6, seed)
      self.assertGreater((mask.max(axis=0) > 99).mean(), 0.6, seed)

  def test_wild_words_lie_further_from_level_and_stay_in_the_crop(self):
    filled = np.full([40, 120], 255, np.uint8)
    shares = {False: [], True: []}
    for seed in range(200):
      for wild, found in shares.items():
        mask, _ = self.place(seed, 1.0, 48, filled, wild)
        self.assertGreater((mask.max(axis=0) > 99).mean(), 0.5, seed)
        found.append(mask.mean() / 255)
    # Turned or bent, a word leaves more of its crop empty.
    self.assertLess(np.mean(shares[True]), np.mean(shares[False]) - 0.1)

  def test_wild_without_strength_is_level(self):
    for seed in range(20):
      np.testing.assert_array_equal(self.place(seed, 0.0)[0],
                                    self.place(seed, 0.0, wild=True)[0])

  def test_an_oblique_word_is_narrow_and_on_a_slope_but_upright(self):
    # Posts on a line: of upright letters all that can be seen.
    word = np.zeros([40, 120], np.uint8)
    word[:, 2:118:23], word[-4:] = 255, 255
    slopes, ratios, leans = [], [], []
    for seed in range(200):
      placed = geometry.placed(lettering_of(word), 40, random.Random(seed),
                               1.0, oblique=True)
      mask = np.asarray(placed.mask)
      height, width = mask.shape
      self.assertBetween(height, 40, 100)
      ratios.append(width / height)
      # The line is the lowest ink of each column; the first post is nearly
      # all the ink at the left end, whatever the line's slope.
      inked = np.flatnonzero(mask.max(axis=0) > 99)
      self.assertGreater(len(inked), 0.6 * width, seed)
      lowest = height - 1 - (mask[::-1, inked] > 99).argmax(axis=0)
      slopes.append(np.polyfit(inked, lowest, 1)[0])
      ys, xs = np.nonzero(mask[:, :max(3, width // 8)] > 99)
      leans.append(np.polyfit(ys, xs, 1)[0] if np.ptp(ys) > 8 else 0.0)
    degrees = np.abs(np.degrees(np.arctan(slopes)))
    self.assertGreater(np.mean(degrees > 10), 0.85)
    self.assertLess(degrees.max(), 55)
    self.assertBetween(np.mean(np.array(slopes) > 0), 0.35, 0.65)
    # Straight on it is 2.8 times as wide as high.
    self.assertLess(np.median(ratios), 1.6)
    self.assertLess(np.median(np.abs(leans)), 0.3)

  def test_an_oblique_word_keeps_the_height_of_its_letters(self):
    scales = [geometry.placed(lettering_of(WORD), 54, random.Random(seed),
                              1.0, oblique=True).scale for seed in range(200)]
    # 54 rows for the 27 of the word and its margins: twice their size.
    self.assertBetween(np.median(scales), 1.9, 2.1)

  def test_an_oblique_word_without_strength_is_level(self):
    plain, oblique = (geometry.placed(
        lettering_of(WORD), 31, random.Random(3), 0.0, oblique=value)
                      for value in (False, True))
    np.testing.assert_array_equal(np.asarray(plain.mask),
                                  np.asarray(oblique.mask))

  def test_shows_what_the_box_asks_for(self):
    # The right half of a word whose halves differ.
    word = np.zeros([20, 80], np.uint8)
    word[:, :40] = 255
    drawn = lettering_of(word)._replace(box=lettering.Box(45, 1, 81, 21))
    placed = geometry.placed(drawn, 40, random.Random(0), 0.0)
    self.assertEqual((72, 40), placed.mask.size)
    self.assertEqual((0, 0), placed.mask.getextrema())

  def test_a_tight_crop_follows_the_ink(self):
    # An arc of dots: the corners of its box are far from its ink.
    word = np.zeros([80, 160], np.uint8)
    for angle in np.linspace(0.05, np.pi - 0.05, 30):
      y, x = 78 - 70 * np.sin(angle), 80 - 74 * np.cos(angle)
      word[round(y) - 1:round(y) + 2, round(x) - 1:round(x) + 2] = 255
    rows = np.flatnonzero(word.any(axis=1))
    columns = np.flatnonzero(word.any(axis=0))
    word = word[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
    tight = lettering_of(word, 4.0)
    tight = tight._replace(outline=np.argwhere(tight.mask)[:, ::-1])
    for seed in range(60):
      placed = geometry.placed(tight, 90, random.Random(seed), 1.0, True)
      mask = np.asarray(placed.mask)
      self.assertLen(mask, 90)
      rows = np.flatnonzero(mask.max(axis=1) > 60)
      columns = np.flatnonzero(mask.max(axis=0) > 60)
      margin = 4 * placed.scale
      for found in (rows[0], 89 - rows[-1], columns[0],
                    mask.shape[1] - 1 - columns[-1]):
        self.assertAlmostEqual(margin, found, delta=2.5)

  def test_shrinking_keeps_thin_strokes(self):
    word = np.zeros([120, 400], np.uint8)
    word[7::19] = 255
    mask, _ = self.place(0, 0.0, 24, word)
    self.assertAlmostEqual(word.mean(), mask[3:-3, 9:-9].mean(), delta=4)

  def test_letter_of_one_column(self):
    for seed in range(50):
      mask, _ = self.place(seed, 1.0, 24, np.full([40, 1], 255, np.uint8))
      self.assertTrue(mask.any())


if __name__ == '__main__':
  absltest.main()
