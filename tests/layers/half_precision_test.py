"""Layers compute in the type of what they are given; variables are float32.

What the result is compared with is the same layer in float32.
"""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import attention
from master.layers import conv
from master.layers import dropout
from master.layers import feed_forward
from master.layers import gc_attention
from master.layers import linear
from master.layers import normalization
from tests.support import test_util

# Several units in the last place; float16 has 11 bits, bfloat16 8.
_ERRORS = {'float16': 4e-3, 'bfloat16': 3e-2}

# Name to (shape of the input, what makes the layer's result of it).
_LAYERS = {
    'conv': ([2, 4, 6, 8],
             lambda: conv.Conv2D(8, 5, 3, use_bias=True)),
    'linear': ([2, 3, 8], lambda: linear.Linear(8, 5)),
    'batch_norm': ([2, 4, 6, 8], lambda: normalization.BatchNorm(8, 0.9, 0.1)),
    'gc_attention': ([2, 4, 6, 8], lambda: gc_attention.MultiAspectGCAttention(
        8, 2, 2, 'add', 'attention', True, 0.1)),
    'gc_attention_concat': (
        [2, 4, 6, 8], lambda: gc_attention.MultiAspectGCAttention(
            8, 2, 2, 'concat', 'attention', True, 0.1)),
    'feed_forward': ([2, 3, 8], lambda: feed_forward.FeedForward(8, 13, 0.0)),
    'attention': ([2, 3, 8],
                  lambda: attention.MultiHeadAttention(8, 2, 0.0)),
}


def _apply(layer, x):
  if isinstance(layer, attention.MultiHeadAttention):
    y, weights = layer(x, layer.project(x), None, is_training=True)
    assert weights.dtype == tf.float32
    return y
  if isinstance(layer, (normalization.BatchNorm, feed_forward.FeedForward)):
    return layer(x, is_training=True)
  return layer(x)


class HalfPrecisionTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.product(name=list(_LAYERS), dtype=list(_ERRORS))
  def test_follows_its_input(self, name, dtype):
    shape, make = _LAYERS[name]
    with test_util.graph_session() as session:
      layer = make()
      images = tf.constant(test_util.random(*shape))
      results = []
      for kind in (tf.float32, tf.as_dtype(dtype)):
        y = _apply(layer, tf.cast(images, kind))
        self.assertEqual(kind, y.dtype)
        y = tf.cast(y, tf.float32)
        trained = layer.trainable_variables
        gradients = tf.gradients(tf.reduce_sum(y * y), trained)
        for variable, gradient in zip(trained, gradients):
          self.assertEqual(tf.float32, variable.dtype)
          self.assertEqual(tf.float32, gradient.dtype)
        results.append([y, *gradients])
      test_util.assign_formula(session, layer.variables)
      exact, rounded = session.run(results)
      self.assertNotAllEqual(exact[0], rounded[0])
      self.assertAllClose(exact[0], rounded[0], rtol=0,
                          atol=_ERRORS[dtype] * np.abs(exact[0]).max())
      # Some gradients are zeros but for rounding, as that of the keys' bias.
      scale = max([np.abs(value).max() for value in exact[1:]])
      for expected, got in zip(exact[1:], rounded[1:]):
        self.assertAllClose(expected, got, rtol=0,
                            atol=4 * _ERRORS[dtype] * scale)

  def test_dropout_drops_the_same(self):
    with test_util.graph_session() as session:
      tf.train.get_or_create_global_step()
      session.run(tf.global_variables_initializer())
      x = dropout.dropout(tf.ones([10000], tf.bfloat16), 0.3)
      self.assertEqual(tf.bfloat16, x.dtype)
      self.assertAllClose(0.3, np.mean(session.run(x) == 0), atol=0.02)

  def test_statistics_leave_out_maps_that_overflowed(self):
    x = test_util.random(2, 4, 6, 3)
    x[0, 0, 0, 1] = np.inf
    with test_util.graph_session() as session:
      layer = normalization.BatchNorm(3, decay=0.5, epsilon=0.1)
      layer(tf.constant(x, tf.float16), is_training=True)
      updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
      session.run(tf.global_variables_initializer())
      session.run(updates)
      mean, variance = session.run([layer.moving_mean, layer.moving_variance])
    self.assertEqual(0, mean[1])
    self.assertEqual(1, variance[1])
    channels = [0, 2]
    self.assertAllClose(x[..., channels].mean((0, 1, 2)) / 2, mean[channels],
                        atol=1e-3)


if __name__ == '__main__':
  tf.test.main()
