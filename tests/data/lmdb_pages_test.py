"""Guards master/data/lmdb_pages.py."""

import errno
import os
import random
import struct
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import lmdb

from master import errors
from master.data import lmdb_header
from master.data import lmdb_pages
from tests.support import pictures

# A tree of three levels; values that fit beside their keys, and others.
NUM_ITEMS = 6007


def _items() -> dict[str, bytes]:
  rng = random.Random(1)
  return {f'key-{rng.randrange(10**9)}-{i}': bytes([i % 251]) * (
      9001 if i % 97 == 0 else rng.randrange(150)) for i in range(NUM_ITEMS)}


class PagesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = os.path.join(self.create_tempdir().full_path, 'set')
    self.file = os.path.join(self.path, 'data.mdb')

  def write(self, items):
    pictures.write_items(self.path, items)
    return lmdb_pages.PageReader(self.path)

  def patch(self, page, offset, content):
    """Changes bytes of a page, and returns a reader of the result."""
    with open(self.file, 'r+b') as f:
      f.seek(page * os.sysconf('SC_PAGE_SIZE') + offset)
      f.write(content)
    return lmdb_pages.PageReader(self.path)

  def keys_and_damage(self, reader):
    damage = []
    return list(reader.keys(damage.append)), damage


class WholeTest(PagesTest):

  def test_agrees_with_liblmdb(self):
    items = _items()
    reader = self.write(items)
    self.assertEqual(3, reader.meta.depth)
    self.assertEqual(NUM_ITEMS, reader.meta.num_keys)
    for key, value in items.items():
      self.assertEqual(value, reader.get(key.encode()))
    for key in (b'', b'a', b'key-5', b'z', next(iter(items)).encode() + b'0'):
      self.assertIsNone(reader.get(key))
    expected = sorted(key.encode() for key in items)
    self.assertEqual((expected, []), self.keys_and_damage(reader))

  def test_first_key_from_anywhere(self):
    reader = self.write(_items())
    with lmdb.open(self.path, readonly=True, lock=False) as environment, (
        environment.begin()) as transaction, transaction.cursor() as cursor:
      keys = [b'', b'z', *(key + end for key in cursor.iternext(values=False)
                           for end in (b'', b'!'))]
      for key in keys:
        found = cursor.key() if cursor.set_range(key) else None
        self.assertEqual(found, reader.first_from(key), key)

  def test_after_changes_and_deletions(self):
    items = _items()
    self.write(items)
    doomed = sorted(items)[500:5500]
    pictures.change_lmdb(self.path, dict.fromkeys(doomed))
    pictures.change_lmdb(self.path, {'key-1': b'new', 'zzz': b'z' * 5000})
    for key in doomed:
      del items[key]
    items.update({'key-1': b'new', 'zzz': b'z' * 5000})
    reader = lmdb_pages.PageReader(self.path)
    self.assertEqual((sorted(key.encode() for key in items), []),
                     self.keys_and_damage(reader))
    for key, value in items.items():
      self.assertEqual(value, reader.get(key.encode()))

  def test_nothing_in_it(self):
    reader = self.write({})
    self.assertIsNone(reader.get(b'a'))
    self.assertIsNone(reader.first_from(b'a'))
    self.assertEqual(([], []), self.keys_and_damage(reader))
    reader.check_top()

  def test_tells_whether_somebody_wrote(self):
    reader = self.write({'a': b'1'})
    self.assertFalse(reader.is_outdated())
    pictures.change_lmdb(self.path, {'b': b'2'})
    self.assertTrue(reader.is_outdated())
    self.assertIsNone(reader.get(b'b'))
    self.assertEqual(b'2', lmdb_pages.PageReader(self.path).get(b'b'))


