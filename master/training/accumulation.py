"""Gradients of a batch that is read in parts.

In turn, with the memory of one; or side by side, on a processor core each.
"""

from typing import Callable, Sequence, Union

import tensorflow.compat.v1 as tf


def gradients(loss_fn: Callable[[int], tf.Tensor], parts: int,
              variables: Sequence[tf.Variable],
              updates_fn: Callable[[], Sequence[tf.Operation]],
              scale: Union[float, tf.Tensor] = 1.0,
              side_by_side: int = 1
              ) -> tuple[tf.Tensor, list[tf.Tensor]]:
  """The loss of all parts and its gradients.

  A part begins when the gradients of those before are there, so that the
  activations of one part are held at a time. Parts that are worked on side by
  side do not wait for each other: with one thread to an op, and an op at a time
  for each part, no core waits for another within an op (towers, as
  TensorFlow's early examples of several GPUs call them).

  Args:
    loss_fn: number of a part, from 0, to its share of the loss, float32
      scalar: the loss is the sum of all.
    parts: number of parts, at least 1.
    variables: of the gradients.
    updates_fn: gives the updates of statistics that there are so far; those of
      a part run before the next part.
    scale: by which the loss is multiplied before its gradients are taken.
    side_by_side: number of parts that do not wait for each other.

  Returns:
    (The loss, the gradients); zeros for a variable that the loss lacks.
  """
  loss, sums, before = None, None, []
  for part in range(parts):
    if part and part % side_by_side == 0:
      before = [tf.group(*sums, *updates_fn())]
    with tf.control_dependencies(before):
      part_loss = loss_fn(part)
      found = [tf.convert_to_tensor(gradient) for gradient in tf.gradients(
          part_loss * scale, variables,
          unconnected_gradients=tf.UnconnectedGradients.ZERO)]
      loss = part_loss if loss is None else loss + part_loss
      sums = found if sums is None else [
          each + other for each, other in zip(sums, found)]
  return loss, sums
