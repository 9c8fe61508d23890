"""Tests of master/images/warp.py."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.images import warp as warp_lib
from tests.support import pictures
from tests.support import test_util

HEIGHT, WIDTH = 16, 44
NOTHING = dict.fromkeys(warp_lib.Warp._fields, 0.0)
ALL = dict(angle=0.1, shear=0.3, across=-0.2, down=0.1, curve=3.0, apex=0.3,
           left=0.1, top=-0.05, right=0.05, bottom=0.15, stretch=0.1)


def _images(count, channels=1):
  """Smooth pictures, float32 [count, HEIGHT, WIDTH, channels]."""
  return np.stack([pictures.pixels(HEIGHT, WIDTH, channels, seed)
                   for seed in range(count)]).astype(np.float32) / 127.5 - 1


def _sampled(image, x, y):
  """One pixel [C] at column x and row y, which may lie outside."""
  height, width, _ = image.shape
  x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
  left, top = int(x), int(y)
  right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
  x, y = x - left, y - top
  return ((1 - y) * ((1 - x) * image[top, left] + x * image[top, right])
          + y * ((1 - x) * image[bottom, left] + x * image[bottom, right]))


def _moved(w, width, height, x, y):
  """Where a point of a word around the origin goes."""
  scale = 1 + 2 * w['across'] / width * x + 2 * w['down'] / height * y
  x, y = x / scale, y / scale
  x -= w['shear'] * y
  cos, sin = math.cos(w['angle']), math.sin(w['angle'])
  return cos * x - sin * y, sin * x + cos * y


def _origin(w, width, height, x, y):
  """The inverse, step by step."""
  cos, sin = math.cos(w['angle']), math.sin(w['angle'])
  x, y = cos * x + sin * y, cos * y - sin * x
  x += w['shear'] * y
  scale = 1 / (1 - 2 * w['across'] / width * x - 2 * w['down'] / height * y)
  return x * scale, y * scale


def _box(w, width, height):
  """Left, top, right, bottom of the crop."""
  corners = [_moved(w, width, height, sx * width / 2, sy * height / 2)
             for sx in (-1, 1) for sy in (-1, 1)]
  xs, ys = zip(*corners)
  unit = max(ys) - min(ys)
  return (min(xs) - w['left'] * unit, min(ys) - w['top'] * unit,
          max(xs) + w['right'] * unit, max(ys) + w['bottom'] * unit)


def _expected(image, w, width):
  """A word after `transforms` and `move`, [H, W, C], and its new width."""
  height = HEIGHT + abs(w['curve'])
  left, top, right, bottom = _box(w, width, height)
  new_width = round(min(WIDTH, max(1, (right - left) / (bottom - top) * HEIGHT
                                   * math.exp(w['stretch']))))
  result = np.empty_like(image)
  for row in range(HEIGHT):
    for column in range(WIDTH):
      x, y = _origin(w, width, height,
                     left + (column + 0.5) / new_width * (right - left),
                     top + (row + 0.5) / HEIGHT * (bottom - top))
      result[row, column] = _sampled(
          image, x + width / 2 - 0.5,
          (y + height / 2) / height * HEIGHT - 0.5)
  return result, new_width


def _bent(image, width, curve, apex):
  result = np.empty_like(image)
  for row in range(HEIGHT):
    for column in range(WIDTH):
      along = ((2 * column + 1) / width - 1 - apex) / (1 + abs(apex))
      down = curve * min(1, max(-1, along))**2
      if curve < 0:
        down -= curve
      result[row, column] = _sampled(
          image, column,
          (row + 0.5) * (HEIGHT + abs(curve)) / HEIGHT - 0.5 - down)
  return result


class WarpingTest(tf.test.TestCase, parameterized.TestCase):

  def warped(self, images, widths, *warps):
    """Images after `move`, and their new widths."""
    warp = warp_lib.Warp(**{name: tf.constant([w[name] for w in warps],
                                              tf.float64)
                            for name in warp_lib.Warp._fields})
    with test_util.graph_session() as session:
      warp = warp_lib.Warp(*(tf.constant([w[name] for w in warps], tf.float64)
                             for name in warp_lib.Warp._fields))
      homographies, new_widths = warp_lib.transforms(
          tf.constant(widths), warp, HEIGHT, WIDTH)
      return session.run([warp_lib.move(tf.constant(images), homographies),
                          new_widths])

  def bent(self, images, widths, curve, apex):
    with test_util.graph_session() as session:
      return session.run(warp_lib.bend(
          tf.constant(images), tf.constant(widths),
          tf.constant(curve, tf.float64), tf.constant(apex, tf.float64)))

  def test_nothing_changes_nothing(self):
    images, widths = _images(3), np.array([44, 31, 7], np.int32)
    moved, new_widths = self.warped(images, widths, *[NOTHING] * 3)
    self.assertAllEqual(images, moved)
    self.assertAllEqual(widths, new_widths)

  @parameterized.parameters(
      ({'angle': 0.2},), ({'angle': -0.15},), ({'shear': 0.4},),
      ({'across': 0.25},), ({'down': -0.12},), ({'curve': -3.0},),
      ({'left': 0.2},), ({'top': -0.1},), ({'right': -0.1},),
      ({'bottom': 0.2},), ({'stretch': -0.3},), (ALL,))
  def test_as_in_numpy(self, changes):
    images, widths = _images(3), [44, 31, 7]
    words = [{**NOTHING, **changes}, ALL, {**NOTHING, **changes}]
    moved, new_widths = self.warped(images, widths, *words)
    for row, word in enumerate(words):
      expected, new_width = _expected(images[row], word, widths[row])
      self.assertEqual(new_width, new_widths[row])
      self.assertAllClose(expected, moved[row], atol=2e-4)
    self.assertGreater(np.abs(moved[0] - images[0]).max(), 0.02)

  def test_colour(self):
    images, widths = _images(2, channels=3), [37, 44]
    moved, _ = self.warped(images, widths, ALL, ALL)
    for row in range(2):
      self.assertAllClose(_expected(images[row], ALL, widths[row])[0],
                          moved[row], atol=2e-4)

  def test_turns_clockwise_and_shrinks_to_the_height(self):
    # A word with a bright left and a dark right end.
    image = np.tile(np.linspace(1, -1, 40, dtype=np.float32)[:, None],
                    [1, 1, 16, 1, 1])[0].reshape([1, 16, 40, 1])
    image = np.pad(image, [[0, 0], [0, 0], [0, 4], [0, 0]])
    _, width = self.warped(image, [40], {**NOTHING, 'angle': 0.2})
    self.assertLess(width[0], 36)
    line = np.full([1, 16, 44, 1], -1, np.float32)
    line[:, 7:9] = 1
    moved, width = self.warped(line, [44], {**NOTHING, 'angle': 0.15})
    rows = moved[0, :, :width[0], 0].argmax(axis=0)
    self.assertLess(rows[2], 6)
    self.assertGreater(rows[-3], 9)

  @parameterized.parameters(1, 3)
  def test_bends_as_in_numpy(self, channels):
    images, widths = _images(3, channels), [44, 31, 20]
    curve, apex = [4.0, -2.5, 1.0], [0.0, 0.3, -0.4]
    bent = self.bent(images, widths, curve, apex)
    for row in range(3):
      self.assertAllClose(
          _bent(images[row], widths[row], curve[row], apex[row]), bent[row],
          atol=1e-5)

  def test_no_rows(self):
    images = np.empty([0, HEIGHT, WIDTH, 1], np.float32)
    self.assertAllEqual(images.shape, self.bent(
        images, np.empty([0], np.int32), [], []).shape)
    moved, widths = self.warped(images, np.empty([0], np.int32))
    self.assertAllEqual(images.shape, moved.shape)
    self.assertAllEqual([0], widths.shape)

  def test_padding_goes_on_as_the_word_ends(self):
    images = _images(3, 3)
    widths = np.array([44, 31, 1], np.int32)
    for image, width in zip(images, widths):
      image[:, width:] = -1
    with test_util.graph_session() as session:
      filled = session.run(warp_lib.fill_padding(tf.constant(images),
                                                 tf.constant(widths)))
    for image, width, result in zip(images, widths, filled):
      self.assertAllEqual(image[:, :width], result[:, :width])
      self.assertAllEqual(np.repeat(image[:, width - 1:width], 44 - width, 1),
                          result[:, width:])


if __name__ == '__main__':
  tf.test.main()
