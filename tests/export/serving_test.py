"""Tests of master/export/serving.py, with our model_fn."""

import tensorflow.compat.v1 as tf

from master import model_fn as model_fn_lib
from master.estimator import model_fn
from master.estimator.export import export_output
from master.export import serving
from tests.support import model_files
from tests.support import test_util


class ServingTest(tf.test.TestCase):

  def _serve(self, receiver_fn, requests):
    """Answers of the default signature, as Estimator would export it."""
    with test_util.graph_session() as session:
      receiver = receiver_fn(test_util.TINY)()
      spec = model_fn_lib.model_fn_builder(test_util.TINY)(
          receiver.features, None, model_fn.ModeKeys.PREDICT)
      test_util.assign_formula(session, tf.global_variables())
      (self.input_name, placeholder), = receiver.receiver_tensors.items()
      outputs = spec.export_outputs[export_output.DEFAULT_SIGNATURE].outputs
      return session.run(outputs, {placeholder: requests})

  def test_serves_image_bytes(self):
    found = self._serve(serving.image_bytes_receiver_fn,
                        [b'junk', model_files.encoded_image()])
    self.assertEqual('image_bytes', self.input_name)
    self.assertAllEqual([False, True], found['valid'])
    self.assertEqual(b'', found['text'][0])
    self.assertEqual(0, found['confidence'][0])
    self.assertGreater(found['confidence'][1], 0)

  def test_serves_examples_as_their_bytes(self):
    images = [model_files.encoded_image(i) for i in range(3)]
    examples = []
    for image in images:
      example = tf.train.Example()
      example.features.feature['image/encoded'].bytes_list.value.append(image)
      examples.append(example.SerializeToString())
    expected = self._serve(serving.image_bytes_receiver_fn, images)
    actual = self._serve(serving.tf_example_receiver_fn, examples)
    self.assertEqual('examples', self.input_name)
    self.assertAllEqual(expected['ids'], actual['ids'])
    self.assertAllClose(expected['confidence'], actual['confidence'])


if __name__ == '__main__':
  tf.test.main()
