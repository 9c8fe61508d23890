"""Tests of master/decoding/beam_search.py."""

import itertools

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.decoding import beam_search
from master.decoding import greedy
from tests.support import test_util

_PAD, _EOS, _SOS = 0, 1, 2
_SPECIALS = greedy.Specials(sos_id=_SOS, eos_id=_EOS, pad_id=_PAD)
_T, _V = 4, 5
_ALPHA = 0.6


def _table() -> np.ndarray:
  """Logits by step and the id before, float32 [T, V, V]."""
  table = 1.5 * test_util.random(_T, _V, _V)
  table[:, :, _PAD] = -100
  return table


def _step_fn(table):
  """Logits from step, ids and a cache that depends on all ids so far."""

  def step_fn(ids, step, cache):
    total = 1.3 * cache['total'] + tf.cast(ids, tf.float32)
    logits = tf.gather(tf.constant(table)[step], ids)  # [rows, V]
    logits += tf.sin(total[:, None] + tf.range(float(_V)))
    return logits, {'total': total}

  return step_fn


def _log_probs(table, start, ids) -> list[float]:
  """Log probability of each symbol of a sequence, from the first step on."""
  last, total, found = _SOS, start, []
  for step, symbol in enumerate(ids):
    total = 1.3 * total + last
    logits = table[step, last] + np.sin(total + np.arange(_V))
    found.append(logits[symbol] - np.log(np.exp(logits).sum()))
    last = symbol
  return found


def _score(table, start, ids) -> float:
  length = len(ids)
  return sum(_log_probs(table, start, ids)) / ((5 + length) / 6) ** _ALPHA


def _all_sequences():
  """Every sequence there is: ended, or of T symbols without an end."""
  others = [symbol for symbol in range(_V) if symbol != _EOS]
  for length in range(_T):
    for head in itertools.product(others, repeat=length):
      yield (*head, _EOS)
  yield from itertools.product(others, repeat=_T)


def _reference(table, start, beam_size):
  """The search of one image by plain loops: [(score, ids)], best first."""
  beams = [()]
  for _ in range(_T):
    following = []
    for beam in beams:
      ended = beam and beam[-1] == _EOS
      following += [beam] if ended else [(*beam, s) for s in range(_V)]
    ranked = sorted(following, key=lambda ids: -_score(table, start, ids))
    first = beams[0]
    if not first or first[-1] != _EOS:
      first = max(((*first, s) for s in range(_V)),
                  key=lambda ids: _log_probs(table, start, ids)[-1])
    ranked.remove(first)
    beams = [first, *ranked][:beam_size]
  return sorted(((_score(table, start, ids), ids) for ids in beams),
                reverse=True)


class BeamSearchTest(tf.test.TestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.table = _table()
    self.starts = (0.7 * np.arange(9)).astype(np.float32)

  def search(self, starts, beam_size, **kwargs):
    rows = tf.repeat(tf.constant(starts), beam_size)
    return beam_search.beam_search(
        _step_fn(self.table), {'total': rows}, tf.constant(len(starts)),
        beam_size, _T, _V, _SPECIALS, _ALPHA, **kwargs)

  def run_search(self, starts, beam_size, **kwargs):
    with test_util.graph_session() as session:
      return session.run(self.search(starts, beam_size, **kwargs))

  def sequences(self, ids) -> list[tuple]:
    """Rows of ids [K, T] without their padding."""
    return [tuple(row[row != _PAD]) for row in ids]

  @parameterized.product(beam_size=(1, 2, 3, 7), early_stop=(True, False))
  def test_equals_plain_loops(self, beam_size, early_stop):
    got = self.run_search(self.starts, beam_size, early_stop=early_stop)
    self.assertEqual((9, beam_size, _T), got.ids.shape)
    for i, start in enumerate(self.starts):
      scores, ids = zip(*_reference(self.table, start, beam_size))
      self.assertAllClose(scores, got.scores[i], atol=1e-4)
      self.assertEqual(list(ids), self.sequences(got.ids[i]))

  def test_enough_beams_find_the_best_of_all(self):
    got = self.run_search(self.starts, 200)
    for i, start in enumerate(self.starts):
      best = max(_all_sequences(),
                 key=lambda ids, start=start: _score(self.table, start, ids))
      self.assertEqual(best, self.sequences(got.ids[i])[0])

  def greedy(self):
    with test_util.graph_session() as session:
      return session.run(greedy.greedy_search(
          _step_fn(self.table), {'total': tf.constant(self.starts)},
          tf.constant(len(self.starts)), _T, _V, _SPECIALS))

  def test_one_beam_is_greedy_search(self):
    got = self.run_search(self.starts, 1)
    self.assertAllEqual(self.greedy().ids, got.ids[:, 0])

  @parameterized.parameters(2, 3, 7)
  def test_the_greedy_sequence_is_never_lost(self, beam_size):
    greedy_ids = self.greedy().ids
    got = self.run_search(self.starts, beam_size)
    better = 0
    for i in range(len(self.starts)):
      found = self.sequences(got.ids[i])
      place = found.index(self.sequences(greedy_ids[i:i + 1])[0])
      self.assertGreaterEqual(got.scores[i, 0], got.scores[i, place])
      better += place > 0
    # Else the beams would be of no use here.
    self.assertGreater(better, 0)

  def test_sorted_and_without_repeats(self):
    got = self.run_search(self.starts, 7)
    for scores, ids in zip(got.scores, got.ids):
      self.assertAllEqual(np.sort(scores)[::-1], scores)
      self.assertLen(set(self.sequences(ids)), 7)

  def test_more_beams_than_sequences(self):
    # Three symbols and one step: no more than 3 sequences, one padded.
    result = beam_search.beam_search
    with test_util.graph_session() as session:
      got = session.run(result(
          lambda ids, step, cache: (tf.tile([[0., 2., 1.]], [5, 1]), cache),
          {}, tf.constant(1), 5, 1, 3, _SPECIALS, 0.0))
    self.assertAllEqual([[1], [2], [0]], got.ids[0, :3])
    self.assertAllEqual([False] * 3 + [True] * 2, np.isneginf(got.scores[0]))

  def test_images_do_not_influence_each_other(self):
    together = self.run_search(self.starts, 3)
    for i in range(len(self.starts)):
      alone = self.run_search(self.starts[i:i + 1], 3)
      self.assertAllEqual(together.ids[i:i + 1], alone.ids)

  def test_empty_batch(self):
    got = self.run_search(self.starts[:0], 3)
    self.assertEqual((0, 3, _T), got.ids.shape)
    self.assertEqual((0, 3), got.scores.shape)

  def test_inside_a_function(self):
    expected = self.run_search(self.starts, 3)
    with test_util.graph_session() as session:
      function = tf.function(lambda: self.search(self.starts, 3))
      self.assertAllEqual(expected.ids, session.run(function()).ids)

  def test_length_penalty(self):
    with test_util.graph_session() as session:
      lengths = tf.constant([1, 7, 13])
      self.assertAllClose([1, 2, 3],
                          session.run(beam_search.penalty(lengths, 1.0)))
      self.assertAllClose([1, 1, 1],
                          session.run(beam_search.penalty(lengths, 0.0)))


if __name__ == '__main__':
  tf.test.main()
