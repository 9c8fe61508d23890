"""Tests of tools/long_training/hard_words.py."""

import os

from absl.testing import absltest
import numpy as np

from master.data import records as records_lib
from master.training import sample_losses
from tests.support import word_sets
from tools.long_training import hard_words


class HardWordsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.losses = os.path.join(self.folder, 'losses')
    self.shards = [
        word_sets.write_words(os.path.join(self.folder, name), labels)
        for name, labels in (('a', ['a1', 'a2', 'a3']), ('b', ['b1', 'b2']))]

  def packed(self, count):
    output = os.path.join(self.folder, f'hard{count}')
    hard_words.main(self.losses, output, count, self.shards)
    records = records_lib.Records([output])
    return [records.read(i).label.decode() for i in range(len(records))]

  def write(self, *entries):
    with sample_losses.open_to_append(self.losses) as f:
      f.write(sample_losses.encode(*map(np.array, zip(*entries))))

  def test_takes_the_hardest_by_their_newest_loss(self):
    # Source 2 are the words that were hard before; they do not count.
    self.write((0, 1, 9.0), (1, 2, 3.0), (0, 2, 1.0), (2, 1, 99.0))
    self.write((0, 1, 0.5), (0, 3, 2.0), (1, 1, 0.1))
    self.assertEqual(['b2'], self.packed(1))
    self.assertEqual(['a3', 'b2'], self.packed(2))
    self.assertEqual(['a1', 'a2', 'a3', 'b2'], self.packed(4))
    self.assertEqual(['a1', 'a2', 'a3', 'b1', 'b2'], self.packed(9))

  def test_pictures_stay_as_they_are(self):
    self.write((1, 1, 9.0))
    self.packed(1)
    images = [records_lib.Records([path]).read(0).image for path in (
        os.path.join(self.folder, 'hard1'), self.shards[1])]
    self.assertEqual(images[1], images[0])

  def test_without_losses_it_takes_some_of_all(self):
    self.assertEqual(['a1', 'a3', 'b2'], self.packed(3))
    self.assertEqual(['a1', 'a2', 'a3', 'b1', 'b2'], self.packed(9))


if __name__ == '__main__':
  absltest.main()
