"""Tests of master/rendering/textures.py."""

import random

from absl.testing import absltest
import numpy as np

from master.rendering import textures


class TexturesTest(absltest.TestCase):

  def test_backgrounds_vary_around_grey(self):
    cuts = [textures.background(random.Random(i), 31, 127)
            for i in range(60)]
    for cut in cuts:
      self.assertEqual((31, 127), cut.shape)
      self.assertEqual(np.float32, cut.dtype)
      self.assertLessEqual(np.abs(cut).max(), 1.0)
    self.assertAlmostEqual(0, np.mean([c.mean() for c in cuts]), delta=0.2)
    self.assertLen({c.tobytes() for c in cuts}, 60)

  def test_reaches_beyond_one_tile(self):
    shape = (textures.HEIGHT + 5, textures.WIDTH + 3)
    self.assertEqual(shape, textures.background(random.Random(0),
                                                *shape).shape)
    self.assertEqual((*shape, 3), textures.noise(random.Random(0), *shape,
                                                 3).shape)

  def test_noise_is_normal(self):
    noise = textures.noise(random.Random(0), 101, 503, 3)
    self.assertAlmostEqual(0, noise.mean(), delta=0.02)
    self.assertAlmostEqual(1, noise.std(), delta=0.02)
    self.assertEqual((7, 5, 1), textures.noise(random.Random(0), 7, 5,
                                               1).shape)

  def test_ramp(self):
    np.testing.assert_allclose([-1, -0.5, 0, 0.5, 1], textures.ramp(5))


if __name__ == '__main__':
  absltest.main()
