"""Tests of master/rendering/random_words.py."""

import random
import re
import string

from absl.testing import absltest
from absl.testing import parameterized

from master.rendering import random_words

ALNUM = string.digits + string.ascii_letters
MARKED = ALNUM + string.punctuation


def made(make, count=400):
  return [make(random.Random(i)) for i in range(count)]


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
    self.assertEqual(expected, random_words.case_patterns(
        word, characters and frozenset(characters)))


class WordMakerTest(parameterized.TestCase):

  @parameterized.parameters(
      (ALNUM, 1, 25), (ALNUM, 3, 5), (string.digits, 2, 4),
      (string.digits + string.ascii_lowercase, 1, 12), (MARKED, 1, 9),
      (MARKED, 4, 4), ('01', 1, 3), (ALNUM, 15, 17))
  def test_numbers_keep_to_characters_and_lengths(self, characters, low, high):
    for text in made(random_words.WordMaker(characters, low, high).number):
      self.assertContainsSubset(text, characters)
      self.assertBetween(len(text), low, high)
      self.assertRegex(text, '[0-9]')

  @parameterized.parameters(
      (ALNUM, 1, 25), (string.ascii_uppercase, 1, 7),
      ('\u0430\u0431\u0432\u0433', 1, 5), ('x', 1, 3), ('!?', 2, 2),
      (string.digits, 2, 4), ('aEbT5', 2, 5))
  def test_random_strings_keep_to_characters(self, characters, low, high):
    maker = random_words.WordMaker(characters, low, high)
    for text in made(maker.random_string):
      self.assertContainsSubset(text, characters)
      self.assertBetween(len(text), low, high)

  def test_numbers_are_of_many_kinds(self):
    shown = made(random_words.WordMaker(MARKED, 1, 25).number, 2000)
    for pattern, least in (
        (r'\d+', 300), (r'(19|20)\d\d', 80), (r'\$\d+([.,]\d\d)?', 100),
        (r'\d+(\.\d)?%', 80), (r'\d{3}-\d{4}', 10),
        (r'\d\d?[/.-]\d\d?[/.-]\d{2,4}', 15), (r'\d\d?[:.]\d\d', 20),
        (r'\d{1,3}km', 5), (r'#\d+', 10), (r'[A-Z]\d+', 15)):
      count = sum(bool(re.fullmatch(pattern, text)) for text in shown)
      self.assertGreaterEqual(count, least, pattern)

  def test_marks_outside_the_characters_are_left_out(self):
    shown = made(random_words.WordMaker(string.digits, 1, 25).number)
    self.assertTrue(all(text.isdigit() for text in shown))
    self.assertGreater(len(set(map(len, shown))), 8)

  def test_random_strings_mix_letters_and_digits(self):
    shown = made(random_words.WordMaker(ALNUM, 6, 6).random_string)
    self.assertGreater(sum(not text.isalpha() and not text.isdigit()
                           for text in shown), 250)
    self.assertGreater(sum(bool(re.fullmatch('[A-Z]+[0-9]+', text))
                           for text in shown), 20)
    self.assertGreater(len(set(shown)), 395)

  def test_words_are_syllables_where_there_are_letters(self):
    for word in made(random_words.WordMaker(ALNUM, 2, 25).word):
      self.assertRegex(word, '^[a-z]{2,12}$')
      # Syllables have vowels.
      self.assertRegex(word + 'a', '[aeiouy]')
    self.assertEqual({'!', '?'}, set(''.join(
        made(random_words.WordMaker('!?', 1, 3).word))))

  def test_tells_what_there_is(self):
    self.assertFalse(random_words.WordMaker('ab', 1, 2).has_digits)
    self.assertTrue(random_words.WordMaker('a1', 1, 2).has_digits)
    self.assertFalse(random_words.WordMaker('1!', 1, 2).has_letters)


if __name__ == '__main__':
  absltest.main()
