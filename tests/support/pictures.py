"""Encoded pictures and LMDBs of them, for the tests of the input pipeline."""

import io
import os
from typing import Optional, Sequence

import lmdb
import numpy as np
from PIL import Image

from master.data import lmdb_writer


def pixels(height: int, width: int, channels: int = 3,
           seed: int = 0) -> np.ndarray:
  """A smooth picture, uint8 [height, width, channels].

  Smooth, as then a resized or compressed one is close to what it was.
  """
  rng = np.random.RandomState(seed)
  small = rng.randint(0, 256, [3, 4, channels]).astype(np.uint8)
  planes = [Image.fromarray(small[:, :, c]).resize(
      (width, height), Image.Resampling.BICUBIC) for c in range(channels)]
  return np.stack([np.asarray(plane) for plane in planes], axis=2)


def picture(height: int, width: int, mode: str = 'RGB',
            seed: int = 0) -> Image.Image:
  """The smooth picture in one of Pillow's modes."""
  image = Image.fromarray(pixels(height, width, 3, seed))
  if mode == 'I;16':
    values = np.asarray(image.convert('L')).astype(np.uint16) * 257
    return Image.fromarray(values)
  if mode in ('LA', 'RGBA'):
    image = image.convert(mode)
    image.putalpha(101)
    return image
  return image.convert(mode)


def encode(image: Image.Image, name: str, **options) -> bytes:
  """The picture in the format `name`: JPEG, PNG, BMP, GIF."""
  buffer = io.BytesIO()
  image.save(buffer, name, **options)
  return buffer.getvalue()


def png(height: int = 7, width: int = 11, seed: int = 0) -> bytes:
  """A grey PNG."""
  return encode(picture(height, width, 'L', seed), 'PNG')


def write_lmdb(path: str, labels: Sequence[str]) -> str:
  """An LMDB in the standard layout, a PNG per label; returns its path."""
  with lmdb_writer.LmdbWriter(path) as writer:
    for i, label in enumerate(labels):
      writer.add(png(seed=i), label)
  return path


def write_items(path: str, items: dict[str, bytes]) -> str:
  """An LMDB of any keys and values; returns its path."""
  os.makedirs(path, exist_ok=True)
  with lmdb.open(path, map_size=2**24) as environment:
    with environment.begin(write=True) as transaction:
      for key, value in items.items():
        transaction.put(key.encode(), value)
  return path


def change_lmdb(path: str, items: dict[str, Optional[bytes]]) -> str:
  """Sets keys of an LMDB, or deletes those with None; returns its path."""
  with lmdb.open(path, map_size=2**24) as environment:
    with environment.begin(write=True) as transaction:
      for key, value in items.items():
        if value is None:
          transaction.delete(key.encode())
        else:
          transaction.put(key.encode(), value)
  return path
