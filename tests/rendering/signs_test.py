"""Tests of master/rendering/signs.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.rendering import colours
from master.rendering import compositing
from master.rendering import signs

SIZE = (101, 41)


def look(channels=3, stroke=7.0):
  return compositing.Look((150, 120, 90)[:channels], (30, 20, 40)[:channels],
                          stroke)


def bars(width=7):
  """Upright strokes."""
  mask = np.zeros([41, 101], np.uint8)
  for left in range(12, 84, 24):
    mask[8:33, left:left + width] = 255
  return Image.fromarray(mask)


def drawn(kind, seed, channels=3):
  picture = compositing.plain(SIZE, look(channels).back)
  contrast = signs.draw(kind, picture, bars(), look(channels),
                        random.Random(seed))
  return picture, contrast


def grey(picture):
  return np.asarray(picture.convert('L'), np.float32)


class SignsTest(parameterized.TestCase):

  @parameterized.product(kind=signs.KINDS, channels=[1, 3])
  def test_keeps_size_and_mode_and_hangs_on_the_seed(self, kind, channels):
    for seed in range(10):
      picture, contrast = drawn(kind, seed, channels)
      self.assertEqual((SIZE, 'L' if channels == 1 else 'RGB'),
                       (picture.size, picture.mode))
      np.testing.assert_array_equal(picture, drawn(kind, seed, channels)[0])
      self.assertBetween(contrast, 40, 255)
    self.assertGreater(len({drawn(kind, seed, channels)[0].tobytes()
                            for seed in range(10)}), 4)

  @parameterized.parameters(*signs.KINDS)
  def test_the_word_stands_out(self, kind):
    inside = np.asarray(bars()) > 0
    around = np.asarray(signs.ring(bars(), 0.0, 4.0)) > 0
    for seed in range(40):
      pixels = grey(drawn(kind, seed)[0])
      self.assertGreater(np.ptp(pixels[inside | around]), 40, (kind, seed))

  def test_neon_glows_on_something_dark(self):
    back = colours.luminance(look().back)
    for seed in range(30):
      pixels = grey(drawn('neon', seed)[0])
      self.assertLess(pixels[:, 0].max(), 0.45 * back)
      self.assertGreater(pixels.max(), 100)
      # Light falls off beside a stroke, where there is no ink.
      self.assertGreater(pixels[20, 21], pixels[0, 0])

  def test_engraved_letters_have_a_lit_and_a_dark_edge(self):
    back = colours.luminance(look().back)
    for seed in range(30):
      pixels = grey(drawn('engraved', seed)[0])
      self.assertGreater(pixels.max(), back + 20)
      self.assertLess(pixels.min(), back - 20)
      # The middle of a stroke is nearly as what it stands on.
      self.assertAlmostEqual(back, pixels[20, 15], delta=35)
      self.assertAlmostEqual(back, pixels[20, 2], delta=1)

  def test_contours_leave_the_letters_empty_or_go_around_them(self):
    empty = 0
    for seed in range(60):
      pixels = grey(drawn('contour', seed)[0])
      back = pixels[0, 0]
      self.assertGreater(np.abs(pixels[20, 19:24] - back).max(), 30)
      empty += abs(pixels[20, 15] - back) < 1
    self.assertBetween(empty, 30, 57)

  def test_faint_contours_get_contrast(self):
    faint = compositing.Look((150, 150, 150), (190, 190, 190), 7.0)
    for seed in range(10):
      picture = compositing.plain(SIZE, faint.back)
      contrast = signs.draw('contour', picture, bars(), faint,
                            random.Random(seed))
      self.assertGreater(contrast, 60)
      self.assertGreater(np.abs(grey(picture) - 150).max(), 45)

  def test_shadows_lie_to_all_sides_and_leave_the_ink(self):
    sides = set()
    for seed in range(60):
      pixels = np.asarray(drawn('shadow', seed)[0])
      np.testing.assert_array_equal(look().ink, pixels[20, 15])
      changed = (pixels != np.uint8(look().back)).any(axis=2)
      sides.add((bool(changed[8:33, :11].any()), bool(changed[8:33, 91:].any()),
                 bool(changed[34:].any()), bool(changed[:7].any())))
    self.assertGreater(len(sides), 3)

  def test_ring_is_a_line_around(self):
    ring = np.asarray(signs.ring(bars(), 2.0, 1.0))
    np.testing.assert_array_equal(
        [0, 255, 0, 0] + 7 * [0] + [0, 0, 255, 0], ring[20, 8:23])

  def test_thin_strokes_show_not_all(self):
    self.assertFalse(signs.able('engraved', 1.0))
    self.assertTrue(all(signs.able(kind, 3.0) for kind in signs.KINDS))


if __name__ == '__main__':
  absltest.main()
