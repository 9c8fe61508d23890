"""Tests of master/models/backbone.py."""

import collections

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.models import backbone
from tests.support import reference
from tests.support import test_util

TINY = test_util.TINY


def _conv_norm(x, weights, prefix):
  return reference.batch_norm(
      reference.conv2d(x, weights, f'{prefix}/conv'), weights,
      f'{prefix}/norm', TINY.batch_norm_epsilon)


def _residual(x, weights, prefix):
  """conv-BN-ReLU-conv-BN, context, plus shortcut, ReLU; what has weights."""
  y = np.maximum(_conv_norm(x, weights, f'{prefix}/conv1'), 0)
  y = _conv_norm(y, weights, f'{prefix}/conv2')
  if f'{prefix}/context/reduce/kernel' in weights:
    y = reference.gc_attention(
        y, weights, f'{prefix}/context', TINY.gcb_heads, TINY.gcb_fusion,
        TINY.gcb_pooling, TINY.gcb_scale_mask, TINY.gcb_norm_epsilon)
  if f'{prefix}/shortcut/conv/kernel' in weights:
    x = _conv_norm(x, weights, f'{prefix}/shortcut')
  return np.maximum(x + y, 0)


class ResidualBlockTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.product(channels=((5, 8), (8, 8)),
                         has_context=(False, True))
  def test_order_equals_numpy(self, channels, has_context):
    x = test_util.random(2, 3, 7, channels[0])
    with test_util.graph_session() as session:
      block = backbone.ResidualBlock(*channels, (3, 7), has_context, TINY,
                                     backbone.ConvNorm, 'block')
      y = block(tf.constant(x), is_training=False)
      weights = test_util.assign_formula(session, block.variables)
      self.assertAllClose(_residual(x, weights, 'block'), session.run(y),
                          atol=1e-4)
    self.assertEqual(channels[0] != channels[1], block.shortcut is not None)
    self.assertEqual(has_context, block.context is not None)


