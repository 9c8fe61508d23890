"""Tests of master/training/optimization.py."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.layers import linear
from master.layers import normalization
from master.training import losses
from master.training import optimization
from tests.support import test_util

_START = np.array([1., -2., 3.], np.float32)


def _adam(gradients, rate, beta1, beta2, epsilon):
  """Kingma 2015, algorithm 1, in TensorFlow's order of corrections."""
  x, mean, square = _START.copy(), 0, 0
  for t, gradient in enumerate(gradients(x), 1):
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient ** 2
    corrected = rate * math.sqrt(1 - beta2 ** t) / (1 - beta1 ** t)
    x -= corrected * mean / (np.sqrt(square) + epsilon)
  return x


def _momentum(gradients, rate, momentum):
  x, velocity = _START.copy(), 0
  for gradient in gradients(x):
    velocity = momentum * velocity + gradient
    x -= rate * velocity
  return x


def _square_gradients(x):
  """Gradients of sum(x ** 2) over three steps; sees x change."""
  for _ in range(3):
    yield 2 * x


class TrainOpTest(tf.test.TestCase, parameterized.TestCase):

  def train(self, steps=3, **settings):
    """Minimises sum(x ** 2) from _START; returns x and the summaries."""
    config = config_lib.TrainConfig(**settings)
    with test_util.graph_session() as session:
      x = tf.Variable(lambda: _START, use_resource=True, dtype=tf.float32)
      op = optimization.train_op(tf.reduce_sum(x ** 2), [x], config)
      session.run(tf.global_variables_initializer())
      summary = tf.Summary.FromString(
          session.run(tf.summary.merge_all()))
      for _ in range(steps):
        session.run(op)
      self.assertEqual(steps, session.run(tf.train.get_global_step()))
      return session.run(x), {value.tag: value.simple_value
                              for value in summary.value}

  def test_adam_equals_numpy(self):
    got, _ = self.train(learning_rate=0.1, adam_beta1=0.8, adam_beta2=0.95,
                        adam_epsilon=0.01)
    self.assertAllClose(_adam(_square_gradients, 0.1, 0.8, 0.95, 0.01), got,
                        rtol=1e-5)

  def test_momentum_equals_numpy(self):
    got, _ = self.train(optimizer='momentum', learning_rate=0.1, momentum=0.7)
    self.assertAllClose(_momentum(_square_gradients, 0.1, 0.7), got,
                        rtol=1e-5)

  def test_clips_by_the_global_norm(self):
    norm = np.linalg.norm(2 * _START)
    got, summaries = self.train(steps=1, optimizer='momentum',
                                learning_rate=0.1, clip_norm=1.5)
    self.assertAllClose(_START - 0.1 * 2 * _START * 1.5 / norm, got,
                        rtol=1e-5)
    self.assertAllClose(norm, summaries['gradient_norm'])
    got, _ = self.train(steps=1, optimizer='momentum', learning_rate=0.1,
                        clip_norm=norm + 1)
    self.assertAllClose(_START - 0.1 * 2 * _START, got, rtol=1e-5)

  def test_learning_rate_follows_its_schedule_and_is_summarised(self):
    got, summaries = self.train(steps=2, optimizer='momentum', momentum=0.,
                                learning_rate=0.4, warmup_steps=4,
                                train_steps=9)
    self.assertAllClose(_START * (1 - 2 * 0.1) * (1 - 2 * 0.2), got,
                        rtol=1e-5)
    self.assertAllClose(0.1, summaries['learning_rate'])

  def test_update_ops_run_before_the_step(self):
    with test_util.graph_session() as session:
      norm = normalization.BatchNorm(2, decay=0.5, epsilon=0.1)
      x = tf.constant(3 + test_util.random(5, 3, 7, 2))
      loss = tf.reduce_mean(norm(x, is_training=True) ** 2)
      op = optimization.train_op(loss, norm.trainable_variables,
                                 config_lib.TrainConfig())
      session.run(tf.global_variables_initializer())
      session.run(op)
      mean = session.run(tf.reduce_mean(x, [0, 1, 2]))
      self.assertAllClose(mean / 2, session.run(norm.moving_mean))

  def test_update_ops_may_be_given(self):
    with test_util.graph_session() as session:
      given, collected = (tf.Variable(lambda: 0, dtype=tf.int32,
                                      use_resource=True) for _ in range(2))
      tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, collected.assign_add(1))
      x = tf.Variable(lambda: _START, dtype=tf.float32, use_resource=True)
      op = optimization.train_op(tf.reduce_sum(x ** 2), [x],
                                 config_lib.TrainConfig(),
                                 [given.assign_add(1)])
      session.run(tf.global_variables_initializer())
      session.run(op)
      self.assertEqual([1, 0], session.run([given, collected]))

  def test_learns_only_what_it_is_given(self):
    with test_util.graph_session() as session:
      x, y = (tf.Variable(lambda: _START, dtype=tf.float32,
                          use_resource=True) for _ in range(2))
      op = optimization.train_op(tf.reduce_sum(x * y), [x],
                                 config_lib.TrainConfig())
      session.run(tf.global_variables_initializer())
      session.run(op)
      self.assertNotAllClose(_START, session.run(x))
      self.assertAllEqual(_START, session.run(y))


