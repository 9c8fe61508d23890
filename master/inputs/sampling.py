"""The order in which records are drawn: an endless sequence of positions.

A place in the sequence is all that is needed to go on from it, and none
hangs on those before.
"""

import abc
import functools
import threading
from typing import Optional, Sequence
import zlib

import numpy as np

# 64 bits, so that any seed, negative ones too, gives an order.
_SEED_MASK = 2**64 - 1
# Places of a mixture whose shares are exact, to one.
_BLOCK = 1024


class Order(abc.ABC):
  """Positions of records, by their place in the sequence.

  Attributes:
    span: so many places from the beginning on hold every record.
    description: of all that decides the sequence.
  """
  span: int
  description: str

  @abc.abstractmethod
  def at(self, places: np.ndarray) -> np.ndarray:
    """The positions at int64 [N] places, each at least 0: int64 [N]."""

  def positions(self, start: int, count: int) -> np.ndarray:
    """The positions from place `start` of the sequence on, int64 [count]."""
    return self.at(np.arange(start, start + count))

  def fingerprint(self) -> int:
    """Tells sequences apart, in [0, 2**32)."""
    return zlib.crc32(self.description.encode())


class EpochOrder(Order):
  """Each epoch is a new order of all records, by seed and epoch alone."""

  def __init__(self, num_records: int, seed: int, shuffle: bool):
    """Constructs the order; it takes at most 8 bytes a record.

    Args:
      num_records: at least 1.
      seed: any int.
      shuffle: False gives rising positions in each epoch.
    """
    self.span = num_records
    self.description = f'epochs of {num_records}, {seed}, {shuffle}'
    self._seed = seed & _SEED_MASK
    self._shuffle = shuffle
    # Two epochs, as chunks at the seam are asked for in any order.
    self._epochs = {}
    self._lock = threading.Lock()

  def at(self, places: np.ndarray) -> np.ndarray:
    epochs, offsets = np.divmod(places, self.span)
    if not self._shuffle:
      return offsets
    found = np.empty(len(places), np.int64)
    for epoch in np.unique(epochs):
      rows = epochs == epoch
      found[rows] = self._epoch(int(epoch))[offsets[rows]]
    return found

  def _epoch(self, epoch: int) -> np.ndarray:
    with self._lock:
      if epoch not in self._epochs:
        while len(self._epochs) > 1:
          del self._epochs[min(self._epochs)]
        self._epochs[epoch] = self._make_epoch(epoch)
      return self._epochs[epoch]

  def _make_epoch(self, epoch: int) -> np.ndarray:
    small = self.span <= np.iinfo(np.uint32).max
    order = np.arange(self.span, dtype=np.uint32 if small else np.uint64)
    np.random.default_rng([self._seed, epoch]).shuffle(order)
    return order


class FirstOrder(Order):
  """The first records of each set, one set after the other, for ever."""

  def __init__(self, sizes: Sequence[int], limit: Optional[int]):
    """Constructs the order; it takes 8 bytes a record.

    Args:
      sizes: number of records of each set, at least 1.
      limit: how many of each set are drawn, at least 1; None for all.
    """
    ends = np.cumsum(sizes)
    self._positions = np.concatenate([
        np.arange(end - size, end - size + min(size, limit or size))
        for size, end in zip(sizes, ends)])
    self.span = len(self._positions)
    self.description = f'the first {limit} of {list(sizes)}'

  def at(self, places: np.ndarray) -> np.ndarray:
    return self._positions[places % self.span]


class MixedOrder(Order):
  """Several sets, each in epochs of its own, mixed by weight.

  Of the first n places each set has its share of n, to within one and a
  block; a set that is smaller for its weight begins its next epoch sooner.
  """

  def __init__(self, sizes: Sequence[int], weights: Sequence[float],
               seed: int, shuffle: bool):
    """Constructs the order.

    Args:
      sizes: number of records of each set, at least 1.
      weights: share of each set, above 0; only their ratios count.
      seed: any int.
      shuffle: False gives rising positions in each set's epochs; the sets are
        mixed nevertheless.
    """
    shares = np.asarray(weights, np.float64) / np.sum(weights)
    self._block = max(_BLOCK, len(sizes)**2)
    self._shares = shares
    # What rounding leaves goes to the set to which it matters least.
    self._largest = int(np.argmax(shares))
    self._starts = np.cumsum([0, *sizes[:-1]])
    self._seed = seed & _SEED_MASK
    self._orders = [
        EpochOrder(size, int(np.random.default_rng(
            [self._seed, i]).integers(2**62)), shuffle)
        for i, size in enumerate(sizes)]
    # Until the rarest set is through: its draws lag by one and a block.
    self.span = self._block + int(
        np.ceil(np.max((np.asarray(sizes) + 1) / shares)))
    self.description = (
        f'{list(sizes)} by {shares.tolist()}, {seed}, {shuffle}')
    self._sources = functools.lru_cache(8)(self._make_sources)

  def at(self, places: np.ndarray) -> np.ndarray:
    blocks, offsets = np.divmod(places, self._block)
    found = np.empty(len(places), np.int64)
    for block in np.unique(blocks):
      rows = np.flatnonzero(blocks == block)
      sources, draws = (part[offsets[rows]]
                        for part in self._sources(int(block)))
      for source in np.unique(sources):
        own = sources == source
        found[rows[own]] = self._starts[source] + self._orders[source].at(
            draws[own])
    return found

  def _num_before(self, block: int) -> np.ndarray:
    """Draws from each set before a block, int64 [sets]."""
    place = block * self._block
    draws = np.floor(self._shares * place).astype(np.int64)
    draws[self._largest] += place - draws.sum()
    return draws

  def _make_sources(self, block: int) -> tuple[np.ndarray, np.ndarray]:
    """Set at each place of a block, and which of its draws that is."""
    before = self._num_before(block)
    counts = self._num_before(block + 1) - before
    sources = np.repeat(np.arange(len(counts)), counts)
    np.random.default_rng([self._seed, len(counts), block]).shuffle(sources)
    draws = np.empty(self._block, np.int64)
    for source, count in enumerate(counts):
      draws[sources == source] = before[source] + np.arange(count)
    return sources, draws


class ShardOrder(Order):
  """Every `num_shards`-th place of another order.

  The first n places of all shards are the first n * num_shards of the order,
  none of them twice.
  """

  def __init__(self, order: Order, shard: int, num_shards: int):
    """Constructs the order.

    Args:
      order: that is shared out.
      shard: in [0, num_shards).
      num_shards: how many share it.
    """
    self._order = order
    self._shard = shard
    self._num_shards = num_shards
    self.span = len(range(shard, order.span, num_shards))
    self.description = order.description

  def at(self, places: np.ndarray) -> np.ndarray:
    return self._order.at(places * self._num_shards + self._shard)


def make_order(sizes: Sequence[int], weights: Optional[Sequence[float]],
               seed: int, shuffle: bool) -> Order:
  """The order of several sets' records.

  Args:
    sizes: number of records of each set.
    weights: share of each set; None draws from all as if they were one, so
      that every record comes once an epoch.
    seed: any int.
    shuffle: whether the records come in a new order each epoch.
  """
  if weights is None:
    return EpochOrder(sum(sizes), seed, shuffle)
  return MixedOrder(sizes, weights, seed, shuffle)
