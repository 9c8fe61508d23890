"""Tests of master/rendering/text_paths.py."""

import collections
import random
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.rendering import fonts
from master.rendering import text_paths

FACE = fonts.Face()
SIZE = 56


def draw(kind, seed, text='HOMESTEAD', strength=1.0):
  return text_paths.draw(FACE, text, SIZE, [0.0] * len(text), kind,
                         random.Random(seed), strength).mask


def mask_of(text):
  """A stack from the top down, whose random numbers are those of seed 1."""
  with mock.patch.object(text_paths.shaping, 'in_reading_order', tuple):
    return draw('stack', 1, text)


class ChooseTest(absltest.TestCase):

  def test_rates_are_met(self):
    rates = (0.3, 0.2, 0.1)
    found = collections.Counter(
        text_paths.choose('Words', random.Random(seed), rates)
        for seed in range(1000))
    for kind, rate in zip(text_paths.KINDS, rates):
      self.assertBetween(found[kind], 1000 * rate - 45, 1000 * rate + 45)

  def test_without_rates_nothing_is_drawn_by_lot(self):
    rng = random.Random(3)
    state = rng.getstate()
    self.assertIsNone(text_paths.choose('Words', rng, (0.0, 0.0, 0.0)))
    self.assertEqual(state, rng.getstate())

  def test_short_words_stay_in_line(self):
    for text, kinds in (('a', ()), ('ab', ('stack',)),
                        ('abc', ('arc', 'stack')), ('abcd', text_paths.KINDS),
                        # Joined letters can be bent alone.
                        ('\u0633\u0644\u0627\u0645', ('arc',))):
      for i, kind in enumerate(text_paths.KINDS):
        rates = [float(i == j) for j in range(3)]
        self.assertEqual(kind if kind in kinds else None,
                         text_paths.choose(text, random.Random(0), rates))


