"""A stand-in for the package rapidocr, and a Python that finds it, for tests.

It "reads" the size of a picture, as `9x13 of 2` where it was given two at a
time. Some pictures have it tell of itself or fail.
"""

import os
import sys

# Contents of files that are no pictures to anyone else.
TELL = b'tell of your settings'
CPUS = b'tell how many CPUs you have'
CRASH = b'fail'

_MODULE = f'''
import enum, io, json, os
import numpy as np
from PIL import Image

class OCRVersion(enum.Enum):
  V6 = 'PP-OCRv6'
  V5 = 'PP-OCRv5'

class ModelType(enum.Enum):
  TINY = 'tiny'
  SMALL = 'small'
  MOBILE = 'mobile'

class Found:
  def __init__(self, txts):
    self.txts, self.scores = tuple(txts), [0.5] * len(txts)

class RapidOCR:
  def __init__(self, params):
    print('a line that must not reach the answers')
    self.params = {{key: getattr(value, 'value', value)
                   for key, value in params.items()}}

  def load_img(self, content):
    if content in ({TELL!r}, {CPUS!r}, {CRASH!r}):
      return np.frombuffer(content, np.uint8).reshape(1, -1, 1)
    return np.array(Image.open(io.BytesIO(content)))

  def recognize_txt(self, images):
    assert len(images) <= self.params['Rec.rec_batch_num']
    return Found([self.read(image, len(images)) for image in images])

  def read(self, image, count):
    content = image.tobytes()
    if content == {TELL!r}:
      return json.dumps(self.params)
    if content == {CPUS!r}:
      return str(len(os.sched_getaffinity(0)))
    if content == {CRASH!r}:
      raise RuntimeError('out of order')
    return f'{{image.shape[0]}}x{{image.shape[1]}} of {{count}}'
'''


def write(folder: str) -> str:
  """Writes the package.

  Args:
    folder: gets it; made.

  Returns:
    Path of an interpreter that finds it, and nothing else is changed for.
  """
  os.makedirs(folder)
  files = {'rapidocr.py': _MODULE}
  for name, version in (('rapidocr', '3.0'), ('onnxruntime', '1.0')):
    files[f'{name}-{version}.dist-info/METADATA'] = (
        f'Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n')
  files['python'] = (f'#!/bin/sh\nPYTHONPATH={folder}:$PYTHONPATH '
                     f'exec {sys.executable} "$@"\n')
  for name, content in files.items():
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as f:
      f.write(content)
  os.chmod(os.path.join(folder, 'python'), 0o755)
  return os.path.join(folder, 'python')
