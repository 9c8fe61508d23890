"""Tests of master/rendering/framing.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.rendering import framing
from master.rendering import lettering as lettering_lib

ROWS, COLUMNS = 40, 200


def word(*extras):
  """Ink at 10 to 210 and 10 to 50, with a margin of 6 to show."""
  mask = np.zeros([60, 220], np.uint8)
  mask[10:50, 10:210] = 255
  return lettering_lib.Lettering(
      mask, lettering_lib.Box(4.0, 4.0, 216.0, 56.0), ROWS, 5.0, extras)


def boxes(kind, text='HOME', count=60):
  return [framing.reframed(kind, word(), text, random.Random(seed)).box
          for seed in range(count)]


class ReframedTest(parameterized.TestCase):

  @parameterized.parameters(*framing.KINDS)
  def test_hangs_on_the_seed_and_leaves_the_mask(self, kind):
    self.assertEqual(boxes(kind), boxes(kind))
    self.assertGreater(len(set(boxes(kind))), 30)
    done = framing.reframed(kind, word(), 'HOME', random.Random(0))
    np.testing.assert_array_equal(word().mask, done.mask)

  def test_tight_edges_touch_the_word(self):
    moves = np.array(boxes('tight')) - [10, 10, 210, 50]
    moves *= [-1, -1, 1, 1]
    self.assertLess(moves.max(), 0.12 * ROWS)
    self.assertGreaterEqual(moves.min(), -0.0351 * ROWS)
    self.assertLess(moves.min(), 0)

  @parameterized.parameters('a.b', '1', 'No.')
  def test_tight_edges_cut_nothing_of_marks_and_short_words(self, text):
    for box in boxes('tight', text):
      self.assertLessEqual(box.left, 10)
      self.assertLessEqual(box.top, 10)
      self.assertGreaterEqual(box.right, 210)
      self.assertGreaterEqual(box.bottom, 50)

  def test_loose_edges_are_far(self):
    found = np.array(boxes('loose'))
    self.assertLess(found[:, 0].min(), -10)
    self.assertGreater(found[:, 2].max(), 230)
    self.assertTrue((found[:, :2] <= 4).all() and (found[:, 2] >= 216).all())

  def test_loose_shows_no_more_of_neighbours(self):
    given = word('neighbours')
    self.assertIs(given, framing.reframed('loose', given, 'HOME',
                                          random.Random(0)))

  def test_slipped_cuts_one_end_by_a_few_per_cent(self):
    ends = set()
    for box in boxes('slipped'):
      left, right = max(0, box.left - 10), max(0, 210 - box.right)
      self.assertEqual(0, min(left, right))
      self.assertBetween(max(left, right), 0.01 * COLUMNS, 0.18 * COLUMNS / 4)
      ends.add(left > 0)
    self.assertEqual({False, True}, ends)

  def test_what_is_cut_is_not_cut_again(self):
    given = word('cut')
    for seed in range(10):
      self.assertIs(given, framing.reframed('slipped', given, 'HOME',
                                            random.Random(seed)))

  @parameterized.parameters('it', 'lol', '.x!')
  def test_ends_that_would_be_others_are_not_cut(self, text):
    self.assertEqual({word().box}, set(boxes('slipped', text)))

  @parameterized.parameters('tight', 'slipped')
  def test_a_word_without_ink_is_left_alone(self, kind):
    given = word()._replace(mask=np.zeros([60, 220], np.uint8))
    self.assertIs(given, framing.reframed(kind, given, 'HOME',
                                          random.Random(1)))


class SeenAsideTest(absltest.TestCase):

  def test_one_end_is_smaller_and_nothing_is_lost(self):
    sides = set()
    for seed in range(40):
      mask = Image.new('L', (151, 41), 255)
      done, share = framing.seen_aside(mask, random.Random(seed))
      self.assertEqual(('L', 41), (done.mode, done.height))
      self.assertBetween(done.width, 60, 151)
      pixels = np.asarray(done, np.float32) / 255
      left, right = pixels[:, 2].sum(), pixels[:, -3].sum()
      self.assertAlmostEqual(41, max(left, right), delta=2)
      self.assertBetween(min(left, right) / 41, 0.35, 0.85)
      self.assertAlmostEqual(share, (left + right) / 82, delta=0.04)
      sides.add(bool(left > right))
    self.assertEqual({False, True}, sides)
    np.testing.assert_array_equal(
        framing.seen_aside(mask, random.Random(7))[0],
        framing.seen_aside(mask, random.Random(7))[0])

  def test_low_words_stay_higher_at_their_far_end(self):
    for seed in range(20):
      pixels = np.asarray(framing.seen_aside(
          Image.new('L', (80, 20), 255), random.Random(seed))[0], np.float32)
      ends = pixels[:, 2].sum() / 255, pixels[:, -3].sum() / 255
      self.assertGreater(min(ends), 10)

  def test_what_is_on_the_left_stays_there(self):
    pixels = np.zeros([41, 151], np.uint8)
    pixels[:, :30] = 255
    for seed in range(20):
      done = np.asarray(framing.seen_aside(
          Image.fromarray(pixels), random.Random(seed))[0], np.float32)
      half = done.shape[1] // 2
      self.assertGreater(done[:, :half].sum(), 20 * done[:, half:].sum())


if __name__ == '__main__':
  absltest.main()
