"""Beam search over a step function, independent of the model.

Legend: `B` batch, `K` beams, `T` steps, `V` classes. Tensors of B * K rows
hold the beams of one image side by side.
"""

from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf

from master.decoding import greedy
from master.decoding import loop


class Result(NamedTuple):
  """What a search found, the best first.

  Attributes:
    ids: int32 [B, K, T], `<PAD>` after `<EOS>`.
    scores: float32 [B, K], log probability of the sequence over its
      `length_penalty`; -inf where there are fewer than K sequences.
  """
  ids: tf.Tensor
  scores: tf.Tensor


class _State(NamedTuple):
  step: tf.Tensor  # int32 scalar: the position written next.
  last_ids: tf.Tensor  # int32 [B, K]: what the step function reads.
  finished: tf.Tensor  # bool [B, K]: beams that have written `<EOS>`.
  lengths: tf.Tensor  # int32 [B, K]: symbols written, `<EOS>` included.
  log_probs: tf.Tensor  # float32 [B, K]
  ids: tf.Tensor  # int32 [B, K, T]
  cache: Any


def penalty(lengths: tf.Tensor, length_penalty: float) -> tf.Tensor:
  """What log probabilities are divided by, so that length does not count.

  ((5 + length) / 6) ^ length_penalty (Wu 2016, section 7).

  Args:
    lengths: int32 of any shape, symbols of the sequence, `<EOS>` included.
    length_penalty: 0 for none.

  Returns:
    float32 of the same shape.
  """
  return ((5 + tf.cast(lengths, tf.float32)) / 6) ** length_penalty


def beam_search(step_fn: greedy.StepFn, cache: Any, batch_size: tf.Tensor,
                beam_size: int, num_steps: int, num_classes: int,
                specials: greedy.Specials, length_penalty: float,
                early_stop: bool = True) -> Result:
  """Keeps the K sequences of the highest scores at every step.

  The first beam is always the greedy sequence, so that the best result never
  scores lower than it, and one beam is greedy search. An image's result does
  not depend on its neighbours.

  Args:
    step_fn: one step of the model for B * K rows; called once, while the loop
      is built.
    cache: what the first step gets; a structure of tensors of fixed shapes,
      but that dimensions of size 0 may grow, with B * K rows.
    batch_size: int32 scalar B.
    beam_size: K.
    num_steps: T, the most steps taken.
    num_classes: V.
    specials: the special class ids.
    length_penalty: see `penalty`.
    early_stop: leave the loop when every beam has ended. Off, all T steps are
      run, with the same result.

  Returns:
    A Result.
  """
  positions = tf.range(num_steps)  # [T]
  impossible = float('-inf')

  def advance(*loop_vars) -> _State:
    state = _State(*loop_vars)
    logits, cache = step_fn(tf.reshape(state.last_ids, [-1]), state.step,
                            state.cache)
    logits = tf.reshape(logits, [batch_size, beam_size, num_classes])
    # An ended sequence goes on with padding alone, at no cost.
    padding = tf.where(tf.equal(tf.range(num_classes), specials.pad_id),
                       tf.zeros([num_classes]),
                       tf.fill([num_classes], impossible))
    log_probs = state.log_probs[:, :, None] + tf.where_v2(
        state.finished[:, :, None], padding,
        tf.nn.log_softmax(logits))  # [B, K, V]
    lengths = state.lengths + tf.cast(tf.logical_not(state.finished), tf.int32)
    scores = log_probs / penalty(lengths, length_penalty)[:, :, None]
    beams, classes = _best(scores, _greedy_class(state, logits, specials))

    def take(values: tf.Tensor) -> tf.Tensor:
      return tf.gather(values, beams, axis=1, batch_dims=1)

    rows = beams + tf.range(batch_size)[:, None] * beam_size  # [B, K]
    here = tf.equal(positions, state.step)  # [T]
    return _State(
        step=state.step + 1,
        last_ids=classes,
        finished=tf.logical_or(take(state.finished),
                               tf.equal(classes, specials.eos_id)),
        lengths=take(lengths),
        log_probs=tf.gather(
            tf.reshape(log_probs, [batch_size, beam_size * num_classes]),
            beams * num_classes + classes, axis=1, batch_dims=1),
        ids=tf.where_v2(here, classes[:, :, None], take(state.ids)),
        cache=tf.nest.map_structure(
            lambda values, old: tf.ensure_shape(
                tf.gather(values, tf.reshape(rows, [-1])), old.shape),
            cache, state.cache))

  with tf.name_scope('beam_search'):
    shape = [batch_size, beam_size]
    start = _State(
        step=tf.constant(0),
        last_ids=tf.fill(shape, specials.sos_id),
        finished=tf.fill(shape, False),
        lengths=tf.zeros(shape, tf.int32),
        # All beams begin alike: one of them is enough.
        log_probs=tf.tile(
            [[0.0] + [impossible] * (beam_size - 1)], [batch_size, 1]),
        ids=tf.fill([*shape, num_steps], specials.pad_id),
        cache=cache)
    end = loop.run(advance, start, num_steps, early_stop)
    scores, order = tf.math.top_k(
        end.log_probs / penalty(end.lengths, length_penalty), beam_size)
    return Result(tf.gather(end.ids, order, axis=1, batch_dims=1), scores)


def _greedy_class(state: _State, logits: tf.Tensor,
                  specials: greedy.Specials) -> tf.Tensor:
  """What greedy search, which is the first beam, writes next; int32 [B]."""
  return tf.where(
      state.finished[:, 0],
      tf.fill(tf.shape(state.finished)[:1], specials.pad_id),
      tf.argmax(logits[:, 0], axis=-1, output_type=tf.int32))


def _best(scores: tf.Tensor,
          greedy_class: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """The K best of all continuations, the greedy one first.

  Args:
    scores: float32 [B, K, V].
    greedy_class: int32 [B], how the first beam goes on greedily.

  Returns:
    int32 [B, K] twice: the beams that go on, and with which class.
  """
  _, beam_size, num_classes = scores.shape.as_list()
  first = tf.one_hot(greedy_class, beam_size * num_classes, on_value=True,
                     off_value=False, dtype=tf.bool)  # [B, K * V]
  flat = tf.reshape(scores, [-1, beam_size * num_classes])
  ranked = tf.where(first, tf.fill(tf.shape(flat), float('inf')), flat)
  chosen = tf.math.top_k(ranked, beam_size).indices
  return chosen // num_classes, chosen % num_classes
