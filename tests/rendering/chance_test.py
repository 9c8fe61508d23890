"""Tests of master/rendering/chance.py."""

import collections
import random

from absl.testing import absltest

from master.rendering import chance


class ChanceTest(absltest.TestCase):

  def test_what_is_off_draws_nothing(self):
    rng = random.Random(1)
    self.assertFalse(chance.happens(rng, 0.0))
    self.assertIsNone(chance.pick(rng, {'a': 0.0, 'b': 0.0}))
    self.assertIsNone(chance.pick(rng, {}))
    self.assertEqual(random.Random(1).random(), rng.random())

  def test_happens_at_its_rate(self):
    rng = random.Random(2)
    self.assertBetween(sum(chance.happens(rng, 0.3) for _ in range(1000)),
                       250, 350)
    self.assertTrue(all(chance.happens(rng, 1.0) for _ in range(100)))

  def test_picks_each_at_its_rate_or_none(self):
    rng = random.Random(3)
    counts = collections.Counter(
        chance.pick(rng, {'a': 0.2, 'b': 0.0, 'c': 0.5}) for _ in range(1000))
    self.assertBetween(counts['a'], 160, 240)
    self.assertBetween(counts['c'], 450, 550)
    self.assertEqual(1000, counts['a'] + counts['c'] + counts[None])


if __name__ == '__main__':
  absltest.main()
