"""Tests of master/rendering/shaping.py."""

from unittest import mock

from absl.testing import absltest

from master import errors
from master.rendering import shaping


class ClustersTest(absltest.TestCase):

  def test_letters_that_stand_apart(self):
    for text in ('Word', '\u00e4\u00df', '\u0416\u0443\u043a', '\u03b1\u03bb',
                 '\u4e2d\u6587', '\ud55c\uae00', '1/2-3'):
      self.assertEqual(tuple(text), shaping.clusters(text))
      self.assertTrue(shaping.is_simple(text))

  def test_signs_go_with_their_letter(self):
    self.assertEqual(('e\u0301', 't', 'e\u0302\u0323'),
                     shaping.clusters('e\u0301te\u0302\u0323'))
    # Thai's am stands partly above the letter before it.
    self.assertEqual(('\u0e19\u0e49\u0e33', '\u0e21'),
                     shaping.clusters('\u0e19\u0e49\u0e33\u0e21'))
    self.assertFalse(shaping.is_simple('e\u0301'))

  def test_hebrew_stands_from_the_right(self):
    shalom = '\u05e9\u05dc\u05d5\u05b9\u05dd'
    self.assertEqual(('\u05dd', '\u05d5\u05b9', '\u05dc', '\u05e9'),
                     shaping.clusters(shalom))
    self.assertEqual(('\u05e9', '\u05dc', '\u05d5\u05b9', '\u05dd'),
                     shaping.in_reading_order(shalom))
    # Numbers in it run the other way.
    self.assertEqual((shalom + '12',), shaping.clusters(shalom + '12'))

  def test_words_of_joined_letters_are_whole(self):
    for text in ('\u0633\u0644\u0627\u0645', '\u0928\u092e\u0938\u094d',
                 '\u1112\u1161\u11ab', 'a\u0633'):
      self.assertEqual((text,), shaping.clusters(text))
      self.assertEqual((text,), shaping.in_reading_order(text))


class CheckTest(absltest.TestCase):

  def test_columns_are_refused_by_name(self):
    with self.assertRaisesRegex(errors.InputError,
                                "'\u182e\u1823' is Mongolian"):
      shaping.check('\u182e\u1823')

  def test_without_raqm(self):
    with mock.patch.object(shaping, 'has_raqm', return_value=False):
      shaping.check('Word')
      shaping.check('\u4e2d\u00fc\u0416')
      for text in ('e\u0301', '\u0633\u0644', '\u05e9', '\u0928\u092e'):
        with self.assertRaisesRegex(errors.InputError,
                                    f'{text!r} .* libfribidi0'):
          shaping.check(text)

  def test_with_raqm(self):
    texts = ('e\u0301', '\u0633\u0644', '\u05e9', '\u0928\u092e')
    with mock.patch.object(shaping, 'has_raqm', return_value=True) as asked:
      for text in texts:
        shaping.check(text)
    self.assertEqual(len(texts), asked.call_count)


if __name__ == '__main__':
  absltest.main()