class DamageTest(PagesTest):
  """Pages of which something was changed."""

  def setUp(self):
    super().setUp()
    reader = self.write(_items())
    self.root = reader.meta.root
    self.all_keys, _ = self.keys_and_damage(reader)
    self.children = reader._tree_page(self.root, 1).children
    self.branch = self.children[0]
    leaves = reader._tree_page(self.branch, 2).children
    self.leaf, self.next_leaf = leaves[3:5]
    self.lost = reader._tree_page(self.leaf, 3).keys

  @parameterized.parameters(
      (0, struct.pack('=Q', 1), 'holds something else'),
      (10, struct.pack('=H', 4), 'of no known kind'),
      (12, struct.pack('=H', 60000), 'its head is wrong'),
      (12, struct.pack('=H', 17), 'its head is wrong'),
      (14, struct.pack('=H', 5000), 'its head is wrong'),
      (16, struct.pack('=H', 4095), 'an entry is wrong'),
      (16, struct.pack('=H', 65535), 'an entry is wrong'),
      (16, struct.pack('=H', 0), 'an entry is wrong'),
      (0, bytes(4096), 'holds something else'),
      (0, b'\xff' * 4096, 'holds something else'))
  def test_leaf(self, offset, content, fault):
    reader = self.patch(self.leaf, offset, content)
    with self.assertRaisesRegex(
        lmdb_header.PageError,
        rf'^{self.path}: damaged \(page {self.leaf}: {fault}\); copy or '):
      reader.get(self.lost[0])
    keys, damage = self.keys_and_damage(reader)
    self.assertEqual([self.leaf], [error.page for error in damage])
    self.assertEqual(sorted({*self.all_keys} - {*self.lost}), keys)
    reader.check_top()  # Too far below.

  def test_keys_out_of_order(self):
    reader = lmdb_pages.PageReader(self.path)
    content = reader._page(self.leaf).content
    first, second = content[16:18], content[18:20]
    reader = self.patch(self.leaf, 16, second + first)
    with self.assertRaisesRegex(lmdb_header.PageError, 'out of order'):
      reader.get(self.lost[0])

  def test_page_in_the_wrong_place(self):
    reader = lmdb_pages.PageReader(self.path)
    other = reader._page(self.next_leaf).content
    reader = self.patch(self.leaf, 0, struct.pack('=Q', self.leaf)
                        + other[8:])
    _, damage = self.keys_and_damage(reader)
    self.assertEqual([f'page {self.leaf}: its keys belong elsewhere'],
                     [error.fault for error in damage])

  def _child_at(self, page, row):
    """Offset of the child's number in a branch."""
    with open(self.file, 'rb') as f:
      f.seek(page * os.sysconf('SC_PAGE_SIZE') + 16 + 2 * row)
      return struct.unpack('=H', f.read(2))[0]

  @parameterized.parameters(0, 1, 2**15, 2**32 - 1)
  def test_branch_that_leads_nowhere(self, child):
    reader = self.patch(self.branch, self._child_at(self.branch, 3),
                        struct.pack('=I', child))
    with self.assertRaisesRegex(lmdb_header.PageError, 'no such page'):
      reader.get(self.lost[0])
    _, damage = self.keys_and_damage(reader)
    self.assertLen(damage, 1)

  def test_branch_that_leads_to_itself(self):
    reader = self.patch(self.branch, self._child_at(self.branch, 3),
                        struct.pack('=I', self.branch))
    with self.assertRaisesRegex(lmdb_header.PageError, 'on the wrong level'):
      reader.get(self.lost[0])
    _, damage = self.keys_and_damage(reader)
    self.assertLen(damage, 1)

  def test_branch_that_leads_to_a_leaf_twice(self):
    reader = self.patch(self.branch, self._child_at(self.branch, 3),
                        struct.pack('=I', self.next_leaf))
    _, damage = self.keys_and_damage(reader)
    self.assertNotEmpty(damage)

  @parameterized.named_parameters(('root', 'root'), ('below', 'branch'))
  def test_upper_levels_are_looked_at(self, name):
    page = getattr(self, name)
    reader = self.patch(page, 12, struct.pack('=H', 3))
    with self.assertRaisesRegex(lmdb_header.PageError, f'page {page}: '):
      reader.check_top()
    keys, _ = self.keys_and_damage(reader)
    self.assertLess(len(keys), len(self.all_keys))

  def _big(self):
    """A key whose value has its own pages, and the first of these."""
    for key, value in _items().items():
      if value.startswith(b'\x61' * 9001):
        with open(self.file, 'rb') as f:
          place = f.read().index(value) - 16
        return key.encode(), place // os.sysconf('SC_PAGE_SIZE')

  @parameterized.parameters(
      (0, struct.pack('=Q', 3), 'holds something else'),
      (10, struct.pack('=H', 2), 'holds something else'),
      (12, struct.pack('=I', 1), 'an impossible size'),
      (12, struct.pack('=I', 2**32 - 1), 'an impossible size'))
  def test_value_on_pages_of_its_own(self, offset, content, fault):
    key, page = self._big()
    self.assertLen(lmdb_pages.PageReader(self.path).get(key), 9001)
    reader = self.patch(page, offset, content)
    with self.assertRaisesRegex(lmdb_header.PageError,
                                f'page {page}: .*{fault}'):
      reader.get(key)

  def test_any_damage_is_an_exception(self):
    with open(self.file, 'rb') as f:
      whole = f.read()
    rng = random.Random(5)
    keys = self.all_keys[::201]
    num_faults = 0
    for _ in range(150):
      content = bytearray(whole)
      for _ in range(rng.choice((1, 5, 50))):
        start = rng.randrange(len(content))
        for place in range(start, min(start + rng.choice((1, 8, 512)),
                                      len(content))):
          content[place] = rng.randrange(256)
      with open(self.file, 'wb') as f:
        f.write(content)
      try:
        reader = lmdb_pages.PageReader(self.path)
        found, damage = self.keys_and_damage(reader)
        self.assertLessEqual(len(found), 2 * len(self.all_keys))
        num_faults += bool(damage)
        for key in keys:
          reader.get(key)
      except errors.InputError as e:
        self.assertNotIn('\n', str(e))
        num_faults += 1
    self.assertGreater(num_faults, 50)

  def test_disk_that_cannot_read_a_page(self):
    page_size = os.sysconf('SC_PAGE_SIZE')
    key, value_page = self._big()
    bad = {self.leaf * page_size, value_page * page_size}
    pread = os.pread

    def failing(file, size, place):
      if place in bad:
        raise OSError(errno.EIO, 'Input/output error')
      return pread(file, size, place)

    with mock.patch.object(os, 'pread', failing):
      reader = lmdb_pages.PageReader(self.path)
      for lost, page in ((self.lost[0], self.leaf), (key, value_page)):
        with self.assertRaisesRegex(
            lmdb_header.PageError, f'page {page}: Input/output error'):
          reader.get(lost)
      _, damage = self.keys_and_damage(reader)
      self.assertEqual([self.leaf], [error.page for error in damage])

  def test_cut_while_it_is_open(self):
    reader = lmdb_pages.PageReader(self.path)
    os.truncate(self.file, 3 * os.sysconf('SC_PAGE_SIZE'))
    with self.assertRaisesRegex(lmdb_header.PageError, 'cut short'):
      reader.get(self.lost[0])


if __name__ == '__main__':
  absltest.main()
