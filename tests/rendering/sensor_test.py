"""Tests of master/rendering/sensor.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.rendering import sensor

EFFECTS = {
    'shaken': lambda image, rng: sensor.shaken(image, rng, 4.0),
    'unfocused': lambda image, rng: sensor.unfocused(image, rng, 4.0),
    'noisy': lambda image, rng: sensor.noisy(image, rng, 20.0),
    'scanned': sensor.scanned,
    'squeezed': lambda image, rng: sensor.squeezed(image, rng, 3.0),
}


def stripes(channels=3):
  """Upright bars of 8 pixels, dark and light."""
  pixels = np.full([37, 128, channels], 60, np.uint8)
  pixels[:, np.arange(128) // 8 % 2 == 0] = 200
  return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)


def flat(value):
  return Image.new('RGB', (300, 60), (value,) * 3)


def point():
  pixels = np.zeros([31, 31], np.uint8)
  pixels[15, 15] = 255
  return Image.fromarray(pixels)


class SensorTest(parameterized.TestCase):

  @parameterized.product(name=sorted(EFFECTS), channels=[1, 3])
  def test_keeps_size_and_mode_and_hangs_on_the_seed(self, name, channels):
    given, effect = stripes(channels), EFFECTS[name]
    changed = 0
    for seed in range(10):
      done = effect(given, random.Random(seed))
      self.assertEqual((given.size, given.mode), (done.size, done.mode))
      np.testing.assert_array_equal(done, effect(given, random.Random(seed)))
      changed += not np.array_equal(given, done)
    # Movement along the bars changes nothing.
    self.assertGreater(changed, 7)
    np.testing.assert_array_equal(given, stripes(channels))

  @parameterized.parameters(*sorted(EFFECTS))
  def test_the_smallest_pictures_too(self, name):
    for seed in range(20):
      for size in ((4, 4), (8, 5), (30, 4)):
        tiny = Image.new('RGB', size, 'red')
        self.assertEqual(size, EFFECTS[name](tiny, random.Random(seed)).size)

  @parameterized.parameters('shaken', 'unfocused')
  def test_blurs_keep_the_light_and_a_flat_picture(self, name):
    for seed in range(20):
      done = np.asarray(EFFECTS[name](point(), random.Random(seed)),
                        np.float32)
      self.assertBetween(done.sum(), 200, 320)
      self.assertLess(done.max(), 160)
      done = np.asarray(EFFECTS[name](flat(130), random.Random(seed)))
      np.testing.assert_allclose(130, done, atol=1)

  def test_motion_goes_in_all_directions(self):
    spreads = []
    for seed in range(60):
      done = np.asarray(EFFECTS['shaken'](point(), random.Random(seed)),
                        np.float32)
      y, x = np.mgrid[-15:16, -15:16]
      spreads.append([(done * x * x).sum() / done.sum(),
                      (done * y * y).sum() / done.sum(),
                      (done * x * y).sum() / done.sum()])
    across, down, both = np.transpose(spreads)
    self.assertTrue((across > 5 * down).any())
    self.assertTrue((down > 5 * across).any())
    self.assertGreater(both.max(), 0.4)
    self.assertLess(both.min(), -0.4)

  def test_a_point_out_of_focus_is_a_disc(self):
    done = np.asarray(EFFECTS['unfocused'](point(), random.Random(0)))
    np.testing.assert_allclose(done, done.T, atol=1)
    np.testing.assert_allclose(done, done[::-1, ::-1], atol=1)
    self.assertLess(done[13, 13], 0.7 * done[15, 13] + 1)

  def test_lowered_letters_keep_their_least_height(self):
    scales = []
    for seed in range(100):
      done = sensor.lowered(stripes(), random.Random(seed), 30.0, 2.0, 8)
      self.assertEqual('RGB', done.mode)
      self.assertAlmostEqual(128 / 37, done.width / done.height, delta=0.6)
      scales.append(done.height / 37)
    # Strokes of two pixels become 0.8 wide at least.
    self.assertAlmostEqual(0.4, min(scales), delta=0.03)
    self.assertLess(np.median(scales), 0.75)
    heights = [sensor.lowered(stripes(), random.Random(seed), 30.0, 9.0,
                              8).height for seed in range(100)]
    self.assertAlmostEqual(37 * 8 / 30, min(heights), delta=1)

  def test_small_letters_are_left_alone(self):
    given = stripes()
    self.assertIs(given, sensor.lowered(given, random.Random(0), 8.0, 3.0, 8))

  def test_noise_grows_with_the_light_and_keeps_within_its_limit(self):
    def deviation(value, seed):
      return np.asarray(EFFECTS['noisy'](flat(value), random.Random(seed)),
                        np.float32).std()
    for seed in range(20):
      dark, light = deviation(40, seed), deviation(210, seed)
      self.assertLess(dark, 0.8 * light)
      self.assertBetween(light, 4, 21)

  def test_noise_comes_in_spots_of_colour_at_times(self):
    neighbours = []
    for seed in range(30):
      noise = np.asarray(EFFECTS['noisy'](flat(150), random.Random(seed)),
                         np.float32) - 150
      self.assertGreater(np.abs(noise[..., 0] - noise[..., 1]).mean(), 1)
      neighbours.append((noise[:, 1:] * noise[:, :-1]).mean() / noise.var())
    self.assertLess(min(neighbours), 0.2)
    self.assertGreater(max(neighbours), 0.4)

  def test_lines_are_dark_or_moved(self):
    kinds = set()
    for seed in range(30):
      done = np.asarray(sensor.scanned(stripes(1), random.Random(seed)))
      rows = np.flatnonzero((done != np.asarray(stripes(1))).any(axis=1))
      self.assertIn(np.diff(rows).min(), (2, 3, 4))
      kinds.add(bool(done.max(axis=1).min() < 200))
    self.assertEqual({False, True}, kinds)

  def test_squeezed_pictures_lose_detail(self):
    errors = [np.abs(np.asarray(EFFECTS['squeezed'](
        stripes(), random.Random(seed)), np.float32)
                     - np.asarray(stripes(), np.float32)).mean()
              for seed in range(30)]
    self.assertBetween(min(errors), 2, 12)
    self.assertBetween(max(errors), 12, 40)


if __name__ == '__main__':
  absltest.main()
