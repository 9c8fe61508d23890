"""Tests of master/rendering/colours.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.rendering import colours


class ColoursTest(parameterized.TestCase):

  @parameterized.parameters(1, 3)
  def test_contrast_suffices_to_read(self, channels):
    contrasts = []
    for seed in range(500):
      back, ink = colours.pair(random.Random(seed), channels, 1.0)
      self.assertLen(back, channels)
      self.assertLen(ink, channels)
      for value in (*back, *ink):
        self.assertIsInstance(value, int)
        self.assertBetween(value, 0, 255)
      contrasts.append(colours.luminance(back) - colours.luminance(ink))
    self.assertGreaterEqual(np.abs(contrasts).min(), colours.LEAST_CONTRAST)
    # Dark on light and light on dark are both around.
    self.assertBetween(np.mean(np.array(contrasts) > 0), 0.3, 0.7)

  def test_without_strength_black_on_white(self):
    self.assertEqual(((255,) * 3, (0,) * 3),
                     colours.pair(random.Random(1), 3, 0.0))

  @parameterized.parameters(
      ((0, 0, 0),), ((255, 255, 255),), ((128, 128, 128),), ((250, 5, 5),),
      ((100,),), ((160,),))
  def test_any_background_can_be_written_on(self, *back):
    back = back[0]
    for seed in range(200):
      ink = colours.against(back, random.Random(seed))
      self.assertGreaterEqual(colours.contrast(back, ink),
                              colours.LEAST_CONTRAST)

  def test_a_wish_that_can_be_read_is_kept_and_another_keeps_its_hue(self):
    for seed in range(20):
      rng = random.Random(seed)
      self.assertEqual((255, 255, 240), colours.against(
          (0, 0, 30), rng, (255, 255, 240)))
      red, green, blue = colours.against((30, 30, 30), rng, (120, 60, 60))
      self.assertGreater(red, green)
      self.assertEqual(green, blue)

  def test_luminance_and_contrast(self):
    self.assertAlmostEqual(255, colours.luminance((255, 255, 255)))
    self.assertGreater(colours.luminance((0, 200, 0)),
                       colours.luminance((0, 0, 200)))
    self.assertEqual(40, colours.contrast((10,), (50,)))

  def test_rounded(self):
    self.assertEqual((0, 3, 255), colours.rounded([-4.0, 2.6, 300.0]))


if __name__ == '__main__':
  absltest.main()
