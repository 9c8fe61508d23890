"""Gradients of a batch that is read in parts, with the memory of one.

Guarded by tests/training/accumulation_test.py.
"""

from typing import Callable, Sequence, Union

import tensorflow.compat.v1 as tf


def gradients(loss_fn: Callable[[int], tf.Tensor], parts: int,
              variables: Sequence[tf.Variable],
              updates_fn: Callable[[], Sequence[tf.Operation]],
              scale: Union[float, tf.Tensor] = 1.0
              ) -> tuple[tf.Tensor, list[tf.Tensor]]:
  """The loss of all parts and its gradients.

  A part begins when the gradients of the one before are there, so that the
  activations of one part are held at a time.

  Args:
    loss_fn: number of a part, from 0, to its share of the loss, float32
      scalar: the loss is the sum of all.
    parts: number of parts, at least 1.
    variables: of the gradients.
    updates_fn: gives the updates of statistics that there are so far; those of
      a part run before the next part.
    scale: by which the loss is multiplied before its gradients are taken.

  Returns:
    (The loss, the gradients); zeros for a variable that the loss lacks.
  """
  loss, sums = None, None
  for part in range(parts):
    before = [tf.group(*sums, *updates_fn())] if part else []
    with tf.control_dependencies(before):
      part_loss = loss_fn(part)
      found = [tf.convert_to_tensor(gradient) for gradient in tf.gradients(
          part_loss * scale, variables,
          unconnected_gradients=tf.UnconnectedGradients.ZERO)]
      loss = part_loss if loss is None else loss + part_loss
      sums = found if sums is None else [
          each + other for each, other in zip(sums, found)]
  return loss, sums
