"""Tests of master/rendering/backgrounds.py."""

import os
import random

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master import errors
from master.rendering import backgrounds


class PicturesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path

  def add(self, name, value=100, size=(60, 40), mode='RGB'):
    path = os.path.join(self.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    fill = value if mode != 'RGB' else (value, 0, 255 - value)
    Image.new(mode, size, fill).save(path)
    return path

  def write(self, name, content):
    path = os.path.join(self.folder, name)
    with open(path, 'wb') as f:
      f.write(content)
    return path

  def torn(self, name):
    """A picture whose head alone is whole."""
    noise = np.random.default_rng(0).integers(0, 256, [64, 64, 3], np.uint8)
    path = os.path.join(self.folder, name)
    Image.fromarray(noise).save(path)
    with open(path, 'rb') as f:
      content = f.read()
    return self.write(name, content[:len(content) // 2])

  def test_finds_pictures_in_subfolders(self):
    expected = sorted([self.add('b/deep/two.PNG'), self.add('one.jpg'),
                       self.add('grey.bmp', mode='L')])
    broken = [self.write('none.jpg', b''), self.write('text.png', b'hello')]
    self.write('notes.txt', b'hello')
    self.assertEqual((expected, broken), backgrounds.find(self.folder))

  def test_bad_folders(self):
    for path, message in ((self.folder, 'no picture in it that can be read '
                           r'\(0 cannot\)'),
                          (self.folder + '/absent', 'no such folder')):
      with self.assertRaisesRegex(errors.InputError,
                                  f'^--backgrounds={path}: {message}'):
        backgrounds.find(path)
    self.write('none.jpg', b'')
    with self.assertRaisesRegex(errors.InputError, r'\(1 cannot\)'):
      backgrounds.find(self.folder)

  def test_a_picture_too_large_to_trust_is_left_out(self):
    # 10 bytes say 60000 x 60000 pixels; nothing of them is there.
    fine = self.add('fine.png')
    bomb = self.write('bomb.gif', b'GIF89a\x60\xea\x60\xea\x00\x00\x00')
    self.assertEqual(([fine], [bomb]), backgrounds.find(self.folder))

  @parameterized.parameters('RGB', 'L', 'P', 'RGBA', 'I;16', 'CMYK', '1')
  def test_all_modes_become_rgb_of_bounded_size(self, mode):
    suffix = 'tif' if mode == 'CMYK' else 'png'
    path = os.path.join(self.folder, f'x.{suffix}')
    Image.new(mode, (1300, 700)).save(path)
    scales, = backgrounds.PictureBook([path], 1).pool(0)
    self.assertEqual(['RGB'] * 3, [image.mode for image in scales])
    self.assertEqual((512, 276), scales[0].size)
    self.assertEqual((256, 138), scales[-1].size)

  def test_pools_hang_on_seed_and_index_alone(self):
    paths = [self.add(f'{i}.png', i) for i in range(50)]

    def colours(book, index):
      return [scales[0].getpixel((0, 0))[0] for scales in book.pool(index)]

    book = backgrounds.PictureBook(paths, 1)
    first = colours(book, 0)
    self.assertLen(set(first), 6)
    self.assertEqual(first, colours(book, backgrounds.BLOCK - 1))
    later = [colours(book, backgrounds.BLOCK * i) for i in range(1, 20)]
    self.assertGreater(len(set(map(tuple, later))), 15)
    # Others were kept and dropped meanwhile.
    self.assertEqual(first, colours(book, 5))
    self.assertEqual(later[7], colours(backgrounds.PictureBook(paths, 1),
                                       backgrounds.BLOCK * 8))
    self.assertNotEqual(first, colours(backgrounds.PictureBook(paths, 2), 0))

  def test_broken_pictures_give_way_to_others(self):
    torn = [self.torn(f'torn{i}.png') for i in range(5)]
    fine = self.add('fine.png', 7)
    usable, broken = backgrounds.find(self.folder)
    self.assertEqual(([fine, *torn], []), (usable, broken))
    pool = backgrounds.PictureBook(usable, 1).pool(0)
    self.assertEqual([7], [scales[0].getpixel((3, 3))[0] for scales in pool])

  def test_says_when_none_can_be_decoded(self):
    torn = self.torn('torn.png')
    with self.assertRaisesRegex(errors.InputError,
                                f'^--backgrounds: {torn}: cannot be decoded'):
      backgrounds.PictureBook([torn], 1).pool(0)

  @parameterized.parameters(1, 3)
  def test_sample_is_small_and_of_the_picture(self, channels):
    image = Image.new('RGB', (300, 200), (200, 60, 20))
    image.paste((10, 60, 200), (0, 0, 150, 200))
    means = set()
    for seed in range(40):
      small = backgrounds.sample([[image]], random.Random(seed), (120, 30), 12,
                                 channels, 4.0)
      self.assertEqual(((12, 12), 'L' if channels == 1 else 'RGB'),
                       (small.size, small.mode))
      means.add(np.asarray(small).reshape(-1, channels)[:, 0].mean())
    self.assertGreater(max(means) - min(means), 30)

  def test_piece_tells_its_mean_and_spread(self):
    values = np.zeros([100, 300, 3], np.uint8)
    values[:, :, 0] = 200
    values[::2] += 40
    pool = [[Image.fromarray(values)]]
    piece = backgrounds.piece(pool, random.Random(0), (120, 30), 3)
    self.assertEqual((120, 30), piece.image.size)
    np.testing.assert_allclose([220, 20, 20], piece.mean, atol=1)
    self.assertAlmostEqual(20, piece.spread, delta=1)
    grey = backgrounds.piece(pool, random.Random(0), (120, 30), 1)
    self.assertEqual('L', grey.image.mode)
    self.assertAlmostEqual(220 * 0.299 + 20 * 0.701, grey.mean[0], delta=1)


if __name__ == '__main__':
  absltest.main()
