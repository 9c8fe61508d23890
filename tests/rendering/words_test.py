"""Tests of master/rendering/words.py."""

import collections
import random
import string

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from master.rendering import word_kinds
from master.rendering import words

ALNUM = string.digits + string.ascii_letters
MARKED = ALNUM + string.punctuation
EQUALLY = (1.0, 1.0, 1.0, 1.0)


def shown(source, count=300):
  return [source.word(i, random.Random(i)) for i in range(count)]


class CasesTest(parameterized.TestCase):

  @parameterized.parameters(
      ('cat', MARKED, EQUALLY, {'cat': 2, 'Cat': 1, 'CAT': 1}),
      ('iPad', MARKED, (3, 1, 0, 2), {'iPad': 3, 'ipad': 1, 'IPAD': 2}),
      ('Cat', 'cat', EQUALLY, {'cat': 1}),
      ('42', MARKED, EQUALLY, {'42': 4}),
      ('cat', 'dog', EQUALLY, {}),
      ('cat', 'cat', (0, 0, 0, 1), {}),
      ('stra\u00dfe', 'stra\u00dfeSTRAE', EQUALLY,
       {'stra\u00dfe': 2, 'Stra\u00dfe': 1}),
  )
  def test_cases(self, word, characters, weights, expected):
    self.assertEqual(expected, words.cases_of(word, frozenset(characters),
                                              weights))

  def test_folded(self):
    self.assertEqual('cats', words.folded("Cat's"))
    self.assertEqual('strasse', words.folded('Stra\u00dfe'))
    self.assertEqual('...', words.folded('...'))


class WordListTest(absltest.TestCase):

  def test_shows_each_word_once_before_any_again(self):
    listed = words.WordList(list('abcdefg'), seed=3)
    epochs = [[listed.word(7 * epoch + i, random.Random())
               for i in range(7)] for epoch in range(3)]
    for epoch in epochs:
      self.assertCountEqual('abcdefg', epoch)
    self.assertLen({tuple(epoch) for epoch in epochs}, 3)

  def test_order_follows_the_seed(self):
    def order(seed):
      listed = words.WordList(list('abcdefg'), seed)
      return [listed.word(i, random.Random()) for i in range(20)]
    self.assertEqual(order(3), order(3))
    self.assertNotEqual(order(3), order(4))

  def test_parts_keep_their_weights(self):
    listed = words.WordList(['aa', 'b', 'cc'], 1, [1.0, 5.0, 3.0])
    part = listed.part(lambda word: len(word) == 2)
    counts = collections.Counter(
        part.any_word(random.Random(i)) for i in range(1000))
    self.assertEqual({'aa', 'cc'}, set(counts))
    self.assertBetween(counts['cc'], 750 - 42, 750 + 42)
    self.assertIsNone(listed.part(lambda word: len(word) == 3))

  def test_any_word_leaves_the_order_as_it_is(self):
    listed = words.WordList(list('abc'), seed=3)
    self.assertEqual(set('abc'), {listed.any_word(random.Random(i))
                                  for i in range(50)})
    self.assertCountEqual('abc', [listed.word(i, random.Random())
                                  for i in range(3)])

  def test_weights_say_how_often(self):
    counts = collections.Counter(shown(
        words.WordList(['rare', 'often'], 1, [0.5, 2.0]), 1000))
    self.assertBetween(counts['often'], 800 - 39, 800 + 39)
    self.assertEqual({'rare', 'often'}, set(counts))


