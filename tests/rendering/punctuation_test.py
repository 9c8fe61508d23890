"""Tests of master/rendering/punctuation.py."""

import random
import string

from absl.testing import absltest

from master.rendering import punctuation

MARKED = string.digits + string.ascii_letters + string.punctuation


def put(word, count=500, characters=MARKED, max_length=25):
  marks = punctuation.Punctuation(characters, max_length)
  return [marks.put(word, random.Random(i)) for i in range(count)]


class PunctuationTest(absltest.TestCase):

  def test_puts_marks_before_behind_around_and_within(self):
    shown = put('word')
    for text in ('word.', '#word', '(word)', "word's", 'wo-rd', 'word!'):
      self.assertIn(text, shown)
    for text in shown:
      if not text.startswith('word') or not text.endswith(('s', 't', 'com')):
        self.assertEqual('word', ''.join(filter(str.isalpha, text)))
      self.assertNotEqual('word', text)

  def test_all_marks_occur(self):
    self.assertContainsSubset(string.punctuation,
                              set(''.join(put('word', 4000))))

  def test_parts_follow_the_case(self):
    shown = put('WORD')
    self.assertIn("WORD'S", shown)
    self.assertTrue(all(text.isupper() for text in shown))
    lower = put('word')
    self.assertIn("word's", lower)
    self.assertTrue(all(text.islower() for text in lower))

  def test_keeps_to_characters_and_length(self):
    for text in put('word', characters='word.-', max_length=5):
      self.assertContainsSubset(text, 'word.-')
      self.assertLessEqual(len(text), 5)
    self.assertEqual({'word'}, set(put('word', max_length=4)))

  def test_without_marks_words_stay(self):
    self.assertEqual({'word'}, set(put('word', characters='word')))
    self.assertFalse(punctuation.Punctuation('word', 9).has_marks)
    self.assertTrue(punctuation.Punctuation('word!', 9).has_marks)

  def test_marks_of_other_scripts(self):
    self.assertIn('\u0434\u0430\u3002', put(
        '\u0434\u0430', characters='\u0434\u0430\u3002'))


if __name__ == '__main__':
  absltest.main()
