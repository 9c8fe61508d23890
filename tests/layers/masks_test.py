"""Tests of master/layers/masks.py."""

import tensorflow.compat.v1 as tf

from master.layers import masks
from tests.support import test_util


class MasksTest(tf.test.TestCase):

  def test_causal(self):
    with test_util.graph_session() as session:
      length = tf.placeholder(tf.int32, [])
      mask = masks.causal(length)
      self.assertEqual([1, 1, None, None], mask.shape.as_list())
      self.assertEqual(tf.bool, mask.dtype)
      self.assertAllEqual([[[[1, 0, 0], [1, 1, 0], [1, 1, 1]]]],
                          session.run(mask, {length: 3}).astype(int))
      self.assertEqual((1, 1, 0, 0), session.run(mask, {length: 0}).shape)

  def test_label_weights(self):
    with test_util.graph_session() as session:
      weights = masks.label_weights(tf.constant([[5, 1, 0], [1, 0, 0]]), 0)
      self.assertEqual(tf.float32, weights.dtype)
      self.assertAllEqual([[1, 1, 0], [1, 0, 0]], session.run(weights))
      weights = masks.label_weights(tf.constant([[5, 1, 0]]), pad_id=5)
      self.assertAllEqual([[0, 1, 1]], session.run(weights))


if __name__ == '__main__':
  tf.test.main()
