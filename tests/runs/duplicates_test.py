"""Tests of master/runs/duplicates.py."""

import os

from absl.testing import absltest

from master.data import lmdb_reader
from master.runs import duplicates
from tests.support import word_sets


class SharedPicturesTest(absltest.TestCase):

  def _find(self, counts=None, **sets):
    folder = self.create_tempdir().full_path
    readers = {name: lmdb_reader.LmdbReader(word_sets.write_words(
        os.path.join(folder, name), *of_set)) for name, of_set in sets.items()}
    counts = counts or {name: len(reader) for name, reader in readers.items()}
    return duplicates.find({
        name: (reader, counts[name]) for name, reader in readers.items()})

  def test_within_and_between(self):
    # Pictures go by the number of their record, whatever the label; bytes
    # that are no image are the same twice.
    found = self._find(A=(['a', 'b'],), B=(['c', 'd', 'e'], 2), C=(['x'],))
    self.assertEqual({('A', 'B'): 2, ('A', 'C'): 1, ('B', 'C'): 1},
                     found.between)
    self.assertEqual({'B': 1}, found.within)

  def test_the_first_records_alone_count(self):
    found = self._find({'A': 2, 'B': 1}, A=(['a', 'b'],),
                       B=(['c', 'd', 'e'], 2))
    self.assertEqual({('A', 'B'): 1}, found.between)
    self.assertEmpty(found.within)


if __name__ == '__main__':
  absltest.main()
