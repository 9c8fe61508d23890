"""Reads word images over TensorFlow Serving's REST API.

  python3 docs/serving/rest_client.py http://localhost:8501 IMAGE...

Prints one line per image: path, text, confidence, tab-separated. Needs
Python's standard library alone.
"""

import base64
import json
import sys
from typing import Any, Sequence
import urllib.error
import urllib.request


def read_images(server: str, images: Sequence[bytes],
                model: str = 'master') -> list[dict[str, Any]]:
  """Reads image files in one request.

  Args:
    server: as http://localhost:8501.
    images: contents of JPEG, PNG, BMP or GIF files.
    model: name that the server has for it.

  Returns:
    For each image its `text`, `confidence`, `char_confidence` and `valid`.

  Raises:
    urllib.error.HTTPError: if the server refuses; its body tells why.
  """
  instances = [
      {'image_bytes': {'b64': base64.b64encode(image).decode('ascii')}}
      for image in images]
  request = urllib.request.Request(
      f'{server}/v1/models/{model}:predict',
      json.dumps({'instances': instances}).encode('ascii'),
      {'Content-Type': 'application/json'})
  with urllib.request.urlopen(request, timeout=30) as response:
    return json.load(response)['predictions']


def main(server: str, *paths: str):
  """Reads the files and prints what they say."""
  images = []
  for path in paths:
    with open(path, 'rb') as f:
      images.append(f.read())
  try:
    readings = read_images(server, images)
  except urllib.error.HTTPError as e:
    sys.exit(f'{e.code}: {json.load(e)["error"]}')
  for path, reading in zip(paths, readings):
    if reading['valid']:
      print(path, reading['text'], f'{reading["confidence"]:.4f}', sep='\t')
    else:
      print(path, 'no image', sep='\t')


if __name__ == '__main__':
  main(*sys.argv[1:])
