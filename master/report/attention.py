"""Attention maps packed in few bytes."""

import struct

import numpy as np

# Of a symbol; little of what is left of a map of attention is seen.
MAX_CELLS = 12
_LEVELS = 15  # Of a weight, by its largest one; 4 bits.

# Rows and columns of the grid, number of symbols, cells kept of each.
_HEAD = struct.Struct('<HHHB')


def pack(maps: np.ndarray, num_symbols: int) -> bytes:
  """The largest weights of each map, as page.js draws them.

  Args:
    maps: float32 [T, h, w], weights of a grid over the canvas for each
      symbol, none negative; h * w at most 65536.
    num_symbols: those of the text, <EOS> included; what follows is dropped.

  Returns:
    The head; then of every symbol the places of its MAX_CELLS largest weights
    (row * w + column, a byte each where the grid has no more than 256 cells,
    else two), in any order; then those weights as shares of the symbol's
    largest, in fifteenths, two a byte, the first in the upper half. About 20
    bytes a symbol.
  """
  num_symbols = min(num_symbols, len(maps))
  _, height, width = maps.shape
  size = height * width
  cells = min(MAX_CELLS, size)
  # [T, h * w]; NaN is no weight.
  flat = np.nan_to_num(maps[:num_symbols].reshape(num_symbols, size))
  if cells < size:
    places = np.argpartition(flat, size - cells, axis=1)[:, -cells:]
  else:
    places = np.tile(np.arange(size), (num_symbols, 1))
  weights = np.take_along_axis(flat, places, axis=1)  # [T, cells]
  largest = np.maximum(weights.max(axis=1, initial=0, keepdims=True), 1e-30)
  levels = np.rint(weights * (_LEVELS / largest)).astype(np.uint8).ravel()
  if levels.size % 2:
    levels = np.append(levels, np.uint8(0))
  return b''.join((
      _HEAD.pack(height, width, num_symbols, cells),
      places.astype(_place_type(size)).tobytes(),
      (levels[::2] << 4 | levels[1::2]).tobytes()))


def _place_type(size: int) -> str:
  return '<u1' if size <= 256 else '<u2'


def unpack(packed: bytes) -> np.ndarray:
  """The maps as far as they were kept.

  Args:
    packed: from `pack`.

  Returns:
    float32 [symbols, h, w], the largest weight of each symbol 1.
  """
  height, width, num_symbols, cells = _HEAD.unpack_from(packed)
  size, count = height * width, num_symbols * cells
  places = np.frombuffer(packed, _place_type(size), count, _HEAD.size)
  pairs = np.frombuffer(packed, np.uint8, offset=_HEAD.size + places.nbytes)
  levels = np.stack([pairs >> 4, pairs & 15], axis=1).ravel()[:count]
  flat = np.zeros([num_symbols, size], np.float32)
  np.put_along_axis(flat, places.reshape(num_symbols, cells).astype(np.int64),
                    levels.reshape(num_symbols, cells) / np.float32(_LEVELS),
                    axis=1)
  return flat.reshape(num_symbols, height, width)
