"""Tests of master/rendering/special_words.py."""

import collections
import random
import re
import string

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from master.rendering import special_words
from master.rendering import word_kinds

ALNUM = string.digits + string.ascii_letters
MARKED = ALNUM + string.punctuation
WORDS = ('boat', 'summer', 'gold', 'bakery', 'tree', 'car', 'window')


def recased(word, rng):
  return rng.choice((word.lower(), word.upper(), word.capitalize()))


def made(kind, count=1000, characters=MARKED, low=1, high=25):
  maker = special_words.Forms(
      characters, low, high, lambda rng: rng.choice(WORDS), recased)
  return [maker.make(kind, random.Random(i)) for i in range(count)]


class FormsTest(parameterized.TestCase):

  # A form may come out as a neighbouring kind: 7th as a measure is an ordinal.
  @parameterized.parameters(
      ('single_letter', 1), ('single_digit', 1), ('single_mark', 1),
      ('whole_number', 1), ('decimal', 1), ('price', 1), ('percent', 1),
      ('ordinal', 1), ('time', 1), ('date', 1), ('phone', 1),
      ('measure', 0.9), ('figures', 0.9), ('code', 0.95), ('web', 0.95),
      ('marks', 0.9), ('initials', 1), ('apostrophe', 1), ('hyphen', 1),
      ('ending_mark', 1), ('camel', 0.95))
  def test_are_of_their_kind(self, kind, least):
    found = collections.Counter(map(word_kinds.kind_of, made(kind)))
    self.assertGreaterEqual(found[kind], least * 1000, found)

  def test_every_kind_is_made_or_seen_in_labels(self):
    self.assertEqual({'compound', 'any_marks'},
                     set(special_words.KINDS) - set(word_kinds.KINDS))

  @parameterized.parameters(*zip(special_words.KINDS))
  def test_keep_to_characters_and_lengths(self, kind):
    low, high = (1, 1) if 'single' in kind else (2, 12)
    for text in made(kind, 200, low=low, high=high):
      self.assertContainsSubset(text, MARKED)
      self.assertBetween(len(text), low, high)

  @parameterized.parameters(
      ('price', r'\$\d+\.\d\d'), ('ordinal', r'\d*1st'), ('ordinal', r'\d+TH'),
      ('time', r'\d\d:\d\d'), ('date', r'\d\d?/\d\d?/\d{4}'),
      ('code', r'[A-Z]\d+'), ('code', r'[A-Z]2[A-Z]'), ('code', r'[A-Z]+-\d+'),
      ('phone', r'\d{3}-\d{4}'), ('figures', r'#\d\d-\d\d'),
      ('web', r'www\.[a-z-]+\.com'), ('web', r'WWW\.[A-Z-]+\.COM'),
      ('web', r'\w+@\w+\.com'), ('web', r'http://\S+'),
      ('web', r'[a-z]+\.co\.uk'), ('apostrophe', r"[A-Z]+'S"),
      ('apostrophe', r"[a-z]+'s"), ('apostrophe', r"[A-Z]+S'"),
      ('hyphen', r'[a-z]+-[a-z]+'), ('hyphen', r'[A-Z][a-z]+-[A-Z][a-z]+'),
      ('ending_mark', r'[A-Z]+!'), ('ending_mark', r'[a-z]+,'),
      ('enclosed', r'\([A-Z]+\)'), ('enclosed', r'"[A-Za-z]+'),
      ('joined', r'[A-Z][a-z]+&[A-Z][a-z]+'), ('joined', r'[A-Z]&[A-Z]'),
      ('camel', r'[A-Z][a-z]+[A-Z][a-z]+'), ('camel', r'(i|Mc)[A-Z][a-z]+'),
      ('compound', 'boat(gold|summer)'), ('initials', r'([A-Z]\.){3}'))
  def test_has_the_form(self, kind, pattern):
    self.assertNotEmpty([text for text in made(kind, 3000)
                         if re.fullmatch(pattern, text)])

  def test_ordinals_are_right(self):
    for text in made('ordinal'):
      number, end = int(text[:-2]), text[-2:].lower()
      if number % 100 in (11, 12, 13):
        self.assertEqual('th', end, text)
      else:
        self.assertEqual({1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th'),
                         end, text)

  @parameterized.parameters('single_mark', 'any_marks')
  def test_every_mark_of_ascii_occurs_often(self, kind):
    counts = collections.Counter(
        c for text in made(kind, 8000) for c in text)
    for mark in string.punctuation:
      self.assertGreater(counts[mark], 60, mark)

  def test_singles_are_all_characters(self):
    found = set(made('single_letter') + made('single_digit')
                + made('single_mark'))
    self.assertEqual(set(MARKED), found)

  def test_currencies_beyond_ascii_where_the_charset_has_them(self):
    self.assertIn('\u20ac', ''.join(made('price', 200, MARKED + '\u20ac')))
    self.assertNotIn('\u20ac', ''.join(made('price', 200)))

  def test_says_what_cannot_be_made(self):
    for kind, characters in (('price', string.digits), ('single_mark', ALNUM),
                             ('web', string.digits)):
      with self.assertRaisesRegex(errors.InputError,
                                  f'^--kind_rates={kind}: .*--charset'):
        made(kind, 1, characters)

  def test_unknown_kinds(self):
    with self.assertRaisesRegex(
        errors.InputError, '^--kind_rates=prise: no such kind; .*price'):
      special_words.check_kinds(['web', 'prise'])
    special_words.check_kinds(special_words.KINDS)


if __name__ == '__main__':
  absltest.main()
