"""Tests of master/rendering/effects.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.rendering import effects


def picture(channels=3):
  """A sharp edge in grey or RGB."""
  pixels = np.full([29, 61, channels], 40, np.float32)
  pixels[:, 30:] = 210
  return pixels


class ColoursTest(parameterized.TestCase):

  @parameterized.parameters(1, 3)
  def test_contrast_suffices_to_read(self, channels):
    contrasts = []
    for seed in range(300):
      back, ink = effects.colours(random.Random(seed), channels, 1.0)
      self.assertLen(back, channels)
      self.assertLen(ink, channels)
      self.assertBetween(min(*back, *ink), 0, 255)
      self.assertBetween(max(*back, *ink), 0, 255)
      contrasts.append(effects.luminance(back) - effects.luminance(ink))
    self.assertGreaterEqual(np.abs(contrasts).min(), 50)
    # Dark on light and light on dark are both around.
    self.assertBetween(np.mean(np.array(contrasts) > 0), 0.3, 0.7)

  def test_without_strength_black_on_white(self):
    self.assertEqual(((255,) * 3, (0,) * 3),
                     effects.colours(random.Random(1), 3, 0.0))


class MaskTest(absltest.TestCase):

  def test_thickened(self):
    mask = np.zeros([7, 9], np.uint8)
    mask[3, 4] = 200
    bold = effects.thickened(mask, 1.5)
    np.testing.assert_array_equal(200, bold[2:5, 3:6])
    np.testing.assert_array_equal(100, bold[1, 2:7])
    np.testing.assert_array_equal(100, bold[1:6, 6])
    np.testing.assert_array_equal(0, bold[0])
    np.testing.assert_array_equal(mask, effects.thickened(mask, 0.0))

  def test_shifted(self):
    mask = np.arange(6, dtype=np.uint8).reshape(2, 3)
    np.testing.assert_array_equal([[0, 0, 0], [0, 0, 1]],
                                  effects.shifted(mask, 1, 1))
    np.testing.assert_array_equal([[4, 5, 0], [0, 0, 0]],
                                  effects.shifted(mask, -1, -1))

  def test_blend(self):
    canvas = np.full([1, 3, 1], 100, np.float32)
    effects.blend(canvas, np.array([[0, 255, 51]], np.uint8), (200.0,))
    np.testing.assert_allclose([100, 200, 120], canvas[0, :, 0], rtol=1e-5)
    effects.blend(canvas, np.array([[255, 0, 0]], np.uint8), (200.0,), 0.5)
    np.testing.assert_allclose([150, 200, 120], canvas[0, :, 0], rtol=1e-5)


class PictureTest(parameterized.TestCase):

  def test_surface_keeps_its_colour_on_average(self):
    surfaces = [effects.surface(random.Random(i), 31, 101, (50., 90., 200.),
                                30.0, 1.0) for i in range(200)]
    np.testing.assert_allclose(
        [50, 90, 200], np.mean(surfaces, axis=(0, 1, 2)), atol=5)
    self.assertLessEqual(
        max(np.abs(s - [50, 90, 200]).max() for s in surfaces), 30)
    plain = sum(np.ptp(s[:, :, 0]) == 0 for s in surfaces)
    self.assertBetween(plain, 10, 60)

  def test_surface_without_strength_is_plain(self):
    for seed in range(20):
      self.assertEqual(0, np.ptp(effects.surface(
          random.Random(seed), 5, 7, (50.,), 30.0, 0.0)))

  def test_light_is_uneven_at_times_and_never_without_strength(self):
    changed = [not np.array_equal(
        picture(), effects.light(picture(), random.Random(i), 1.0))
        for i in range(100)]
    self.assertBetween(sum(changed), 20, 60)
    np.testing.assert_array_equal(
        picture(), effects.light(picture(), random.Random(0), 0.0))

  @parameterized.parameters(1, 3)
  def test_softening_takes_detail_and_keeps_the_rest(self, channels):
    image = effects.to_image(picture(channels))
    sharp = np.asarray(image, np.float32)
    changed = 0
    for seed in range(100):
      soft = effects.soften(image, random.Random(seed), 1.0, 3.0)
      self.assertEqual((image.size, image.mode), (soft.size, soft.mode))
      soft = np.asarray(soft, np.float32)
      np.testing.assert_allclose(sharp[:, :15], soft[:, :15], atol=2)
      np.testing.assert_allclose(sharp[:, -15:], soft[:, -15:], atol=2)
      changed += not np.array_equal(sharp, soft)
    self.assertBetween(changed, 50, 90)

  @parameterized.parameters(1, 3)
  def test_noise_keeps_within_its_limit(self, channels):
    image = effects.to_image(np.full([31, 101, channels], 128, np.float32))
    deviations = [np.asarray(effects.add_noise(
        image, random.Random(i), 1.0, 5.0), np.float32).std()
        for i in range(100)]
    self.assertLess(max(deviations), 5.5)
    self.assertBetween(np.count_nonzero(deviations), 25, 75)

  def test_no_strength_changes_nothing(self):
    image = effects.to_image(picture())
    for seed in range(50):
      rng = random.Random(seed)
      done = effects.add_noise(effects.soften(image, rng, 0.0, 3.0), rng, 0.0,
                               9.0)
      np.testing.assert_array_equal(np.asarray(image), np.asarray(done))

  def test_to_image_rounds_and_clips(self):
    image = effects.to_image(np.array([[[-9.], [1.6], [300.]]], np.float32))
    self.assertEqual('L', image.mode)
    np.testing.assert_array_equal([[0, 2, 255]], np.asarray(image))
    self.assertEqual('RGB', effects.to_image(picture()).mode)
    self.assertIsInstance(image, Image.Image)


if __name__ == '__main__':
  absltest.main()
