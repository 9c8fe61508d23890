"""Reads word images with an exported model, in this process.

  python3 docs/serving/read_in_python.py [--session] VERSION_FOLDER IMAGE...

Prints one line per image: path, text, confidence, tab-separated. Needs
TensorFlow alone.
"""

import argparse
from typing import Sequence

import numpy as np
import tensorflow as tf


def read_eagerly(folder: str, images: Sequence[bytes]
                 ) -> dict[str, np.ndarray]:
  """The way of TensorFlow 2.

  Args:
    folder: of the SavedModel's version.
    images: contents of N JPEG, PNG, BMP or GIF files.

  Returns:
    `text` bytes [N] in UTF-8, `confidence` float32 [N], `char_confidence`
    float32 [N, T], `valid` bool [N].
  """
  model = tf.saved_model.load(folder)
  outputs = model.signatures['serving_default'](
      image_bytes=tf.constant(images))
  return {name: value.numpy() for name, value in outputs.items()}


def read_in_session(folder: str, images: Sequence[bytes]
                    ) -> dict[str, np.ndarray]:
  """The way of TensorFlow 1; see `read_eagerly`."""
  with tf.Graph().as_default(), tf.compat.v1.Session() as session:
    signature = tf.compat.v1.saved_model.load(
        session, ['serve'], folder).signature_def['serving_default']
    return session.run(
        {name: info.name for name, info in signature.outputs.items()},
        {signature.inputs['image_bytes'].name: images})


def main():
  """Reads the files and prints what they say."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--session', action='store_true')
  parser.add_argument('folder')
  parser.add_argument('paths', nargs='+')
  options = parser.parse_args()
  images = []
  for path in options.paths:
    with open(path, 'rb') as f:
      images.append(f.read())
  read = read_in_session if options.session else read_eagerly
  found = read(options.folder, images)
  for path, text, confidence, valid in zip(
      options.paths, found['text'], found['confidence'], found['valid']):
    if valid:
      print(path, text.decode('utf-8'), f'{confidence:.4f}', sep='\t')
    else:
      print(path, 'no image', sep='\t')


if __name__ == '__main__':
  main()
