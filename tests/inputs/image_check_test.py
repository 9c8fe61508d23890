"""Guards master/inputs/image_check.py."""

from unittest import mock

import numpy as np
import tensorflow.compat.v1 as tf

from master.inputs import image_check
from master.inputs import image_formats
from master.inputs import image_ops
from tests import test_util
from tests.inputs import image_kinds
from tests.inputs import pictures

FAULTS = {
    'nothing': '^empty$',
    'text': '^not an image$',
    'tiff': '^TIFF, not JPEG, PNG, BMP or GIF$',
    'animated webp': '^WEBP, not JPEG, PNG, BMP or GIF$',
    'half a jpeg': '^damaged .*[Tt]runcated',
    'jpeg without end': '^damaged .truncated',
    'lossless jpeg': '^a lossless or hierarchical JPEG; save it as PNG$',
    'png cut before its checksum': '^damaged .truncated',
    'png with a wrong checksum': '^damaged .a wrong checksum',
    'png with a row too few': '^damaged .rows are missing',
    'png of an unknown kind': '^a PNG of an unknown kind .with CgBI',
    'png of 60000 x 60000': '^60000 x 60000 pixels, more than 67108864$',
    'gif of 65535 x 65535': '^65535 x 65535 pixels, more than 67108864$',
    'gif cut in its picture': '^damaged .truncated',
    'gif with too few colours': '^damaged .unknown colours',
    'cut bmp': '^damaged .truncated',
    '1-bit bmp': '^a BMP of 1 bits that is packed or of a rare kind; save',
    'packed bmp': '^a BMP of 8 bits that is packed or of a rare kind; save',
    'palette bmp without palette': '^damaged .its palette',
}


def _is_read(rows: list[bytes]) -> np.ndarray:
  """Whether image_ops reads images, bool [N]."""
  array = np.empty([len(rows)], object)
  array[:] = rows
  with test_util.graph_session() as session:
    fed = tf.placeholder(tf.string, [None])
    _, valid = image_ops.decode_images(fed, test_util.TINY)
    return session.run(valid, {fed: array})


class ImageCheckTest(tf.test.TestCase):

  def test_every_kind(self):
    for name, kind in image_kinds.KINDS.items():
      with self.subTest(name):
        verdict = image_check.judge(kind.encoded)
        if kind.pixels is None:
          self.assertNotEmpty(verdict.fault)
        else:
          height, width, _ = kind.pixels.shape
          self.assertEqual((None, kind.format, width, height), verdict)

  def test_faults(self):
    for name, fault in FAULTS.items():
      with self.subTest(name):
        self.assertRegex(
            image_check.judge(image_kinds.KINDS[name].encoded).fault, fault)

  def test_too_many_pixels(self):
    for name in ('PNG', 'JPEG', 'GIF', 'BMP'):
      with self.subTest(name), mock.patch.object(image_formats, 'MAX_PIXELS',
                                                 300):
        largest = pictures.encode(pictures.picture(15, 20), name)
        self.assertIsNone(image_check.judge(largest).fault)
        larger = pictures.encode(pictures.picture(7, 43), name)
        self.assertEqual('43 x 7 pixels, more than 300',
                         image_check.judge(larger).fault)

  def test_agrees_about_what_is_cut(self):
    rows = []
    for kind in image_kinds.KINDS.values():
      if kind.pixels is not None and len(kind.encoded) < 5000:
        # A JPEG without its last byte may be read, and is judged damaged.
        end = len(kind.encoded) - (kind.format == 'JPEG')
        ends = {*range(0, end, 61), *range(max(0, end - 30), end)}
        rows += [kind.encoded[:end] for end in sorted(ends)]
    judged = [image_check.judge(row).fault is None for row in rows]
    self.assertIn(True, judged)
    self.assertAllEqual(_is_read(rows), judged)


if __name__ == '__main__':
  tf.test.main()
