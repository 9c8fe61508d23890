"""Tests of master/decoding/greedy.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.decoding import greedy
from tests.support import test_util

_PAD, _EOS, _SOS = 0, 1, 2
_SPECIALS = greedy.Specials(sos_id=_SOS, eos_id=_EOS, pad_id=_PAD)
_T, _V = 7, 5


def _step_table() -> np.ndarray:
  """Logits by step and the id before, float32 [T, V, V]; none of `<PAD>`."""
  table = 0.5 * test_util.random(_T, _V, _V)
  table[:, :, _PAD] = -100
  return table


def _step_fn(table, counter=None):
  """Logits from step, ids and a cache that sums up ids, row by row."""

  def step_fn(ids, step, cache):
    total = cache['total'] + tf.cast(ids, tf.float32)
    logits = tf.gather(tf.constant(table)[step], ids)  # [B, V]
    logits += tf.sin(total[:, None] + tf.range(float(_V)))
    if counter is not None:
      with tf.control_dependencies([counter.assign_add(1)]):
        logits = tf.identity(logits)
    return logits, {'total': total}

  return step_fn


def _search(table, starts, early_stop=True, counter=None) -> greedy.Result:
  """`starts` float32 [B] is the cache before the first step."""
  return greedy.greedy_search(
      _step_fn(table, counter), {'total': starts}, tf.shape(starts)[0],
      num_steps=_T, num_classes=_V, specials=_SPECIALS,
      early_stop=early_stop)


def _reference(table, start):
  """One row's ids [T] and logits [T, V] by a plain loop."""
  ids = np.full([_T], _PAD)
  logits = np.zeros([_T, _V])
  last, total = _SOS, start
  for step in range(_T):
    total += last
    logits[step] = table[step, last] + np.sin(total + np.arange(_V))
    last = ids[step] = logits[step].argmax()
    if last == _EOS:
      break
  return ids, logits


