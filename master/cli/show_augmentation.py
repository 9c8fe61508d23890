"""Draws words of an LMDB as training would see them, for a person to judge.

  data_tools/show_augmentation --lmdb=/data/IIIT5K --output=sheet.png \\
      --augment=0.5

Each row of the sheet is a word: its label, the image as the model gets it
without augmentation, and then its variants. Every one of them should still be
readable, or the strength is too high for these words. The last line of stdout
is the path of the sheet.
"""

import os
from typing import NamedTuple

from absl import flags
import numpy as np
from PIL import Image

from master import config as config_lib
from master import errors
from master import files
from master.cli import app
from master.cli import config_flags
from master.data import lmdb_reader
from master.images import pixels as pixels_lib
from master.rendering import fonts as fonts_lib

_GAP = 6
_LABEL_WIDTH = 150
_LABEL_HEIGHT = 16
_PAPER = 255


def define_flags():
  """Flags of data_tools/show_augmentation."""
  config_flags.define(config_lib.ModelConfig)
  config_flags.define(config_lib.AugmentConfig)
  # To look at nothing changed there is no need of this command.
  flags.FLAGS.set_default('augment', 1.0)
  flags.DEFINE_string('lmdb', None, 'LMDB whose words are drawn.',
                      required=True)
  flags.DEFINE_string('output', None, 'PNG file to write.', required=True)
  flags.DEFINE_integer(
      'count', 8, 'Words on the sheet, a row each; records without a readable '
      'image are passed over.', lower_bound=1, upper_bound=1000)
  flags.DEFINE_integer('variants', 7, 'Changed images of each word.',
                       lower_bound=1, upper_bound=100)
  flags.DEFINE_integer('seed', 0, 'Decides which words, and all changes.')


class _Word(NamedTuple):
  """A record that can be shown.

  Attributes:
    label: as it stands in the LMDB, '' where there is none.
    image: float32 [H, W, C] in [-1, 1].
    width: columns of it that the word takes.
  """
  label: str
  image: np.ndarray
  width: int


def _rng(flags_obj: flags.FlagValues) -> np.random.Generator:
  # Of any int, below 0 too.
  return np.random.default_rng(flags_obj.seed % 2**64)


def _words(flags_obj: flags.FlagValues, model: config_lib.ModelConfig
           ) -> list[_Word]:
  """Words of the LMDB, drawn by the seed.

  Raises:
    InputError: if it is no LMDB or has not one image that can be read.
  """
  import tensorflow.compat.v1 as tf

  from master.images import decode
  reader = lmdb_reader.LmdbReader(flags_obj.lmdb)
  order = _rng(flags_obj).permutation(len(reader)).tolist()
  count = flags_obj.count
  words = []
  with tf.Graph().as_default(), tf.Session() as session:
    encoded = tf.placeholder(tf.string, [None])
    decoded = decode.decode_sized(encoded, model)
    while order and len(words) < count:
      records = [reader.read(order.pop()) for _ in range(
          min(len(order), count))]
      found = session.run(decoded, {encoded: [r.image or b''
                                              for r in records]})
      words += [
          _Word((record.label or b'').decode('utf-8', 'replace'),
                found.images[i], found.widths[i])
          for i, record in enumerate(records) if found.valid[i]]
  if not words:
    raise errors.InputError(
        f'--lmdb={flags_obj.lmdb}: not one readable image in it; '
        'data_tools/check_lmdb tells more.')
  return words[:count]


def _variants(words: list[_Word], flags_obj: flags.FlagValues,
              config: config_lib.AugmentConfig) -> np.ndarray:
  """float32 [words, variants, H, W, C]."""
  import tensorflow.compat.v1 as tf

  from master.images import augment
  shape = (len(words), flags_obj.variants)
  seeds = _rng(flags_obj).integers(2**63, size=shape)
  with tf.Graph().as_default(), tf.Session() as session:
    images = np.stack([word.image for word in words])
    widths = np.array([word.width for word in words], np.int32)
    image, width, seed = (
        tf.placeholder(kind, [None, *x.shape[1:]]) for kind, x in (
            (tf.float32, images), (tf.int32, widths),
            (tf.int64, seeds.reshape(-1))))
    changed = augment.augment_batch(image, width, seed, config)
    # A row at a time: a large sheet takes no more memory than a small one.
    return np.stack([session.run(changed, {
        image: np.repeat(images[i:i + 1], shape[1], axis=0),
        width: np.repeat(widths[i:i + 1], shape[1]), seed: seeds[i]})
        for i in range(shape[0])])


def _to_picture(image: np.ndarray) -> Image.Image:
  """RGB of float32 [H, W, C] in [-1, 1]."""
  pixels = pixels_lib.to_uint8(image)
  return Image.fromarray(np.broadcast_to(pixels, [*pixels.shape[:2], 3]))


def _draw_label(label: str, face: fonts_lib.Face) -> Image.Image:
  """Black on white, small enough for its column."""
  # What the font lacks is written as its code point.
  text = ''.join(c if face.covers(c) else f'U+{ord(c):04X}' for c in label)
  text = text.strip() or repr(text)
  mask = Image.fromarray(_PAPER - fonts_lib.draw(face, text,
                                                 fonts_lib.SIZES[0], 0.0))
  scale = min(_LABEL_HEIGHT / mask.height, _LABEL_WIDTH / mask.width)
  return mask.resize([max(1, round(scale * side)) for side in mask.size],
                     Image.Resampling.BILINEAR)


def _sheet(words: list[_Word], variants: np.ndarray) -> Image.Image:
  """All words and their variants."""
  height, width = words[0].image.shape[:2]
  row_height = max(height, _LABEL_HEIGHT) + _GAP
  columns = variants.shape[1] + 1
  sheet = Image.new('RGB', (_LABEL_WIDTH + columns * (width + _GAP) + _GAP,
                            len(words) * row_height + _GAP), 'white')
  face = fonts_lib.Face()
  for row, word in enumerate(words):
    top = _GAP + row * row_height
    label = _draw_label(word.label, face)
    sheet.paste(label, (_GAP // 2, top + (height - label.height) // 2))
    for column, image in enumerate([word.image, *variants[row]]):
      sheet.paste(_to_picture(image),
                  (_LABEL_WIDTH + _GAP + column * (width + _GAP), top))
  return sheet


def main(flags_obj: flags.FlagValues, arguments: list[str]) -> int:
  """Draws the sheet."""
  del arguments
  path = flags_obj.output
  if os.path.isdir(path) or not os.path.isdir(
      os.path.dirname(os.path.abspath(path))):
    raise errors.InputError(
        f'--output={path}: name a PNG file in a folder that exists.')
  model = config_flags.from_flags(config_lib.ModelConfig, flags_obj)
  words = _words(flags_obj, model)
  variants = _variants(words, flags_obj, config_flags.from_flags(
      config_lib.AugmentConfig, flags_obj))
  sheet = _sheet(words, variants)
  with errors.writing_to(f'--output={path}',
                         'make room or name another file'):
    with files.writing(path) as pending:
      sheet.save(pending, 'PNG')
  print(path)
  return 0


def run():
  """Entry point of master-show-augmentation."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
