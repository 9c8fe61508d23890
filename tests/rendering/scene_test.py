"""Tests of master/rendering/scene.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.rendering import scene

EFFECTS = (scene.shaded, scene.glared, scene.hidden)


def flat(channels=3, value=150):
  return Image.new('L' if channels == 1 else 'RGB', (149, 41),
                   (value,) * channels)


class SceneTest(parameterized.TestCase):

  @parameterized.product(effect=EFFECTS, channels=[1, 3])
  def test_keeps_size_and_mode_and_hangs_on_the_seed(self, effect, channels):
    given = flat(channels)
    for seed in range(10):
      done = effect(given, random.Random(seed))
      self.assertEqual((given.size, given.mode), (done.size, done.mode))
      np.testing.assert_array_equal(done, effect(given, random.Random(seed)))
    self.assertGreater(len({effect(given, random.Random(seed)).tobytes()
                            for seed in range(10)}), 5)
    self.assertEqual(1, len(given.getcolors()))  # Not changed in place.

  @parameterized.parameters(*EFFECTS)
  def test_the_smallest_pictures_too(self, effect):
    for seed in range(20):
      tiny = Image.new('RGB', (8, 4), 'red')
      self.assertEqual((8, 4), effect(tiny, random.Random(seed)).size)

  def test_shade_darkens_a_part_and_not_too_far(self):
    uneven = 0
    for seed in range(50):
      pixels = np.asarray(scene.shaded(flat(), random.Random(seed)),
                          np.float32)
      self.assertLessEqual(pixels.max(), 150)
      self.assertGreaterEqual(pixels.min(), 0.39 * 150)
      uneven += np.ptp(pixels) > 20
    self.assertGreater(uneven, 35)

  def test_glare_lightens_a_part_and_leaves_contrast(self):
    for seed in range(50):
      light, dark = (np.asarray(scene.glared(
          flat(1, value), random.Random(seed)), np.float32)
                     for value in (200, 50))
      self.assertGreaterEqual(dark.min(), 50)
      self.assertGreaterEqual((light - dark).min(), 0.19 * 150)
      self.assertGreater(np.ptp(dark), 5)

  def test_what_is_in_front_is_thin(self):
    for seed in range(50):
      pixels = np.asarray(scene.hidden(flat(1), random.Random(seed)))
      self.assertBetween(np.mean(pixels != 150), 0, 0.3)


if __name__ == '__main__':
  absltest.main()
