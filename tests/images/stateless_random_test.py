"""Tests of master/images/stateless_random.py."""

import numpy as np
import tensorflow.compat.v1 as tf

from master.images import stateless_random
from tests.support import test_util

SEEDS = np.array([0, 1, 2, -1, 2**40, 2**40 + 1, -2**63, 2**63 - 1])


def _mixed(x: int) -> int:
  """MurmurHash3's finaliser in whole numbers."""
  x ^= x >> 16
  x = x * 0x85ebca6b % 2**32
  x ^= x >> 13
  x = x * 0xc2b2ae35 % 2**32
  return x ^ x >> 16


def _key(seed: int) -> int:
  low, high = seed % 2**32, seed // 2**32 % 2**32
  return _mixed((_mixed((low + 0x9e3779b9) % 2**32) + high) % 2**32)


def _hash(key: int, counter: int) -> int:
  return _mixed((key + counter * 0x9e3779b9) % 2**32)


class RowRandomTest(tf.test.TestCase):

  def uniforms(self, seeds, names):
    with test_util.graph_session() as session:
      return session.run(stateless_random.uniforms(
          tf.constant(seeds, tf.int64), names))

  def noise(self, keys, shape):
    with test_util.graph_session() as session:
      return session.run(stateless_random.noise(tf.constant(keys, tf.uint32),
                                                shape))

  def test_as_in_whole_numbers(self):
    values, keys = self.uniforms(SEEDS, ['a', 'b'])
    for row, seed in enumerate(SEEDS.tolist()):
      key = _key(seed)
      self.assertEqual(_hash(key, 1), keys[row])
      self.assertEqual(_hash(key, 2) / 2**32, values['a'][row])
      self.assertEqual(_hash(key, 3) / 2**32, values['b'][row])

  def test_names_added_at_the_end_change_nothing(self):
    few, few_keys = self.uniforms(SEEDS, ['a', 'b'])
    more, keys = self.uniforms(SEEDS, ['a', 'b', 'c'])
    self.assertAllEqual(few_keys, keys)
    for name in 'ab':
      self.assertAllEqual(few[name], more[name])

  def test_uniform_and_independent(self):
    # Neighbouring seeds, as the places of records are.
    values, _ = self.uniforms(np.arange(20011), 'abc')
    columns = np.stack([values[name] for name in 'abc'])
    for column in columns:
      counts, _ = np.histogram(column, 10, (0, 1))
      self.assertAllClose(np.full(10, 2001), counts, atol=200, rtol=0)
    within = np.corrcoef(np.concatenate([columns[:, 1:], columns[:, :-1]]))
    self.assertAllClose(np.eye(6), within, atol=0.03)

  def test_noise_has_mean_0_and_variance_1(self):
    values = self.noise(np.arange(11), [53, 47, 3])
    self.assertAllEqual([11, 53, 47, 3], values.shape)
    self.assertAllClose(np.zeros(11), values.mean(axis=(1, 2, 3)), atol=0.05)
    self.assertAllClose(np.ones(11), values.std(axis=(1, 2, 3)), atol=0.03)
    self.assertLess(np.abs(values).max(), 2.46)
    self.assertAllClose(np.eye(11), np.corrcoef(values.reshape([11, -1])),
                        atol=0.06)

  def test_noise_of_a_row_is_its_own(self):
    together = self.noise([5, 6, 7], [3, 5])
    self.assertAllEqual(together[1:2], self.noise([6], [3, 5]))
    self.assertAllEqual([0, 3, 5], self.noise([], [3, 5]).shape)


if __name__ == '__main__':
  tf.test.main()
