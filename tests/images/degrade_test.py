"""Tests of master/images/degrade.py."""

import io
import math

from absl.testing import parameterized
import numpy as np
from PIL import Image
import tensorflow.compat.v1 as tf

from master.images import degrade
from tests.support import pictures
from tests.support import test_util


def _images(count, height, width, channels):
  """Smooth pictures with some noise, in whole steps of 1 / 127.5."""
  noise = np.random.RandomState(1).randint(
      -9, 10, [count, height, width, channels])
  pixels = np.stack([pictures.pixels(height, width, channels, seed)
                     for seed in range(count)]) + noise
  return np.clip(pixels, 0, 255).astype(np.float32) / 127.5 - 1


def _levels(images):
  return np.clip((np.asarray(images, np.float64) + 1) * 127.5, 0, 255)


def _through_pillow(image, quality):
  """[H, W, C] in [-1, 1] as libjpeg leaves it, in levels."""
  pixels = np.round(_levels(image)).astype(np.uint8)
  buffer = io.BytesIO()
  Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(
      buffer, 'JPEG', quality=quality)
  return np.asarray(Image.open(buffer), np.float64).reshape(pixels.shape)


def _planes(levels):
  """Y, Cb and Cr of [H, W, 3] in levels: [3, H, W]."""
  red, green, blue = np.moveaxis(levels, 2, 0)
  luma = 0.299 * red + 0.587 * green + 0.114 * blue
  return np.stack([luma, 0.564 * (blue - luma), 0.713 * (red - luma)])


def _halved(planes):
  """The means of 2 x 2 pixels of [n, H, W]."""
  count, height, width = planes.shape
  return planes.reshape([count, height // 2, 2, width // 2, 2]).mean((2, 4))


def _cosine_transform(block):
  """The two-dimensional transform of 8 x 8 pixels, by its definition."""
  result = np.zeros([8, 8])
  for v in range(8):
    for u in range(8):
      for y in range(8):
        for x in range(8):
          result[v, u] += (block[y, x]
                           * math.cos((2 * x + 1) * u * math.pi / 16)
                           * math.cos((2 * y + 1) * v * math.pi / 16))
      scale = [1 if i else math.sqrt(0.5) for i in (u, v)]
      result[v, u] *= scale[0] * scale[1] / 4
  return result


class DegradationTest(tf.test.TestCase, parameterized.TestCase):

  def run_function(self, function, images, *values):
    with test_util.graph_session() as session:
      return session.run(function(
          tf.constant(images), *(tf.constant(v, tf.float64) for v in values)))

  def blur(self, images, *values):
    return self.run_function(degrade.blur, images, *values)

  def compress(self, images, *values):
    return self.run_function(degrade.compress, images, *values)

  @parameterized.parameters(1, 3)
  def test_blur_as_in_numpy(self, channels):
    images = _images(3, 11, 13, channels)
    spread, length, angle = [0.9, 0.0, 0.5], [0.0, 1.9, 1.2], [0.3, 0.7, 2.0]
    blurred = self.blur(images, spread, length, angle)
    self.assertAllEqual(images.shape, blurred.shape)
    for row in range(3):
      weights = np.empty([5, 5])
      cos, sin = math.cos(angle[row]), math.sin(angle[row])
      across = spread[row]**2 + 0.04
      along = across + length[row]**2
      for y in range(-2, 3):
        for x in range(-2, 3):
          weights[y + 2, x + 2] = math.exp(
              -(x * cos + y * sin)**2 / (2 * along)
              - (y * cos - x * sin)**2 / (2 * across))
      padded = np.pad(images[row], [[2, 2], [2, 2], [0, 0]], 'symmetric')
      expected = sum(weights[y, x] * padded[y:y + 11, x:x + 13]
                     for y in range(5) for x in range(5)) / weights.sum()
      self.assertAllClose(expected, blurred[row], atol=1e-5)

  def test_blur_follows_the_direction(self):
    point = np.zeros([2, 9, 9, 1], np.float32)
    point[:, 4, 4] = 1
    across, down = self.blur(point, [0, 0], [2, 2], [0, math.pi / 2])
    self.assertGreater(across[4, 2:7].sum(), 0.99)
    self.assertGreater(down[2:7, 4].sum(), 0.99)

  def test_next_to_no_blur(self):
    images = _images(1, 11, 13, 1)
    self.assertAllClose(images, self.blur(images, [0], [0], [0]), atol=1e-4)

  def test_no_rows(self):
    images = np.empty([0, 16, 20, 3], np.float32)
    self.assertAllEqual(images.shape, self.blur(images, [], [], []).shape)
    self.assertAllEqual(images.shape, self.compress(images, []).shape)

  def test_quantisation_as_in_numpy(self):
    images = _images(2, 16, 24, 1)
    percent = [100.0, 37.0]
    compressed = self.compress(images, percent)
    for row in range(2):
      table = np.clip(np.floor((
          degrade.LUMA_TABLE.reshape([8, 8]) * percent[row] + 50) / 100),
                      1, 255)
      for top in (0, 8):
        for left in (0, 8, 16):
          place = (row, slice(top, top + 8), slice(left, left + 8), 0)
          found = _cosine_transform(images[place] * 127.5)
          kept = _cosine_transform(compressed[place] * 127.5)
          self.assertAllClose(np.round(found / table) * table, kept,
                              atol=2e-2)

  @parameterized.parameters((30, 166), (75, 50), (10, 500))
  def test_grey_as_libjpeg_does(self, quality, percent):
    images = _images(2, 32, 48, 1)
    compressed = _levels(self.compress(images, [percent] * 2))
    for image, result in zip(images, compressed):
      expected = _through_pillow(image, quality)
      lost = np.abs(expected - _levels(image)).mean()
      self.assertGreater(lost, 1.5)
      # It rounds to whole levels.
      self.assertLess(np.abs(expected - result).mean(), 0.2 * lost)

  @parameterized.parameters((30, 166), (75, 50))
  def test_colour_as_libjpeg_does(self, quality, percent):
    # Far from black and white, where clipping would mix the planes.
    images = np.round(63.5 * _images(2, 32, 48, 3) + 127.5).astype(
        np.float32) / 127.5 - 1
    compressed = _levels(self.compress(images, [percent] * 2))
    for image, result in zip(images, compressed):
      expected = _planes(_through_pillow(image, quality))
      before, result = _planes(_levels(image)), _planes(result)
      # It rounds luma before it is quantised, which tips some coefficients.
      self.assertLess(np.abs(expected[0] - result[0]).mean(),
                      0.6 * np.abs(expected[0] - before[0]).mean())
      # It smooths the planes of half the resolution when it doubles them.
      difference = _halved(expected[1:] - result[1:])
      self.assertLess(np.abs(difference).mean(), 1.5)
      coarse = _halved(before[1:])
      self.assertAllClose(np.repeat(np.repeat(_halved(result[1:]), 2, 1), 2,
                                    2), result[1:], atol=1e-3)
      self.assertGreater(np.abs(coarse).mean(), 10)

  @parameterized.parameters((8, 4, 1), (8, 4, 3), (24, 20, 3), (40, 44, 1))
  def test_sides_of_no_whole_blocks(self, height, width, channels):
    images = _images(1, height, width, channels)
    wide = np.pad(images, [[0, 0], [0, -height % 16], [0, -width % 16],
                           [0, 0]], 'edge')
    self.assertAllClose(self.compress(wide, [80])[:, :height, :width],
                        self.compress(images, [80]), atol=1e-4)


if __name__ == '__main__':
  tf.test.main()
