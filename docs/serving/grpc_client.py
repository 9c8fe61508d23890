"""Reads word images over TensorFlow Serving's gRPC API.

  python3 docs/serving/grpc_client.py localhost:8500 IMAGE...

Prints one line per image: path, text, confidence, tab-separated. Needs the
package tensorflow-serving-api.
"""

import sys
from typing import Sequence

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2
from tensorflow_serving.apis import prediction_service_pb2_grpc


def read_images(server: str, images: Sequence[bytes],
                model: str = 'master') -> dict[str, np.ndarray]:
  """Reads image files in one request.

  Args:
    server: as localhost:8500.
    images: contents of N JPEG, PNG, BMP or GIF files.
    model: name that the server has for it.

  Returns:
    `text` bytes [N] in UTF-8, `confidence` float32 [N], `char_confidence`
    float32 [N, T], `valid` bool [N].

  Raises:
    grpc.RpcError: if the server refuses; its details() tell why.
  """
  request = predict_pb2.PredictRequest()
  request.model_spec.name = model
  request.model_spec.signature_name = 'serving_default'
  request.inputs['image_bytes'].CopyFrom(tf.make_tensor_proto(images))
  with grpc.insecure_channel(server) as channel:
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    response = stub.Predict(request, timeout=30)
  return {name: tf.make_ndarray(value)
          for name, value in response.outputs.items()}


def main(server: str, *paths: str):
  """Reads the files and prints what they say."""
  images = []
  for path in paths:
    with open(path, 'rb') as f:
      images.append(f.read())
  try:
    found = read_images(server, images)
  except grpc.RpcError as e:
    sys.exit(f'{e.code().name}: {e.details()}')
  for path, text, confidence, valid in zip(
      paths, found['text'], found['confidence'], found['valid']):
    if valid:
      print(path, text.decode('utf-8'), f'{confidence:.4f}', sep='\t')
    else:
      print(path, 'no image', sep='\t')


if __name__ == '__main__':
  main(*sys.argv[1:])
