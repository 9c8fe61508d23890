"""Reads word images with an exported ONNX model, without TensorFlow.

  python3 docs/serving/read_in_onnx.py VERSION_FOLDER IMAGE...

Prints one line per image: path, text, confidence, tab-separated. Needs
onnxruntime, numpy and Pillow. For models of `--image_resize=right`, which is
the default.
"""

import argparse
import json
import os

import numpy as np
import onnxruntime
from PIL import Image


def model_input(image: Image.Image, height: int, width: int,
                channels: int) -> np.ndarray:
  """Scales an image to the model's height and pads it on the right.

  Args:
    image: the picture of a word.
    height: H, pixels.
    width: W, pixels; a wider image is squeezed.
    channels: C, 1 or 3.

  Returns:
    float32 [H, W, C] in [-1, 1].
  """
  image = image.convert('L' if channels == 1 else 'RGB')
  scaled = min(max(round(image.width * height / image.height), 1), width)
  pixels = np.asarray(image.resize((scaled, height), Image.BILINEAR),
                      np.float32).reshape([height, scaled, channels])
  padding = ((0, 0), (0, width - scaled), (0, 0))
  return np.pad(pixels, padding) / 127.5 - 1


def main():
  """Reads the files and prints what they say."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('folder')
  parser.add_argument('paths', nargs='+')
  options = parser.parse_args()
  model = onnxruntime.InferenceSession(
      os.path.join(options.folder, 'model.onnx'))
  # <PAD>, <EOS>, <SOS>, <UNK>, then the characters.
  classes = json.loads(model.get_modelmeta().custom_metadata_map['classes'])
  size = model.get_inputs()[0].shape[1:]
  images = np.stack([model_input(Image.open(path), *size)
                     for path in options.paths])
  ids, confidence = model.run(['ids', 'confidence'], {'image': images})
  for path, row, sure in zip(options.paths, ids, confidence):
    row = row[:np.argmax(row == 1)] if 1 in row else row
    text = ''.join(classes[i] for i in row if i > 3)
    print(path, text, f'{sure:.4f}', sep='\t')


if __name__ == '__main__':
  main()
