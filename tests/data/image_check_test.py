"""Guards master/data/image_check.py."""

from unittest import mock

import numpy as np
import tensorflow.compat.v1 as tf

from master.data import image_check
from master.images import decode
from master.images import formats
from tests.support import image_kinds
from tests.support import mutations
from tests.support import pictures
from tests.support import test_util

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
    _, valid = decode.decode_images(fed, test_util.TINY)
    return session.run(valid, {fed: array})


class ImageCheckTest(tf.test.TestCase):

  def test_every_kind(self):
    for name, kind in image_kinds.KINDS.items():
      with self.subTest(name):
        verdict = image_check.check(kind.encoded)
        if kind.pixels is None:
          self.assertNotEmpty(verdict.fault)
        else:
          height, width, _ = kind.pixels.shape
          self.assertEqual((None, kind.format, width, height), verdict)

  def test_faults(self):
    for name, fault in FAULTS.items():
      with self.subTest(name):
        self.assertRegex(
            image_check.check(image_kinds.KINDS[name].encoded).fault, fault)

  def test_too_many_pixels(self):
    for name in ('PNG', 'JPEG', 'GIF', 'BMP'):
      with self.subTest(name), mock.patch.object(formats, 'MAX_PIXELS',
                                                 300):
        largest = pictures.encode(pictures.picture(15, 20), name)
        self.assertIsNone(image_check.check(largest).fault)
        larger = pictures.encode(pictures.picture(7, 43), name)
        self.assertEqual('43 x 7 pixels, more than 300',
                         image_check.check(larger).fault)

  def test_end_of_a_jpeg_that_is_part_of_something_else(self):
    # Among the pixels stands a marker whose part reaches to or behind the
    # end; Pillow has all its pixels before it.
    whole = pictures.encode(pictures.picture(7, 9, 'L'), 'JPEG')
    for size, fault in ((2, None), (4, 'damaged (truncated)'),
                        (400, 'damaged (truncated)')):
      marked = whole[:-2] + b'\xff\xfe' + size.to_bytes(2, 'big') + whole[-2:]
      with self.subTest(size):
        self.assertEqual(fault, image_check.check(marked).fault)
        self.assertAllEqual([fault is None], _is_read([marked]))

  def test_bmp_of_more_colours_than_there_are(self):
    whole = bytearray(pictures.encode(pictures.picture(2, 1), 'BMP'))
    for byte, fault in ((0x7f, None), (0x80, 'damaged (its palette)')):
      whole[49] = byte
      with self.subTest(byte):
        self.assertEqual(fault, image_check.check(bytes(whole)).fault)
        self.assertAllEqual([fault is None], _is_read([bytes(whole)]))

  def test_faults_do_not_name_objects_in_memory(self):
    whole = pictures.encode(pictures.picture(7, 9, 'L'), 'JPEG')
    unknown = whole[:2] + b'\xff\x02\x00\x02' + whole[2:]
    self.assertEqual('damaged (no image)', image_check.check(unknown).fault)

  def test_agrees_about_mutated_images(self):
    rows = [item.image for item in mutations.items(1500, seed=7)
            if item.image is not None]
    passed = [image_check.check(row).fault is None for row in rows]
    is_read = _is_read(rows)
    self.assertGreater(passed.count(False), 300)
    # What passes as an image is one; a few that TensorFlow reads do not pass.
    self.assertEmpty([row for row, passes, read in zip(
        rows, passed, is_read) if passes and not read])
    self.assertLess(sum(is_read) - sum(passed), 20)

  def test_agrees_about_what_is_cut(self):
    rows = []
    for kind in image_kinds.KINDS.values():
      if kind.pixels is not None and len(kind.encoded) < 5000:
        # A JPEG without its last byte may be read, and counts as damaged.
        end = len(kind.encoded) - (kind.format == 'JPEG')
        ends = {*range(0, end, 61), *range(max(0, end - 30), end)}
        rows += [kind.encoded[:end] for end in sorted(ends)]
    passed = [image_check.check(row).fault is None for row in rows]
    self.assertIn(True, passed)
    self.assertAllEqual(_is_read(rows), passed)


if __name__ == '__main__':
  tf.test.main()
