"""Warm starts of variables whose rows moved, came or went."""

from typing import NamedTuple, Sequence

import numpy as np


class RowMap(NamedTuple):
  """From which row of a checkpoint's variable each row of a model's comes.

  Attributes:
    axis: along which the rows lie.
    sources: for each row of the model its row in the checkpoint; -1 for one
      that starts anew.
    source_size: number of rows in the checkpoint.
  """
  axis: int
  sources: Sequence[int]
  source_size: int

  def source_shape(self, shape: Sequence[int]) -> list[int]:
    """The shape in the checkpoint of a variable of this shape."""
    shape = list(shape)
    shape[self.axis] = self.source_size
    return shape

  def apply(self, saved: np.ndarray, initial: np.ndarray) -> np.ndarray:
    """The value to start from.

    Args:
      saved: of the checkpoint.
      initial: of the model, whose new rows are kept.
    """
    sources = np.asarray(self.sources)
    kept = np.flatnonzero(sources >= 0)
    value = np.moveaxis(np.array(initial), self.axis, 0)
    value[kept] = np.moveaxis(saved, self.axis, 0)[sources[kept]]
    return np.moveaxis(value, 0, self.axis)
