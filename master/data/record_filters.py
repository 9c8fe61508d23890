"""Filters, samples and splits of the records of LMDBs."""

import dataclasses
from typing import Any, Callable, Iterator, Optional, Sequence

import numpy as np

from master import charset as charset_lib
from master.data import lmdb_reader
from master.data import records as records_lib

LABEL_TOO_SHORT = 'label_too_short'
LABEL_EXCLUDED = 'label_excluded'

# 64 bits, so that any seed, negative ones too, will do.
_SEED_MASK = 2**64 - 1
# Records that are dealt together: their shares are exact, to one.
_DEALT_TOGETHER = 100


@dataclasses.dataclass(frozen=True)
class Filter:
  """Judges records by their labels; images are not looked at.

  Attributes:
    charset: whose characters labels are made of; None for any.
    min_length: of labels, in characters.
    max_length: of labels, in characters; None for any.
    excluded: case-folded labels that are left out.
  """
  charset: Optional[charset_lib.Charset] = None
  min_length: int = 1
  max_length: Optional[int] = None
  excluded: frozenset[str] = frozenset()

  def fault(self, record: lmdb_reader.Record) -> Optional[str]:
    """The reason to leave a record out, or None."""
    if record.image is None:
      return records_lib.MISSING_IMAGE
    if record.label is None:
      return records_lib.MISSING_LABEL
    try:
      text = record.label.decode('utf-8')
    except UnicodeDecodeError:
      return records_lib.LABEL_NOT_UTF8
    if len(text) < self.min_length:
      return LABEL_TOO_SHORT if text else records_lib.LABEL_EMPTY
    if self.max_length is not None and len(text) > self.max_length:
      return records_lib.LABEL_TOO_LONG
    if self.charset is not None and self.charset.unknown(text):
      return records_lib.LABEL_OUTSIDE_CHARSET
    if self.excluded and text.casefold() in self.excluded:
      return LABEL_EXCLUDED
    return None


def draw(total: int, wanted: int, seed: int,
         accept: Callable[[int], bool]) -> Iterator[int]:
  """Draws positions by chance, all being as likely, until enough are accepted.

  It takes at most 8 bytes for each position there is.

  Args:
    total: number of positions.
    wanted: number of those to accept.
    seed: any int.
    accept: whether a position will do; called once for each drawn.

  Yields:
    Accepted positions, mostly rising, as that is fast to read. Fewer than
    wanted if there are no more.
  """
  small = total <= np.iinfo(np.uint32).max
  order = np.arange(total, dtype=np.uint32 if small else np.uint64)
  np.random.default_rng(seed & _SEED_MASK).shuffle(order)
  start = 0
  while wanted and start < total:
    drawn = order[start:start + wanted]
    drawn.sort()  # In place: no copy that takes room.
    start += len(drawn)
    for position in drawn:
      if accept(int(position)):
        wanted -= 1
        yield int(position)


class Dealer:
  """Deals items out to several receivers by chance, each with its share."""

  def __init__(self, shares: Sequence[float], seed: int,
               receive: Callable[[int, Any], None]):
    """Constructs a dealer.

    Args:
      shares: of the receivers; above 0, 1 in sum.
      seed: any int.
      receive: takes a receiver's index and an item.
    """
    self._shares = np.asarray(shares, np.float64)  # [receivers]
    self._counts = np.zeros([len(shares)], np.int64)  # Of items dealt.
    self._random = np.random.default_rng(seed & _SEED_MASK)
    self._receive = receive
    self._pending = []

  def add(self, item: Any):
    """Takes an item, to deal it out with those that follow."""
    self._pending.append(item)
    if len(self._pending) == _DEALT_TOGETHER:
      self.finish()

  def finish(self):
    """Deals out what is left.

    Each receiver then has its share of all items, to within about one.
    """
    receivers = [self._next_receiver() for _ in self._pending]
    self._random.shuffle(receivers)
    for receiver, item in zip(receivers, self._pending):
      self._receive(receiver, item)
    self._pending = []

  def _next_receiver(self) -> int:
    """The one that lacks most of its share."""
    lacking = self._shares * (self._counts.sum() + 1) - self._counts
    receiver = int(np.argmax(lacking))
    self._counts[receiver] += 1
    return receiver
