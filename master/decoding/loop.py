"""The loop of every search, independent of model and search."""

from typing import Callable, TypeVar

import tensorflow.compat.v1 as tf

# A NamedTuple with `step`, int32 scalar: the position written next; and
# `finished`, bool of any shape: which sequences have ended.
State = TypeVar('State')


def run(advance: Callable[..., State], start: State, num_steps: int,
        early_stop: bool) -> State:
  """Advances the state until each sequence has ended or all steps are taken.

  Args:
    advance: from the fields of a state to the next state, of the same static
      shapes; called once, while the loop is built.
    start: the first state. A dimension of size 0 in it may grow.
    num_steps: the most steps taken.
    early_stop: leave the loop when every sequence has ended.

  Returns:
    The last state.
  """

  def proceed(*fields) -> tf.Tensor:
    state = type(start)(*fields)
    more = state.step < num_steps
    if early_stop:
      more = tf.logical_and(
          more, tf.logical_not(tf.reduce_all(state.finished)))
    return more

  invariants = tf.nest.map_structure(
      lambda t: tf.TensorShape([size or None for size in t.shape.as_list()]),
      start)
  return type(start)(*tf.while_loop(proceed, advance, start,
                                    shape_invariants=invariants,
                                    back_prop=False))
