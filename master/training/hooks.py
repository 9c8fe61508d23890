"""What happens beside the training and evaluation steps.

Guarded by tests/training/hooks_test.py.
"""

import io

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont
import tensorflow.compat.v1 as tf

# Graph collection of one tuple: images float32 [B, H, W, C] in [-1, 1], label
# texts string [B], texts read string [B].
PICTURES = 'master_pictures'

_LINE_HEIGHT = 18  # pixels of a line of text under a picture
_PICTURE_WIDTH = 256


def draw_reading(image: np.ndarray, label: str, text: str) -> bytes:
  """A picture with its label and the text read under it.

  Args:
    image: float32 [H, W, C] in [-1, 1], C 1 or 3.
    label: what is written there.
    text: what was read; red where it differs.

  Returns:
    The bytes of a PNG.
  """
  pixels = np.clip((image + 1) * 127.5, 0, 255).astype(np.uint8)
  picture = Image.fromarray(
      pixels[..., 0] if pixels.shape[-1] == 1 else pixels).convert('RGB')
  height = round(picture.height * _PICTURE_WIDTH / picture.width)
  canvas = Image.new('RGB', (_PICTURE_WIDTH, height + 2 * _LINE_HEIGHT),
                     'white')
  canvas.paste(picture.resize((_PICTURE_WIDTH, height)))
  draw = ImageDraw.Draw(canvas)
  font = ImageFont.load_default(_LINE_HEIGHT - 5)
  draw.text((2, height), f'label {label}', fill='black', font=font)
  draw.text((2, height + _LINE_HEIGHT), f'read   {text}', font=font,
            fill='black' if text == label else 'red')
  encoded = io.BytesIO()
  canvas.save(encoded, 'PNG')
  return encoded.getvalue()


class PicturesHook(tf.train.SessionRunHook):
  """Writes the first pictures of an evaluation, as read, for TensorBoard."""

  def __init__(self, output_dir: str, count: int = 8):
    """Constructs the hook.

    Args:
      output_dir: of the event file, the evaluation's own.
      count: pictures at most.
    """
    self._output_dir = output_dir
    self._count = count

  def begin(self):
    (tensors,) = tf.get_collection(PICTURES)
    self._fetches = [tensor[:self._count] for tensor in tensors]
    self._global_step = tf.train.get_or_create_global_step()
    self._pending = True

  def before_run(self, run_context):
    if not self._pending:
      return None
    return tf.train.SessionRunArgs([self._fetches, self._global_step])

  def after_run(self, run_context, run_values):
    if not self._pending:
      return
    self._pending = False
    (images, labels, texts), step = run_values.results
    values = []
    for i, (image, label, text) in enumerate(zip(images, labels, texts)):
      png = draw_reading(image, label.decode(), text.decode())
      width, height = Image.open(io.BytesIO(png)).size
      values.append(tf.Summary.Value(
          tag=f'readings/{i}', image=tf.Summary.Image(
              encoded_image_string=png, colorspace=3, height=height,
              width=width)))
    writer = tf.summary.FileWriterCache.get(self._output_dir)
    writer.add_summary(tf.Summary(value=values), step)
    writer.flush()
