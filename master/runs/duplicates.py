"""Pictures that stand in evaluation sets more than once."""

import dataclasses
import hashlib
import itertools
from typing import Mapping, Sequence


@dataclasses.dataclass
class SharedPictures:
  """Pictures that stand in sets more than once, by their files' bytes.

  Attributes:
    within: of each set, how many are copies of another in it.
    between: of two sets, how many both have.
  """
  within: dict[str, int]
  between: dict[tuple[str, str], int]


def digest(image: bytes) -> bytes:
  """What stands for a picture file: 16 bytes."""
  return hashlib.blake2b(image, digest_size=16).digest()


def find(digests: Mapping[str, Sequence[bytes]]) -> SharedPictures:
  """Compares the pictures of all sets with each other.

  Args:
    digests: by name of the set, of its pictures.
  """
  found = SharedPictures({}, {})
  different = {name: set(of_set) for name, of_set in digests.items()}
  for name, of_set in digests.items():
    copies = len(of_set) - len(different[name])
    if copies:
      found.within[name] = copies
  for a, b in itertools.combinations(different, 2):
    common = len(different[a] & different[b])
    if common:
      found.between[a, b] = common
  return found
