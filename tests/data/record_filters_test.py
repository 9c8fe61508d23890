"""Guards master/data/record_filters.py."""

import collections

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master import charset as charset_lib
from master.data import lmdb_reader
from master.data import record_filters

LOWER = charset_lib.Charset(charset_lib.NAMED_CHARSETS['36'])


class FilterTest(parameterized.TestCase):

  @parameterized.parameters(
      ({}, b'a', None),
      ({}, '中'.encode(), None),
      ({}, b'', 'label_empty'),
      ({'min_length': 0}, b'', None),
      ({'min_length': 2}, b'', 'label_empty'),
      ({'min_length': 2}, 'é'.encode(), 'label_too_short'),
      ({'min_length': 2}, b'ab', None),
      ({'max_length': 2}, 'éé'.encode(), None),
      ({'max_length': 2}, b'abc', 'label_too_long'),
      ({'charset': LOWER}, b'aBC1', None),
      ({'charset': LOWER}, b'a b', 'label_outside_charset'),
      ({'excluded': frozenset({'strasse'})}, 'Straße'.encode(),
       'label_excluded'),
      ({'excluded': frozenset({'strasse'})}, b'Gasse', None),
      ({}, b'\xff', 'label_not_utf8'),
      ({}, None, 'missing_label'))
  def test_labels(self, settings, label, reason):
    record = lmdb_reader.Record(b'image', label)
    self.assertEqual(reason, record_filters.Filter(**settings).fault(record))

  def test_missing_image(self):
    record = lmdb_reader.Record(None, None)
    self.assertEqual('missing_image', record_filters.Filter().fault(record))


class DrawTest(absltest.TestCase):

  def _draw(self, total, wanted, seed, accept=lambda position: True):
    return list(record_filters.draw(total, wanted, seed, accept))

  def test_distinct_positions_by_seed(self):
    drawn = self._draw(101, 13, 1)
    self.assertLen(set(drawn), 13)
    self.assertContainsSubset(drawn, range(101))
    self.assertEqual(drawn, sorted(drawn))
    self.assertEqual(drawn, self._draw(101, 13, 1))
    self.assertNotEqual(drawn, self._draw(101, 13, 2))
    self.assertLen(self._draw(101, 13, -1), 13)

  def test_others_for_those_not_accepted(self):
    asked = collections.Counter()

    def accept(position):
      asked[position] += 1
      return position % 3 == 0

    drawn = self._draw(101, 20, 1, accept)
    self.assertLen(set(drawn), 20)
    self.assertEqual({0}, {position % 3 for position in drawn})
    self.assertEqual({1}, set(asked.values()))

  def test_fewer_where_there_are_no_more(self):
    self.assertEqual([0, 50, 100], sorted(
        self._draw(101, 20, 1, lambda position: position % 50 == 0)))
    self.assertLen(self._draw(7, 20, 1), 7)

  def test_all_are_as_likely(self):
    counts = np.zeros([11])
    for seed in range(1000):
      counts[self._draw(11, 3, seed, lambda position: position != 5)] += 1
    self.assertEqual(0, counts[5])
    # 300 are expected, with a standard deviation of 14.5.
    self.assertBetween(counts[np.arange(11) != 5].min(), 230, 370)
    self.assertBetween(counts.max(), 230, 370)


class DealerTest(parameterized.TestCase):

  def _deal(self, shares, count, seed=0):
    dealt = [[] for _ in shares]
    order = []

    def receive(receiver, item):
      dealt[receiver].append(item)
      order.append(item)

    dealer = record_filters.Dealer(shares, seed, receive)
    for i in range(count):
      dealer.add(i)
    dealer.finish()
    self.assertEqual(list(range(count)), order)
    return dealt

  @parameterized.product(
      shares=((1,), (0.9, 0.1), (0.5, 0.5), (0.01, 0.99), (0.6, 0.004, 0.396),
              (1 / 3, 1 / 3, 1 / 3)),
      count=(0, 1, 7, 100, 101, 1234))
  def test_each_its_share(self, shares, count):
    for share, items in zip(shares, self._deal(shares, count)):
      self.assertAlmostEqual(share * count, len(items), delta=1.001)

  def test_by_chance(self):
    dealt = self._deal((0.5, 0.5), 1000)
    self.assertEqual(dealt, self._deal((0.5, 0.5), 1000))
    self.assertNotEqual(dealt, self._deal((0.5, 0.5), 1000, seed=1))
    # Neighbours part about as often as not.
    steps = np.diff(dealt[0])
    self.assertBetween(np.mean(steps == 1), 0.4, 0.6)


if __name__ == '__main__':
  absltest.main()
