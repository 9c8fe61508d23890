"""Sums over all records of an LMDB: gaps, duplicates, extremes."""

import collections
import dataclasses
from typing import Callable, Iterable, NamedTuple, Optional

import numpy as np

# In place of an image's hash: its image cannot be used, or nothing is there.
NO_IMAGE = 0
NO_RECORD = 1
NO_LABEL = 0  # In place of a label's hash.
_BLOCK = 1 << 20  # Hashes looked up at a time.
# Parts of the records in which duplicates are looked for one after the other,
# as sorting takes memory.
_PARTS = 16


class Gaps(NamedTuple):
  """Records of which nothing is there.

  Attributes:
    records: number of them.
    ranges: of how many stretches.
    listed: first and last number of the first stretches.
  """
  records: int
  ranges: int
  listed: list[tuple[int, int]]


def find_gaps(hashes: np.ndarray, count: int, first: int, max_listed: int
              ) -> Gaps:
  """Stretches of the records below the counter where nothing is.

  Args:
    hashes: uint64 [N], as of lmdb_check; N is at most `count`.
    count: what the counter says; there is nothing from N on.
    first: number of the first record.
    max_listed: stretches that are named.
  """
  missing = np.concatenate([[False], hashes == NO_RECORD,
                            [count > len(hashes)]])
  change = np.flatnonzero(missing[1:] != missing[:-1])
  starts, stops = change[::2].tolist(), change[1::2].tolist()
  if len(stops) < len(starts):
    stops.append(count)
  return Gaps(sum(stops) - sum(starts), len(starts),
              [(first + start, first + stop - 1)
               for start, stop in zip(starts[:max_listed], stops)])


class Group(NamedTuple):
  """Records with the same image.

  Attributes:
    positions: of all or the first of them.
    labels: their different labels.
  """
  positions: list[int]
  labels: list[str]


@dataclasses.dataclass
class Duplicates:
  """Records whose images are the same bytes.

  Attributes:
    groups: number of images that more than one record has.
    surplus: records beyond the first of each group.
    conflicts: groups with different labels.
    listed: the first groups, those with different labels first.
  """
  groups: int = 0
  surplus: int = 0
  conflicts: int = 0
  listed: list[Group] = dataclasses.field(default_factory=list)


def _repeated(hashes: np.ndarray, part: int) -> np.ndarray:
  """int64 [M]: positions of hashes that occur twice, equal ones together.

  Only of those hashes that belong to the part.
  """
  blocks = []
  for start in range(0, len(hashes), _BLOCK):
    block = hashes[start:start + _BLOCK]
    blocks.append(start + np.flatnonzero(
        (block > NO_RECORD) & (block % np.uint64(_PARTS) == part)))
  positions = np.concatenate(blocks or [np.zeros([0], np.int64)])
  positions = positions[np.argsort(hashes[positions], kind='stable')]
  values = hashes[positions]
  is_same = values[1:] == values[:-1]
  return positions[np.concatenate([is_same, [False]])
                   | np.concatenate([[False], is_same])
                   ] if len(positions) else positions


def find_duplicates(hashes: np.ndarray, label_hashes: np.ndarray,
                    label_of: Callable[[int], Optional[bytes]],
                    max_listed: int) -> Duplicates:
  """Looks for records with the same image.

  Args:
    hashes: uint64 [N], as of lmdb_check.
    label_hashes: uint32 [N], as of lmdb_check.
    label_of: the label at a position, None where there is none; asked for
      what is listed.
    max_listed: groups that are named, and records of each.
  """
  found = Duplicates()
  same, different = [], []
  for part in range(_PARTS):
    positions = _repeated(hashes, part)
    if not len(positions):
      continue
    starts = np.concatenate([[0], 1 + np.flatnonzero(
        np.diff(hashes[positions]))])
    labels = label_hashes[positions]
    greatest = np.maximum.reduceat(labels, starts)
    # The least, leaving out those without a label.
    least = np.minimum.reduceat(labels - np.uint32(1), starts) + np.uint32(1)
    is_conflict = (least < greatest) & (least > NO_LABEL)
    found.groups += len(starts)
    found.surplus += len(positions) - len(starts)
    found.conflicts += int(is_conflict.sum())
    stops = np.append(starts[1:], len(positions))
    for listed, rows in ((different, np.flatnonzero(is_conflict)),
                         (same, np.flatnonzero(~is_conflict))):
      for row in rows[:max_listed - len(listed)].tolist():
        group = positions[starts[row]:stops[row]].tolist()
        listed.append(Group(group[:max_listed],
                            _labels(group, label_of)[:max_listed]))
  found.listed = (different + same)[:max_listed]
  return found


def _labels(positions: Iterable[int],
            label_of: Callable[[int], Optional[bytes]]) -> list[str]:
  """The different labels of records, in order of appearance."""
  labels = {}
  for position in positions:
    label = label_of(int(position))
    if label is not None:
      labels[label] = None
  return [label.decode('utf-8', 'replace') for label in labels]


class Spread(NamedTuple):
  """Least, middle and greatest of some values."""
  least: float
  median: float
  greatest: float


def spread(counts: collections.Counter) -> Optional[Spread]:
  """Of values that occur so many times; None without any."""
  total = sum(counts.values())
  if not total:
    return None
  values = sorted(counts)
  ends = np.cumsum([counts[value] for value in values])
  middle = [values[np.searchsorted(ends, place, side='right')]
            for place in ((total - 1) // 2, total // 2)]
  return Spread(values[0], sum(middle) / 2, values[-1])
