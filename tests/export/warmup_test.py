"""Tests of master/export/warmup.py."""

import os

import numpy as np
import tensorflow.compat.v1 as tf

from master.export import predictor as predictor_lib
from master.export import saved_model
from master.export import warmup
from tests.support import extras
from tests.support import model_files
from tests.support import test_util

if extras.is_there('serving'):
  from tensorflow_serving.apis import prediction_log_pb2

SIZES = (1, 8)  # None a multiple of the number of images.
# What follows a PNG's end is not looked at, but must arrive.
ENCODED = [model_files.encoded_image(1), model_files.encoded_image(2) + b'\0',
           model_files.encoded_image(3, form='JPEG')]

TensorProto = type(tf.make_tensor_proto(0))


def _requests():
  return warmup.make_requests(ENCODED, test_util.formula_images(3), SIZES)


def _records(folder):
  path = os.path.join(folder, 'assets.extra', 'tf_serving_warmup_requests')
  return list(tf.io.tf_record_iterator(path))


def _parse(record):
  """Signature, and TensorProtos by name, as warmup's own classes read them."""
  request = warmup.PredictionLog.FromString(record).predict_log.request
  return request.model_spec.signature_name, {
      given.name: TensorProto.FromString(given.tensor)
      for given in request.inputs}


class WarmupTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path

  def test_asks_each_signature_for_each_size(self):
    self.assertEqual(
        [(name, size) for size in SIZES
         for name in ('serving_default', 'decode', 'tf_example')],
        [(request.signature_name, len(value)) for request in _requests()
         for value in request.inputs.values()])

  def test_every_request_runs(self):
    prefix = model_files.write_tiny_model_dir(
        os.path.join(self.folder, 'model'))
    with predictor_lib.Predictor.from_checkpoint(prefix) as predictor:
      path = saved_model.export_model(predictor,
                                      os.path.join(self.folder, 'export'))
    requests = _requests()
    warmup.write(path, requests)
    records = _records(path)
    self.assertEqual(len(requests), len(records))
    with tf.Graph().as_default(), tf.Session() as session:
      signatures = tf.saved_model.loader.load(
          session, [tf.saved_model.tag_constants.SERVING], path).signature_def
      for request, record in zip(requests, records):
        name, tensors = _parse(record)
        with self.subTest(name):
          self.assertEqual(request.signature_name, name)
          inputs = signatures[name].inputs
          self.assertCountEqual(inputs, tensors)
          self.assertEqual([inputs[key].dtype for key in tensors],
                           [tensor.dtype for tensor in tensors.values()])
          found = session.run(
              {key: info.name
               for key, info in signatures[name].outputs.items()},
              {inputs[key].name: tf.make_ndarray(tensor)
               for key, tensor in tensors.items()})
          size, = (len(value) for value in request.inputs.values())
          self.assertLen(found['text'], size)
          self.assertAllEqual([True] * size, found.get('valid', [True] * size))

  @extras.needs('serving')
  def test_is_what_the_classes_of_serving_read(self):
    requests = _requests()
    warmup.write(self.folder, requests)
    records = _records(self.folder)
    self.assertEqual(len(requests), len(records))
    for request, record in zip(requests, records):
      expected = prediction_log_pb2.PredictionLog()
      predict = expected.predict_log.request
      predict.model_spec.signature_name = request.signature_name
      for name, value in request.inputs.items():
        predict.inputs[name].CopyFrom(tf.make_tensor_proto(value))
      self.assertEqual(expected,
                       prediction_log_pb2.PredictionLog.FromString(record))

  def test_images_keep_zeros_at_their_end(self):
    warmup.write(self.folder, _requests())
    images = {name: tensors['image_bytes'] for name, tensors in map(
        _parse, _records(self.folder)) if name == 'serving_default'}
    self.assertEqual(ENCODED, list(images['serving_default'].string_val)[:3])

  def test_keeps_to_what_the_server_takes(self):
    request = warmup.Request('decode', {'image': np.zeros([1], np.float32)})
    warmup.write(self.folder, [request] * 1000)
    self.assertLen(_records(self.folder), 1000)
    with self.assertRaisesRegex(ValueError, '^1001 .*at most 1000'):
      warmup.write(self.folder, [request] * 1001)


if __name__ == '__main__':
  tf.test.main()
