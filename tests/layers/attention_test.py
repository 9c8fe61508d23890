"""Tests of master/layers/attention.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import attention
from tests.support import reference
from tests.support import test_util

_CAUSAL = np.tril(np.ones([5, 5], bool))


class MultiHeadAttentionTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(1, 2, 3, 6)
  def test_equals_numpy(self, num_heads):
    x, source = test_util.random(2, 5, 6), test_util.random(2, 7, 6, seed=1)
    with test_util.graph_session() as session:
      layer = attention.MultiHeadAttention(6, num_heads, dropout_rate=0.5)
      y, _ = layer(tf.constant(x), layer.project(tf.constant(source)), None,
                   is_training=False)
      weights = test_util.assign_formula(session, layer.variables)
      self.assertAllClose(
          reference.attention(x, source, weights, 'attention', num_heads),
          session.run(y), atol=1e-5)

  @parameterized.parameters(1, 3)
  def test_masked_equals_numpy(self, num_heads):
    x = test_util.random(2, 5, 6)
    with test_util.graph_session() as session:
      layer = attention.MultiHeadAttention(6, num_heads, dropout_rate=0.0)
      y, _ = layer(tf.constant(x), layer.project(tf.constant(x)),
                   tf.constant(_CAUSAL[None, None]), is_training=False)
      weights = test_util.assign_formula(session, layer.variables)
      self.assertAllClose(
          reference.attention(x, x, weights, 'attention', num_heads, _CAUSAL),
          session.run(y), atol=1e-5)

  def test_hidden_positions_have_no_influence_at_all(self):
    x = test_util.random(1, 5, 6)
    changed = x.copy()
    changed[:, 3:] = 1e4
    with test_util.graph_session() as session:
      layer = attention.MultiHeadAttention(6, 2, dropout_rate=0.0)
      source = tf.placeholder(tf.float32, [1, 5, 6])
      y, _ = layer(tf.constant(x), layer.project(source),
                   tf.constant(_CAUSAL[None, None]), is_training=False)
      session.run(tf.global_variables_initializer())
      before, after = (session.run(y, {source: value})
                       for value in (x, changed))
    self.assertAllEqual(before[:, :3], after[:, :3])
    self.assertNotAllClose(before[:, 3:], after[:, 3:])

  def test_projects_keys_and_values_by_head(self):
    source = test_util.random(2, 7, 6)
    with test_util.graph_session() as session:
      layer = attention.MultiHeadAttention(6, 3, dropout_rate=0.0)
      projected = layer.project(tf.constant(source))
      weights = test_util.assign_formula(session, layer.variables)
      for name, got in zip(('key', 'value'), session.run(projected)):
        flat = reference.linear(source, weights, f'attention/{name}')
        self.assertEqual((2, 3, 7, 2), got.shape)
        self.assertAllClose(flat[:, :, 2:4], got[:, 1])

  @parameterized.parameters((1, 1), (3, 1), (3, 2))
  def test_one_position_equals_many(self, num_heads, sharing):
    """The flat ops of a decoding step against the plain ones."""
    x, source = test_util.random(4, 6), test_util.random(4, 6, seed=1)
    memory = test_util.random(4 // sharing, 7, 6, seed=2)
    with test_util.graph_session() as session:
      layer = attention.MultiHeadAttention(6, num_heads, dropout_rate=0.5)
      query, new = layer.project_one(tf.constant(source),
                                     layer.join_projections())
      heads, weights = layer.attend(query, new, None)
      expected = [
          layer._split_heads(layer.query(tf.constant(source[:, None]))),
          *layer.project(tf.constant(source[:, None])),
          layer(tf.constant(source[:, None]),
                layer.project(tf.constant(source[:, None])), None, False)[0]]
      got = [query, *new, layer.output(heads)]
      shared, _ = layer.attend(
          layer.query_one(tf.constant(x), sharing),
          layer.project(tf.constant(memory)), None)
      weights_of = test_util.assign_formula(session, layer.variables)
      for one, many in zip(session.run(expected), session.run(got)):
        self.assertAllClose(one, many, atol=1e-5)
      self.assertAllClose(np.ones([4, num_heads, 1, 1]),
                          session.run(weights))
      self.assertAllClose(
          reference.attention(x.reshape([-1, sharing, 6]), memory, weights_of,
                              'attention', num_heads),
          session.run(layer.output(shared)), atol=1e-5)

  @parameterized.parameters(0, 1, 3)
  def test_projecting_for_all_layers_equals_each(self, batch):
    source = test_util.random(batch, 7, 6)
    with test_util.graph_session() as session:
      layers = [attention.MultiHeadAttention(6, 3, 0.0, name=f'layer{i}')
                for i in range(2)]
      fed = tf.placeholder(tf.float32, [None, None, 6])
      each = [layer.project(fed) for layer in layers]
      together = attention.project_all(layers, fed)
      for one in together:
        self.assertEqual([None, 3, None, 2], one.keys.shape.as_list())
      test_util.assign_formula(
          session, [v for layer in layers for v in layer.variables])
      expected, actual = session.run([each, together], {fed: source})
    for one, other in zip(expected, actual):
      self.assertAllClose(one.keys, other.keys, atol=1e-6)
      self.assertAllClose(one.values, other.values, atol=1e-6)

  def test_weights_are_those_of_the_output(self):
    x = test_util.random(2, 5, 6)
    with test_util.graph_session() as session:
      layer = attention.MultiHeadAttention(6, 3, dropout_rate=0.0)
      keys_values = layer.project(tf.constant(x))
      y, weights = layer(tf.constant(x), keys_values,
                         tf.constant(_CAUSAL[None, None]), False)
      test_util.assign_formula(session, layer.variables)
      values, y, weights, output = session.run(
          [keys_values.values, y, weights, layer.output.kernel])
    self.assertEqual((2, 3, 5, 5), weights.shape)
    self.assertAllClose(np.ones([2, 3, 5]), weights.sum(axis=3))
    self.assertAllEqual(np.zeros([2, 3, 10]), weights[:, :, ~_CAUSAL])
    heads = np.einsum('bnts,bnsd->btnd', weights, values).reshape([2, 5, 6])
    joined = heads @ output
    self.assertAllClose(joined - joined[:1, :1], y - y[:1, :1], atol=1e-5)

  def test_dropout_in_training_alone(self):
    x = test_util.random(2, 5, 6)
    with test_util.graph_session() as session:
      layer = attention.MultiHeadAttention(6, 2, dropout_rate=0.5)
      keys_values = layer.project(tf.constant(x))
      read, trained = (layer(tf.constant(x), keys_values, None, is_training)[0]
                       for is_training in (False, True))
      session.run(tf.global_variables_initializer())
      self.assertAllEqual(session.run(read), session.run(read))
      self.assertNotAllClose(session.run(trained), session.run(trained))

  def test_variables_whatever_the_heads(self):
    with tf.Graph().as_default():
      for num_heads in (1, 3):
        attention.MultiHeadAttention(6, num_heads, 0.1,
                                     name=f'with_{num_heads}')
      shapes = test_util.names_and_shapes(tf.trainable_variables())
      self.assertEqual(
          {f'with_{num_heads}/{name}/{part}:0': shape
           for num_heads in (1, 3)
           for name in ('query', 'key', 'value', 'output')
           for part, shape in (('kernel', [6, 6]), ('bias', [6]))}, shapes)

  def test_every_variable_is_used(self):
    with tf.Graph().as_default():
      layer = attention.MultiHeadAttention(6, 2, 0.0)
      x = tf.constant(test_util.random(2, 5, 6))
      y, _ = layer(x, layer.project(x), None, is_training=True)
      gradients = tf.gradients(y, layer.trainable_variables)
      self.assertNotIn(None, gradients)

  def test_unknown_batch(self):
    with test_util.graph_session() as session:
      x = tf.placeholder(tf.float32, [None, None, 6])
      source = tf.placeholder(tf.float32, [None, None, 6])
      layer = attention.MultiHeadAttention(6, 2, 0.0)
      y, _ = layer(x, layer.project(source), None, is_training=False)
      self.assertEqual([None, None, 6], y.shape.as_list())
      session.run(tf.global_variables_initializer())
      for batch in (0, 1, 4):
        self.assertEqual((batch, 3, 6), session.run(
            y, {x: test_util.random(batch, 3, 6),
                source: test_util.random(batch, 5, 6)}).shape)

  def test_error_messages(self):
    with tf.Graph().as_default():
      layer = attention.MultiHeadAttention(6, 2, 0.0)
      self.assertStartsWith(
          test_util.error_of(layer.project, tf.zeros([2, 5, 7])),
          'source has shape (2, 5, 7), expected (None, None, 6)')
      keys_values = layer.project(tf.zeros([2, 5, 6]))
      self.assertStartsWith(
          test_util.error_of(layer, tf.zeros([2, 6]), keys_values, None,
                             False),
          'x has shape (2, 6), expected (None, None, 6)')
      self.assertEqual(
          'num_heads 4 does not divide size 6.',
          test_util.error_of(attention.MultiHeadAttention, 6, 4, 0.0))


if __name__ == '__main__':
  tf.test.main()
