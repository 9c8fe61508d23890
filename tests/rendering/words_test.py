"""Tests of master/rendering/words.py."""

import collections
import pickle
import random
import string

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from master.rendering import words

ALNUM = string.digits + string.ascii_letters


def made(maker, count=300):
  return [maker.word(i, random.Random(i)) for i in range(count)]


class CasePatternsTest(parameterized.TestCase):

  @parameterized.parameters(
      ('cat', None, ['cat', 'Cat', 'CAT']),
      ('iPad', None, ['iPad', 'ipad', 'Ipad', 'IPAD']),
      ('Cat', 'cat', ['cat']),
      ('42', None, ['42']),
      ('cat', 'dog', []),
      ('stra\u00dfe', None, ['stra\u00dfe', 'Stra\u00dfe']),
  )
  def test_patterns(self, word, characters, expected):
    self.assertEqual(expected, words.case_patterns(
        word, characters and frozenset(characters)))


class WordListTest(absltest.TestCase):

  def test_shows_each_word_once_before_any_again(self):
    listed = words.WordList(list('abcdefg'), seed=3)
    epochs = [[listed.word(7 * epoch + i, random.Random())
               for i in range(7)] for epoch in range(3)]
    for epoch in epochs:
      self.assertCountEqual('abcdefg', epoch)
    self.assertLen({tuple(epoch) for epoch in epochs}, 3)

  def test_order_follows_the_seed_also_in_another_process(self):
    def order(listed):
      return [listed.word(i, random.Random()) for i in range(20)]
    listed = words.WordList(list('abcdefg'), seed=3)
    self.assertEqual(order(listed), order(pickle.loads(pickle.dumps(listed))))
    self.assertNotEqual(order(listed),
                        order(words.WordList(list('abcdefg'), seed=4)))

  def test_recases_within_the_characters(self):
    shown = [words.WordList(['cat'], 1, frozenset('catCAT')).word(
        i, random.Random(i)) for i in range(50)]
    self.assertEqual({'cat', 'Cat', 'CAT'}, set(shown))
    shown = [words.WordList(['Cat'], 1, frozenset('cat')).word(
        i, random.Random(i)) for i in range(9)]
    self.assertEqual({'cat'}, set(shown))


class WordMakerTest(parameterized.TestCase):

  @parameterized.parameters(
      (ALNUM, 1, 25), (ALNUM, 3, 5), ('0123456789', 2, 4),
      (string.digits + string.ascii_lowercase, 1, 12),
      (string.ascii_uppercase, 1, 7), (ALNUM + string.punctuation, 1, 9),
      ('\u0430\u0431\u0432\u0433', 1, 5), ('x', 1, 3), ('!?', 2, 2),
      (ALNUM, 15, 17), ('aEbT', 2, 5))
  def test_keeps_to_characters_and_lengths(self, characters, low, high):
    for word in made(words.WordMaker(characters, low, high)):
      self.assertContainsSubset(word, characters)
      self.assertBetween(len(word), low, high)

  def test_mixes_kinds_cases_and_lengths(self):
    shown = made(words.WordMaker(ALNUM, 1, 25), 1000)
    kinds = collections.Counter(
        'number' if w.isdigit() else 'word' if w.isalpha() else 'mixed'
        for w in shown)
    for kind, least in (('number', 50), ('mixed', 30), ('word', 700)):
      self.assertGreater(kinds[kind], least)
    alphabetic = [w for w in shown if w.isalpha() and len(w) > 1]
    for pattern in (str.islower, str.istitle, str.isupper):
      self.assertGreater(sum(map(pattern, alphabetic)), 150)
    self.assertEqual(set(range(1, 13)), set(map(len, shown)))
    self.assertGreater(len(set(shown)), 850)

  def test_uses_all_characters(self):
    characters = ALNUM + string.punctuation
    shown = made(words.WordMaker(characters, 1, 12), 6000)
    self.assertEqual(set(characters), set(''.join(shown)))

  def test_shows_only_what_is_accepted(self):
    maker = words.WordMaker('abc', 1, 2, lambda w: w.casefold() != 'a')
    self.assertNotIn('a', made(maker))

  def test_says_when_nothing_is_left(self):
    maker = words.WordMaker('abc', 1, 1, lambda w: False)
    with self.assertRaisesRegex(errors.InputError, '^--exclude: .*--words'):
      maker.word(0, random.Random(0))


class SuitableTest(absltest.TestCase):

  def suitable(self, *listed, recase=True):
    return words.suitable(listed, frozenset('abcABd'), recase, 2, 3,
                          frozenset(['ba']), lambda word: 'd' not in word)

  def test_counts_what_is_left_out(self):
    kept, left_out = self.suitable('ab', 'abba', 'a', 'xa', 'Ba', 'ad', 'ca')
    self.assertEqual(['ab', 'ca'], kept)
    self.assertEqual(
        {'length': 2, 'charset': 1, 'excluded': 1, 'no font': 1}, left_out)

  def test_case_may_be_kept(self):
    self.assertEqual((['CA'], {}), self.suitable('CA'))
    self.assertEqual(([], {'charset': 1}), self.suitable('CA', recase=False))


if __name__ == '__main__':
  absltest.main()
