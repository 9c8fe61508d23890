"""Guards master/inputs/sampling.py."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.inputs import sampling


def _epoch(order: sampling.Order, epoch: int) -> list[int]:
  size = order.span
  return order.positions(epoch * size, size).tolist()


class EpochOrderTest(parameterized.TestCase):

  def test_every_record_once_an_epoch(self):
    order = sampling.EpochOrder(101, seed=3, shuffle=True)
    for epoch in range(4):
      self.assertCountEqual(_epoch(order, epoch), range(101))

  def test_epochs_and_seeds_differ(self):
    order = sampling.EpochOrder(101, seed=3, shuffle=True)
    other = sampling.EpochOrder(101, seed=4, shuffle=True)
    orders = [_epoch(order, 0), _epoch(order, 1), _epoch(other, 0),
              _epoch(other, 1), list(range(101))]
    self.assertLen({tuple(o) for o in orders}, 5)

  @parameterized.parameters(0, 3, -1, 2**70)
  def test_same_seed_same_order(self, seed):
    first, second = (sampling.EpochOrder(101, seed, True) for _ in range(2))
    # The second is asked in another order, and for parts.
    later = second.positions(101, 101).tolist()
    parts = [second.positions(i, 1)[0] for i in range(101)]
    self.assertEqual(_epoch(first, 0), parts)
    self.assertEqual(_epoch(first, 1), later)

  def test_without_shuffling_positions_rise(self):
    order = sampling.EpochOrder(7, seed=3, shuffle=False)
    self.assertEqual(order.positions(5, 11).tolist(),
                     [5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1])

  def test_positions_go_over_the_seam(self):
    order = sampling.EpochOrder(7, seed=3, shuffle=True)
    self.assertEqual(order.positions(4, 13).tolist(),
                     (_epoch(order, 0) + _epoch(order, 1)
                      + _epoch(order, 2))[4:17])
    self.assertEqual(order.positions(4, 0).shape, (0,))
    self.assertEqual(order.positions(4, 2).dtype, np.int64)

  def test_takes_no_more_than_eight_bytes_a_record(self):
    order = sampling.EpochOrder(10_000, seed=3, shuffle=True)
    order.positions(0, 100_000)
    kept = sum(epoch.nbytes for epoch in order._epochs.values())
    self.assertLessEqual(kept, 80_000)

  def test_fingerprints_tell_orders_apart(self):
    orders = [sampling.make_order(*arguments) for arguments in (
        ([10], None, 1, True), ([11], None, 1, True), ([10], None, 2, True),
        ([10], None, 1, False), ([4, 6], [1, 2], 1, True),
        ([4, 6], [2, 1], 1, True), ([6, 4], [1, 2], 1, True))]
    self.assertLen({order.fingerprint() for order in orders}, len(orders))
    again = sampling.make_order([4, 6], [2, 4], 1, True)
    self.assertEqual(again.fingerprint(), orders[4].fingerprint())


class FirstOrderTest(parameterized.TestCase):

  @parameterized.parameters(
      (None, [0, 1, 2, 3, 4, 5, 6, 7]), (2, [0, 1, 3, 4, 5]),
      (1, [0, 3, 4]), (9, [0, 1, 2, 3, 4, 5, 6, 7]))
  def test_the_first_of_each_set(self, limit, expected):
    order = sampling.FirstOrder([3, 1, 4], limit)
    self.assertEqual(expected, _epoch(order, 0))
    self.assertEqual(expected, _epoch(order, 1))
    self.assertEqual(order.positions(1, 2).dtype, np.int64)

  def test_the_limit_is_in_the_fingerprint(self):
    self.assertNotEqual(sampling.FirstOrder([3, 4], 2).fingerprint(),
                        sampling.FirstOrder([3, 4], 1).fingerprint())


class MixedOrderTest(parameterized.TestCase):

  SIZES, WEIGHTS = (300, 50, 2000), (2, 1, 5)

  def _order(self, seed=3, shuffle=True):
    return sampling.make_order(self.SIZES, self.WEIGHTS, seed, shuffle)

  def _drawn(self, order, count):
    """Draws by set, each as positions in that set, of the first places."""
    positions = order.positions(0, count)
    starts = np.cumsum([0, *self.SIZES])
    return [positions[(positions >= low) & (positions < high)] - low
            for low, high in zip(starts, starts[1:])]

  @parameterized.parameters(1024, 10_000, 100_003)
  def test_each_set_has_its_share(self, count):
    drawn = self._drawn(self._order(), count)
    for positions, weight in zip(drawn, self.WEIGHTS):
      # To within what is left of a block.
      self.assertAlmostEqual(len(positions), count * weight / 8, delta=100)

  @parameterized.parameters(True, False)
  def test_each_set_is_in_epochs_of_its_own(self, shuffle):
    drawn = self._drawn(self._order(shuffle=shuffle), 20_000)
    for positions, size in zip(drawn, self.SIZES):
      epochs = [positions[i:i + size].tolist()
                for i in range(0, len(positions) - size, size)]
      self.assertGreater(len(epochs), 1)
      for epoch in epochs:
        self.assertCountEqual(epoch, range(size))
      self.assertEqual(epochs[0] != epochs[1], shuffle)

  def test_any_place_tells_the_same(self):
    whole = self._order().positions(0, 5000)
    places = np.random.RandomState(0).permutation(5000)
    self.assertEqual(self._order().at(places).tolist(),
                     whole[places].tolist())

  def test_seeds_differ(self):
    self.assertNotEqual(self._order(3).positions(0, 100).tolist(),
                        self._order(4).positions(0, 100).tolist())

  def test_span_holds_every_record(self):
    order = self._order()
    self.assertCountEqual(set(order.positions(0, order.span).tolist()),
                          range(sum(self.SIZES)))

  def test_hundred_sets_and_tiny_weights(self):
    weights = [1e-6] * 99 + [1.0]
    order = sampling.make_order([2] * 100, weights, 1, True)
    positions = order.positions(0, 30_000)
    self.assertBetween(positions.min(), 0, 199)
    self.assertGreater((positions >= 198).mean(), 0.99)


class ShardOrderTest(parameterized.TestCase):

  @parameterized.product(weights=[None, [1, 3]], shuffle=[True, False])
  def test_shards_are_complete_and_disjoint(self, weights, shuffle):
    whole = sampling.make_order([5, 12], weights, 3, shuffle)
    shards = [sampling.ShardOrder(whole, shard, 5) for shard in range(5)]
    drawn = np.stack([shard.positions(0, 40) for shard in shards], axis=1)
    # Side by side they are the whole order itself.
    self.assertEqual(drawn.ravel().tolist(),
                     whole.positions(0, 200).tolist())

  def test_spans_of_one_epoch(self):
    whole = sampling.EpochOrder(17, 3, False)
    shards = [sampling.ShardOrder(whole, shard, 5) for shard in range(5)]
    self.assertEqual([shard.span for shard in shards], [4, 4, 3, 3, 3])
    self.assertCountEqual(
        [p for shard in shards
         for p in shard.positions(0, shard.span).tolist()], range(17))

  def test_shards_draw_from_all_records(self):
    shard = sampling.ShardOrder(sampling.EpochOrder(101, 3, True), 1, 2)
    self.assertNotEqual(sorted(_epoch(shard, 0)), sorted(_epoch(shard, 1)))


if __name__ == '__main__':
  absltest.main()
