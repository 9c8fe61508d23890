"""Tests of master/images/augment.py."""

import dataclasses

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.images import augment as augment_lib
from tests.support import pictures
from tests.support import test_util

HEIGHT, WIDTH = 16, 44
WIDTHS = np.array([44, 29, 13, 37, 5, 41, 23], np.int32)
NAMES = [field.name for field in dataclasses.fields(config_lib.AugmentConfig)
         if field.name != 'augment']
ALL = config_lib.AugmentConfig(augment=1.0, **dict.fromkeys(NAMES, 1.0))
SOME = config_lib.AugmentConfig(augment=0.7, **dict.fromkeys(NAMES, 0.4))


def _only(augment=1.0, **probabilities):
  """A configuration with the probabilities given, and all others 0."""
  return config_lib.AugmentConfig(
      augment=augment, **{**dict.fromkeys(NAMES, 0.0), **probabilities})


def _batch(channels=1, count=7):
  """Words, black behind them; widths; seeds."""
  widths = np.resize(WIDTHS, count)
  images = np.full([count, HEIGHT, WIDTH, channels], -1, np.float32)
  for row, width in enumerate(widths):
    images[row, :, :width] = (
        pictures.pixels(HEIGHT, width, channels, row) / 127.5 - 1)
  return images, widths, np.arange(count, dtype=np.int64) * 7919 + 1


def _word(image, width):
  return image[:, :width].astype(np.float64)


