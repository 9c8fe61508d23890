"""Tests of master/rendering/camera.py."""

import io
import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.rendering import camera


def picture(channels=3):
  """A sharp edge in grey or RGB."""
  pixels = np.full([29, 61, channels], 40, np.uint8)
  pixels[:, 30:] = 210
  return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)


def flat(channels):
  return Image.new('L' if channels == 1 else 'RGB', (101, 31),
                   (128,) * channels)


class CameraTest(parameterized.TestCase):

  @parameterized.parameters(1, 3)
  def test_light_is_uneven_at_times_and_never_without_strength(self, channels):
    changed = 0
    for seed in range(200):
      lit = camera.light(flat(channels), random.Random(seed), 1.0)
      self.assertEqual(flat(channels).mode, lit.mode)
      pixels = np.asarray(lit, np.float32)
      changed += np.ptp(pixels) > 8
      self.assertGreaterEqual(pixels.min(), 0.49 * 128)
      self.assertLessEqual(pixels.max(), 128)
    self.assertBetween(changed, 45, 95)
    np.testing.assert_array_equal(
        picture(), camera.light(picture(), random.Random(0), 0.0))

  @parameterized.parameters(1, 3)
  def test_softening_takes_detail_and_keeps_the_rest(self, channels):
    image = picture(channels)
    sharp = np.asarray(image, np.float32)
    changed = 0
    for seed in range(200):
      soft = camera.soften(image, random.Random(seed), 1.0, 3.0)
      self.assertEqual((image.size, image.mode), (soft.size, soft.mode))
      soft = np.asarray(soft, np.float32)
      np.testing.assert_allclose(sharp[:, :15], soft[:, :15], atol=2)
      np.testing.assert_allclose(sharp[:, -15:], soft[:, -15:], atol=2)
      changed += not np.array_equal(sharp, soft)
    self.assertBetween(changed, 110, 165)

  @parameterized.parameters(1, 3)
  def test_noise_keeps_within_its_limit(self, channels):
    deviations = [np.asarray(camera.add_noise(
        flat(channels), random.Random(i), 1.0, 5.0), np.float32).std()
        for i in range(200)]
    self.assertLess(max(deviations), 5.5)
    self.assertGreater(max(deviations), 3.0)
    self.assertBetween(np.count_nonzero(deviations), 45, 100)

  def test_noise_differs_between_channels_at_times(self):
    kinds = set()
    for seed in range(100):
      pixels = np.asarray(camera.add_noise(flat(3), random.Random(seed), 1.0,
                                           9.0), np.int16)
      if np.ptp(pixels):
        kinds.add(bool((pixels[:, :, 0] != pixels[:, :, 1]).any()))
    self.assertEqual({False, True}, kinds)

  @parameterized.parameters(1, 3)
  def test_exposure_takes_contrast_but_never_all(self, channels):
    left = []
    for seed in range(300):
      done, contrast = camera.expose(picture(channels), random.Random(seed),
                                     1.0, 170.0)
      pixels = np.asarray(done, np.float32)
      self.assertAlmostEqual(contrast, np.ptp(pixels), delta=1.5)
      left.append(contrast)
    self.assertGreaterEqual(min(left), 28)
    self.assertLess(min(left), 60)
    self.assertBetween(sum(value < 170 for value in left), 60, 120)

  def test_exposure_leaves_what_is_faint_already(self):
    for seed in range(50):
      done, contrast = camera.expose(picture(), random.Random(seed), 1.0, 20.0)
      self.assertEqual(20.0, contrast)
      np.testing.assert_array_equal(picture(), done)

  def test_no_strength_changes_nothing(self):
    for seed in range(50):
      rng = random.Random(seed)
      np.testing.assert_array_equal(
          picture(), camera.expose(picture(), rng, 0.0, 170.0)[0])
      done = camera.add_noise(camera.soften(picture(), rng, 0.0, 3.0), rng,
                              0.0, 9.0)
      np.testing.assert_array_equal(np.asarray(picture()), np.asarray(done))

  def test_encodes_both_formats_and_worse_with_strength(self):
    def size(strength):
      return sum(len(camera.encoded(picture(), random.Random(i), strength,
                                    0.0)) for i in range(50))
    self.assertLess(size(1.0), size(0.0))
    formats = [Image.open(io.BytesIO(camera.encoded(
        picture(), random.Random(i), 1.0, 0.3))).format for i in range(200)]
    self.assertBetween(formats.count('PNG'), 35, 85)
    self.assertEqual(200, formats.count('PNG') + formats.count('JPEG'))


if __name__ == '__main__':
  absltest.main()
