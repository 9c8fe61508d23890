"""Guards master/data/lmdb_check.py."""

import collections
import os

from absl.testing import absltest
import numpy as np

from master.data import lmdb_check
from master.data import lmdb_pages
from master.data import lmdb_reader
from tests.support import pictures

STANDARD = lmdb_reader.STANDARD


class RecordsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._path = os.path.join(self.create_tempdir().full_path, 'set')

  def _job(self, positions, **changes):
    return lmdb_check.Job(
        self._path, STANDARD, positions, '0123456789', 5,
        **{'max_listed': 100, **changes})

  def test_counts(self):
    pictures.write_lmdb(self._path, ['1', '22', 'x2', '123456', '7', '8'])
    jpeg = pictures.encode(pictures.picture(13, 29), 'JPEG')
    pictures.change_lmdb(self._path, {
        'image-000000002': jpeg, 'label-000000005': b'\xff',
        'image-000000006': None})
    found = lmdb_check.check(self._job(range(7)))
    self.assertEqual(7, found.records)
    self.assertEqual({'label_not_utf8': 1, 'missing_image': 2,
                      'label_outside_charset': 1, 'label_too_long': 1},
                     found.faults)
    self.assertEqual({'label_not_utf8': 1, 'missing_image': 2},
                     found.unusable)
    self.assertEqual([('label-000000005', 'label_not_utf8', ''),
                      ('image-000000006', 'missing_image', ''),
                      ('image-000000007', 'missing_image', '')], found.broken)
    self.assertEqual({1: 2, 2: 2, 6: 1}, found.label_lengths)
    self.assertEqual(collections.Counter('1' '22' 'x2' '123456' '8'),
                     found.characters)
    self.assertEqual({'PNG': 4, 'JPEG': 1}, found.formats)
    self.assertEqual({7: 4, 13: 1}, found.heights)
    self.assertEqual({11: 4, 29: 1}, found.widths)
    self.assertEqual({1.57: 4, 2.23: 1}, found.aspects)
    self.assertEmpty(found.kept)

  def test_usable_records_are_kept(self):
    pictures.write_lmdb(self._path, ['1', 'outside', '', '4'])
    pictures.change_lmdb(self._path, {'image-000000004': b'no image'})
    found = lmdb_check.check(self._job(range(4), keep=True))
    self.assertEqual([(pictures.png(seed=0), '1'),
                      (pictures.png(seed=1), 'outside')], found.kept)

  def test_some_records(self):
    pictures.write_lmdb(self._path, ['1', '', '', '4', '5'])
    whole = lmdb_check.check(self._job(range(5), max_listed=1))
    self.assertLen(whole.broken, 1)
    total = lmdb_check.Findings()
    for positions in ([1, 4], [0, 2, 3]):
      found = lmdb_check.check(self._job(positions))
      np.testing.assert_array_equal(whole.hashes[positions], found.hashes)
      np.testing.assert_array_equal(whole.label_hashes[positions],
                                    found.label_hashes)
      total.merge(found, 1)
    for name in ('records', 'faults', 'unusable', 'broken', 'label_lengths',
                 'characters', 'formats', 'heights', 'widths', 'aspects'):
      self.assertEqual(getattr(whole, name), getattr(total, name), name)

  def test_hashes_tell_images_apart(self):
    pictures.write_lmdb(self._path, ['1', '2', '3', '4', '5'])
    pictures.change_lmdb(self._path, {
        'image-000000003': pictures.png(seed=0), 'image-000000004': b'bad',
        'label-000000003': None, 'image-000000005': None,
        'label-000000005': None})
    found = lmdb_check.check(self._job(range(5)))
    first, second, third, fourth, fifth = found.hashes.tolist()
    self.assertNotEqual(first, second)
    self.assertEqual(first, third)
    self.assertEqual([0, 1], [fourth, fifth])
    self.assertGreater(min(first, second), 1)
    labels = found.label_hashes.tolist()
    self.assertEqual([0, 0], [labels[2], labels[4]])
    self.assertLen(set(labels), 4)

  def test_damaged_pages_are_told_and_the_rest_is_judged(self):
    pictures.write_lmdb(self._path, [str(i) for i in range(500)])
    pages = lmdb_pages.PageReader(self._path)
    root = pages._page(pages.meta.root)
    doomed = root.children[5]
    lost = pages._page(doomed).keys
    with open(pages.data, 'r+b') as f:
      f.seek(doomed * pages.meta.page_size)
      f.write(os.urandom(pages.meta.page_size))
    found = lmdb_check.check(self._job(range(500)))
    self.assertEqual({'damaged_page': len(lost)}, found.unusable)
    self.assertRegex(found.broken[0].detail, f'^page {doomed}: ')
    self.assertEqual(lost[0].decode(), found.broken[0].key)
    self.assertEqual(500 - len(lost), found.formats['PNG'])

  def test_crash(self):
    job = self._job([3, 7, 8], max_listed=2)
    found = lmdb_check.crashed(job)
    self.assertEqual((3, {'crash': 3}), (found.records, found.unusable))
    self.assertEqual(['image-000000004', 'image-000000008'],
                     [broken.key for broken in found.broken])
    self.assertEqual([[3], [7, 8]],
                     [half.positions for half in job.halves()])


if __name__ == '__main__':
  absltest.main()
