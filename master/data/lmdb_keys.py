"""Keys of an LMDB of word images, read without its values."""

import array
import dataclasses
from typing import Callable, Optional

import numpy as np

from master.data import lmdb_header
from master.data import lmdb_pages
from master.data import lmdb_reader

_KEYS_AT_ONCE = 1000  # Told to whoever waits.


@dataclasses.dataclass
class Keys:
  """What the keys alone show.

  Attributes:
    total: number of keys.
    images: of those that are named as an image's is.
    labels: of those that are named as a label's is.
    others: of the rest but the counter.
    other_examples: the first of them.
    extent: the records are at positions below this; the counter may be lower
      or higher.
    beyond: positions of images that are not below the counter, rising.
    damaged: the first pages that cannot be read.
    num_damaged: their number.
  """
  total: int = 0
  images: int = 0
  labels: int = 0
  others: int = 0
  other_examples: list[str] = dataclasses.field(default_factory=list)
  extent: int = 0
  beyond: np.ndarray = dataclasses.field(
      default_factory=lambda: np.zeros([0], np.int64))
  damaged: list[str] = dataclasses.field(default_factory=list)
  num_damaged: int = 0


def _number_reader(key_format: str) -> Callable[[bytes], Optional[int]]:
  """A function that gives the number in a key of this form, else None."""
  prefix = key_format[:key_format.index('%')].encode()
  encoded_format = key_format.encode()

  def number_of(key: bytes) -> Optional[int]:
    if not key.startswith(prefix):
      return None
    digits = key[len(prefix):]
    if not digits.isdigit() or len(digits) > 18:
      return None
    number = int(digits)
    return number if encoded_format % number == key else None

  return number_of


def scan_keys(pages: lmdb_pages.PageReader, layout: lmdb_reader.Layout,
              count: int, max_listed: int,
              on_keys: Callable[[int], None] = lambda number: None) -> Keys:
  """Goes through all keys.

  Args:
    pages: of the LMDB.
    layout: of its keys.
    count: what the counter says.
    max_listed: damaged pages and other keys that are named.
    on_keys: called now and then with the number of further keys.
  """
  found = Keys()
  limit = min(count, pages.meta.num_keys + lmdb_reader.MAX_MISSING)
  beyond = array.array('Q')

  def on_damage(error: lmdb_header.PageError):
    found.num_damaged += 1
    if len(found.damaged) < max_listed:
      found.damaged.append(error.fault)

  image_number = _number_reader(layout.image_key)
  label_number = _number_reader(layout.label_key)
  for key in pages.keys(on_damage):
    found.total += 1
    if found.total % _KEYS_AT_ONCE == 0:
      on_keys(_KEYS_AT_ONCE)
    number = image_number(key)
    is_image = number is not None
    if not is_image:
      number = label_number(key)
    if number is not None and number >= layout.first:
      found.images += is_image
      found.labels += not is_image
      position = number - layout.first
      if position < limit:
        found.extent = max(found.extent, position + 1)
      elif is_image:
        beyond.append(position)
    elif key != layout.counter_key.encode():
      found.others += 1
      if len(found.other_examples) < max_listed:
        found.other_examples.append(key[:80].decode('utf-8', 'replace'))
  if found.num_damaged:
    # Keys of records may have been on pages that could not be read.
    found.extent = limit
  found.beyond = np.sort(np.array(beyond, np.int64))
  return found
