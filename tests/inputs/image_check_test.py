"""Guards master/inputs/image_check.py."""

import numpy as np
from PIL import Image
import tensorflow.compat.v1 as tf

from master.inputs import image_check
from master.inputs import image_ops
from tests import test_util
from tests.inputs import pictures


def _save(mode: str, name: str, **options) -> bytes:
  return pictures.encode(pictures.picture(13, 29, mode), name, **options)


USABLE = {
    'jpeg': (_save('RGB', 'JPEG'), 'JPEG'),
    'grey jpeg': (_save('L', 'JPEG'), 'JPEG'),
    'several jpegs': (_save('RGB', 'MPO', save_all=True,
                            append_images=[pictures.picture(13, 29)]),
                      'JPEG'),
    'png': (_save('RGBA', 'PNG'), 'PNG'),
    'palette png': (_save('P', 'PNG'), 'PNG'),
    '1-bit png': (_save('1', 'PNG'), 'PNG'),
    '16-bit png': (_save('I;16', 'PNG'), 'PNG'),
    'bmp': (_save('RGB', 'BMP'), 'BMP'),
    'grey bmp': (_save('L', 'BMP'), 'BMP'),
    'gif': (_save('P', 'GIF'), 'GIF'),
}

# Bytes and the fault; of the first ones TensorFlow reads no image either.
USELESS = {
    'nothing': (b'', '^empty$'),
    'text': (b'no picture', '^not an image$'),
    'cut jpeg': (_save('RGB', 'JPEG')[:400], '^damaged .*[Tt]runcated'),
    'cut png': (_save('RGB', 'PNG')[:400], '^damaged .*truncated'),
    'cut bmp': (_save('RGB', 'BMP')[:400], '^damaged .*truncated'),
    'tiff': (_save('RGB', 'TIFF'), '^TIFF, not JPEG, PNG, BMP or GIF$'),
    '1-bit bmp': (_save('1', 'BMP'), '^a BMP of 1 bits'),
}


class ImageCheckTest(tf.test.TestCase):

  def test_usable(self):
    for name, (encoded, image_format) in USABLE.items():
      with self.subTest(name):
        self.assertEqual(image_check.judge(encoded),
                         (None, image_format, 29, 13))

  def test_useless(self):
    for name, (encoded, fault) in USELESS.items():
      with self.subTest(name):
        self.assertRegex(image_check.judge(encoded).fault, fault)

  def test_bmp_with_a_palette(self):
    # TensorFlow would take the palette's indices for grey.
    self.assertRegex(image_check.judge(_save('P', 'BMP')).fault,
                     '^a BMP of 8 bits with a palette')

  def test_far_too_large(self):
    fault = image_check.judge(pictures.encode(
        Image.new('1', (30011, 3001)), 'PNG')).fault
    self.assertRegex(fault, '^damaged .*pixels')

  def test_agrees_with_what_the_graph_decodes(self):
    cases = {**USABLE, **USELESS}
    rows = np.array([encoded for encoded, _ in cases.values()], object)
    with test_util.graph_session() as session:
      _, valid = image_ops.decode_images(
          tf.placeholder_with_default(rows, [None]), test_util.TINY)
      for name, is_valid in zip(cases, session.run(valid)):
        with self.subTest(name):
          self.assertEqual(is_valid, name in USABLE)


if __name__ == '__main__':
  tf.test.main()
