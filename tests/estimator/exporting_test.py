"""Default outputs and the names of signatures."""

import tensorflow.compat.v1 as tf

from master.estimator import exporting
from master.estimator import serving


class ExportingTest(tf.test.TestCase):

  def test_signatures_and_their_names(self):
    with tf.Graph().as_default():
      x = tf.placeholder(tf.float32, [None], 'x')
      inner = tf.identity(x, 'inner')
      outputs = {
          exporting.DEFAULT_SIGNATURE: exporting.PredictOutput({'y': inner}),
          'other': exporting.PredictOutput(inner + 1)}
      signatures = exporting.signature_defs(
          serving.ServingInputReceiver(
              {'x': inner}, {'x': x}, {'bare': {'inner': inner}}), outputs)
    self.assertCountEqual(
        ['serving_default', 'other', 'bare:serving_default', 'bare:other'],
        signatures)
    self.assertEqual('x:0',
                     signatures['serving_default'].inputs['x'].name)
    self.assertEqual('inner:0',
                     signatures['bare:other'].inputs['inner'].name)
    self.assertCountEqual(['output'], signatures['other'].outputs)

  def test_default_output(self):
    with tf.Graph().as_default():
      y = tf.zeros([2])
      one = exporting.with_default({'a': exporting.PredictOutput(y)}, {})
      self.assertCountEqual(['a', exporting.DEFAULT_SIGNATURE], one)
      none = exporting.with_default(None, {'y': y})
      self.assertCountEqual(['y'], none[exporting.DEFAULT_SIGNATURE].outputs)
      with self.assertRaisesRegex(ValueError, exporting.DEFAULT_SIGNATURE):
        exporting.with_default({name: exporting.PredictOutput(y)
                                for name in 'ab'}, {})


if __name__ == '__main__':
  tf.test.main()
