"""Tests of master/rendering/compositing.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.rendering import colours
from master.rendering import compositing

SIZE = (101, 31)
LOOK = compositing.Look((50, 90, 200), (250, 250, 240), 4.0)


def bars():
  """Upright strokes of 3 pixels."""
  mask = np.zeros([31, 101], np.uint8)
  for left in range(10, 90, 12):
    mask[5:26, left:left + 3] = 255
  return Image.fromarray(mask)


def photo(channels=3):
  values = np.random.default_rng(3).integers(
      0, 256, [31, 101, 3], np.uint8)
  image = Image.fromarray(values)
  if channels == 1:
    image = image.convert('L')
    pixels = np.asarray(image)
    return compositing.Photo(image, (float(pixels.mean()),),
                             float(pixels.std()))
  return compositing.Photo(image, tuple(values.mean(axis=(0, 1)).tolist()),
                           float(np.asarray(image.convert('L')).std()))


class MaskTest(absltest.TestCase):

  def test_thickened(self):
    mask = np.zeros([7, 9], np.uint8)
    mask[3, 4] = 200
    bold = compositing.thickened(mask, 1.5)
    np.testing.assert_array_equal(200, bold[2:5, 3:6])
    np.testing.assert_array_equal(100, bold[1, 2:7])
    np.testing.assert_array_equal(100, bold[1:6, 6])
    np.testing.assert_array_equal(0, bold[0])
    np.testing.assert_array_equal(mask, compositing.thickened(mask, 0.0))

  def test_shifted(self):
    mask = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    np.testing.assert_array_equal(
        [[0, 0, 0], [0, 0, 1]], np.asarray(compositing.shifted(mask, 1, 1)))
    np.testing.assert_array_equal(
        [[4, 5, 0], [0, 0, 0]], np.asarray(compositing.shifted(mask, -1, -1)))

  def test_lay(self):
    mask = Image.fromarray(np.array([[0, 255, 51]], np.uint8))
    canvas = compositing.plain((3, 1), (100,))
    compositing.lay(canvas, mask, (200,))
    np.testing.assert_array_equal([[100, 200, 120]], np.asarray(canvas))
    compositing.lay(canvas, mask, compositing.plain((3, 1), (0,)), 0.5)
    np.testing.assert_allclose([[100, 100, 108]], np.asarray(canvas), atol=1)


class SurfaceTest(parameterized.TestCase):

  @parameterized.parameters(((50, 90, 200),), ((120,),))
  def test_keeps_its_colour_on_average(self, colour):
    surfaces = [compositing.surface(random.Random(i), SIZE, colour, 30.0, 1.0)
                for i in range(300)]
    pixels = np.stack([np.asarray(s, np.float32).reshape(31, 101, -1)
                       for s in surfaces])
    self.assertEqual('RGB' if len(colour) == 3 else 'L', surfaces[0].mode)
    np.testing.assert_allclose(colour, pixels.mean(axis=(0, 1, 2)), atol=5)
    self.assertLessEqual(np.abs(pixels - np.float32(colour)).max(), 31)
    plain = sum(np.ptp(p[:, :, 0]) == 0 for p in pixels)
    self.assertBetween(plain, 45, 105)  # A quarter.

  def test_without_strength_is_plain(self):
    for seed in range(20):
      self.assertEqual(((50, 50),), (compositing.surface(
          random.Random(seed), (7, 5), (50,), 30.0, 0.0).getextrema(),))

  def test_coloured_adds_the_gain_of_each_channel(self):
    pattern = Image.fromarray(np.array([[1, 128, 255]], np.uint8))
    done = compositing.coloured(pattern, (100, 30, 230), (50.0, 20.0, 20.0))
    np.testing.assert_allclose(
        [[[50, 10, 210], [100, 30, 230], [150, 50, 250]]], np.asarray(done),
        atol=1)
    done = compositing.coloured(pattern, (100,), (-50.0,))
    np.testing.assert_allclose([[150, 100, 50]], np.asarray(done), atol=1)

  def test_thin_strokes_leave_less_room(self):
    self.assertAlmostEqual(LOOK.room / 2, LOOK._replace(stroke=2.0).room)
    self.assertEqual(LOOK.room, LOOK._replace(stroke=9.0).room)
    self.assertLess(LOOK.room, 0.5 * LOOK.contrast)


class NaturalTest(parameterized.TestCase):

  @parameterized.parameters(1, 3)
  def test_has_the_colour_and_keeps_within_the_room(self, channels):
    piece = photo(channels)
    colour = (120, 100, 140)[:channels]
    spreads = []
    for seed in range(30):
      done = compositing.natural(piece, colour, 20.0, random.Random(seed))
      self.assertEqual((piece.image.size, piece.image.mode),
                       (done.size, done.mode))
      pixels = np.asarray(done, np.float32).reshape(31, 101, channels)
      np.testing.assert_allclose(colour, pixels.mean(axis=(0, 1)), atol=3)
      spreads.append(float(np.asarray(done.convert('L')).std()))
    self.assertLess(max(spreads), 11)
    self.assertGreater(min(spreads), 4)
    self.assertGreater(max(spreads) - min(spreads), 3)

  def test_has_the_colour_however_far_the_picture_is_from_it(self):
    dark = photo()
    dark = compositing.Photo(dark.image.point([v // 4 for v in range(256)] * 3),
                             tuple(v / 4 for v in dark.mean), dark.spread / 4)
    for seed in range(20):
      done = compositing.natural(
          dark, (230, 235, 225), 1e4, random.Random(seed))
      np.testing.assert_allclose(
          (230, 235, 225), np.asarray(done, np.float32).mean(axis=(0, 1)),
          atol=4)

  def test_much_room_leaves_the_picture_as_it_is(self):
    piece = photo()
    done = [compositing.natural(piece, colours.rounded(piece.mean), 1e4,
                                random.Random(seed)) for seed in range(40)]
    spread = max(float(np.asarray(d.convert('L')).std()) for d in done)
    self.assertGreater(spread, 0.9 * piece.spread)


class ReliefTest(absltest.TestCase):

  def relieved(self, seed, strength):
    picture = compositing.plain(SIZE, LOOK.back)
    compositing.add_relief(picture, bars(), LOOK, random.Random(seed), strength)
    return np.asarray(picture)

  def test_some_words_stand_out_or_cast_a_shadow(self):
    plain = np.asarray(compositing.plain(SIZE, LOOK.back))
    changed = [not np.array_equal(plain, self.relieved(seed, 1.0))
               for seed in range(300)]
    self.assertBetween(sum(changed), 50, 110)
    for seed in range(30):
      np.testing.assert_array_equal(plain, self.relieved(seed, 0.0))

  def test_depth_lies_on_one_side_of_the_letters(self):
    most = 0
    for seed in range(400):
      changed = (self.relieved(seed, 1.0) != np.uint8(LOOK.back)).any(axis=2)
      # Columns left and right of the first stroke, which is under the ink.
      left, right = changed[8:20, 4:10].any(), changed[8:20, 15:19].any()
      if left != right:
        most = max(most, int(changed[8:20, 4:22].any(axis=0).sum()))
    self.assertGreater(most, 4)

  def test_hollow_letters_have_a_contour_of_ink(self):
    fills = set()
    for seed in range(60):
      picture = compositing.plain(SIZE, LOOK.back)
      fill = compositing.hollow(picture, bars(), LOOK, random.Random(seed))
      fills.add(fill)
      self.assertGreater(colours.contrast(fill, LOOK.ink), 50)
      compositing.lay(picture, bars(), fill)
      pixels = np.asarray(picture)
      np.testing.assert_array_equal(pixels[15, 11], fill)
      np.testing.assert_allclose(pixels[15, 9], LOOK.ink, atol=1)
      np.testing.assert_allclose(pixels[15, 13], LOOK.ink, atol=1)
      np.testing.assert_array_equal(pixels[15, 5], LOOK.back)
    self.assertIn(LOOK.back, fills)
    self.assertGreater(len(fills), 5)

  def test_nothing_changes_far_from_the_word(self):
    for seed in range(100):
      np.testing.assert_array_equal(
          self.relieved(seed, 1.0)[:, :7],
          np.asarray(compositing.plain(SIZE, LOOK.back))[:, :7])

  def test_edges_leave_the_word_readable(self):
    changed = 0
    for seed in range(600):
      picture = compositing.plain(SIZE, LOOK.back)
      compositing.add_edges(picture, LOOK, random.Random(seed), 1.0)
      found = [colour for _, colour in picture.getcolors()]
      changed += len(found) > 1
      for colour in found:
        self.assertGreaterEqual(colours.contrast(colour, LOOK.ink), 50)
    self.assertBetween(changed, 15, 100)
    picture = compositing.plain(SIZE, LOOK.back)
    compositing.add_edges(picture, LOOK, random.Random(0), 0.0)
    self.assertLen(picture.getcolors(), 1)


if __name__ == '__main__':
  absltest.main()
