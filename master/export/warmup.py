"""Requests that TensorFlow Serving runs before a version takes traffic.

TensorFlow builds and optimises what a request needs when the first one of its
kind comes, so that one is slow. Serving reads sample requests from a file of
the SavedModel and runs them as it loads the version ("SavedModel Warmup" in
its documentation).
Legend: `M` sample images, `N` images of a request, `H W C` pixels, channels.
"""

import itertools
import os
from typing import Any, Mapping, NamedTuple, Sequence

from google.protobuf import descriptor_pb2
from google.protobuf import descriptor_pool
from google.protobuf import message_factory
import numpy as np
import tensorflow.compat.v1 as tf

from master.export import inference_graph
from master.export import predictor as predictor_lib

WARMUP_FILE = 'tf_serving_warmup_requests'

# A version whose file holds more is refused by the server.
MAX_RECORDS = 1000

BATCH_SIZES = (1, 8)

# What is used of Serving's messages: message -> field -> number and type, in
# a list where it is repeated. Declared here, so that an export needs none of
# Serving's packages. On the wire a map is a list of keys and values, and a
# message, such as a TensorProto, the same as its bytes.
_MESSAGES = {
    'PredictionLog': {'predict_log': (6, 'PredictLog')},
    'PredictLog': {'request': (1, 'PredictRequest')},
    'PredictRequest': {
        'model_spec': (1, 'ModelSpec'), 'inputs': (2, ['Input'])},
    'ModelSpec': {'signature_name': (3, str)},
    'Input': {'name': (1, str), 'tensor': (2, bytes)},
}


class Request(NamedTuple):
  """What one signature is asked.

  Attributes:
    signature_name: of the SavedModel.
    inputs: arrays by the signature's names for them; strings as an array of
      objects, for NumPy's own byte strings lose zeros at their end.
  """
  signature_name: str
  inputs: Mapping[str, np.ndarray]


def _message_classes() -> dict[str, Any]:
  """A class for each of _MESSAGES, by name."""
  kinds = descriptor_pb2.FieldDescriptorProto
  types = {str: kinds.TYPE_STRING, bytes: kinds.TYPE_BYTES}
  file = descriptor_pb2.FileDescriptorProto(
      name='master/export/warmup.proto', package='master', syntax='proto3')
  for message, fields in _MESSAGES.items():
    declared = file.message_type.add(name=message)
    for name, (number, kind) in fields.items():
      field = declared.field.add(name=name, number=number,
                                 label=kinds.LABEL_OPTIONAL)
      if isinstance(kind, list):
        kind, = kind
        field.label = kinds.LABEL_REPEATED
      if kind in types:
        field.type = types[kind]
      else:
        field.type = kinds.TYPE_MESSAGE
        field.type_name = f'.{file.package}.{kind}'
  # A pool of their own: Serving's package may be loaded in this process too.
  pool = descriptor_pool.DescriptorPool()
  pool.Add(file)
  return {name: message_factory.GetMessageClass(
      pool.FindMessageTypeByName(f'{file.package}.{name}'))
          for name in _MESSAGES}


PredictionLog = _message_classes()['PredictionLog']


def make_requests(image_bytes: Sequence[bytes], images: np.ndarray,
                  batch_sizes: Sequence[int] = BATCH_SIZES) -> list[Request]:
  """Requests of each signature, in each size, of the same few images.

  Args:
    image_bytes: M contents of image files like those to come.
    images: float32 [M, H, W, C] in [-1, 1].
    batch_sizes: numbers of images N.

  Returns:
    One request for each signature and size.
  """
  examples = [_example(encoded) for encoded in image_bytes]
  requests = []
  for size in batch_sizes:
    requests += [
        Request(inference_graph.SERVING_DEFAULT,
                {'image_bytes': np.array(_first(size, image_bytes), object)}),
        Request(inference_graph.DECODE,
                {'image': np.stack(_first(size, images))}),
        Request(inference_graph.TF_EXAMPLE,
                {'examples': np.array(_first(size, examples), object)}),
    ]
  return requests


def _first(count: int, values: Sequence[Any]) -> list[Any]:
  """The first `count` values, which begin anew after the last."""
  return list(itertools.islice(itertools.cycle(values), count))


def _example(encoded: bytes) -> bytes:
  """A serialized tf.Example with one image."""
  example = tf.train.Example()
  example.features.feature[
      inference_graph.EXAMPLE_FEATURE].bytes_list.value.append(encoded)
  return example.SerializeToString()


def _log(request: Request) -> Any:
  """A request as the server logs it and reads it again.

  It names no model and no version: the server runs it on the version that it
  is loading and looks nothing up by them.
  """
  log = PredictionLog()
  predict = log.predict_log.request
  predict.model_spec.signature_name = request.signature_name
  for name, value in request.inputs.items():
    predict.inputs.add(name=name,
                       tensor=tf.make_tensor_proto(value).SerializeToString())
  return log


def write(folder: str, requests: Sequence[Request]):
  """Writes requests to where TensorFlow Serving looks for them.

  Args:
    folder: of the SavedModel.
    requests: at most MAX_RECORDS. The server refuses a version on which one
      of them fails.

  Raises:
    ValueError: if there are too many.
  """
  if len(requests) > MAX_RECORDS:
    raise ValueError(f'{len(requests)} warm-up requests; TensorFlow Serving '
                     f'takes at most {MAX_RECORDS}.')
  extra = os.path.join(folder, predictor_lib.EXTRA_DIR)
  os.makedirs(extra, exist_ok=True)
  with tf.io.TFRecordWriter(os.path.join(extra, WARMUP_FILE)) as writer:
    for request in requests:
      writer.write(_log(request).SerializeToString())
