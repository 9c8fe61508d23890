"""Pixels of the model's input as those of a picture."""

import numpy as np


def to_uint8(image: np.ndarray) -> np.ndarray:
  """Float32 in [-1, 1], of any shape, as the nearest of 0 to 255."""
  return np.clip(np.round((image + 1) * 127.5), 0, 255).astype(np.uint8)
