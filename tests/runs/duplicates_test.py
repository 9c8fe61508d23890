"""Tests of master/runs/duplicates.py."""

from absl.testing import absltest

from master.runs import duplicates


class SharedPicturesTest(absltest.TestCase):

  def _find(self, **sets):
    return duplicates.find({name: list(map(duplicates.digest, images))
                            for name, images in sets.items()})

  def test_within_and_between(self):
    found = self._find(A=[b'a', b'b'], B=[b'b', b'a', b'c', b'c', b'c'],
                       C=[b'a\0'], D=[b'c', b'd'])
    self.assertEqual({('A', 'B'): 2, ('B', 'D'): 1}, found.between)
    self.assertEqual({'B': 2}, found.within)

  def test_sets_without_a_picture(self):
    found = self._find(A=[], B=[b'a'], C=[])
    self.assertEmpty(found.between)
    self.assertEmpty(found.within)


if __name__ == '__main__':
  absltest.main()
