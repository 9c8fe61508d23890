"""Tests of master/rendering/palettes.py."""

import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master.rendering import colours
from master.rendering import palettes


def sign(back=(20, 60, 150), ink=(240, 230, 210)):
  """Three quarters of one colour, and a bar of another."""
  image = Image.new('RGB', (96, 48), back)
  image.paste(ink, (0, 0, 96, 12))
  return image


class PalettesTest(parameterized.TestCase):

  def test_clusters_are_the_colours_there_are(self):
    found = palettes.clusters(sign())
    np.testing.assert_allclose([20, 60, 150], found[0], atol=2)
    np.testing.assert_allclose([240, 230, 210], found[1], atol=2)
    self.assertLen(palettes.clusters(sign().convert('L'))[0], 1)

  def test_pairs_are_of_the_picture_where_they_can_be_read(self):
    pairs = {palettes.pair(sign(), random.Random(seed)) for seed in range(30)}
    self.assertLen(pairs, 2)
    for back, ink in pairs:
      self.assertGreater(colours.contrast(back, ink), 100)

  @parameterized.parameters('L', 'RGB')
  def test_pairs_can_be_read_whatever_the_picture(self, mode):
    rng = np.random.default_rng(0)
    channels = 1 if mode == 'L' else 3
    images = [Image.new(mode, (30, 20), value) for value in
              ('black', 'white', 'grey')] + [sign((90, 100, 110),
                                                  (105, 100, 95)),
                                             Image.fromarray(rng.integers(
                                                 0, 256, [20, 30, 3],
                                                 np.uint8)).convert(mode)]
    for image in images:
      for seed in range(20):
        back, ink = palettes.pair(image.convert(mode), random.Random(seed))
        self.assertEqual((channels, channels), (len(back), len(ink)))
        self.assertGreaterEqual(colours.contrast(back, ink),
                                colours.LEAST_CONTRAST)
        self.assertEqual((back, ink), palettes.pair(image.convert(mode),
                                                    random.Random(seed)))


if __name__ == '__main__':
  absltest.main()
