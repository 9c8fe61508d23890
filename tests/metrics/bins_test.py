"""Tests of master/metrics/bins.py on hand cases."""

from absl.testing import absltest
from absl.testing import parameterized

from master.metrics import bins


class BreakdownTest(parameterized.TestCase):

  @parameterized.parameters(
      ('Word', 'letters'), ('слово', 'letters'), ('日本語', 'letters'),
      ('cafe\u0301', 'letters'), ('हिन्दी', 'letters'), ('\u0301', 'letters'),
      ('42', 'digits'), ('٤٢', 'digits'), ('½²', 'digits'),
      ('A4', 'mixed'), ('4\u0301', 'mixed'),
      ("don't", 'punctuation'), ('a b', 'punctuation'),
      ('3.5', 'punctuation'), ('$5', 'punctuation'), ('!?', 'punctuation'),
      (' ', 'punctuation'), ('a\n', 'punctuation'), ('a+', 'punctuation'),
      ('', 'empty'))
  def test_kind(self, label, kind):
    self.assertEqual(kind, bins.kind(label))

  def test_kinds_are_in_order(self):
    self.assertEqual(('letters', 'digits', 'mixed', 'punctuation', 'empty'),
                     bins.KINDS)

  @parameterized.parameters(
      (0, '0'), (1, '1'), (9, '9'), (10, '10'), (11, '11-15'), (15, '11-15'),
      (16, '16-25'), (25, '16-25'), (26, '26-50'), (50, '26-50'), (51, '51+'),
      (4000, '51+'))
  def test_length(self, length, name):
    self.assertEqual(name, bins.length_bin(length))

  def test_lengths_are_in_order(self):
    found = [bins.length_bin(length) for length in range(60)]
    self.assertEqual(bins.LENGTHS, tuple(dict.fromkeys(found)))

  @parameterized.parameters(
      (32, 31, '<1'), (1, 1, '1-2'), (32, 63, '1-2'), (32, 64, '2-3'),
      (31, 92, '2-3'), (31, 93, '3-4'), (7, 28, '4-6'), (7, 41, '4-6'),
      (7, 42, '6+'), (1, 4000, '6+'), (0, 5, 'unknown'), (5, 0, 'unknown'),
      (0, 0, 'unknown'))
  def test_aspect(self, height, width, name):
    self.assertEqual(name, bins.aspect_bin(height, width))

  def test_aspects_are_in_order(self):
    found = [bins.aspect_bin(2, width) for width in range(1, 20)]
    self.assertEqual(bins.ASPECTS,
                     (*dict.fromkeys(found), bins.aspect_bin(0, 0)))


if __name__ == '__main__':
  absltest.main()