class WordSourceTest(parameterized.TestCase):

  def source(self, characters=ALNUM, low=1, high=25, listed=None, accept=None,
             **mix):
    return words.WordSource(
        characters, low, high, words.Mix(**mix),
        listed and words.WordList(listed, 1), accept or (lambda word: True))

  @parameterized.parameters(
      (ALNUM, 1, 25), (ALNUM, 3, 5), (string.digits, 2, 4),
      (string.digits + string.ascii_lowercase, 1, 12),
      (string.ascii_uppercase, 1, 7), (MARKED, 1, 9),
      ('\u0430\u0431\u0432\u0433', 1, 5), ('x', 1, 3), ('!?', 2, 2),
      (ALNUM, 15, 17), ('aEbT', 2, 5))
  def test_keeps_to_characters_and_lengths(self, characters, low, high):
    for word in shown(self.source(characters, low, high, number_rate=0.2,
                                  random_rate=0.2, punctuation_rate=0.3)):
      self.assertContainsSubset(word, characters)
      self.assertBetween(len(word), low, high)

  def test_rates_are_met(self):
    listed = ['zzz' + chr(97 + i) for i in range(26)]
    source = self.source(listed=listed, number_rate=0.2, random_rate=0.1,
                         made_up_rate=0.3, low=5, high=8,
                         case_weights=(1, 0, 0, 0))
    counts = collections.Counter()
    for word in shown(source, 2000):
      counts['listed' if word in listed else
             'made_up' if word.isalpha() else
             'digits' if word.isdigit() else 'mixed'] += 1
    # Three deviations; some random strings are of one kind, some numbers
    # have letters.
    self.assertBetween(counts['listed'], 800 - 66, 800 + 66)
    self.assertBetween(counts['made_up'], 600 - 62, 600 + 62 + 40)
    self.assertBetween(counts['digits'] + counts['mixed'], 600 - 62 - 40,
                       600 + 62)
    self.assertBetween(counts['digits'], 200, 460)

  def test_punctuation_rate_is_met_and_leaves_the_word(self):
    for rate in (0.0, 0.25, 1.0):
      marked = [word for word in shown(
          self.source(MARKED, listed=['boat'], punctuation_rate=rate), 1000)
                if not word.isalnum()]
      deviations = 3 * (1000 * rate * (1 - rate)) ** 0.5
      self.assertBetween(len(marked), 1000 * rate - deviations,
                         1000 * rate + deviations)
      for word in marked:
        self.assertStartsWith(words.folded(word), 'boat')

  def test_numbers_get_no_further_marks(self):
    source = self.source(ALNUM + '?', number_rate=1.0, punctuation_rate=1.0)
    self.assertNotIn('?', ''.join(shown(source)))

  @parameterized.parameters(
      ((1, 0, 0, 0), {'heLLo'}), ((0, 1, 0, 0), {'hello'}),
      ((0, 0, 1, 0), {'Hello'}), ((0, 0, 0, 1), {'HELLO'}),
      ((0, 0.5, 0, 2), {'hello', 'HELLO'}))
  def test_cases_of_listed_words(self, weights, expected):
    found = collections.Counter(shown(
        self.source(listed=['heLLo'], case_weights=weights), 500))
    self.assertEqual(expected, set(found))
    if len(expected) > 1:
      self.assertBetween(found['HELLO'], 400 - 27, 400 + 27)

  def test_made_up_words_are_recased_even_where_the_list_is_not(self):
    alphabetic = [word for word in shown(
        self.source(case_weights=(1, 0, 0, 0)), 1000) if len(word) > 1]
    for pattern, share in ((str.islower, 0.3), (str.istitle, 0.25),
                           (str.isupper, 0.45)):
      self.assertAlmostEqual(share, sum(map(pattern, alphabetic))
                             / len(alphabetic), delta=0.06)
    self.assertTrue(all(word.isupper() for word in shown(
        self.source(case_weights=(0, 0, 0, 1)))))

  def test_uses_all_characters(self):
    found = shown(self.source(MARKED, 1, 12, number_rate=0.1,
                              random_rate=0.1, punctuation_rate=0.4), 6000)
    self.assertEqual(set(MARKED), set(''.join(found)))

  @parameterized.parameters('number_rate', 'random_rate', 'made_up_rate')
  def test_shows_only_what_is_accepted(self, rate):
    source = self.source('abc12', 1, 2, listed=['a'], **{rate: 1.0},
                         accept=lambda word: words.folded(word) not in 'a1')
    found = shown(source)
    self.assertNotEmpty(found)
    self.assertNoCommonElements(found, ['a', '1'])

  def test_marks_that_are_not_accepted_are_left_out(self):
    source = self.source('boat.-', listed=['boat'], punctuation_rate=1.0,
                         accept=lambda word: '.' not in word)
    found = ''.join(shown(source))
    self.assertNotIn('.', found)
    self.assertIn('-', found)

  def test_kinds_at_their_rates_and_the_rest_as_without(self):
    source = self.source(MARKED, listed=['boat'], case_weights=(0, 1, 0, 0),
                         kind_rates={'price': 0.2, 'web': 0.1})
    counts = collections.Counter(map(word_kinds.kind_of, shown(source, 2000)))
    self.assertBetween(counts['price'], 400 - 54, 400 + 54)
    self.assertBetween(counts['web'], 200 - 41, 200 + 41)
    self.assertEqual(2000, counts['price'] + counts['web'] + counts['lower'])

  def test_words_of_kinds_come_from_the_list_in_its_cases(self):
    source = self.source(MARKED, listed=['boat', 'x-1'],
                         case_weights=(0, 0, 0, 1),
                         kind_rates={'ending_mark': 1.0})
    self.assertEqual({'BOAT'}, {word.rstrip('.,:;!?*')
                                for word in shown(source)})
    made_up = shown(self.source(MARKED, kind_rates={'apostrophe': 1.0}))
    self.assertGreater(len(set(made_up)), 200)

  def test_what_is_excluded_is_not_made_but_single_characters_are(self):
    source = self.source(
        '0123456789%ab', 1, 3, kind_rates={
            'single_digit': 0.3, 'percent': 0.3, 'compound': 0.4},
        listed=['a', 'b'], case_weights=(0, 1, 0, 0),
        accept=lambda word: words.folded(word) in ('ab', 'ba'))
    found = set(shown(source))
    self.assertContainsSubset(string.digits, found)
    self.assertIn('50%', found)
    self.assertIn('ab', found)
    self.assertNoCommonElements(['aa', 'bb'], found)
    source = self.source('ab', 1, 3, kind_rates={'compound': 1.0},
                         listed=['a', 'b'], accept=lambda word: False)
    with self.assertRaisesRegex(errors.InputError,
                                '^--exclude: .*kind_rates=compound'):
      source.word(0, random.Random(0))

  def test_long_words_at_their_rate(self):
    listed = ['short'] * 9 + ['abcdefghijk']
    for rate, expected in ((0.0, 200), (0.5, 1100), (1.0, 2000)):
      found = shown(self.source(listed=listed, long_rate=rate), 2000)
      self.assertAlmostEqual(expected, sum(len(w) > 10 for w in found),
                             delta=70 * (0 < rate < 1))
    with self.assertRaisesRegex(errors.InputError, '^--long_rate=0.5: --words'):
      self.source(listed=['short'], long_rate=0.5)

  def test_says_when_nothing_is_left(self):
    source = self.source('abc', 1, 1, accept=lambda word: False)
    with self.assertRaisesRegex(errors.InputError, '^--exclude: .*--words'):
      source.word(0, random.Random(0))


class SuitableTest(absltest.TestCase):

  def suitable(self, *listed, weights=EQUALLY):
    kept, left_out = words.suitable(
        [(word, i + 1.0) for i, word in enumerate(listed)],
        frozenset("abcABd'"), weights, 2, 3, frozenset(['ba']),
        lambda word: 'd' not in word)
    return kept, left_out

  def test_counts_what_is_left_out(self):
    kept, left_out = self.suitable('ab', 'abba', 'a', 'xa', 'Ba', 'ad', 'ca',
                                   "b'a")
    self.assertEqual([('ab', 1.0), ('ca', 7.0)], kept)
    self.assertEqual(
        {'length': 2, 'charset': 1, 'excluded': 2, 'no font': 1}, left_out)

  def test_case_may_be_kept(self):
    self.assertEqual(([('CA', 1.0)], {}), self.suitable('CA'))
    self.assertEqual(([], {'charset': 1}),
                     self.suitable('CA', weights=(1, 0, 0, 0)))


if __name__ == '__main__':
  absltest.main()
