"""3x3 convolutions by minimal filtering (Winograd), for inference on CPUs.

A tile of 3 x 4 results takes 5 x 6 products of channels where the plain sum
takes 9 for each of them, 3.6 times as many (Lavin and Gray, arXiv
1509.09308). Written in gathers and matrix products, which every runtime does
at the speed of the machine.
Legend: `B` batch, `H W` feature map, `I O` channels in and out, `M` results
and `P` products of a tile, `L` tiles of a map.
"""

from typing import NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import shapes

KERNEL = 3

# Tiles hold each position several times over: with all of a large map at once
# they would be what decides how much memory a model needs.
_TILES_AT_A_TIME = 60

# Results down and across: at most 4, larger ones lose digits.
Tile = tuple[int, int]

# Where the polynomials are evaluated, in addition to infinity. Small numbers
# of both signs keep the rounding errors small (Barabasz et al., arXiv
# 1803.10986).
_POINTS = (0.0, 1.0, -1.0, 0.5, -2.0)


class _Transforms(NamedTuple):
  """Of one axis, for m results by n = m + 2 products."""
  data: np.ndarray  # [n, n]
  kernel: np.ndarray  # [n, 3]
  result: np.ndarray  # [m, n]


def _powers(points: np.ndarray, count: int) -> np.ndarray:
  """Each point to the powers below `count`; infinity has the last alone."""
  finite = points[:, None] ** np.arange(count)
  return np.concatenate([finite, np.eye(count)[-1:]])


def _transforms(results: int) -> _Transforms:
  """Toom and Cook's product of polynomials, transposed."""
  points = np.array(_POINTS[:results + KERNEL - 2])
  data = np.linalg.inv(_powers(points, results + KERNEL - 1)).T
  # The kernel, transformed once and in double precision, takes the scale.
  scale = np.abs(data).max(axis=1, keepdims=True)
  return _Transforms(data / scale, _powers(points, KERNEL) * scale,
                     _powers(points, results).T)


def transform_kernel(kernel: np.ndarray, tile: Tile) -> np.ndarray:
  """What `conv2d` multiplies by.

  Args:
    kernel: float [3, 3, I, O].
    tile: results of a tile.

  Returns:
    float32 [P, I, O].
  """
  down, across = (_transforms(size).kernel for size in tile)
  products = np.einsum('ai,bj,ijco->abco', down, across,
                       kernel.astype(np.float64), optimize=True)
  return products.reshape([-1, *kernel.shape[2:]]).astype(np.float32)


def kernel_shape(input_channels: int, output_channels: int,
                 tile: Tile) -> list[int]:
  """Of what `transform_kernel` returns: [P, I, O]."""
  down, across = (size + KERNEL - 1 for size in tile)
  return [down * across, input_channels, output_channels]


def _places(height: int, width: int,
            tile: Tile) -> tuple[list[np.ndarray], np.ndarray]:
  """Where tiles lie in a map of height x width positions, row by row.

  Returns:
    For each part of the tiles int32 [P * L], the position that each product
    of each tile reads; the position after the last is the padding. And int32
    [height * width], which result of which tile each position is, the parts
    one after the other.
  """
  down, across = -(-height // tile[0]), -(-width // tile[1])
  y = (np.arange(tile[0] + KERNEL - 1)[:, None, None, None]
       + tile[0] * np.arange(down)[:, None]) - KERNEL // 2
  x = (np.arange(tile[1] + KERNEL - 1)[:, None, None]
       + tile[1] * np.arange(across)) - KERNEL // 2
  inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
  read = np.where(inside, y * width + x, height * width)  # [n, n, down, across]
  tiles = down * across
  parts = np.array_split(np.arange(tiles), -(-tiles // _TILES_AT_A_TIME))
  read = read.reshape([-1, tiles]).astype(np.int32)

  y, x = np.arange(height)[:, None], np.arange(width)
  result = y % tile[0] * tile[1] + x % tile[1]  # [height, width]
  place = np.concatenate([  # Of each result of each tile, [M, L].
      np.arange(tile[0] * tile[1] * len(part)).reshape([-1, len(part)])
      + tile[0] * tile[1] * part[0] for part in parts], axis=1)
  written = place[result, y // tile[0] * across + x // tile[1]]
  return ([read[:, part].reshape(-1) for part in parts],
          written.reshape(-1).astype(np.int32))


def conv2d(x: tf.Tensor, products: tf.Tensor, tile: Tile) -> tf.Tensor:
  """tf.nn.conv2d of stride 1 with zero padding that keeps the size.

  Args:
    x: float [B, H, W, I]; H and W known.
    products: of the same type, [P, I, O], from `transform_kernel`.
    tile: as there.

  Returns:
    float [B, H, W, O].
  """
  num_products, inputs, outputs = products.shape.as_list()
  shapes.check('x', x, [None, None, None, inputs])
  height, width = x.shape.as_list()[1:3]
  down, across = (_transforms(size) for size in tile)
  to_products, to_results = (
      tf.constant(np.kron(a, b), x.dtype)
      for a, b in ((down.data, across.data), (down.result, across.result)))
  parts, written = _places(height, width, tile)
  with tf.name_scope('winograd'):
    # Positions first: then a tile is gathered in whole rows, and both
    # transforms are plain matrix products over all tiles of all images.
    flat = tf.transpose(tf.reshape(x, [-1, height * width, inputs]),
                        [1, 0, 2])  # [H * W, B, I]
    padded = tf.pad(flat, [[0, 1], [0, 0], [0, 0]])
    results = []
    for read in parts:
      with tf.control_dependencies(results[-1:]):
        y = tf.gather(padded, read)  # [P * L, B, I]
      y = tf.matmul(to_products, tf.reshape(y, [num_products, -1]))
      y = tf.matmul(tf.reshape(y, [num_products, -1, inputs]),
                    products)  # [P, L * B, O]
      y = tf.matmul(to_results, tf.reshape(y, [num_products, -1]))
      rows = len(read) // num_products * tile[0] * tile[1]
      results.append(tf.reshape(y, [rows, -1, outputs]))  # [M * L, B, O]
    y = results[0] if len(results) == 1 else tf.concat(results, axis=0)
    y = tf.gather(y, written)  # [H * W, B, O]
    return tf.reshape(tf.transpose(y, [1, 0, 2]),
                      [-1, height, width, outputs])
