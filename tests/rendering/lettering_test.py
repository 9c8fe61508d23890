"""Tests of master/rendering/lettering.py."""

import random
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.rendering import fonts
from master.rendering import lettering
from master.rendering import shaping
from master.rendering import text_paths

FACE = fonts.Face()


def letter(seed, text='Words', height=40, strength=1.0, neighbours=0.0,
           cut=0.0):
  return lettering.letter(FACE, text, height, random.Random(seed), strength,
                          neighbours, cut)


def shown(drawn):
  """The mask within the box, that is what a straight crop shows."""
  left, top, right, bottom = (round(side) for side in drawn.box)
  return drawn.mask[max(0, top):bottom, max(0, left):right]


def is_underlined(drawn):
  return bool((drawn.mask == 255).all(axis=1).any())


class LetteringTest(parameterized.TestCase):

  def test_without_strength_the_plain_word_with_even_margins(self):
    drawn = letter(0, 'HHH', strength=0.0, neighbours=1.0, cut=1.0)
    self.assertEqual((), drawn.extras)
    rows = np.flatnonzero(drawn.mask.any(axis=1))
    columns = np.flatnonzero(drawn.mask.any(axis=0))
    self.assertLen(rows, drawn.rows)
    margin = 0.09 * drawn.rows
    np.testing.assert_allclose(
        [columns[0] - margin, rows[0] - margin, columns[-1] + 1 + margin,
         rows[-1] + 1 + margin], drawn.box, atol=1.01)

  def test_all_of_the_word_is_in_the_mask(self):
    for seed in range(100):
      drawn = letter(seed, 'Hag')
      if is_underlined(drawn):
        continue
      # Nothing touches the mask's edge, so nothing was cut off by it.
      for edge in (drawn.mask[0], drawn.mask[-1], drawn.mask[:, 0],
                   drawn.mask[:, -1]):
        self.assertEqual(0, edge.max(), seed)

  @parameterized.parameters(0.0, 0.2, 1.0)
  def test_rates_are_met(self, rate):
    drawn = [letter(seed, neighbours=rate, cut=rate).extras
             for seed in range(300)]
    for extra in ('neighbours', 'cut'):
      count = sum(extra in extras for extras in drawn)
      # Three deviations of a binomial count and a bit.
      self.assertBetween(count, 300 * rate - 22, 300 * rate + 22)
      if rate in (0, 1):
        self.assertEqual(300 * rate, count)

  def test_rates_shrink_with_strength(self):
    count = sum(bool(letter(seed, strength=0.25, neighbours=0.8).extras)
                for seed in range(300))
    self.assertBetween(count, 60 - 22, 60 + 22)

  def test_neighbours_stand_apart_on_all_sides(self):
    sides = set()
    for seed in range(80):
      drawn = letter(seed, 'HHHHH', neighbours=1.0)
      left, top, right, bottom = drawn.box
      height, width = drawn.mask.shape
      # Behind an edge with a neighbour the mask goes on.
      reaches = {'left': left, 'above': top, 'right': width - right,
                 'below': height - bottom}
      found = {side for side, reach in reaches.items()
               if reach > 0.29 * drawn.rows}
      self.assertNotEmpty(found)
      sides |= found
      if found == {'left'}:
        gaps = np.diff(np.flatnonzero(np.diff(
            (shown(drawn) > 99).any(axis=0).astype(int))))
        # The first gap, before the word, is wider than those in it.
        self.assertGreater(gaps[0], gaps[2] + 2)
      if found == {'above'}:
        self.assertIn(False, shown(drawn).any(axis=1).tolist())
        self.assertTrue(drawn.mask[:round(top)].any())
    self.assertLen(sides, 4)

  def test_cut_takes_a_little_of_the_word(self):
    lost = []
    for seed in range(200):
      cut = letter(seed, 'HOMES', cut=1.0)
      self.assertEqual(('cut',), cut.extras)
      if not is_underlined(cut):
        lost.append(1 - shown(cut).astype(float).sum() / cut.mask.sum())
    self.assertGreater(np.mean(np.array(lost) > 0.01), 0.8)
    self.assertLess(max(lost), 0.35)

  def test_what_would_no_longer_be_read_is_not_cut(self):
    for seed in range(50):
      self.assertEqual((), letter(seed, '(l)', cut=1.0).extras)
      # Of a word with a mark behind it, the left side alone.
      cut = letter(seed, 'HOME.', cut=1.0)
      self.assertEqual(('cut',), cut.extras)
      if is_underlined(cut):
        continue
      columns = np.flatnonzero(cut.mask.any(axis=0))
      rows = np.flatnonzero(cut.mask.any(axis=1))
      self.assertGreater(cut.box.left, columns[0])
      self.assertGreater(cut.box.right, columns[-1])
      self.assertGreater(cut.box.bottom, rows[-1])

  def test_strokes_are_never_hairlines(self):
    for height in (20, 30, 64):
      for seed in range(20):
        drawn = letter(seed, 'l', height=height)
        # Turned and stretched, a word may still lose a little of it.
        scale = height / (drawn.box.bottom - drawn.box.top)
        self.assertGreater(scale * drawn.stroke, 1.1)

  def test_spacing_is_uneven_at_times(self):
    uneven = 0
    for seed in range(300):
      drawn = letter(seed, 'HHHHH')
      edges = np.flatnonzero(np.diff(drawn.mask.any(axis=0).astype(int)))
      if not is_underlined(drawn):
        uneven += np.ptp(edges[2::2] - edges[1:-1:2]) > 1
    self.assertBetween(uneven, 5, 60)

  def test_some_words_are_underlined_clear_of_their_letters(self):
    lines = [drawn for drawn in map(letter, range(300))
             if is_underlined(drawn)]
    self.assertBetween(len(lines), 5, 33)  # 6 %.
    for drawn in lines:
      rows = shown(drawn).any(axis=1).tolist()
      line = int((shown(drawn) == 255).all(axis=1).argmax())
      self.assertIn(False, rows[line - 3:line])

  def test_any_single_character(self):
    for seed, character in enumerate('.-_|`ijlW@1'):
      drawn = letter(seed, character, neighbours=0.5, cut=0.5)
      self.assertTrue(drawn.mask.any())
      self.assertLess(drawn.box.left, drawn.box.right)
      self.assertLess(drawn.box.top, drawn.box.bottom)

  def test_a_word_on_a_path_is_alone_in_a_higher_crop(self):
    for seed in range(60):
      kind = text_paths.KINDS[seed % 3]
      drawn = lettering.letter(FACE, 'Words', 40, random.Random(seed), 1.0,
                               0.0, 1.0, kind)
      self.assertEqual((kind,), drawn.extras)
      ink = np.flatnonzero((drawn.mask > 60).any(axis=1))
      high = ink[-1] + 1 - ink[0]
      self.assertGreaterEqual(high, drawn.rows)
      self.assertBetween(drawn.growth, 1.0, (high + 2) / drawn.rows)
      self.assertLess(drawn.box.top, ink[0])
      self.assertGreater(drawn.box.bottom, ink[-1])
    self.assertEqual(1.0, letter(0).growth)
    self.assertIsNone(letter(0).outline)

  def test_the_outline_is_that_of_the_word_alone(self):
    found = 0
    for seed in range(40):
      plain, beside = (lettering.letter(
          FACE, 'Station', 40, random.Random(seed), 1.0, rate, 0.0, 'arc')
                       for rate in (0.0, 1.0))
      found += 'neighbours' in beside.extras
      np.testing.assert_array_equal(plain.outline, beside.outline)
      self.assertEqual(plain.box, beside.box)
      self.assertTrue((beside.mask >= plain.mask).all())
      self.assertEqual('neighbours' in beside.extras,
                       bool((beside.mask > plain.mask).any()))
    self.assertGreater(found, 20)

  def test_no_edge_cuts_words_with_signs(self):
    face = fonts.Face()
    for seed in range(20):
      drawn = lettering.letter(face, 'aa', 40, random.Random(seed), 1.0, 0.0,
                               1.0)
      self.assertEqual(('cut',), drawn.extras)
      with mock.patch.object(shaping, 'is_simple', return_value=False):
        self.assertEqual((), letter(seed, 'aa', cut=1.0).extras)

  def test_padded(self):
    mask = np.array([[1, 2]], np.uint8)
    np.testing.assert_array_equal(
        [[0] * 6, [0, 1, 2, 0, 0, 0], [0] * 6, [0] * 6],
        lettering.padded(mask, 1, 1, 3, 2))


if __name__ == '__main__':
  absltest.main()
