"""Rank and size checks that name the wrong tensor."""

from typing import Optional, Sequence

import tensorflow.compat.v1 as tf


def check(name: str, tensor: tf.Tensor,
          expected: Sequence[Optional[int]]):
  """Raises unless the static shape fits.

  Args:
    name: what the caller calls the tensor.
    tensor: any tensor; sizes unknown while the graph is built pass.
    expected: one entry a dimension, None for any size.

  Raises:
    ValueError: naming tensor, actual and expected shape.
  """
  if not tensor.shape.is_compatible_with(tf.TensorShape(expected)):
    raise ValueError(
        f'{name} has shape {tensor.shape}, expected '
        f'{tf.TensorShape(expected)} (in scope '
        f'{tensor.name if not tf.executing_eagerly() else "eager"}).')
