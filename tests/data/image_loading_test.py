"""Guards master/data/image_loading.py."""

import os

from absl.testing import absltest

from master.data import image_loading
from master.data import image_sources
from tests.support import pictures


class JudgingTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = self.create_tempdir()
    self._images = self._folder.full_path
    self._png = pictures.png()
    self._folder.create_file('Word/good.png', self._png, mode='wb')

  def _load(self, source: str, *contents: bytes):
    items = [image_sources.Item(i, content)
             for i, content in enumerate(contents)]
    return image_loading.load(image_loading.Job(source, self._images, items))

  def test_good_ones_in_order(self):
    self._folder.create_file('other.png', pictures.png(seed=1), mode='wb')
    self.assertEqual(
        [(pictures.png(seed=1), 'one'), (self._png, 'two')],
        self._load('tsv', b'other.png\tone', b'Word/good.png\ttwo'))
    self.assertEqual([(self._png, 'Word')],
                     self._load('folders', b'Word/good.png'))

  def test_absolute_path(self):
    path = os.path.join(self._images, 'Word/good.png').encode()
    self.assertEqual([(self._png, 'x')], self._load('tsv', path + b'\tx'))

  def test_bad_ones(self):
    self._folder.create_file('cut.png', self._png[:-20], mode='wb')
    os.mkfifo(os.path.join(self._images, 'fifo'))
    # It has no blocks, so it takes no room.
    with open(os.path.join(self._images, 'huge'), 'wb') as f:
      f.truncate(2**29 + 1)
    found = self._load(
        'tsv', b'cut.png\ta', b'none\ta', b'Word\ta', b'fifo\ta', b'huge\ta',
        b'/dev/zero\ta', b'no\0path\ta', b'no tab', b'x' * 5000 + b'\ta')
    self.assertEqual(
        ['undecodable_image', *['missing_image'] * 6, 'malformed_line',
         'missing_image'], [bad.reason for bad in found])
    for bad, detail in zip(found, (
        'cut.png: damaged', 'none: No such file or directory',
        'Word: Is a directory', 'fifo: no regular file',
        'huge: larger than', '/dev/zero: no regular file',
        'no\0path: embedded null', 'no tab', 'x: File name too long')):
      self.assertIn(detail, bad.detail)

  def test_folders_say_the_path_once(self):
    bad, = self._load('folders', b'Word/none.png')
    self.assertEqual(('missing_image', 'No such file or directory'), bad)

  def test_halves(self):
    job = image_loading.Job('tsv', self._images,
                            [image_sources.Item(i, b'') for i in range(5)])
    first, second = job.halves()
    self.assertEqual(job.items, first.items + second.items)
    self.assertLen(first.items, 2)
    self.assertEqual(('tsv', self._images), second[:2])


if __name__ == '__main__':
  absltest.main()
