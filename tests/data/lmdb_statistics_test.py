"""Guards master/data/lmdb_statistics.py."""

import collections
import random
import statistics
from unittest import mock
import zlib

from absl.testing import absltest
import numpy as np

from master.data import lmdb_statistics


def _hashes_of(labels) -> np.ndarray:
  return np.array([0 if label is None else 1 + zlib.crc32(label) % 2**31
                   for label in labels], np.uint32)


class SumsTest(absltest.TestCase):

  def test_gaps(self):
    hashes = np.array([9, 1, 1, 0, 1, 8, 1], np.uint64)
    self.assertEqual((4, 3, [(2, 3), (5, 5), (7, 7)]),
                     lmdb_statistics.find_gaps(hashes, 7, 1, 5))
    self.assertEqual((7, 3, [(1, 2), (4, 4)]),
                     lmdb_statistics.find_gaps(hashes, 10, 0, 2))
    self.assertEqual((7, 3, [(1, 2), (4, 4), (6, 9)]),
                     lmdb_statistics.find_gaps(hashes, 10, 0, 3))
    self.assertEqual((0, 0, []), lmdb_statistics.find_gaps(
        np.array([9, 0], np.uint64), 2, 1, 3))
    self.assertEqual((4, 1, [(1, 4)]), lmdb_statistics.find_gaps(
        np.zeros([0], np.uint64), 4, 1, 3))

  def test_duplicates(self):
    hashes = np.array([5, 9, 5, 0, 0, 1, 1, 7, 9, 5, 2**64 - 1, 4],
                      np.uint64)
    labels = [b'a', b'b', b'a', b'', b'', b'', b'', b'', b'c', None, b'', b'']
    for block in (3, 100):
      with self.subTest(block), mock.patch.object(lmdb_statistics, '_BLOCK',
                                                  block):
        found = lmdb_statistics.find_duplicates(
            hashes, _hashes_of(labels), labels.__getitem__, 5)
        self.assertEqual((2, 3, 1),
                         (found.groups, found.surplus, found.conflicts))
        self.assertEqual([([1, 8], ['b', 'c']), ([0, 2, 9], ['a'])],
                         found.listed)

  def test_duplicates_of_many(self):
    rng = np.random.RandomState(1)
    hashes = rng.randint(0, 900, 1000).astype(np.uint64)
    labels = [None if value == 0 else b'%d' % value
              for value in rng.randint(0, 3, 1000)]
    groups = collections.defaultdict(list)
    for position, value in enumerate(hashes.tolist()):
      if value > 1:
        groups[value].append(position)
    groups = [group for group in groups.values() if len(group) > 1]
    conflicts = [group for group in groups
                 if len({labels[i] for i in group} - {None}) > 1]
    with mock.patch.object(lmdb_statistics, '_BLOCK', 77):
      found = lmdb_statistics.find_duplicates(hashes, _hashes_of(labels),
                                              labels.__getitem__, 1000)
    self.assertEqual((len(groups), sum(map(len, groups)) - len(groups),
                      len(conflicts)),
                     (found.groups, found.surplus, found.conflicts))
    self.assertCountEqual(
        groups, [group.positions for group in found.listed])
    self.assertCountEqual(conflicts, [
        group.positions for group in found.listed[:len(conflicts)]])

  def test_few_are_listed(self):
    hashes = np.array([5, 5, 5, 6, 6, 7, 7], np.uint64)
    labels = [b'a', b'b', b'c', b'd', b'd', b'e', b'f']
    found = lmdb_statistics.find_duplicates(hashes, _hashes_of(labels),
                                            labels.__getitem__, 2)
    self.assertEqual((3, 4, 2), (found.groups, found.surplus,
                                 found.conflicts))
    self.assertEqual([([0, 1], ['a', 'b']), ([5, 6], ['e', 'f'])],
                     found.listed)

  def test_no_duplicates(self):
    for hashes in ([], [0, 0, 1, 1, 5]):
      found = lmdb_statistics.find_duplicates(
          np.array(hashes, np.uint64), np.zeros([len(hashes)], np.uint32),
          lambda position: b'', 5)
      self.assertEqual(lmdb_statistics.Duplicates(), found)

  def test_spread(self):
    self.assertIsNone(lmdb_statistics.spread(collections.Counter()))
    rng = random.Random(1)
    for count in range(1, 40):
      values = [rng.randrange(9) for _ in range(count)]
      self.assertEqual((min(values), statistics.median(values), max(values)),
                       lmdb_statistics.spread(collections.Counter(values)))


if __name__ == '__main__':
  absltest.main()
