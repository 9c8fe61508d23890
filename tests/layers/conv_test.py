"""Tests of master/layers/conv.py."""

from absl.testing import parameterized
import tensorflow.compat.v1 as tf

from master.layers import conv
from master.layers import initializers
from tests.support import reference
from tests.support import test_util


class Conv2DTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.product(kernel_size=(1, 3, 5), use_bias=(False, True))
  def test_equals_numpy(self, kernel_size, use_bias):
    x = test_util.random(2, 4, 6, 3)
    with test_util.graph_session() as session:
      layer = conv.Conv2D(3, 5, kernel_size, use_bias)
      y = layer(tf.constant(x))
      self.assertEqual([2, 4, 6, 5], y.shape.as_list())
      weights = test_util.assign_formula(session, layer.variables)
      self.assertAllClose(reference.conv2d(x, weights, 'conv'),
                          session.run(y), atol=1e-5)

  def test_variables(self):
    with tf.Graph().as_default():
      with tf.name_scope('outer'):
        conv.Conv2D(2, 5, 3, use_bias=True, name='mask')
        conv.Conv2D(2, 7, 1, use_bias=False)
      self.assertEqual(
          {'outer/mask/kernel:0': [3, 3, 2, 5], 'outer/mask/bias:0': [5],
           'outer/conv/kernel:0': [1, 1, 2, 7]},
          test_util.names_and_shapes(tf.trainable_variables()))

  def test_initial_values(self):
    with test_util.graph_session() as session:
      usual = conv.Conv2D(7, 31, 3, use_bias=True, name='usual')
      zero = conv.Conv2D(2, 3, 1, use_bias=True, name='zero',
                         kernel_initializer=initializers.zeros)
      session.run(tf.global_variables_initializer())
      kernel, bias, zeros = session.run([usual.kernel, usual.bias,
                                         zero.kernel])
    self.assertAllClose(2 / 63, kernel.var(), rtol=0.2)
    self.assertAllEqual([0] * 31, bias)
    self.assertAllEqual([[[[0] * 3] * 2]], zeros)

  def test_unknown_sizes(self):
    with test_util.graph_session() as session:
      x = tf.placeholder(tf.float32, [None, None, None, 2])
      y = conv.Conv2D(2, 3, 3, use_bias=True)(x)
      self.assertEqual([None, None, None, 3], y.shape.as_list())
      session.run(tf.global_variables_initializer())
      for sizes in ((1, 1, 1), (2, 5, 3), (3, 5, 7)):
        got = session.run(y, {x: test_util.random(*sizes, 2)})
        self.assertEqual((*sizes, 3), got.shape)

  def test_error_messages(self):
    with tf.Graph().as_default():
      layer = conv.Conv2D(2, 3, 3, use_bias=False)
      self.assertStartsWith(
          test_util.error_of(layer, tf.zeros([1, 5, 7, 3])),
          'x has shape (1, 5, 7, 3), expected (None, None, None, 2)')
      self.assertIn('(5, 7, 2), expected (None, None, None, 2)',
                    test_util.error_of(layer, tf.zeros([5, 7, 2])))
      self.assertEqual('kernel_size is 2, must be odd.', test_util.error_of(
          conv.Conv2D, 2, 3, 2, use_bias=False))


if __name__ == '__main__':
  tf.test.main()
