"""Tests of master/layers/gc_attention.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import gc_attention
from tests.support import reference
from tests.support import test_util

_EPSILON = 0.1
_C = 'gc_attention'


def _layer(fusion='add', pooling='attention', num_heads=2, scale_mask=False,
           ratio=2, join_norm_size=None, name=_C):
  return gc_attention.MultiAspectGCAttention(
      6, num_heads, ratio, fusion, pooling, scale_mask, _EPSILON,
      join_norm_size, name=name)


class GCAttentionTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.product(
      fusion=('add', 'mul', 'concat'), pooling=('attention', 'average'),
      num_heads=(1, 2, 3), scale_mask=(False, True))
  def test_equals_numpy(self, fusion, pooling, num_heads, scale_mask):
    x = 2 * test_util.random(2, 3, 5, 6)
    with test_util.graph_session() as session:
      layer = _layer(fusion, pooling, num_heads, scale_mask)
      y = layer(tf.constant(x))
      self.assertEqual([2, 3, 5, 6], y.shape.as_list())
      weights = test_util.assign_formula(session, layer.variables)
      expected = reference.gc_attention(x, weights, _C, num_heads, fusion,
                                        pooling, scale_mask, _EPSILON)
      self.assertAllClose(expected, session.run(y), atol=1e-5)

  def test_learned_join_norm_equals_numpy(self):
    x = 2 * test_util.random(2, 3, 5, 6)
    with test_util.graph_session() as session:
      layer = _layer('concat', join_norm_size=(3, 5))
      y = layer(tf.constant(x))
      weights = test_util.assign_formula(session, layer.variables)
      self.assertEqual((3, 5, 6), weights[f'{_C}/join_norm/gamma'].shape)
      expected = reference.gc_attention(x, weights, _C, 2, 'concat',
                                        'attention', False, _EPSILON)
      self.assertAllClose(expected, session.run(y), atol=1e-5)

  def test_options_make_a_difference(self):
    # Else the comparison above would compare the same graph many times.
    x = 2 * test_util.random(2, 3, 5, 6)
    with test_util.graph_session() as session:
      outputs = []
      for i, options in enumerate((
          {}, dict(fusion='mul'), dict(fusion='concat'),
          dict(pooling='average'), dict(scale_mask=True),
          dict(fusion='concat', join_norm_size=(3, 5)))):
        layer = _layer(**options, name=f'layer{i}')
        outputs.append(layer(tf.constant(x)))
        session.run([v.assign(test_util.formula_value(
            v.name.partition('/')[2], v.shape.as_list()))
                     for v in layer.variables])
      values = session.run(outputs)
    for i, value in enumerate(values):
      for other in values[:i]:
        self.assertGreater(np.abs(value - other).max(), 1e-3)

  @parameterized.parameters(
      ('add', 'attention'), ('mul', 'attention'), ('concat', 'attention'),
      ('add', 'average'), ('concat', 'average'))
  def test_variables(self, fusion, pooling):
    expected = {
        'reduce/kernel:0': [1, 1, 6, 2], 'reduce/bias:0': [2],
        'reduce_norm/gamma:0': [2], 'reduce_norm/beta:0': [2],
        'expand/kernel:0': [1, 1, 2, 6], 'expand/bias:0': [6]}
    if pooling == 'attention':
      # Shared by the heads: its input is one head's channels.
      expected.update({'mask/kernel:0': [1, 1, 3, 1], 'mask/bias:0': [1]})
    if fusion == 'concat':
      expected.update({'join/kernel:0': [1, 1, 12, 6], 'join/bias:0': [6]})
    with tf.Graph().as_default():
      with tf.name_scope('outer'):
        layer = _layer(fusion, pooling, ratio=3)
      self.assertEqual(
          {f'outer/{_C}/{name}': shape for name, shape in expected.items()},
          test_util.names_and_shapes(tf.trainable_variables()))
      y = layer(tf.constant(test_util.random(2, 3, 5, 6)))
      self.assertNotIn(None, tf.gradients(y, layer.trainable_variables))

  def test_add_starts_as_the_identity(self):
    x = test_util.random(2, 3, 5, 6)
    with test_util.graph_session() as session:
      y = _layer('add')(tf.constant(x))
      session.run(tf.global_variables_initializer())
      self.assertAllEqual(x, session.run(y))

  @parameterized.parameters('add', 'mul', 'concat')
  def test_unknown_sizes_and_rows_that_do_not_mix(self, fusion):
    images = test_util.random(3, 2, 5, 6)
    with test_util.graph_session() as session:
      x = tf.placeholder(tf.float32, [None, None, None, 6])
      layer = _layer(fusion)
      y = layer(x)
      self.assertEqual(6, y.shape[-1])
      self.assertEqual(4, y.shape.rank)
      test_util.assign_formula(session, layer.variables)
      together = session.run(y, {x: images})
      for i in range(3):
        alone = session.run(y, {x: images[i:i + 1]})
        self.assertAllClose(together[i:i + 1], alone, atol=1e-6)

  def test_error_messages(self):
    with tf.Graph().as_default():
      self.assertStartsWith(
          test_util.error_of(_layer(), tf.zeros([2, 3, 5, 7])),
          'x has shape (2, 3, 5, 7), expected (None, None, None, 6)')
      self.assertEqual('num_heads 4 does not divide channels 6.',
                       test_util.error_of(_layer, num_heads=4))
      self.assertEqual('fusion is sum, must be add, mul or concat.',
                       test_util.error_of(_layer, fusion='sum'))
      self.assertEqual('pooling is max, must be attention or average.',
                       test_util.error_of(_layer, pooling='max'))


if __name__ == '__main__':
  tf.test.main()