class AugmentationTest(tf.test.TestCase, parameterized.TestCase):

  def augment(self, config, images, widths, seeds):
    with test_util.graph_session() as session:
      height, width, channels = images.shape[1:]
      image = tf.placeholder(tf.float32, [None, height, width, channels])
      changed = augment_lib.augment_batch(
          image, tf.constant(widths), tf.constant(seeds), config)
      self.assertEqual([height, width, channels], changed.shape[1:].as_list())
      return session.run(changed, {image: images})

  def augment_batch(self, config, channels=1, count=7):
    return self.augment(config, *_batch(channels, count))

  def test_strength_0_adds_no_op(self):
    with tf.Graph().as_default() as graph:
      images, widths, seeds = map(tf.constant, _batch())
      before = len(graph.get_operations())
      changed = augment_lib.augment_batch(
          images, widths, seeds, dataclasses.replace(ALL, augment=0.0))
      self.assertIs(images, changed)
      self.assertLen(graph.get_operations(), before)

  @parameterized.parameters(1, 3)
  def test_no_effect_changes_nothing(self, channels):
    self.assertAllEqual(_batch(channels)[0],
                        self.augment_batch(_only(), channels))

  @parameterized.parameters(*NAMES)
  def test_each_effect_changes_words_alone(self, name):
    channels = 3 if name == 'augment_colour' else 1
    images, widths, _ = _batch(channels)
    changed = self.augment_batch(_only(**{name: 1.0}), channels)
    moves = name.split('_')[1] in augment_lib.GEOMETRIC
    self.assertGreater(np.abs(changed - images).mean(), 5e-4)
    for row, width in enumerate(widths):
      self.assertTrue((changed[row] != images[row]).any())
      if not moves:
        self.assertAllEqual(images[row, :, width:], changed[row, :, width:])

  @parameterized.parameters(1, 3)
  def test_words_stay_at_the_left_before_black(self, channels):
    changed = self.augment_batch(ALL, channels, 29)
    for image in changed:
      is_word = (image != -1).any(axis=(0, 2))
      width = np.flatnonzero(is_word).max() + 1
      self.assertAllEqual(np.full([HEIGHT, WIDTH - width, channels], -1),
                          image[:, width:])

  @parameterized.product(config=[ALL, SOME], channels=[1, 3])
  def test_in_range_and_finite(self, config, channels):
    images, widths, seeds = _batch(channels, 53)
    images[3] = 1  # white to the last column
    images[4] = -1  # black
    images[5, :, :20] = np.random.RandomState(0).choice(
        [-1, 1], [HEIGHT, 20, channels])
    changed = self.augment(config, images, widths, seeds)
    self.assertAllInRange(changed, -1.0, 1.0)
    self.assertDTypeEqual(changed, np.float32)
    self.assertGreater(np.abs(changed - images).mean(), 0.05)

  @parameterized.product(config=[ALL, SOME], channels=[1, 3])
  def test_rows_do_not_depend_on_each_other(self, config, channels):
    images, widths, seeds = _batch(channels)
    together = self.augment(config, images, widths, seeds)
    for rows in ([0], [6], [4, 2], [5, 1, 3, 6, 0]):
      self.assertAllClose(
          together[rows],
          self.augment(config, images[rows], widths[rows], seeds[rows]),
          rtol=0, atol=1e-5)

  def test_the_seed_decides(self):
    images, widths, seeds = _batch()
    first = self.augment(SOME, images, widths, seeds)
    self.assertAllEqual(first, self.augment(SOME, images, widths, seeds))
    images[:], widths[:] = images[0], widths[0]
    changed = self.augment(ALL, images, widths, seeds)
    for row in range(1, len(seeds)):
      self.assertGreater(np.abs(changed[row] - changed[0]).mean(), 0.02)

  def test_no_rows(self):
    images, widths, seeds = _batch()
    self.assertAllEqual([0, HEIGHT, WIDTH, 1], self.augment(
        ALL, images[:0], widths[:0], seeds[:0]).shape)

  def test_in_a_data_set(self):
    images, widths, seeds = _batch(3)
    expected = self.augment(SOME, images, widths, seeds)
    with test_util.graph_session() as session:
      dataset = tf.data.Dataset.from_tensor_slices(
          (images, widths, seeds)).batch(4).map(
              lambda *batch: augment_lib.augment_batch(*batch, SOME),
              num_parallel_calls=2).unbatch().batch(len(seeds))
      found = session.run(tf.data.make_one_shot_iterator(dataset).get_next())
    self.assertAllClose(expected, found, rtol=0, atol=1e-5)

  def test_probabilities(self):
    count = 1009
    images, widths, seeds = _batch(count=count)
    for name in ('augment_noise', 'augment_rotation', 'augment_invert'):
      changed = self.augment(_only(**{name: 0.3}), images, widths, seeds)
      share = (changed != images).any(axis=(1, 2, 3)).mean()
      self.assertAllClose(0.3, share, atol=0.05)

  def test_effects_that_move_pixels_come_together(self):
    config = _only(augment_crop=0.3, augment_rotation=0.3, augment_shear=0.2,
                   augment_curve=0.1)
    images, widths, seeds = _batch(count=1009)
    changed = self.augment(config, images, widths, seeds)
    share = (changed != images).any(axis=(1, 2, 3)).mean()
    self.assertAllClose(0.3, share, atol=0.05)

  def test_more_strength_changes_more(self):
    images, widths, seeds = _batch(3)
    for name in NAMES:
      if name != 'augment_invert':
        less, more = (np.abs(self.augment(
            _only(augment, **{name: 1.0}), images, widths, seeds) - images)
                      for augment in (0.2, 1.0))
        self.assertLess(1.2 * less.mean(), more.mean(), name)

  def test_inversion(self):
    images, widths, seeds = _batch(3)
    changed = self.augment(_only(0.01, augment_invert=1.0), images, widths,
                           seeds)
    for row, width in enumerate(widths):
      self.assertAllEqual(-_word(images[row], width),
                          _word(changed[row], width))

  def test_contrast_is_one_line_per_word(self):
    images, widths, seeds = _batch(count=31)
    for image, width in zip(images[:10], widths):
      image[:, :width] = image[:, :width] * 0.05 + 0.6
    changed = self.augment(_only(augment_contrast=1.0), images, widths, seeds)
    factors = []
    for row, width in enumerate(widths):
      before, after = (_word(x[row], width).ravel()
                       for x in (images, changed))
      inside = np.abs(after) < 1
      self.assertGreater(inside.mean(), 0.75)
      factor, offset = np.polyfit(before[inside], after[inside], 1)
      self.assertAllClose(np.clip(factor * before + offset, -1, 1), after,
                          atol=1e-4)
      factors.append(factor)
    # Of the faint words none has lost contrast.
    self.assertAllGreaterEqual(factors[:10], 0.999)
    self.assertLess(min(factors[10:]), 0.7)
    self.assertGreater(max(factors), 1.3)

  def test_colour_is_a_gain_of_each_channel(self):
    images, widths, seeds = _batch(3)
    changed = self.augment(_only(augment_colour=1.0), images, widths, seeds)
    for row, width in enumerate(widths):
      before, after = (_word(x[row], width) + 1 for x in (images, changed))
      gains = after.sum(axis=(0, 1)) / before.sum(axis=(0, 1))
      self.assertAllClose(before * gains, after, atol=1e-5)
      self.assertAllClose(1.0, gains.max())
      self.assertLess(gains.min(), 0.98)

  def test_grey_has_no_colour(self):
    self.assertAllEqual(_batch()[0],
                        self.augment_batch(_only(augment_colour=1.0)))

  def test_noise_is_as_strong_as_the_word_can_bear(self):
    images, widths, seeds = _batch(count=29)
    for image, width in zip(images[:15], widths):
      image[:, :width] *= 0.1
    changed = self.augment(_only(augment_noise=1.0), images, widths, seeds)
    for row, width in enumerate(widths):
      before, after = (_word(x[row], width) for x in (images, changed))
      inside = np.abs(after) < 1
      noise = (after - before)[inside].std()
      self.assertGreater(noise, 0.05 * before.std())
      self.assertLess(noise, 0.5 * before.std())

  def test_a_turned_word_has_no_black_corners(self):
    images, widths, seeds = _batch(count=13)
    for image, width in zip(images, widths):
      image[:, :width] = 0.5
    changed = self.augment(_only(augment_rotation=1.0, augment_shear=1.0,
                                 augment_perspective=1.0), images, widths,
                           seeds)
    self.assertAllEqual(np.unique(changed), [-1, 0.5])
    # All rows of a column are the word's, or none is.
    self.assertAllEqual(changed.min(axis=1), changed.max(axis=1))


if __name__ == '__main__':
  tf.test.main()
