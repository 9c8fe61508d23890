"""Per-row stateless random numbers.

They are hashes of the row's seed and a counter, so that a row draws the same
whatever batch it is in.
"""

from typing import Sequence

import numpy as np
import tensorflow.compat.v1 as tf

# Odd, and far from any pattern: 2**32 over the golden ratio.
_STRIDE = 0x9e3779b9


def _uint32(value: int) -> tf.Tensor:
  return tf.constant(value, tf.uint32)


def _mixed(x: tf.Tensor) -> tf.Tensor:
  """The finaliser of MurmurHash3, which spreads each bit over all: uint32."""
  for shift, factor in ((16, 0x85ebca6b), (13, 0xc2b2ae35)):
    x = tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, _uint32(shift)))
    x *= _uint32(factor)
  return tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, _uint32(16)))


def _hashes(keys: tf.Tensor, count: int) -> tf.Tensor:
  """uint32 [N] keys to uint32 [N, count]."""
  counters = (np.arange(1, count + 1, dtype=np.uint64) * _STRIDE).astype(
      np.uint32)
  return _mixed(keys[:, None] + tf.constant(counters))


def uniforms(seeds: tf.Tensor, names: Sequence[str]
             ) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
  """Numbers in [0, 1) for each row and name.

  Args:
    seeds: int64 [N]; only the row's own counts.
    names: of the numbers; names added at the end change none before them.

  Returns:
    float64 [N] by name: 64 bits, so that what is computed of them and then
    rounded to 32 does not hang on how many rows are computed at a time; and
    uint32 [N], keys for `noise`.
  """
  words = tf.bitcast(seeds, tf.uint32)  # [N, 2]
  keys = _mixed(_mixed(words[:, 0] + _uint32(_STRIDE)) + words[:, 1])
  hashes = _hashes(keys, len(names) + 1)
  columns = tf.unstack(
      tf.cast(hashes[:, 1:], tf.float64) * 2.0**-32, axis=1)
  return dict(zip(names, columns)), hashes[:, 0]


def noise(keys: tf.Tensor, shape: Sequence[int]) -> tf.Tensor:
  """Independent values of mean 0 and variance 1.

  The sum of two uniform values: a triangle, which a picture's noise is told
  from a normal one by nobody, and which costs a fraction.

  Args:
    keys: uint32 [N].
    shape: of a row.

  Returns:
    float32 [N, *shape], within 2.45 of 0.
  """
  hashes = _hashes(keys, int(np.prod(shape)))
  low = tf.bitwise.bitwise_and(hashes, _uint32(0xffff))
  total = tf.cast(low + tf.bitwise.right_shift(hashes, _uint32(16)),
                  tf.float32)
  # The variance of one is (2**16)**2 / 12.
  scale = np.sqrt(6) / 2**16
  values = total * scale - (2**16 - 1) * scale
  return tf.reshape(values, [-1, *shape])
