"""Tests of master/layers/feed_forward.py."""

import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import feed_forward
from tests.support import reference
from tests.support import test_util


class FeedForwardTest(tf.test.TestCase):

  def test_equals_numpy(self):
    x = test_util.random(2, 3, 5)
    with test_util.graph_session() as session:
      layer = feed_forward.FeedForward(5, 11, dropout_rate=0.5)
      y = layer(tf.constant(x), is_training=False)
      weights = test_util.assign_formula(session, layer.variables)
      self.assertAllClose(reference.feed_forward(x, weights, 'feed_forward'),
                          session.run(y), atol=1e-5)

  def test_variables(self):
    with tf.Graph().as_default():
      with tf.name_scope('outer'):
        feed_forward.FeedForward(5, 11, 0.0)
      prefix = 'outer/feed_forward'
      self.assertEqual(
          {f'{prefix}/filter/kernel:0': [5, 11],
           f'{prefix}/filter/bias:0': [11],
           f'{prefix}/output/kernel:0': [11, 5],
           f'{prefix}/output/bias:0': [5]},
          test_util.names_and_shapes(tf.trainable_variables()))

  def test_dropout_keeps_the_mean_and_acts_in_training_alone(self):
    x = test_util.random(1, 1, 5)
    with test_util.graph_session() as session:
      layer = feed_forward.FeedForward(5, 11, dropout_rate=0.3)
      none = feed_forward.FeedForward(5, 11, dropout_rate=0.0, name='none')
      session.run(tf.global_variables_initializer())
      many = tf.constant(np.repeat(x, 4000, axis=0))
      trained, read = session.run([layer(many, True), layer(many, False)])
      self.assertGreater(trained.std(axis=0).min(), 0.01)
      self.assertAllClose(read.mean(axis=0), trained.mean(axis=0), atol=0.1)
      self.assertAllEqual(*session.run([none(many, True),
                                        none(many, False)]))

  def test_unknown_batch(self):
    with test_util.graph_session() as session:
      x = tf.placeholder(tf.float32, [None, None, 3])
      y = feed_forward.FeedForward(3, 7, 0.1)(x, is_training=True)
      self.assertEqual([None, None, 3], y.shape.as_list())
      session.run(tf.global_variables_initializer())
      for batch in (0, 1, 4):
        self.assertEqual((batch, 2, 3), session.run(
            y, {x: test_util.random(batch, 2, 3)}).shape)

  def test_error_message(self):
    with tf.Graph().as_default():
      self.assertIn(
          '(2, 5, 4), expected (None, None, 3)', test_util.error_of(
              feed_forward.FeedForward(3, 7, 0.1), tf.zeros([2, 5, 4]),
              False))


if __name__ == '__main__':
  tf.test.main()
