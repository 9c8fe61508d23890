"""Tests of master/layers/shapes.py."""

from absl.testing import parameterized
import tensorflow.compat.v1 as tf

from master.layers import shapes
from tests.support import test_util


class ShapesTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      ([2, 3], [2, 3]), ([2, 3], [None, 3]), ([None, 3], [2, 3]),
      ([None, None], [5, 3]), (None, [2, 3]), ([], []))
  def test_shapes_that_fit(self, actual, expected):
    with tf.Graph().as_default() as graph:
      images = tf.placeholder(tf.float32, actual)
      shapes.check('images', images, expected)
      # Static: no op is added, and what was unknown stays so.
      self.assertLen(graph.get_operations(), 1)
      self.assertEqual(tf.TensorShape(actual).rank, images.shape.rank)

  @parameterized.parameters(
      ([2, 3], [2, 5]), ([None, 3], [None, 5]), ([2, 3], [2, 3, 1]),
      ([3], []))
  def test_error_names_tensor_actual_and_expected_shape(self, actual,
                                                        expected):
    with tf.Graph().as_default(), tf.name_scope('outer'):
      message = test_util.error_of(
          shapes.check, 'images',
          tf.placeholder(tf.float32, actual, name='input'), expected)
    self.assertStartsWith(
        message, f'images has shape {tf.TensorShape(actual)}, expected '
        f'{tf.TensorShape(expected)}')
    self.assertIn('outer/input', message)

  def test_error_outside_a_graph(self):
    if not tf.executing_eagerly():
      self.skipTest('Eager execution is off.')
    self.assertIn('(3,), expected (5,)',
                  test_util.error_of(shapes.check, 'x', tf.zeros([3]), [5]))


if __name__ == '__main__':
  tf.test.main()
