"""Tests of master/training/losses.py."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.decoding import teacher_forcing
from master.layers import masks
from master.models import recognizer as recognizer_lib
from master.training import losses
from tests.support import reference
from tests.support import test_util

_PAD, _EOS, _SOS = 0, 1, 2


class CutPaddingTest(tf.test.TestCase):

  def test_cut_padding_keeps_what_any_row_needs(self):
    with test_util.graph_session() as session:
      fed = tf.placeholder(tf.int32, [None, 5])
      cut = losses.cut_padding(fed, _PAD)
      for ids, width in (([[7, _EOS, 0, 0, 0], [7, 8, _EOS, 0, 0]], 3),
                         ([[_EOS, 0, 0, 0, 0]], 1),
                         ([[7, 8, 9, 7, 8]], 5), ([[0] * 5], 1),
                         (np.zeros([0, 5]), 1)):
        self.assertAllEqual(np.asarray(ids)[:, :width],
                            session.run(cut, {fed: ids}))


class CrossEntropyTest(tf.test.TestCase, parameterized.TestCase):

  def compute(self, logits, ids, weights, label_smoothing=0.0):
    with test_util.graph_session() as session:
      return session.run(losses.cross_entropy(
          tf.constant(logits, tf.float32), tf.constant(ids, tf.int32),
          tf.constant(weights, tf.float32), label_smoothing))

  def test_by_hand(self):
    logits = [[[0, math.log(3)], [0, 0]]]
    self.assertAllClose(math.log(4 / 3) + math.log(2),
                        self.compute(logits, [[1, 0]], [[1, 1]]))
    self.assertAllClose(math.log(4) + math.log(2) / 2,
                        self.compute(logits, [[0, 0]], [[1, 0.5]]))
    self.assertAllClose(0, self.compute(logits, [[0, 0]], [[0, 0]]))

  @parameterized.parameters(0.0, 0.1, 0.6)
  def test_smoothing_equals_numpy(self, label_smoothing):
    logits = 2 * test_util.random(3, 5, 7)
    ids = np.random.RandomState(1).randint(0, 7, [3, 5])
    weights = np.random.RandomState(2).randint(0, 2, [3, 5])
    targets = ((1 - label_smoothing) * np.eye(7)[ids] + label_smoothing / 7)
    expected = -np.sum(targets * np.log(reference.softmax(logits))
                       * weights[..., None])
    self.assertAllClose(
        expected, self.compute(logits, ids, weights, label_smoothing),
        rtol=1e-5)

  def test_padding_is_inert(self):
    """More padding: the same loss and the same gradients."""
    short = np.array([[4, 5, _EOS], [6, _EOS, _PAD]])
    with test_util.graph_session() as session:
      model = recognizer_lib.Recognizer(test_util.TINY)
      memory = tf.constant(test_util.random(2, 10, 22))
      fed = tf.placeholder(tf.int32, [2, None])
      weights = masks.label_weights(fed, _PAD)
      logits = model.forward(
          memory, teacher_forcing.shift_right(fed, _SOS), True)
      loss = losses.cross_entropy(logits, fed, weights, 0.1)
      fetches = [loss, tf.reduce_sum(weights),
                 *tf.gradients(loss, model.decoder.classes.variables)]
      test_util.assign_formula(session, model.decoder.variables)
      expected = session.run(fetches, {fed: short})
      self.assertEqual(5, expected[1])
      for more in (1, 3):
        got = session.run(fetches, {fed: np.pad(short, [(0, 0), (0, more)])})
        for value, same in zip(expected, got):
          self.assertAllClose(value, same, rtol=1e-5, atol=1e-5)


class MeanOverReplicasTest(tf.test.TestCase):

  def test_one_replica(self):
    with test_util.graph_session() as session:
      mean = losses.mean_over_replicas(tf.constant(6.), tf.constant(4.))
      nothing = losses.mean_over_replicas(tf.constant(0.), tf.constant(0.))
      self.assertAllEqual([1.5, 0], session.run([mean, nothing]))

  def test_mean_of_two_replicas_is_that_of_the_whole_batch(self):
    with tf.Graph().as_default():
      strategy = tf.distribute.MirroredStrategy(['/cpu:0', '/cpu:1'])

      def replica():
        number = tf.cast(tf.distribute.get_replica_context()
                         .replica_id_in_sync_group, tf.float32)
        # Sums 6 and 16 over weights 1 and 10.
        return losses.mean_over_replicas(6 + 10 * number, 1 + 9 * number)

      with strategy.scope():
        parts = strategy.experimental_local_results(strategy.run(replica))
      with tf.Session(config=tf.ConfigProto(
          device_count={'CPU': 2})) as session:
        values = session.run(parts)
    self.assertLen(values, 2)
    self.assertAllClose(22 / 11, np.mean(values))


if __name__ == '__main__':
  tf.test.main()
