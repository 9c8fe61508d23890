"""Tests of master/rendering/word_kinds.py."""

import string

from absl.testing import absltest
from absl.testing import parameterized

from master.rendering import word_kinds


class KindsTest(parameterized.TestCase):

  @parameterized.parameters(
      ('lower', 'the', 'caf\u00e9'), ('title', 'The', 'St'),
      ('upper', 'THE', 'TV'),
      ('camel', 'iPhone', 'McDonald', 'HarbourFront', 'ATMs', 'dENiZEN'),
      ('several_words', 'Gen is', '( +65) 6732'),
      ('single_letter', 'A', 'z', '\u00e9'), ('single_digit', '0', '9'),
      ('single_mark', *string.punctuation), ('marks', '...', '->', '$$', '__'),
      ('web', 'www.tk-hair.com', 'simge.edu.sg', 'WWW.TISSOT.CN',
       'JobStreet.com', 'http://x', 'info@shop.co.uk', 'tech@vogue',
       '#sciencecentre', '@name', 'shop.com/sale', 'concierge@L3'),
      ('price', '$5', '$4.00', '$$120,000', '(US$1,57', '$1.50!', '\u20ac9,-',
       '5\u20ac', 'Rs.500/-', '\u00a32.50', '$3.3M', '-$5'),
      ('percent', '10%', '-70%', '3.5%', '50%!'),
      ('ordinal', '1st', '2ND', '3rd', '25TH', '10000th'),
      ('time', '11:42', '9pm', '900am', '7-9pm', '10:30am', '1PM', '18h',
       '12:30:05', '9a.m.'),
      ('date', '12/05/2012', '1.5.98', '2001-02-03', '12Mar', 'June21',
       "'98", '1990s', '2001/02'),
      ('whole_number', '12', '2014', '816527'),
      ('decimal', '1.60', '.5', '100,000', '36,000,000', '1,5', '1.234,50'),
      ('phone', '6-3388-680', '62620220', '(02)555-1234', '+6591234567',
       '555-1234'),
      ('measure', '143KM', '3D', '1.7m', '17x', '5YEARS', '20\u00b0C'),
      ('figures', '#05-11', '24/7', '[06]', '62-03', '-70', '25!', '11/12,'),
      ('code', 'A380', 'I2R', 'SJF1790X', 'B2-K15', 'no.1', 'H2O', '4-HR',
       'Level1', 'L1/L2/L3'),
      ('initials', 'J.K.', 'S.K', 'U.S.A.', 'F.'),
      ('apostrophe', "CHILDREN'S", "don't", "L'OREAL", "York'",
       'It\u00b4s', 'It\u2019s'),
      ('hyphen', 'SIDE-GATE', 'Top-up', 'A-T'),
      ('ending_mark', 'NOTHING?', 'day;', 'TEAS!!', 'a...', "don't,"),
      ('enclosed', '(USP)', 'billion)', '"CARD', '[x]', '<a>'),
      ('joined', 'Shop&Dine', 'Data/Social', 'm&ms', 'ON:SAL'),
      ('marked', 'internet/', "m&m's", 'MARKS&', 'C#', 'a~b^c'),
      ('other', '\u4e2d\u6587', '\u0e01\u0e02'))
  def test_kinds(self, kind, *texts):
    self.assertEqual(dict.fromkeys(texts, kind),
                     {text: word_kinds.kind_of(text) for text in texts})
    self.assertIn(kind, word_kinds.KINDS)

  def test_case_of_what_has_marks(self):
    for text, case in (("JOE'S", 'upper'), ("Joe's", 'title'), ('B2b', 'title'),
                       ('2nd', 'lower'), ('4', 'other'), ('McD-x', 'camel')):
      self.assertEqual(case, word_kinds.case_of(text), text)


if __name__ == '__main__':
  absltest.main()