class DrawTest(parameterized.TestCase):

  @parameterized.parameters(*text_paths.KINDS)
  def test_is_cut_to_its_ink_and_the_same_for_a_seed(self, kind):
    shapes = set()
    for seed in range(30):
      mask = draw(kind, seed)
      self.assertEqual(np.uint8, mask.dtype)
      for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]):
        self.assertGreater(edge.max(), 0)
      shapes.add(mask.shape)
      np.testing.assert_array_equal(mask, draw(kind, seed))
    self.assertGreater(len(shapes), 15)

  @parameterized.parameters(*text_paths.KINDS)
  def test_all_ink_is_there(self, kind):
    straight = sum(int(fonts.draw(FACE, c, SIZE, 0.0).sum())
                   for c in 'HOMESTEAD')
    for seed in range(30):
      # Letters overlap little, or they could not be read.
      self.assertBetween(draw(kind, seed).sum() / straight, 0.93, 1.07)

  def test_arcs_go_from_gentle_to_circles(self):
    shapes = [draw('arc', seed).shape for seed in range(200)]
    aspects = np.array([columns / rows for rows, columns in shapes])
    self.assertGreater(aspects.max(), 3.5)
    self.assertLess(aspects.min(), 1.1)
    self.assertBetween(np.mean(aspects < 2.5), 0.3, 0.9)

  def test_arcs_lie_above_and_below(self):
    tops = bottoms = 0
    for seed in range(100):
      ink = draw('arc', seed, strength=0.0) > 99
      # Where the middle of the word stands: at the top or at the bottom.
      middle = np.flatnonzero(ink[:, ink.shape[1] // 2 - 9:
                                  ink.shape[1] // 2 + 9].any(axis=1))
      tops += middle[0] < 3
      bottoms += middle[-1] > len(ink) - 4
    self.assertGreater(tops, 45)
    self.assertGreater(bottoms, 15)

  def test_letters_are_turned_along_the_arc(self):
    # A bar at either end of half a circle lies on its side.
    widths = [draw('arc', seed, 'IIIIIIIIIIIIIII', 0.0)
              for seed in range(60)]
    turned = 0
    for mask in widths:
      first = (mask[:, :12] > 99).any(axis=1)
      turned += 0 < first.sum() < 20 and mask.shape[1] < 5 * len(mask)
    self.assertGreater(turned, 10)

  def test_waves_are_higher_than_a_line(self):
    line = fonts.draw(FACE, 'HOMESTEAD', SIZE, 0.0)
    for seed in range(30):
      mask = draw('wave', seed)
      self.assertBetween(len(mask), 1.05 * len(line), 5 * len(line))

  def test_joined_words_are_bent(self):
    line = fonts.draw(FACE, 'HOMESTEAD', SIZE, 0.0)
    ways = set()
    # As where all letters are one cluster.
    with mock.patch.object(
        text_paths.shaping, 'clusters', lambda text: (text,)):
      for seed in range(12):
        mask = text_paths.draw(FACE, 'HOMESTEAD', SIZE, [0.0], 'arc',
                               random.Random(seed), 0.0).mask
        self.assertGreater(len(mask), 1.1 * len(line))
        self.assertAlmostEqual(1, mask.sum() / line.sum(), delta=0.1)
        middle = (mask > 99)[:, mask.shape[1] // 2 - 9:
                             mask.shape[1] // 2 + 9].any(axis=1)
        ways.add((bool(middle[:5].any()), bool(middle[-5:].any())))
    self.assertEqual({(True, False), (False, True)}, ways)

  def test_a_wide_arc_bends_little(self):
    line = fonts.draw(FACE, 'HOMESTEAD', SIZE, 0.0)
    top, _ = fonts.extent(FACE, 'HOMESTEAD', SIZE)
    for is_above in (True, False):
      bent, _, _ = text_paths._bent(line, top, text_paths._Arc(
          line.shape[1], -top, 1e8, 0.0, is_above))
      np.testing.assert_allclose(bent.shape, line.shape, atol=1)
      rows, columns = np.minimum(bent.shape, line.shape)
      self.assertLess(np.abs(bent[:rows, :columns].astype(float)
                             - line[:rows, :columns]).mean(), 20)

  def test_stacked_letters_are_upright_and_centred(self):
    for seed in range(20):
      mask = draw('stack', seed, 'HIOH')
      rows = mask.any(axis=1)
      starts = np.flatnonzero(np.diff(rows.astype(int)) == 1) + 1
      parts = np.split(mask, starts)
      self.assertLen(parts, 4)
      letter = fonts.draw(FACE, 'H', SIZE, 0.0)
      first = parts[0][:len(letter)]
      columns = np.flatnonzero(first.any(axis=0))
      np.testing.assert_array_equal(
          letter, first[:, columns[0]:columns[-1] + 1])
      for part in parts:
        columns = np.flatnonzero(part.any(axis=0))
        self.assertAlmostEqual(mask.shape[1] / 2,
                               (columns[0] + columns[-1] + 1) / 2, delta=1)

  def test_what_is_read_first_is_on_top(self):
    with mock.patch.object(text_paths.shaping, 'in_reading_order',
                           lambda text: tuple(reversed(text))):
      np.testing.assert_array_equal(draw('stack', 1, 'HIO'), mask_of('OIH'))


class BesideTest(absltest.TestCase):

  def drawn(self, seed, kind='arc'):
    return text_paths.draw(FACE, 'HOMESTEAD', SIZE, [0.0] * 9, kind,
                           random.Random(seed), 1.0)

  def test_letters_lie_between_both_radii(self):
    for seed in range(20):
      drawn = self.drawn(seed)
      y, x = np.nonzero(drawn.mask > 99)
      away = np.hypot(x + 0.5 - drawn.centre[0], y + 0.5 - drawn.centre[1])
      # Letters are straight, their corners lie further out.
      self.assertBetween(away.min(), drawn.inner - 5, drawn.inner + 5)
      self.assertBetween(away.max(), drawn.outer - 5, drawn.outer + 14)

  def test_what_is_beside_a_word_is_clear_of_it(self):
    words = rings = 0
    for seed in range(60):
      drawn = self.drawn(seed)
      other = text_paths.beside(drawn, FACE, 'other', 40, 1.0,
                                random.Random(seed))
      if other is None:
        continue
      self.assertEqual(drawn.mask.shape, other.shape)
      self.assertFalse(np.minimum(drawn.mask, other).any())
      y, x = np.nonzero(other > 99)
      if len(x):
        away = np.hypot(x + 0.5 - drawn.centre[0], y + 0.5 - drawn.centre[1])
        rings += np.ptp(away) < 8
        words += np.ptp(away) > 12
    self.assertGreater(words, 5)
    self.assertGreater(rings, 5)

  def test_nothing_is_beside_other_paths(self):
    for kind in ('wave', 'stack'):
      self.assertIsNone(text_paths.beside(
          self.drawn(0, kind), FACE, 'other', 40, 1.0, random.Random(0)))


if __name__ == '__main__':
  absltest.main()
