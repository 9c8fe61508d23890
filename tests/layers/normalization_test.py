"""Tests of master/layers/normalization.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import normalization
from tests.support import commands
from tests.support import reference
from tests.support import test_util

_AXES = (0, 1, 2)


class BatchNormTest(tf.test.TestCase):

  def test_inference_equals_numpy_and_updates_nothing(self):
    x = 2 + 3 * test_util.random(2, 3, 5, 7)
    with test_util.graph_session() as session:
      layer = normalization.BatchNorm(7, decay=0.9, epsilon=0.1)
      y = layer(tf.constant(x), is_training=False)
      self.assertEmpty(tf.get_collection(tf.GraphKeys.UPDATE_OPS))
      weights = test_util.assign_formula(session, layer.variables)
      self.assertAllClose(
          reference.batch_norm(x, weights, 'batch_norm', 0.1),
          session.run(y), atol=1e-5)

  def test_training_uses_the_batch(self):
    x = 2 + 3 * test_util.random(2, 3, 5, 7)
    with test_util.graph_session() as session:
      layer = normalization.BatchNorm(7, decay=0.9, epsilon=0.1)
      y = layer(tf.constant(x), is_training=True)
      weights = test_util.assign_formula(session, layer.variables)
      expected = (reference.normalize(x, _AXES, 0.1)
                  * weights['batch_norm/gamma'] + weights['batch_norm/beta'])
      self.assertAllClose(expected, session.run(y), atol=1e-5)
      # The averages move by UPDATE_OPS alone.
      for v in (layer.moving_mean, layer.moving_variance):
        self.assertAllEqual(weights[v.name[:-2]], session.run(v))

  def test_update_formula(self):
    # moving = decay * moving + (1 - decay) * batch, the variance without
    # bias: divided by one less than the number of positions.
    x = 2 + 3 * test_util.random(2, 3, 5, 7)
    decay = 0.75
    with test_util.graph_session() as session:
      layer = normalization.BatchNorm(7, decay, epsilon=0.1)
      layer(tf.constant(x), is_training=True)
      updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
      self.assertLen(updates, 2)
      weights = test_util.assign_formula(session, layer.variables)
      mean = weights['batch_norm/moving_mean']
      variance = weights['batch_norm/moving_variance']
      for _ in range(2):
        session.run(updates)
        mean = decay * mean + (1 - decay) * x.mean(axis=_AXES)
        variance = decay * variance + (1 - decay) * x.var(axis=_AXES, ddof=1)
        self.assertAllClose(mean, session.run(layer.moving_mean), rtol=1e-5)
        self.assertAllClose(variance, session.run(layer.moving_variance),
                            rtol=1e-5)

  def test_variables(self):
    with test_util.graph_session() as session:
      with tf.name_scope('outer'):
        layer = normalization.BatchNorm(3, 0.9, 1e-3, name='norm')
      self.assertEqual(
          {f'outer/norm/{name}:0': [3] for name in
           ('gamma', 'beta', 'moving_mean', 'moving_variance')},
          test_util.names_and_shapes(tf.global_variables()))
      self.assertEqual([layer.gamma, layer.beta], tf.trainable_variables())
      session.run(tf.global_variables_initializer())
      self.assertAllEqual(
          [[1] * 3, [0] * 3, [0] * 3, [1] * 3],
          session.run([layer.gamma, layer.beta, layer.moving_mean,
                       layer.moving_variance]))

  def test_unknown_batch(self):
    with test_util.graph_session() as session:
      x = tf.placeholder(tf.float32, [None, None, 5, 3])
      layer = normalization.BatchNorm(3, 0.9, 1e-3)
      outputs = [layer(x, is_training) for is_training in (False, True)]
      session.run(tf.global_variables_initializer())
      for y in outputs:
        self.assertEqual([None, None, 5, 3], y.shape.as_list())
        for batch in (1, 4):
          self.assertEqual((batch, 2, 5, 3), session.run(
              y, {x: test_util.random(batch, 2, 5, 3)}).shape)
      self.assertEqual((0, 2, 5, 3), session.run(
          outputs[0], {x: np.zeros([0, 2, 5, 3])}).shape)

  def test_error_message(self):
    with tf.Graph().as_default():
      layer = normalization.BatchNorm(3, 0.9, 1e-3)
      self.assertStartsWith(
          test_util.error_of(layer, tf.zeros([1, 2, 5, 7]), False),
          'x has shape (1, 2, 5, 7), expected (None, None, None, 3)')


class LayerNormTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(([2],), ([2, 3],), ([2, 1, 1],))
  def test_equals_numpy(self, leading):
    x = 2 + 3 * test_util.random(*leading, 7)
    with test_util.graph_session() as session:
      layer = normalization.LayerNorm(7, epsilon=0.1)
      y = layer(tf.constant(x))
      weights = test_util.assign_formula(session, layer.variables)
      self.assertAllClose(
          reference.layer_norm(x, weights, 'layer_norm', 0.1),
          session.run(y), atol=1e-5)

  def test_survives_rewriting_for_onednn(self):
    # In a process of its own: what fails there is no Python exception.
    finished = commands.run('-c', '''
import os
os.environ['TF_ENABLE_ONEDNN_OPTS'] = '1'
import numpy as np
import tensorflow.compat.v1 as tf
from master.layers import normalization
with tf.Graph().as_default(), tf.Session() as session:
  x = tf.placeholder(tf.float32, [None, None, 2])
  y = normalization.LayerNorm(2, epsilon=1e-6)(x)
  session.run(tf.global_variables_initializer())
  np.testing.assert_allclose([[[-1, 1]] * 3],
                             session.run(y, {x: [[[3, 5]] * 3]}), 1e-4)
''')
    self.assertEqual(0, finished.returncode, finished.stderr)

  def test_equal_channels_become_beta(self):
    with test_util.graph_session() as session:
      layer = normalization.LayerNorm(5, epsilon=1e-6)
      y = layer(tf.fill([2, 5], 3.))
      weights = test_util.assign_formula(session, layer.variables)
      self.assertAllClose([weights['layer_norm/beta']] * 2, session.run(y),
                          atol=1e-3)

  def test_variables(self):
    with test_util.graph_session() as session:
      with tf.name_scope('outer'):
        layer = normalization.LayerNorm(3, 1e-6, name='norm')
      self.assertEqual({'outer/norm/gamma:0': [3], 'outer/norm/beta:0': [3]},
                       test_util.names_and_shapes(tf.trainable_variables()))
      session.run(tf.global_variables_initializer())
      self.assertAllEqual([[1] * 3, [0] * 3],
                          session.run([layer.gamma, layer.beta]))

  def test_unknown_batch(self):
    with test_util.graph_session() as session:
      x = tf.placeholder(tf.float32, [None, None, 3])
      y = normalization.LayerNorm(3, 1e-6)(x)
      self.assertEqual([None, None, 3], y.shape.as_list())
      session.run(tf.global_variables_initializer())
      for batch in (0, 1, 4):
        self.assertEqual((batch, 2, 3), session.run(
            y, {x: test_util.random(batch, 2, 3)}).shape)

  def test_error_message(self):
    with tf.Graph().as_default():
      self.assertStartsWith(
          test_util.error_of(normalization.LayerNorm(3, 1e-6),
                             tf.zeros([2, 5])),
          'x has shape (2, 5), expected (None, 3)')


class MapNormTest(tf.test.TestCase):

  def test_equals_numpy(self):
    x = 2 + 3 * test_util.random(2, 3, 5, 7)
    with test_util.graph_session() as session:
      bare = normalization.MapNorm(None, 0.1)
      with tf.name_scope('outer'):
        learned = normalization.MapNorm([3, 5, 7], 0.1)
      outputs = bare(tf.constant(x)), learned(tf.constant(x))
      self.assertEmpty(bare.variables)
      self.assertEqual({'outer/map_norm/gamma:0': [3, 5, 7],
                        'outer/map_norm/beta:0': [3, 5, 7]},
                       test_util.names_and_shapes(learned.variables))
      weights = test_util.assign_formula(session, learned.variables)
      expected = reference.normalize(x, (1, 2, 3), 0.1)
      got = session.run(outputs)
    self.assertAllClose(expected, got[0], atol=1e-5)
    self.assertAllClose(
        expected * weights['outer/map_norm/gamma']
        + weights['outer/map_norm/beta'], got[1], atol=1e-5)

  def test_a_learned_one_takes_maps_of_its_size_alone(self):
    with tf.Graph().as_default():
      self.assertStartsWith(
          test_util.error_of(normalization.MapNorm([3, 5, 7], 0.1),
                             tf.zeros([2, 5, 3, 7])),
          'x has shape (2, 5, 3, 7), expected (None, 3, 5, 7)')


if __name__ == '__main__':
  tf.test.main()