class ReplicasTest(tf.test.TestCase, parameterized.TestCase):
  """Two devices learn as one does from the whole batch."""

  def setUp(self):
    super().setUp()
    self.inputs = test_util.random(4, 5, 3)
    # Shards of 2 rows hold 3 and 9 labels.
    self.ids = np.array([[4, 0, 0, 0, 0], [5, 1, 0, 0, 0],
                         [4, 5, 6, 1, 0], [6, 5, 4, 6, 1]])

  def loss(self, layer, x, ids):
    weights = tf.cast(tf.not_equal(ids, 0), tf.float32)
    return losses.mean_over_replicas(
        losses.cross_entropy(layer(x), ids, weights, 0.1),
        tf.reduce_sum(weights))

  def run_steps(self, session, op, layer, loss):
    session.run(tf.global_variables_initializer())
    test_util.assign_formula(session, layer.variables)
    values = []
    for _ in range(3):
      values.append(np.mean(session.run(loss)))
      session.run(op)
    self.assertEqual(3, session.run(tf.train.get_global_step()))
    return values, session.run([v.read_value() for v in layer.variables])

  def on_one_device(self, config):
    with test_util.graph_session() as session:
      layer = linear.Linear(3, 7)
      loss = self.loss(layer, tf.constant(self.inputs),
                       tf.constant(self.ids, tf.int32))
      op = optimization.train_op(loss, layer.variables, config)
      return self.run_steps(session, op, layer, loss)

  def on_two_devices(self, config):
    with tf.Graph().as_default():
      strategy = tf.distribute.MirroredStrategy(['/cpu:0', '/cpu:1'])
      with strategy.scope():
        layer = linear.Linear(3, 7)
        tf.train.get_or_create_global_step()

        def replica():
          first = 2 * tf.distribute.get_replica_context(
          ).replica_id_in_sync_group
          loss = self.loss(layer,
                           tf.constant(self.inputs)[first:first + 2],
                           tf.constant(self.ids, tf.int32)[first:first + 2])
          return loss, optimization.train_op(loss, layer.variables, config)

        loss, op = (strategy.experimental_local_results(result)
                    for result in strategy.run(replica))
      with tf.Session(config=tf.ConfigProto(
          device_count={'CPU': 2})) as session:
        return self.run_steps(session, op, layer, loss)

  @parameterized.parameters(
      dict(), dict(optimizer='momentum'), dict(clip_norm=0.1),
      dict(optimizer='momentum', clip_norm=0.1),
      dict(optimizer='adamw', weight_decay=0.3),
      dict(optimizer='momentum', weight_decay=0.3, nesterov=True,
           learning_rate_factors=('kernel=0.5',)),
      dict(optimizer='momentum', clip_norm=100.))
  def test_two_devices_equal_one(self, **settings):
    config = config_lib.TrainConfig(learning_rate=0.5, warmup_steps=2,
                                    **settings)
    one, two = self.on_one_device(config), self.on_two_devices(config)
    self.assertAllClose(one[0], two[0], rtol=1e-5)
    self.assertLess(one[0][-1], one[0][0])
    for expected, got in zip(one[1], two[1]):
      self.assertAllClose(expected, got, rtol=1e-4, atol=1e-5)


if __name__ == '__main__':
  tf.test.main()
