"""Greedy search over a step function, independent of the model.

Legend: `B` batch, `T` steps, `V` classes.
"""

from typing import Any, Callable, NamedTuple

import tensorflow.compat.v1 as tf

from master.decoding import loop

# (ids int32 [B], step int32 scalar, cache) -> (logits float32 [B, V], cache)
StepFn = Callable[[tf.Tensor, tf.Tensor, Any], tuple[tf.Tensor, Any]]


class Specials(NamedTuple):
  """Class ids with a meaning to the search."""
  sos_id: int
  eos_id: int
  pad_id: int


class Result(NamedTuple):
  """What a search found.

  Attributes:
    ids: int32 [B, T], `<PAD>` after `<EOS>`.
    logits: float32 [B, T, V], zeros after `<EOS>`.
  """
  ids: tf.Tensor
  logits: tf.Tensor


class _State(NamedTuple):
  step: tf.Tensor  # int32 scalar: the position written next.
  last_ids: tf.Tensor  # int32 [B]: what the step function reads.
  finished: tf.Tensor  # bool [B]: rows that have written `<EOS>`.
  ids: tf.Tensor  # int32 [B, T]
  logits: tf.Tensor  # float32 [B, T, V]
  cache: Any


def greedy_search(step_fn: StepFn, cache: Any, batch_size: tf.Tensor,
                  num_steps: int, num_classes: int, specials: Specials,
                  early_stop: bool = True) -> Result:
  """Takes the likeliest class at every step until each row has ended.

  A row's result does not depend on its neighbours: after its own end it is
  padding, however long others go on.

  Args:
    step_fn: one step of the model; called once, while the loop is built.
    cache: what the first step gets; a structure of tensors of fixed shapes,
      but that dimensions of size 0 may grow.
    batch_size: int32 scalar B.
    num_steps: T, the most steps taken.
    num_classes: V.
    specials: the special class ids.
    early_stop: leave the loop when every row has ended. Off, all T steps are
      run, with the same result.

  Returns:
    A Result.
  """
  positions = tf.range(num_steps)  # [T]

  def advance(*loop_vars) -> _State:
    state = _State(*loop_vars)
    logits, cache = step_fn(state.last_ids, state.step, state.cache)
    chosen = tf.argmax(logits, axis=-1, output_type=tf.int32)
    next_ids = tf.where(state.finished,
                        tf.fill([batch_size], specials.pad_id), chosen)
    logits *= tf.cast(tf.logical_not(state.finished), tf.float32)[:, None]
    # Writing by a mask keeps every shape static, here and after conversion.
    here = tf.equal(positions, state.step)  # [T]
    return _State(
        step=state.step + 1,
        last_ids=next_ids,
        finished=tf.logical_or(state.finished,
                               tf.equal(next_ids, specials.eos_id)),
        ids=tf.where_v2(here[None, :], next_ids[:, None], state.ids),
        logits=tf.where_v2(here[None, :, None], logits[:, None, :],
                           state.logits),
        cache=cache)

  with tf.name_scope('greedy_search'):
    start = _State(
        step=tf.constant(0),
        last_ids=tf.fill([batch_size], specials.sos_id),
        finished=tf.fill([batch_size], False),
        ids=tf.fill([batch_size, num_steps], specials.pad_id),
        logits=tf.zeros([batch_size, num_steps, num_classes]),
        cache=cache)
    end = loop.run(advance, start, num_steps, early_stop)
    return Result(end.ids, end.logits)
