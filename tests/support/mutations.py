"""LMDBs of which many records are damaged in many ways, for tests."""

import os
import random
from typing import Callable, NamedTuple, Optional

import lmdb

from tests.support import image_kinds
from tests.support import pictures

_MODES = {'JPEG': ('RGB', 'L'), 'PNG': ('RGB', 'L', 'P', 'RGBA'),
          'GIF': ('P',), 'BMP': ('RGB',)}


class Item(NamedTuple):
  """A record; None for a missing part."""
  image: Optional[bytes]
  label: Optional[bytes]


def _bytes_of(rng: random.Random, count: int) -> bytes:
  return bytes(rng.randrange(256) for _ in range(count))


def _flipped(encoded: bytes, rng: random.Random, end: int) -> bytes:
  """With some bytes before `end` changed."""
  changed = bytearray(encoded)
  for _ in range(rng.choice((1, 1, 2, 8))):
    changed[rng.randrange(min(end, len(changed)))] ^= rng.randrange(1, 256)
  return bytes(changed)


def _replaced(encoded: bytes, rng: random.Random, count: int,
              inserted: bytes) -> bytes:
  """With `count` bytes somewhere gone and others in their place."""
  start = rng.randrange(len(encoded))
  return encoded[:start] + inserted + encoded[start + count:]


# What is done to the bytes of an image.
_OF_IMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    'flip': lambda b, rng: _flipped(b, rng, len(b)),
    'flip head': lambda b, rng: _flipped(b, rng, 64),
    'flip behind': lambda b, rng: (
        b[:len(b) // 2] + _flipped(b[len(b) // 2:], rng, len(b))),
    'cut': lambda b, rng: b[:rng.randrange(len(b))],
    'cut end': lambda b, rng: b[:-rng.randrange(1, 5)],
    'zero': lambda b, rng: _replaced(b, rng, 16, bytes(16)),
    'insert': lambda b, rng: _replaced(b, rng, 0, _bytes_of(rng, 3)),
    'remove': lambda b, rng: _replaced(b, rng, 5, b''),
    'turn': lambda b, rng: b[len(b) // 2:] + b[:len(b) // 2],
    'append': lambda b, rng: b + _bytes_of(rng, 20),
    'noise': lambda b, rng: _bytes_of(rng, len(b)),
    'head and noise': lambda b, rng: b[:12] + _bytes_of(rng, 200),
    'empty': lambda b, rng: b'',
}

# What is done to a record.
_OF_RECORDS: dict[str, Callable[[Item, random.Random], Item]] = {
    'no image': lambda item, rng: item._replace(image=None),
    'no label': lambda item, rng: item._replace(label=None),
    'nothing': lambda item, rng: Item(None, None),
    'swap': lambda item, rng: Item(item.label, item.image),
    'label bytes': lambda item, rng: item._replace(
        label=item.label + bytes([rng.randrange(128, 256)])),
    'label surrogate': lambda item, rng: item._replace(
        label=b'\xed\xa0\x80'),
    'label empty': lambda item, rng: item._replace(label=b''),
    'label nul': lambda item, rng: item._replace(label=b'1\x002'),
    'label long': lambda item, rng: item._replace(
        label=b'1' * rng.randrange(6, 3000)),
    'label other': lambda item, rng: item._replace(
        label='\u0436\U0001f600\u0301'.encode()),
    'label space': lambda item, rng: item._replace(label=b' \t\n'),
}


def _image(rng: random.Random, kinds: list[bytes]) -> bytes:
  """A small image of any kind that is read."""
  if rng.random() < 0.2:
    return rng.choice(kinds)
  name = rng.choice(('JPEG', 'JPEG', 'JPEG', 'PNG', 'PNG', 'GIF', 'BMP'))
  picture = pictures.picture(rng.randrange(1, 24), rng.randrange(1, 60),
                             rng.choice(_MODES[name]), rng.randrange(1000))
  return pictures.encode(picture, name)


def _mutated(item: Item, rng: random.Random) -> Item:
  if rng.random() < 0.6:
    change = rng.choice(list(_OF_IMAGES.values()))
    return item._replace(image=change(item.image, rng))
  return rng.choice(list(_OF_RECORDS.values()))(item, rng)


def items(count: int, seed: int) -> list[Item]:
  """Records of which every other is mutated, the same for a seed.

  Args:
    count: of mutated records.
    seed: any int.
  """
  rng = random.Random(seed)
  kinds = [kind.encoded for kind in image_kinds.KINDS.values()
           if kind.pixels is not None and len(kind.encoded) < 5000]
  made = []
  for i in range(2 * count):
    item = Item(_image(rng, kinds), str(rng.randrange(100000)).encode())
    made.append(item if i % 2 else _mutated(item, rng))
  return made


def write(path: str, count: int, seed: int, missing: int = 7) -> int:
  """Writes an LMDB of `items`, whose counter is too high.

  Args:
    path: folder to make.
    count: of mutated records.
    seed: any int.
    missing: records that the counter claims beyond those there are.

  Returns:
    What the counter says.
  """
  os.makedirs(path)
  made = items(count, seed)
  with lmdb.open(path, map_size=2**28, sync=False) as environment:
    with environment.begin(write=True) as transaction:
      for number, item in enumerate(made, 1):
        if item.image is not None:
          transaction.put(b'image-%09d' % number, item.image)
        if item.label is not None:
          transaction.put(b'label-%09d' % number, item.label)
      transaction.put(b'num-samples', b'%d' % (len(made) + missing))
  return len(made) + missing
