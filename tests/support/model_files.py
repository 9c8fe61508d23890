"""Files of a tiny untrained model, and images for it to read, for tests."""

import io
import os

import numpy as np
from PIL import Image
import tensorflow.compat.v1 as tf

from master import charset
from master import config as config_lib
from master.models import recognizer as recognizer_lib
from tests.support import test_util

# What bin/train needs for the smallest model that has all parts.
SMALLEST_FLAGS = (
    '--image_height=16', '--image_width=20', '--max_label_length=5',
    '--stem_channels=3,5', '--stage_channels=7,10,14,22',
    '--stage_blocks=1,1,1,1', '--gcb_heads=2', '--gcb_ratio=3',
    '--hidden_size=22', '--num_layers=1', '--num_heads=2',
    '--filter_size=13')


def _prefer_characters(session: tf.Session,
                       recognizer: recognizer_lib.Recognizer):
  """Makes texts of characters likelier, so that readings differ."""
  bias, = [v for v in recognizer.variables
           if v.name == 'master/decoder/classes/bias:0']
  values = session.run(bias)
  values[[charset.PAD_ID, charset.SOS_ID, charset.UNK_ID]] -= 9
  session.run(bias.assign(values))


def write_tiny_model_dir(path: str, step: int = 0, **changes) -> str:
  """Writes an untrained model as bin/train would.

  Args:
    path: of the model directory.
    step: global step of the checkpoint.
    **changes: fields of the ModelConfig.

  Returns:
    Path prefix of the checkpoint.
  """
  config = config_lib.Config(test_util.tiny_config(**changes))
  config_lib.write(config, path)
  with test_util.graph_session() as session:
    recognizer = recognizer_lib.Recognizer(config.model)
    test_util.assign_formula(session, recognizer.variables)
    _prefer_characters(session, recognizer)
    global_step = tf.train.create_global_step()
    session.run(global_step.assign(step))
    saver = tf.train.Saver({v.op.name: v for v in tf.global_variables()},
                           save_relative_paths=True)
    return saver.save(session, os.path.join(path, 'model.ckpt'), global_step,
                      write_meta_graph=False)


def encoded_image(seed: int = 0, size: tuple[int, int] = (37, 19),
                  form: str = 'PNG') -> bytes:
  """An RGB image file of coloured blocks.

  Args:
    seed: decides the colours.
    size: width and height in pixels.
    form: as Pillow names it.
  """
  blocks = np.random.RandomState(seed).randint(0, 256, [3, 5, 3], np.uint8)
  file = io.BytesIO()
  Image.fromarray(blocks).resize(size, Image.NEAREST).save(file, form)
  return file.getvalue()


def write_files(folder: str, contents: dict[str, bytes]):
  """Writes files by name, subfolders included."""
  for name, content in contents.items():
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
      f.write(content)
