"""Tests of master/metrics/significance.py by other formulas."""

import fractions
import math

from absl.testing import absltest
from absl.testing import parameterized

from master.metrics import significance


class WilsonIntervalTest(parameterized.TestCase):

  @parameterized.parameters((1, 10), (81, 263), (15, 148), (1, 29), (9, 10),
                            (2500, 3000), (1, 3000))
  def test_ends_are_where_the_score_is_that_of_95_percent(self, correct,
                                                          samples):
    # The definition: of a true accuracy p, the normal score of the observed.
    for end in significance.wilson_interval(correct, samples):
      score = (correct / samples - end) / math.sqrt(end * (1 - end) / samples)
      self.assertAlmostEqual(0.95, math.erf(abs(score) / math.sqrt(2)), 9)

  @parameterized.parameters(
      # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
      (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
      (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718))
  def test_published_values(self, correct, samples, low, high):
    found = significance.wilson_interval(correct, samples)
    self.assertAlmostEqual(low, found[0], delta=5e-5)
    self.assertAlmostEqual(high, found[1], delta=5e-5)

  @parameterized.parameters(1, 7, 49, 1000, 3001)
  def test_ends_are_exact_where_none_or_all_are_correct(self, samples):
    low, high = significance.wilson_interval(0, samples)
    self.assertEqual(0.0, low)
    square = 1.959963984540054 ** 2
    self.assertAlmostEqual(square / (samples + square), high)
    mirrored = significance.wilson_interval(samples, samples)
    self.assertAlmostEqual(1 - high, mirrored[0])
    self.assertEqual(1.0, mirrored[1])

  def test_without_samples_nothing_is_known(self):
    self.assertEqual((0.0, 1.0), significance.wilson_interval(0, 0))

  @parameterized.parameters((3, 2), (-1, 2), (1, 0))
  def test_impossible_counts(self, correct, samples):
    with self.assertRaisesRegex(ValueError, f'{correct} correct of {samples}'):
      significance.wilson_interval(correct, samples)


def _binomial_p(gained, lost):
  """Sums all outcomes that are as far from the middle or farther."""
  total = gained + lost
  return float(sum(
      fractions.Fraction(math.comb(total, i), 2 ** total)
      for i in range(total + 1)
      if abs(2 * i - total) >= abs(gained - lost)))


class McnemarTest(parameterized.TestCase):

  def test_is_the_two_sided_sum(self):
    for gained in range(12):
      for lost in range(12):
        self.assertEqual(_binomial_p(gained, lost),
                         significance.mcnemar(gained, lost), (gained, lost))

  @parameterized.parameters(
      (0, 0, 1.0), (1, 0, 1.0), (5, 5, 1.0), (0, 5, 0.0625), (6, 0, 0.03125),
      (1, 7, 18 / 256), (10, 2, 158 / 4096))
  def test_hand_cases(self, gained, lost, p_value):
    self.assertEqual(p_value, significance.mcnemar(gained, lost))
    self.assertEqual(p_value, significance.mcnemar(lost, gained))

  def test_thousands(self):
    # 2 ** -5000 is no float.
    self.assertEqual(_binomial_p(2400, 2600),
                     significance.mcnemar(2400, 2600))
    self.assertEqual(0.0, significance.mcnemar(5000, 0))

  def test_negative_counts(self):
    with self.assertRaisesRegex(ValueError, '-1 gained'):
      significance.mcnemar(-1, 3)


if __name__ == '__main__':
  absltest.main()
