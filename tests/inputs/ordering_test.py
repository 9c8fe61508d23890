"""Guards master/inputs/ordering.py."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.inputs import ordering


def _epoch(order: ordering.EpochOrder, epoch: int) -> list[int]:
  size = order.epoch_size
  return order.positions(epoch * size, size).tolist()


class EpochOrderTest(parameterized.TestCase):

  def test_every_record_once_an_epoch(self):
    order = ordering.EpochOrder(101, seed=3, shuffle=True)
    for epoch in range(4):
      self.assertCountEqual(_epoch(order, epoch), range(101))

  def test_epochs_and_seeds_differ(self):
    order = ordering.EpochOrder(101, seed=3, shuffle=True)
    other = ordering.EpochOrder(101, seed=4, shuffle=True)
    orders = [_epoch(order, 0), _epoch(order, 1), _epoch(other, 0),
              _epoch(other, 1), list(range(101))]
    self.assertLen({tuple(o) for o in orders}, 5)

  @parameterized.parameters(0, 3, -1, 2**70)
  def test_same_seed_same_order(self, seed):
    first, second = (ordering.EpochOrder(101, seed, True) for _ in range(2))
    # The second is asked in another order, and for parts.
    later = second.positions(101, 101).tolist()
    parts = [second.positions(i, 1)[0] for i in range(101)]
    self.assertEqual(_epoch(first, 0), parts)
    self.assertEqual(_epoch(first, 1), later)

  def test_without_shuffling_positions_rise(self):
    order = ordering.EpochOrder(7, seed=3, shuffle=False)
    self.assertEqual(order.positions(5, 11).tolist(),
                     [5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1])

  def test_positions_go_over_the_seam(self):
    order = ordering.EpochOrder(7, seed=3, shuffle=True)
    self.assertEqual(order.positions(4, 13).tolist(),
                     (_epoch(order, 0) + _epoch(order, 1)
                      + _epoch(order, 2))[4:17])
    self.assertEqual(order.positions(4, 0).shape, (0,))
    self.assertEqual(order.positions(4, 2).dtype, np.int64)

  @parameterized.parameters(True, False)
  def test_shards_are_complete_and_disjoint(self, shuffle):
    shards = [ordering.EpochOrder(17, 3, shuffle, shard, 5)
              for shard in range(5)]
    self.assertEqual([s.epoch_size for s in shards], [4, 4, 3, 3, 3])
    for epoch in range(3):
      drawn = [p for shard in shards for p in _epoch(shard, epoch)]
      self.assertCountEqual(drawn, range(17))

  def test_shards_draw_from_all_records(self):
    order = ordering.EpochOrder(101, 3, True, shard=1, num_shards=2)
    self.assertNotEqual(sorted(_epoch(order, 0)), sorted(_epoch(order, 1)))


if __name__ == '__main__':
  absltest.main()
