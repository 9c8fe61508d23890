"""Pictures that stand in evaluation sets more than once."""

import dataclasses
import hashlib
import itertools
from typing import Mapping

from master.data import lmdb_reader


@dataclasses.dataclass
class SharedPictures:
  """Pictures that stand in sets more than once, by their files' bytes.

  Attributes:
    within: of each set, how many are copies of another in it.
    between: of two sets, how many both have.
  """
  within: dict[str, int]
  between: dict[tuple[str, str], int]


def _digests(reader: lmdb_reader.LmdbReader, count: int) -> list[bytes]:
  images = (reader.read(i).image for i in range(count))
  return [hashlib.blake2b(image, digest_size=16).digest()
          for image in images if image]


def find(sets: Mapping[str, tuple[lmdb_reader.LmdbReader, int]]
         ) -> SharedPictures:
  """Compares the records of all sets with each other.

  Args:
    sets: by name, and how many of its first records count.
  """
  found = SharedPictures({}, {})
  digests = {}
  for name, (reader, count) in sets.items():
    all_of_set = _digests(reader, count)
    digests[name] = set(all_of_set)
    copies = len(all_of_set) - len(digests[name])
    if copies:
      found.within[name] = copies
  for a, b in itertools.combinations(digests, 2):
    common = len(digests[a] & digests[b])
    if common:
      found.between[a, b] = common
  return found
