"""Tests of master/layers/initializers.py."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import initializers
from tests.support import test_util


class InitializersTest(tf.test.TestCase, parameterized.TestCase):

  def draw(self, initializer, shape):
    with test_util.graph_session() as session:
      tensor = initializer(shape)
      self.assertEqual(tf.float32, tensor.dtype)
      self.assertEqual(shape, tensor.shape.as_list())
      return session.run(tensor)

  def test_constants(self):
    self.assertAllEqual(np.zeros([2, 3]),
                        self.draw(initializers.zeros, [2, 3]))
    self.assertAllEqual(np.ones([2, 3]), self.draw(initializers.ones, [2, 3]))

  @parameterized.named_parameters(
      ('normal', initializers.normal(0.3), [150, 200], 0.09),
      ('he_of_a_convolution', initializers.he_normal, [3, 3, 20, 170],
       2 / 180),
      ('he_of_a_matrix', initializers.he_normal, [150, 200], 2 / 150),
      ('glorot', initializers.glorot_uniform, [100, 300], 2 / 400))
  def test_mean_and_variance(self, initializer, shape, variance):
    values = self.draw(initializer, shape)
    # Five standard errors of 30,000 draws.
    self.assertAllClose(0, values.mean(),
                        atol=5 * math.sqrt(variance / values.size))
    self.assertAllClose(variance, values.var(), rtol=5 * math.sqrt(
        2 / values.size))

  def test_glorot_is_uniform(self):
    values = self.draw(initializers.glorot_uniform, [100, 300])
    limit = math.sqrt(6 / 400)
    self.assertAllInRange(values, -limit, limit)
    self.assertGreater(values.max(), 0.99 * limit)


class VariableTest(tf.test.TestCase):

  def test_name_shape_and_kind(self):
    with test_util.graph_session() as session:
      with tf.name_scope('outer'):
        kernel = initializers.variable('kernel', [2, 3], initializers.ones)
        moving = initializers.variable('moving', [5], initializers.zeros,
                                       trainable=False)
      self.assertEqual({'outer/kernel:0': [2, 3], 'outer/moving:0': [5]},
                       test_util.names_and_shapes(tf.global_variables()))
      self.assertEqual([kernel], tf.trainable_variables())
      self.assertFalse(moving.trainable)
      self.assertEqual(tf.resource, kernel.handle.dtype)
      session.run(tf.global_variables_initializer())
      self.assertAllEqual(np.ones([2, 3]), session.run(kernel))

  def test_may_be_made_inside_a_loop_body(self):
    made = []

    def body(step):
      if not made:
        made.append(initializers.variable('v', [2], initializers.ones))
      return step + tf.reduce_sum(made[0])

    with test_util.graph_session() as session:
      loop = tf.while_loop(lambda step: step < 3, body, [tf.constant(0.)])
      session.run(tf.global_variables_initializer())
      self.assertAllEqual(4, session.run(loop))

  def test_seed_decides_the_values(self):
    def draw(seed):
      with test_util.graph_session(seed) as session:
        v = initializers.variable('v', [7], initializers.normal(1.))
        session.run(v.initializer)
        return session.run(v)
    self.assertAllEqual(draw(1), draw(1))
    self.assertNotAllClose(draw(1), draw(2))


if __name__ == '__main__':
  tf.test.main()
