"""NumPy versions of how pictures are scaled to a model's canvas."""

import numpy as np


def scaled_width(height: int, width: int, config) -> int:
  return int(np.clip(round(width * config.image_height / height), 1,
                     config.image_width))


def interpolate(length: int, new_length: int) -> np.ndarray:
  """Weights [new, old] of bilinear antialiased scaling, half-pixel centres."""
  scale = length / new_length
  centres = (np.arange(new_length) + 0.5) * scale - 0.5
  distance = np.abs(centres[:, None] - np.arange(length)[None, :])
  weights = np.maximum(0, 1 - distance / max(scale, 1))
  return weights / weights.sum(axis=1, keepdims=True)


def resize_and_pad(pixels: np.ndarray, config) -> np.ndarray:
  """`image_resize=right`, of float pixels [h, w, C]."""
  height, width, _ = pixels.shape
  scaled = scaled_width(height, width, config)
  rows = interpolate(height, config.image_height)
  columns = interpolate(width, scaled)
  image = np.einsum('yh,xw,hwc->yxc', rows, columns, pixels)
  padded = np.zeros([config.image_height, config.image_width,
                     pixels.shape[2]])
  padded[:, :scaled] = image
  return padded / 127.5 - 1


def luma(pixels: np.ndarray) -> np.ndarray:
  return pixels @ np.array([[0.299], [0.587], [0.114]])
