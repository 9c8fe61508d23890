"""Tests of master/models/folded_conv.py."""

from unittest import mock

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.models import backbone
from master.models import folded_conv
from master.models import recognizer
from tests.support import test_util

TINY = test_util.TINY


def _export(convolution='direct', **changes):
  return config_lib.ExportConfig(convolution=convolution, **changes)


class FoldedTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters((3, 'direct'), (3, 'winograd'), (1, 'winograd'))
  def test_one_equals_the_convolution_and_its_norm(self, size, convolution):
    x = test_util.random(2, 6, 8, 5)
    with test_util.graph_session() as session:
      plain = backbone.ConvNorm(5, 7, size, TINY, name='conv1')
      trained = test_util.assign_formula(session, plain.variables)
      expected = session.run(plain(tf.constant(x), False))
    with test_util.graph_session() as session, mock.patch.object(
        folded_conv, '_WINOGRAD_CHANNELS', 5):
      one = folded_conv.FoldedConvNorm(5, 7, size, TINY, _export(convolution),
                                       name='conv1')
      for variable, value in one.values(trained):
        session.run(variable.assign(value.astype(np.float32)))
      actual = session.run(one(tf.constant(x), False))
    self.assertAllClose(expected, actual, atol=1e-4)

  def test_the_widest_kernels_take_the_smaller_tile(self):
    with tf.Graph().as_default():
      for channels, products in (((256, 512), 30), ((512, 512), 16)):
        one = folded_conv.FoldedConvNorm(
            *channels, 3, TINY, _export('winograd'), name='conv1')
        self.assertEqual([products, *channels], one.kernel.shape.as_list())

  @parameterized.parameters(
      ((4, 7), 3, 'direct', [3, 3, 4, 7]), ((5, 7), 3, 'winograd', [30, 5, 7]),
      ((4, 7), 3, 'winograd', [3, 3, 4, 7]),
      ((5, 7), 1, 'winograd', [1, 1, 5, 7]))
  def test_wide_3x3_kernels_alone_are_transformed(self, channels, size,
                                                  convolution, expected):
    with tf.Graph().as_default(), mock.patch.object(
        folded_conv, '_WINOGRAD_CHANNELS', 5):
      one = folded_conv.FoldedConvNorm(
          *channels, size, TINY, _export(convolution), name='conv1')
      self.assertEqual({'conv1/kernel:0': expected, 'conv1/bias:0': [7]},
                       test_util.names_and_shapes(one.variables))
      self.assertEmpty(one.trainable_variables)

  @parameterized.parameters(
      ('winograd', {}), ('direct', {}), ('direct', dict(gcb_fusion='concat')),
      ('winograd', dict(gcb_fusion='mul', gcb_placement='all')))
  def test_a_served_model_sees_what_the_trained_one_sees(self, convolution,
                                                         changes):
    config = test_util.tiny_config(**changes)
    images = test_util.formula_images(3)
    with test_util.graph_session() as session:
      model = recognizer.Recognizer(config)
      trained = test_util.assign_formula(session, model.variables)
      expected = session.run(model.encode(tf.constant(images), False))
    with test_util.graph_session() as session, mock.patch.object(
        folded_conv, '_WINOGRAD_CHANNELS', 1):
      model = recognizer.Recognizer(config, _export(convolution))
      values = folded_conv.values(model, model.variables, trained)
      self.assertCountEqual([v.name for v in tf.global_variables()],
                            [v.name for v, _ in values])
      for variable, value in values:
        self.assertEqual(variable.shape, value.shape)
      session.run([v.initializer for v, _ in values],
                  {v.initial_value: value for v, value in values})
      actual = session.run(model.encode(tf.constant(images), False))
    self.assertAllClose(expected, actual, rtol=1e-4, atol=1e-4)

  def test_the_type_is_the_one_asked_for(self):
    with test_util.graph_session() as session:
      model = recognizer.Recognizer(TINY, _export(dtype='bfloat16'))
      memory = model.encode(tf.constant(test_util.formula_images(1)), False)
      self.assertEqual(tf.float32, memory.dtype)
      conv1 = model.backbone.conv1
      self.assertEqual(tf.bfloat16, conv1.kernel.dtype)
      self.assertEqual(tf.bfloat16, conv1(tf.zeros([1, 16, 20, 1]),
                                          False).dtype)
      session.run(tf.global_variables_initializer())
      self.assertAllEqual(np.isfinite(session.run(memory)),
                          np.ones(memory.shape, bool))

  def test_cannot_be_trained(self):
    with tf.Graph().as_default():
      model = recognizer.Recognizer(TINY, _export())
      self.assertEqual(
          'conv1: a folded batch norm cannot be trained.',
          test_util.error_of(model.encode, tf.zeros([1, 16, 20, 1]), True))


if __name__ == '__main__':
  tf.test.main()