class GreedySearchTest(tf.test.TestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.table = _step_table()
    # Far apart, so that rows end after different numbers of steps.
    self.starts = (1.7 * np.arange(12)).astype(np.float32)
    rows = [_reference(self.table, start) for start in self.starts]
    self.ids = np.stack([ids for ids, _ in rows])
    self.logits = np.stack([logits for _, logits in rows])
    self.lengths = (self.ids != _PAD).sum(axis=1)

  def run_search(self, table, starts, **kwargs) -> greedy.Result:
    with test_util.graph_session() as session:
      return session.run(_search(table, tf.constant(starts), **kwargs))

  def test_the_example_has_short_and_endless_rows(self):
    self.assertGreater(len(set(self.lengths)), 2)
    self.assertTrue(np.any(~np.any(self.ids == _EOS, axis=1)))

  @parameterized.parameters(True, False)
  def test_equals_a_plain_loop(self, early_stop):
    got = self.run_search(self.table, self.starts, early_stop=early_stop)
    self.assertEqual(np.int32, got.ids.dtype)
    self.assertAllEqual(self.ids, got.ids)
    self.assertAllClose(self.logits, got.logits, atol=1e-5)

  def test_early_stop_changes_no_bit(self):
    on, off = (self.run_search(self.table, self.starts, early_stop=early_stop)
               for early_stop in (True, False))
    self.assertAllEqual(on.ids, off.ids)
    self.assertAllEqual(on.logits, off.logits)

  def test_rows_do_not_influence_each_other(self):
    together = self.run_search(self.table, self.starts)
    for i in range(len(self.starts)):
      alone = self.run_search(self.table, self.starts[i:i + 1])
      self.assertAllEqual(together.ids[i:i + 1], alone.ids)
      self.assertAllClose(together.logits[i:i + 1], alone.logits, atol=1e-6)

  def count_steps(self, starts, early_stop) -> int:
    with test_util.graph_session() as session:
      counter = tf.Variable(lambda: 0, dtype=tf.int32, use_resource=True)
      result = _search(self.table, tf.constant(starts), early_stop, counter)
      session.run(counter.initializer)
      session.run(result)
      return session.run(counter)

  def test_stops_when_the_last_row_has_ended(self):
    for length in sorted(set(self.lengths)):
      starts = self.starts[self.lengths <= length]
      self.assertEqual(length, self.count_steps(starts, early_stop=True))
      self.assertEqual(_T, self.count_steps(starts, early_stop=False))

  def test_takes_no_step_for_an_empty_batch(self):
    self.assertEqual(0, self.count_steps(self.starts[:0], early_stop=True))

  @parameterized.parameters(True, False)
  def test_empty_batch(self, early_stop):
    got = self.run_search(self.table, self.starts[:0], early_stop=early_stop)
    self.assertEqual((0, _T), got.ids.shape)
    self.assertEqual((0, _T, _V), got.logits.shape)

  def test_end_of_the_steps_without_end_symbol(self):
    table = self.table.copy()
    table[:, :, _EOS] = -100
    got = self.run_search(table, self.starts)
    self.assertNotIn(_EOS, got.ids)
    self.assertNotIn(_PAD, got.ids)
    self.assertAllEqual([_reference(table, start)[0]
                         for start in self.starts], got.ids)

  def test_end_symbol_at_once(self):
    table = self.table.copy()
    table[0, :, _EOS] = 100
    got = self.run_search(table, self.starts)
    self.assertAllEqual([[_EOS] + [_PAD] * (_T - 1)] * len(self.starts),
                        got.ids)
    self.assertAllEqual(np.zeros([len(self.starts), _T - 1, _V]),
                        got.logits[:, 1:])

  def test_first_of_equally_likely_classes(self):

    def step_fn(ids, step, cache):
      del ids, step
      return tf.constant([[0., 1., 2., 3., 3.]]), cache

    with test_util.graph_session() as session:
      ids = session.run(greedy.greedy_search(
          step_fn, (), tf.constant(1), 2, _V, _SPECIALS).ids)
    self.assertAllEqual([[3, 3]], ids)

  def test_shapes_are_static_but_for_the_batch(self):
    with test_util.graph_session() as session:
      starts = tf.placeholder(tf.float32, [None])
      result = _search(self.table, starts)
      self.assertEqual([None, _T], result.ids.shape.as_list())
      self.assertEqual([None, _T, _V], result.logits.shape.as_list())
      for count in (0, 1, 5):
        got = session.run(result, {starts: self.starts[:count]})
        self.assertAllEqual(self.ids[:count], got.ids)

  @parameterized.parameters(True, False)
  def test_loops_of_either_kind(self, of_version_2):
    was_on = tf.control_flow_v2_enabled()
    (tf.enable_control_flow_v2 if of_version_2
     else tf.disable_control_flow_v2)()
    try:
      with tf.Graph().as_default() as graph:
        ids = _search(self.table, tf.constant(self.starts)).ids
        kinds = {op.type for op in graph.get_operations()}
        self.assertEqual(of_version_2, bool(kinds & {'While',
                                                     'StatelessWhile'}))
        with tf.Session() as session:
          self.assertAllEqual(self.ids, session.run(ids))
    finally:
      (tf.enable_control_flow_v2 if was_on
       else tf.disable_control_flow_v2)()

  def test_inside_a_function(self):
    if not tf.executing_eagerly():
      self.skipTest('Eager execution is off.')
    search = tf.function(lambda starts: _search(self.table, starts),
                         input_signature=[tf.TensorSpec([None], tf.float32)])
    for count in (0, 1, 12):
      got = search(tf.constant(self.starts[:count]))
      self.assertAllEqual(self.ids[:count], got.ids)
      self.assertAllClose(self.logits[:count], got.logits, atol=1e-5)


if __name__ == '__main__':
  tf.test.main()
