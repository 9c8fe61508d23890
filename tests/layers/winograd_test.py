"""Tests of master/layers/winograd.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import winograd
from tests.support import test_util

_TILE = (3, 4)


class WinogradTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.product(
      size=((6, 40), (7, 11), (1, 1), (2, 5), (24, 43)),
      tile=((3, 4), (3, 2), (2, 2), (4, 1)))
  def test_equals_the_plain_convolution(self, size, tile):
    height, width = size
    x = test_util.random(2, height, width, 3)
    kernel = test_util.random(3, 3, 3, 5, seed=1)
    with test_util.graph_session() as session:
      got = winograd.conv2d(tf.constant(x), tf.constant(
          winograd.transform_kernel(kernel, tile)), tile)
      expected = tf.nn.conv2d(tf.constant(x), kernel, strides=[1, 1, 1, 1],
                              padding='SAME')
      self.assertEqual([2, height, width, 5], got.shape.as_list())
      self.assertAllClose(session.run(expected), session.run(got),
                          atol=2e-5)

  @parameterized.parameters(((3, 4),), ((3, 2),))
  def test_rounding_errors_are_small(self, tile):
    """At the width and the scale of the widest layers of the base model."""
    x = test_util.random(1, 6, 8, 512)
    kernel = test_util.random(3, 3, 512, 16, seed=1) * np.float32(0.02)
    with test_util.graph_session() as session:
      got, plain, exact = session.run([
          winograd.conv2d(
              tf.constant(x),
              tf.constant(winograd.transform_kernel(kernel, tile)), tile),
          *(tf.nn.conv2d(tf.constant(x, dtype), tf.constant(kernel, dtype),
                         strides=[1, 1, 1, 1], padding='SAME')
            for dtype in (tf.float32, tf.float64))])
    error, plain_error = (np.sqrt(np.mean((y - exact) ** 2))
                          for y in (got, plain))
    self.assertLess(error, 10 * plain_error)
    self.assertLess(np.abs(got - exact).max(), 1e-5 * np.abs(exact).max())

  def test_unknown_batch(self):
    kernel = test_util.random(3, 3, 2, 3)
    with test_util.graph_session() as session:
      x = tf.placeholder(tf.float32, [None, 6, 8, 2])
      y = winograd.conv2d(
          x, tf.constant(winograd.transform_kernel(kernel, _TILE)), _TILE)
      self.assertEqual([None, 6, 8, 3], y.shape.as_list())
      for batch in (1, 4):
        self.assertEqual((batch, 6, 8, 3), session.run(
            y, {x: test_util.random(batch, 6, 8, 2)}).shape)

  def test_rows_do_not_mix(self):
    products = winograd.transform_kernel(test_util.random(3, 3, 2, 3),
                                         _TILE)
    x = test_util.random(3, 6, 8, 2)
    with test_util.graph_session() as session:
      kernel = tf.constant(products)
      together = session.run(winograd.conv2d(tf.constant(x), kernel,
                                             _TILE))
      for row in range(3):
        alone = session.run(winograd.conv2d(
            tf.constant(x[row:row + 1]), kernel, _TILE))
        self.assertAllClose(alone[0], together[row], atol=1e-4)

  def test_kernel_shape(self):
    kernel = test_util.random(3, 3, 2, 5)
    for tile, shape in (((3, 4), (30, 2, 5)), ((3, 2), (20, 2, 5))):
      self.assertEqual(list(shape), winograd.kernel_shape(2, 5, tile))
      self.assertEqual(shape, winograd.transform_kernel(kernel, tile).shape)

  def test_error_message(self):
    with tf.Graph().as_default():
      self.assertStartsWith(
          test_util.error_of(
              winograd.conv2d, tf.zeros([1, 6, 8, 3]),
              tf.zeros(winograd.kernel_shape(2, 5, _TILE)), _TILE),
          'x has shape (1, 6, 8, 3), expected (None, None, None, 2)')


if __name__ == '__main__':
  tf.test.main()
