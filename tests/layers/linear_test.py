"""Tests of master/layers/linear.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import linear
from tests.support import reference
from tests.support import test_util


class LinearTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(([5],), ([2, 5],), ([2, 3, 4, 5],))
  def test_equals_numpy(self, leading):
    x = test_util.random(*leading, 7)
    with test_util.graph_session() as session:
      layer = linear.Linear(7, 11)
      y = layer(tf.constant(x))
      self.assertEqual([*leading, 11], y.shape.as_list())
      weights = test_util.assign_formula(session, layer.variables)
      self.assertAllClose(reference.linear(x, weights, 'linear'),
                          session.run(y))

  def test_variables(self):
    with test_util.graph_session() as session:
      with tf.name_scope('outer'):
        layer = linear.Linear(3, 5, name='query')
      layer(tf.zeros([2, 3]))
      layer(tf.zeros([2, 3]))
      self.assertEqual(
          {'outer/query/kernel:0': [3, 5], 'outer/query/bias:0': [5]},
          test_util.names_and_shapes(tf.global_variables()))
      self.assertLen(layer.trainable_variables, 2)
      session.run(tf.global_variables_initializer())
      self.assertAllEqual([0] * 5, session.run(layer.bias))

  @parameterized.parameters(([None, 3],), ([None, 2, 3],),
                            ([None, None, 3],))
  def test_unknown_sizes(self, shape):
    with test_util.graph_session() as session:
      x = tf.placeholder(tf.float32, shape)
      y = linear.Linear(3, 5)(x)
      self.assertEqual([*shape[:-1], 5], y.shape.as_list())
      session.run(tf.global_variables_initializer())
      for batch in (0, 1, 4):
        sizes = [batch, 2, 3][-len(shape):] if len(shape) > 2 else [batch, 3]
        got = session.run(y, {x: test_util.random(*sizes)})
        self.assertEqual((*sizes[:-1], 5), got.shape)

  def test_joined_layers_give_what_each_gives(self):
    x = test_util.random(4, 7)
    with test_util.graph_session() as session:
      layers = [linear.Linear(7, size, name=f'linear{size}')
                for size in (3, 5, 2)]
      joined = linear.apply(tf.constant(x), linear.join(layers))
      weights = test_util.assign_formula(
          session, [v for layer in layers for v in layer.variables])
      self.assertAllClose(
          np.concatenate([reference.linear(x, weights, f'linear{size}')
                          for size in (3, 5, 2)], axis=1),
          session.run(joined), atol=1e-5)

  def test_error_message(self):
    with tf.Graph().as_default():
      layer = linear.Linear(3, 5)
      self.assertStartsWith(
          test_util.error_of(layer, tf.zeros([2, 7, 4])),
          'x has shape (2, 7, 4), expected (None, None, 3)')


if __name__ == '__main__':
  tf.test.main()
