"""Tests of master/metrics/edit_distance.py against a recursive reference."""

import functools
import random

from absl.testing import absltest
from absl.testing import parameterized

from master.metrics import edit_distance


def _distance(a, b):
  """As the definition has it."""

  @functools.lru_cache(maxsize=None)
  def of_starts(i, j):
    if not i or not j:
      return i + j
    return min(of_starts(i - 1, j) + 1, of_starts(i, j - 1) + 1,
               of_starts(i - 1, j - 1) + (a[i - 1] != b[j - 1]))

  return of_starts(len(a), len(b))


def _cost(pairs):
  return sum(a != b for a, b in pairs)


def _random_pairs(number, longest):
  rng = random.Random(3)
  return [tuple(''.join(rng.choices('abé', k=rng.randint(0, longest)))
                for _ in range(2)) for _ in range(number)]


class EditDistanceTest(parameterized.TestCase):

  @parameterized.parameters(
      ('', '', 0), ('', 'abc', 3), ('abc', '', 3), ('abc', 'abc', 0),
      ('kitten', 'sitting', 3), ('abcd', 'bcd', 1), ('bcd', 'abcd', 1),
      ('ab', 'ba', 2), ('flaw', 'lawn', 2), ('日本語', '日木語', 1),
      ('aa', 'aaa', 1), ('aba', 'a', 2))
  def test_hand_cases(self, a, b, distance):
    self.assertEqual(distance, edit_distance.edit_distance(a, b))
    self.assertEqual(distance, edit_distance.edit_distance(b, a))

  def test_is_that_of_the_definition(self):
    for a, b in _random_pairs(2000, 9):
      self.assertEqual(
          _distance(a, b), edit_distance.edit_distance(a, b), (a, b))

  def test_long_labels(self):
    label = ''.join(random.Random(5).choices('abcdefgh', k=200))
    self.assertEqual(200, edit_distance.edit_distance(label, 'X' * 200))
    self.assertEqual(2, edit_distance.edit_distance(label, f'X{label[:-1]}'))

  @parameterized.parameters(
      ('', '', 1.0), ('abc', '', 0.0), ('', 'a', 0.0), ('abc', 'abc', 1.0),
      ('kitten', 'sitting', 1 - 3 / 7), ('ab', 'abcd', 0.5))
  def test_ned_is_over_the_longer(self, label, text, ned):
    self.assertAlmostEqual(ned, edit_distance.ned(label, text))


class AlignTest(parameterized.TestCase):

  @parameterized.parameters(
      ('', '', []),
      ('ab', 'ab', [('a', 'a'), ('b', 'b')]),
      ('ab', '', [('a', ''), ('b', '')]),
      ('', 'ab', [('', 'a'), ('', 'b')]),
      ('cafe', 'caf', [('c', 'c'), ('a', 'a'), ('f', 'f'), ('e', '')]),
      ('car', 'cars', [('c', 'c'), ('a', 'a'), ('r', 'r'), ('', 's')]),
      ('cord', 'c0rd', [('c', 'c'), ('o', '0'), ('r', 'r'), ('d', 'd')]),
      ('xkcdy', 'zcdw', [('x', ''), ('k', 'z'), ('c', 'c'), ('d', 'd'),
                         ('y', 'w')]),
  )
  def test_hand_cases(self, label, text, pairs):
    self.assertEqual(pairs, edit_distance.align(label, text))

  def test_pairs_are_preferred_to_gaps(self):
    # Nothing put before a and b left out has two faults as well.
    self.assertEqual([('a', 'b'), ('b', 'a')], edit_distance.align('ab', 'ba'))

  def test_holds_both_texts_and_no_needless_fault(self):
    for label, text in _random_pairs(2000, 9):
      pairs = edit_distance.align(label, text)
      self.assertEqual(label, ''.join(a for a, _ in pairs))
      self.assertEqual(text, ''.join(b for _, b in pairs))
      self.assertEqual(_distance(label, text), _cost(pairs), (label, text))
      self.assertNotIn(('', ''), pairs)

  def test_long_labels(self):
    rng = random.Random(7)
    label = ''.join(rng.choices('abcdefgh', k=200))
    text = ''.join(c for c in label if rng.random() < 0.9)
    pairs = edit_distance.align(label, text)
    self.assertEqual(200 - len(text), _cost(pairs))
    self.assertEqual(text, ''.join(b for _, b in pairs))


if __name__ == '__main__':
  absltest.main()
