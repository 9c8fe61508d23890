"""Guards master/data/lmdb_keys.py."""

import os

from absl.testing import absltest

from master.data import lmdb_keys
from master.data import lmdb_pages
from master.data import lmdb_reader
from tests.support import pictures

STANDARD = lmdb_reader.STANDARD


class KeysTest(absltest.TestCase):

  def _scan(self, items, count, layout=STANDARD, max_listed=5):
    path = os.path.join(self.create_tempdir().full_path, 'set')
    pictures.write_items(path, items)
    return lmdb_keys.scan_keys(lmdb_pages.PageReader(path), layout, count,
                               max_listed)

  def test_all_in_order(self):
    items = {'num-samples': b'3'}
    for i in range(1, 4):
      items[f'image-{i:09d}'] = items[f'label-{i:09d}'] = b'x'
    found = self._scan(items, 3)
    self.assertEqual((7, 3, 3, 0, 3), (found.total, found.images,
                                       found.labels, found.others,
                                       found.extent))
    self.assertEmpty(found.beyond)

  def test_counter_too_low_and_too_high(self):
    items = {'num-samples': b'3', 'image-000000002': b'',
             'label-000000004': b'', 'image-000000007': b'',
             'image-000000010': b''}
    low = self._scan(items, 3)
    self.assertEqual((2, [6, 9]), (low.extent, low.beyond.tolist()))
    high = self._scan(items, 10**15)
    self.assertEqual((10, []), (high.extent, high.beyond.tolist()))

  def test_absurd_counter_and_key_do_not_take_for_ever(self):
    found = self._scan({'num-samples': b'9' * 17, 'image-000000002': b'',
                        'image-999999999': b''}, 10**17)
    self.assertEqual((2, [999999998]), (found.extent, found.beyond.tolist()))

  def test_other_keys(self):
    items = {'num-samples': b'0', 'image-1': b'', 'image-000000000': b'',
             'image-00000001': b'', 'label-x': b'', 'z' * 200: b'',
             'image-' + '9' * 30: b''}
    found = self._scan(items, 0, max_listed=3)
    self.assertEqual((6, 0), (found.others, found.images))
    self.assertLen(found.other_examples, 3)

  def test_legacy_keys(self):
    layout = lmdb_reader.LEGACY._replace(first=0)
    items = {'nSamples': b'12'}
    for i in range(13):
      items[f'image-{i}'] = items[f'transcript-{i}'] = b''
    found = self._scan(items, 12, layout)
    self.assertEqual((13, 13, 0, 12), (found.images, found.labels,
                                       found.others, found.extent))
    self.assertEqual([12], found.beyond.tolist())

  def test_damage(self):
    path = os.path.join(self.create_tempdir().full_path, 'set')
    pictures.write_lmdb(path, [str(i) for i in range(500)])
    pages = lmdb_pages.PageReader(path)
    with open(pages.data, 'r+b') as f:
      for child in pages._page(pages.meta.root).children[-3:-1]:
        f.seek(child * pages.meta.page_size)
        f.write(bytes(pages.meta.page_size))
    found = lmdb_keys.scan_keys(lmdb_pages.PageReader(path), STANDARD, 500, 1)
    self.assertEqual((2, 1, 500), (found.num_damaged, len(found.damaged),
                                   found.extent))
    self.assertLess(found.total, 1001)


if __name__ == '__main__':
  absltest.main()