class BackboneTest(tf.test.TestCase, parameterized.TestCase):

  def test_equals_numpy(self):
    images = test_util.formula_images(2)
    with test_util.graph_session() as session:
      net = backbone.Backbone(TINY)
      y = net(tf.constant(images), is_training=False)
      weights = test_util.assign_formula(session, net.variables)
      got = session.run(y)
    x = np.maximum(_conv_norm(images, weights, 'backbone/conv1'), 0)
    x = np.maximum(_conv_norm(x, weights, 'backbone/conv2'), 0)
    x = reference.max_pool(x, 2, 2)
    pools = ((2, 2), (2, 1), (1, 1), (1, 1))
    for stage, (blocks, pool) in enumerate(zip(TINY.stage_blocks, pools), 1):
      for block in range(1, blocks + 1):
        x = _residual(x, weights, f'backbone/stage{stage}_block{block}')
      x = np.maximum(
          _conv_norm(x, weights, f'backbone/conv{stage + 2}'), 0)
      x = reference.max_pool(x, *pool)
    self.assertEqual((2, 2, 5, 22), got.shape)
    self.assertAllClose(x, got, rtol=1e-3, atol=1e-3)

  @parameterized.parameters(1, 3)
  def test_base_model_has_the_layers_and_shape_of_table_1(self, channels):
    config = config_lib.ModelConfig(image_channels=channels)
    with tf.Graph().as_default() as graph:
      net = backbone.Backbone(config)
      images = tf.placeholder(tf.float32, [None, 48, 160, channels])
      y = net(images, is_training=True)
      self.assertEqual([None, 6, 40, 512], y.shape.as_list())
      kernels = [op.inputs[1].shape.as_list()
                 for op in graph.get_operations() if op.type == 'Conv2D']
      pools = [op.get_attr('ksize') for op in graph.get_operations()
               if op.type == 'MaxPool']
    # The paper counts 31 layers: 28 convolutions of 3 x 3 and 3 pools.
    spatial = [kernel[2:] for kernel in kernels if kernel[0] == 3]
    self.assertEqual(
        [[channels, 64], [64, 128],
         [128, 256], *[[256, 256]] * 2,  # 1 block, then conv
         *[[256, 256]] * 5,  # 2 blocks
         [256, 512], *[[512, 512]] * 10,  # 5 blocks
         *[[512, 512]] * 7],  # 3 blocks
        spatial)
    self.assertEqual([[1, 2, 2, 1], [1, 2, 2, 1], [1, 2, 1, 1]], pools)
    self.assertEqual(31, len(spatial) + len(pools))
    # Beside them: the shortcuts where the depth changes, and 3 convolutions
    # in each of 3 context blocks.
    pointwise = collections.Counter(
        tuple(kernel[2:]) for kernel in kernels if kernel[0] == 1)
    self.assertEqual({(128, 256): 1, (256, 512): 1, (32, 1): 1, (64, 1): 2,
                      (256, 16): 1, (16, 256): 1, (512, 32): 2,
                      (32, 512): 2}, pointwise)

  def test_convolutions_before_a_batch_norm_have_no_bias(self):
    with tf.Graph().as_default():
      names = [v.name for v in backbone.Backbone(TINY).variables]
    self.assertEmpty([name for name in names
                      if name.endswith('conv/bias:0')])
    self.assertLen([name for name in names if name.endswith('norm/gamma:0')
                    and 'context' not in name],
                   len([name for name in names
                        if name.endswith('conv/kernel:0')]))

  @parameterized.parameters(
      ('first', ['stage2_block1', 'stage3_block1', 'stage4_block1']),
      ('all', ['stage2_block1', 'stage2_block2', 'stage3_block1',
               'stage4_block1', 'stage4_block2']))
  def test_placement_of_context_blocks(self, placement, expected):
    with tf.Graph().as_default():
      net = backbone.Backbone(
          test_util.tiny_config(gcb_placement=placement))
    found = {v.name.split('/')[1] for v in net.variables
             if '/context/' in v.name}
    self.assertEqual(expected, sorted(found))

  def test_options_reach_the_context_blocks(self):
    def shapes(**changes):
      with tf.Graph().as_default():
        return test_util.names_and_shapes(
            backbone.Backbone(test_util.tiny_config(**changes)).variables)
    prefix = 'backbone/stage4_block1/context'
    plain = shapes()
    self.assertEqual([1, 1, 11, 1], plain[f'{prefix}/mask/kernel:0'])
    self.assertEqual([1, 1, 22, 7], plain[f'{prefix}/reduce/kernel:0'])
    self.assertEqual([1, 1, 22, 1],
                     shapes(gcb_heads=1)[f'{prefix}/mask/kernel:0'])
    self.assertEqual([1, 1, 22, 4],
                     shapes(gcb_ratio=5)[f'{prefix}/reduce/kernel:0'])
    self.assertNotIn(f'{prefix}/mask/kernel:0',
                     shapes(gcb_pooling='average'))
    self.assertIn(f'{prefix}/join/kernel:0', shapes(gcb_fusion='concat'))

  def test_training_updates_each_batch_norm_once(self):
    with tf.Graph().as_default():
      net = backbone.Backbone(TINY)
      net(tf.constant(test_util.formula_images(2)), is_training=True)
      moving = [v for v in net.variables if not v.trainable]
      self.assertLen(tf.get_collection(tf.GraphKeys.UPDATE_OPS), len(moving))
    with tf.Graph().as_default():
      net = backbone.Backbone(TINY)
      net(tf.constant(test_util.formula_images(2)), is_training=False)
      self.assertEmpty(tf.get_collection(tf.GraphKeys.UPDATE_OPS))

  def test_unknown_batch_and_rows_that_do_not_mix(self):
    images = test_util.formula_images(3)
    with test_util.graph_session() as session:
      net = backbone.Backbone(TINY)
      x = tf.placeholder(tf.float32, [None, 16, 20, 1])
      y = net(x, is_training=False)
      test_util.assign_formula(session, net.variables)
      together = session.run(y, {x: images})
      self.assertAllClose(together[1:2], session.run(y, {x: images[1:2]}),
                          atol=1e-4)

  def test_error_message(self):
    with tf.Graph().as_default():
      self.assertStartsWith(
          test_util.error_of(backbone.Backbone(TINY),
                             tf.zeros([2, 16, 20, 3]), False),
          'images has shape (2, 16, 20, 3), expected (None, None, None, 1)')


if __name__ == '__main__':
  tf.test.main()
