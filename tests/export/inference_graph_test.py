"""Tests of master/export/inference_graph.py."""

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.export import inference_graph
from tests.support import model_files
from tests.support import test_util

CONFIG = config_lib.Config(test_util.TINY)


def _example(**features):
  example = tf.train.Example()
  for name, value in features.items():
    example.features.feature[name.replace('_', '/')].bytes_list.value.append(
        value)
  return example.SerializeToString()


class InferenceGraphTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.graph = tf.Graph()
    with cls.graph.as_default():
      cls.signatures = inference_graph.build_inference_graph(
          CONFIG).signatures
      cls.session = tf.Session()
      test_util.assign_formula(cls.session, tf.global_variables())

  def _run(self, name, value):
    (placeholder,), outputs = (list(self.signatures[name].inputs.values()),
                               self.signatures[name].outputs)
    return self.session.run(outputs, {placeholder: value})

  def test_signatures_are_those_of_the_contract(self):
    n, t, v = None, CONFIG.model.num_steps, CONFIG.model.num_classes
    served = {'text': (tf.string, [n]), 'confidence': (tf.float32, [n]),
              'char_confidence': (tf.float32, [n, t]),
              'valid': (tf.bool, [n])}
    decoded = {'ids': (tf.int32, [n, t]), 'logits': (tf.float32, [n, t, v]),
               'text': (tf.string, [n]), 'confidence': (tf.float32, [n]),
               'char_confidence': (tf.float32, [n, t])}
    expected = {
        'serving_default': ({'image_bytes': (tf.string, [n])}, served),
        'decode': ({'image': (tf.float32, [n, 16, 20, 1])}, decoded),
        'tf_example': ({'examples': (tf.string, [n])}, served),
        'attention': ({'image_bytes': (tf.string, [n])}, {
            **served, 'image': (tf.float32, [n, 16, 20, 1]),
            'attention': (tf.float32, [n, t, 2, 5])}),
        'decode_attention': ({'image': (tf.float32, [n, 16, 20, 1])}, {
            **{key: decoded[key] for key in ('text', 'confidence',
                                             'char_confidence')},
            'attention': (tf.float32, [n, t, 2, 5])})}
    self.assertEqual(expected, {
        name: tuple({key: (tensor.dtype, tensor.shape.as_list())
                     for key, tensor in tensors.items()}
                    for tensors in signature)
        for name, signature in self.signatures.items()})

  def test_needs_no_python_and_no_table(self):
    functions = self.graph.as_graph_def().library.function
    ops = {node.op for node in self.graph.as_graph_def().node}
    ops |= {node.op for function in functions for node in function.node_def}
    self.assertIn('DecodeImage', ops)
    self.assertNoCommonElements(
        ops, ['PyFunc', 'EagerPyFunc', 'PyFuncStateless', 'HashTableV2'])
    self.assertEmpty(
        self.graph.get_collection(tf.GraphKeys.TABLE_INITIALIZERS))

  def test_bytes_that_are_no_image_leave_the_other_rows_alone(self):
    good = [model_files.encoded_image(i) for i in range(2)]
    alone = self._run('serving_default', good)
    self.assertAllEqual([True, True], alone['valid'])
    torn = good[0][:len(good[0]) // 2]
    mixed = self._run('serving_default', [b'junk', good[0], b'', torn,
                                          good[1]])
    self.assertAllEqual([False, True, False, False, True], mixed['valid'])
    self.assertEqual([b'', *alone['text'][:1], b'', b'', *alone['text'][1:]],
                     mixed['text'].tolist())
    for key in ('confidence', 'char_confidence'):
      self.assertAllClose(alone[key], mixed[key][[1, 4]], atol=1e-4)
      self.assertAllEqual(np.zeros_like(mixed[key][[0, 2, 3]]),
                          mixed[key][[0, 2, 3]])

  def test_examples_are_served_as_their_bytes(self):
    images = [model_files.encoded_image(3),
              model_files.encoded_image(4, form='JPEG'), b'junk']
    expected = self._run('serving_default', images)
    actual = self._run('tf_example', [
        _example(image_encoded=image, image_text=b'ignored')
        for image in images])
    self.assertAllEqual(expected['valid'], actual['valid'])
    self.assertEqual(expected['text'].tolist(), actual['text'].tolist())
    self.assertAllClose(expected['confidence'], actual['confidence'])

  def test_an_example_without_an_image_is_not_valid(self):
    found = self._run('tf_example', [
        _example(label=b'x'), b'',
        _example(image_encoded=model_files.encoded_image())])
    self.assertAllEqual([False, False, True], found['valid'])

  def test_decode_reads_what_serving_decoded(self):
    images = [model_files.encoded_image(i) for i in range(3)]
    signature = self.signatures['serving_default']
    served, pixels = self.session.run(
        [signature.outputs, self.signatures['decode'].inputs['image']],
        {signature.inputs['image_bytes']: images})
    decoded = self._run('decode', pixels)
    self.assertEqual(served['text'].tolist(), decoded['text'].tolist())
    self.assertAllClose(served['confidence'], decoded['confidence'])
    self.assertAllEqual(np.argmax(decoded['logits'][:, 0], -1),
                        decoded['ids'][:, 0])

  def test_attention_explains_what_is_served(self):
    images = [model_files.encoded_image(0), b'junk',
              model_files.encoded_image(1)]
    served = self._run('serving_default', images)
    found = self._run('attention', images)
    for key, value in served.items():
      self.assertAllEqual(value, found[key])
    sums = found['attention'].sum(axis=(2, 3))
    written = served['char_confidence'] > 0
    self.assertTrue(written[0].any())
    self.assertAllClose(written.astype(np.float32), sums, atol=1e-5)


if __name__ == '__main__':
  tf.test.main()
