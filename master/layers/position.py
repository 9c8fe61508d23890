"""Sinusoidal position code."""

import numpy as np


def sinusoids(length: int, size: int) -> np.ndarray:
  """The position code of Vaswani 2017, section 3.5.

  Sines and cosines alternate: channel 2i holds sin(p / 10000^(2i / size)),
  channel 2i + 1 the cosine of the same angle.

  Args:
    length: number of positions.
    size: channels, even.

  Returns:
    float32 [length, size].

  Raises:
    ValueError: if size is odd.
  """
  if size % 2:
    raise ValueError(f'size is {size}, must be even.')
  positions = np.arange(length, dtype=np.float64)[:, None]
  rates = np.exp(-np.log(1e4) * np.arange(0, size, 2) / size)[None, :]
  code = np.empty([length, size], np.float32)
  code[:, 0::2] = np.sin(positions * rates)
  code[:, 1::2] = np.cos(positions * rates)
  return code
