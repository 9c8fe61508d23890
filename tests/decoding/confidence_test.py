"""Tests of master/decoding/confidence.py."""

import numpy as np
import tensorflow.compat.v1 as tf

from master.decoding import confidence
from tests.support import test_util

_EOS = 1


def _logits(probabilities) -> np.ndarray:
  """Logits of the probabilities, moved by what a softmax ignores."""
  return (np.log(np.asarray(probabilities)) + 3).astype(np.float32)


class ConfidenceTest(tf.test.TestCase):

  def compute(self, ids, logits):
    with test_util.graph_session() as session:
      return session.run(confidence.confidence(
          tf.constant(ids, tf.int32), tf.constant(logits, tf.float32), _EOS))

  def test_product_over_the_symbols_end_symbol_included(self):
    got = self.compute([[2, 3, _EOS]],
                       _logits([[[.1, .2, .5, .2], [.1, .1, .4, .4],
                                 [.1, .8, .05, .05]]]))
    self.assertAllClose([[0.5, 0.4, 0.8]], got.characters)
    self.assertAllClose([0.5 * 0.4 * 0.8], got.sequence)

  def test_what_follows_the_end_does_not_count(self):
    ended = _logits([[.1, .6, .2, .1], [.7, .1, .1, .1], [.7, .1, .1, .1]])
    zeros = np.concatenate([ended[:1], np.zeros([2, 4])])
    for logits in (ended, zeros):
      for rest in ([0, 0], [_EOS, 3]):
        got = self.compute([[_EOS, *rest]], logits[None])
        self.assertAllClose([[0.6, 0, 0]], got.characters)
        self.assertAllClose([0.6], got.sequence)

  def test_text_without_end(self):
    got = self.compute([[2, 3]], _logits([[[.1, .2, .3, .4]] * 2]))
    self.assertAllClose([[0.3, 0.4]], got.characters)
    self.assertAllClose([0.12], got.sequence)

  def test_rows_apart(self):
    logits = _logits([[[.2, .5, .3]] * 2, [[.1, .2, .7]] * 2])
    got = self.compute([[_EOS, 0], [2, _EOS]], logits)
    self.assertAllClose([[0.5, 0], [0.7, 0.2]], got.characters)
    self.assertAllClose([0.5, 0.14], got.sequence)

  def test_certain_and_hopeless_symbols_stay_finite(self):
    logits = np.array([[[0, 1e4, -1e4]] * 2], np.float32)
    got = self.compute([[2, _EOS]], logits)
    self.assertAllClose([[0, 1]], got.characters)
    self.assertAllClose([0], got.sequence)

  def test_unknown_batch(self):
    with test_util.graph_session() as session:
      ids = tf.placeholder(tf.int32, [None, 3])
      logits = tf.placeholder(tf.float32, [None, 3, 5])
      got = confidence.confidence(ids, logits, _EOS)
      self.assertEqual([None], got.sequence.shape.as_list())
      self.assertEqual([None, 3], got.characters.shape.as_list())
      for batch in (0, 1, 4):
        sequence, characters = session.run(
            got, {ids: np.full([batch, 3], 2),
                  logits: np.zeros([batch, 3, 5])})
        self.assertAllClose(np.full([batch], 0.2 ** 3), sequence)
        self.assertAllClose(np.full([batch, 3], 0.2), characters)


if __name__ == '__main__':
  tf.test.main()
