"""The order in which records are drawn, epoch after epoch.

Guarded by tests/inputs/ordering_test.py.
"""

import threading

import numpy as np

# 64 bits, so that any seed, negative ones too, gives an order.
_SEED_MASK = 2**64 - 1


class EpochOrder:
  """Positions of one shard's records, as a sequence without end.

  Each epoch is a new order of all records, decided by seed and epoch alone;
  of it the shard takes every `num_shards`-th.
  """

  def __init__(self, num_records: int, seed: int, shuffle: bool,
               shard: int = 0, num_shards: int = 1):
    """Constructs the order.

    Args:
      num_records: over all shards.
      seed: any int.
      shuffle: False gives rising positions in each epoch.
      shard: in [0, num_shards).
      num_shards: at most num_records.
    """
    self._num_records = num_records
    self._seed = seed & _SEED_MASK
    self._shuffle = shuffle
    self._shard = shard
    self._num_shards = num_shards
    self.epoch_size = len(range(shard, num_records, num_shards))
    # Two epochs, as chunks at the seam are asked for in any order.
    self._epochs = {}
    self._lock = threading.Lock()

  def positions(self, start: int, count: int) -> np.ndarray:
    """The positions from place `start` of the sequence on.

    Args:
      start: at least 0; place `epoch_size` begins the second epoch.
      count: how many.

    Returns:
      int64 [count].
    """
    parts = []
    while count:
      epoch, offset = divmod(start, self.epoch_size)
      part = self._epoch(epoch)[offset:offset + count]
      parts.append(part)
      start += len(part)
      count -= len(part)
    return np.concatenate(parts or [[]]).astype(np.int64)

  def _epoch(self, epoch: int) -> np.ndarray:
    with self._lock:
      if epoch not in self._epochs:
        while len(self._epochs) > 1:
          del self._epochs[min(self._epochs)]
        self._epochs[epoch] = self._make_epoch(epoch)
      return self._epochs[epoch]

  def _make_epoch(self, epoch: int) -> np.ndarray:
    small = self._num_records <= np.iinfo(np.uint32).max
    order = np.arange(self._num_records,
                      dtype=np.uint32 if small else np.uint64)
    if self._shuffle:
      np.random.default_rng([self._seed, epoch]).shuffle(order)
    # A copy, so that the other shards' positions take no memory.
    return order[self._shard::self._num_shards].copy()
