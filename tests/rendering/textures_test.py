"""Tests of master/rendering/textures.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.rendering import textures


class TexturesTest(parameterized.TestCase):

  def test_backgrounds_vary_around_grey(self):
    cuts = [np.asarray(textures.background(random.Random(i), (127, 31)))
            for i in range(60)]
    for cut in cuts:
      self.assertEqual((31, 127), cut.shape)
      self.assertGreaterEqual(cut.min(), 1)
    self.assertAlmostEqual(128, np.mean([c.mean() for c in cuts]), delta=25)
    self.assertLen({c.tobytes() for c in cuts}, 60)

  def test_stretches_what_is_too_small(self):
    size = (textures.WIDTH + 3, textures.HEIGHT + 5)
    self.assertEqual(size, textures.background(random.Random(0), size).size)
    tiny = Image.new('RGB', (3, 2), 'red')
    cut = textures.cut(tiny, random.Random(0), (50, 20))
    self.assertEqual(((50, 20), [(1000, (255, 0, 0))]),
                     (cut.size, cut.getcolors()))

  def test_cuts_windows_some_of_them_mirrored(self):
    source = Image.fromarray(np.arange(60, dtype=np.uint8).reshape(6, 10))
    steps = set()
    for seed in range(20):
      window = np.asarray(textures.cut(source, random.Random(seed), (4, 3)),
                          np.int16)
      self.assertEqual((3, 4), window.shape)
      self.assertEqual(10, window[1, 0] - window[0, 0])
      steps.add(int(window[0, 1] - window[0, 0]))
    self.assertEqual({1, -1}, steps)

  @parameterized.parameters((0.3, 1), (4.0, 4), (7.0, 6), (50.0, 12))
  def test_noise_is_normal(self, asked, expected):
    noise = np.asarray(textures.noise(random.Random(0), (503, 101), asked,
                                      'RGB'), np.float32)
    self.assertAlmostEqual(128, noise.mean(), delta=0.3)
    self.assertAlmostEqual(expected, noise.std(), delta=0.1 + 0.05 * expected)
    self.assertEqual('L', textures.noise(random.Random(0), (7, 5), asked,
                                         'L').mode)

  @parameterized.parameters('chalk', 'brush')
  def test_wear_has_all_values_as_often(self, kind):
    wear = np.asarray(textures.wear(random.Random(0), (
        textures.WIDTH, textures.HEIGHT), kind))
    counts = np.bincount(wear.ravel(), minlength=256)
    self.assertEqual(0, counts[0])
    np.testing.assert_allclose(wear.size / 254, counts[1:255], rtol=0.02)
    # Brushes leave streaks along the word, chalk does not.
    across, down = (np.abs(np.diff(wear.astype(np.float32), axis=axis)).mean()
                    for axis in (1, 0))
    self.assertEqual(kind == 'brush', bool(down > 2 * across))

  def test_slopes_go_in_all_directions(self):
    corners = set()
    for seed in range(60):
      slope = np.asarray(textures.slope(random.Random(seed), (61, 31)),
                         np.int16)
      self.assertAlmostEqual(128, slope.mean(), delta=4)
      self.assertLessEqual(np.abs(np.diff(slope, axis=0)).max(), 10)
      corners.add((slope[0, 0] > slope[-1, 0], slope[0, 0] > slope[0, -1]))
    self.assertLen(corners, 4)

  def test_ramp(self):
    np.testing.assert_allclose([-1, -0.5, 0, 0.5, 1], textures.ramp(5))


if __name__ == '__main__':
  absltest.main()
