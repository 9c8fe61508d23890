"""Default outputs and the names of signatures."""

import tensorflow.compat.v1 as tf

from master.estimator.export import export_output
from master.estimator.export import serving_input_receiver


class ExportingTest(tf.test.TestCase):

  def test_signatures_and_their_names(self):
    with tf.Graph().as_default():
      x = tf.placeholder(tf.float32, [None], 'x')
      inner = tf.identity(x, 'inner')
      outputs = {
          export_output.DEFAULT_SIGNATURE: export_output.PredictOutput(
              {'y': inner}),
          'other': export_output.PredictOutput(inner + 1)}
      signatures = export_output.signature_defs(
          serving_input_receiver.ServingInputReceiver(
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
      one = export_output.with_default(
          {'a': export_output.PredictOutput(y)}, {})
      self.assertCountEqual(['a', export_output.DEFAULT_SIGNATURE], one)
      none = export_output.with_default(None, {'y': y})
      self.assertCountEqual(
          ['y'], none[export_output.DEFAULT_SIGNATURE].outputs)
      with self.assertRaisesRegex(ValueError, export_output.DEFAULT_SIGNATURE):
        export_output.with_default({name: export_output.PredictOutput(y)
                                    for name in 'ab'}, {})


if __name__ == '__main__':
  tf.test.main()
