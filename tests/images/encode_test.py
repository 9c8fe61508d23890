"""Tests of master/images/encode.py."""

import io
import os
import pathlib

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from master import errors
from master.images import encode
from master.images import formats
from tests.support import pictures

HEIGHT, WIDTH = 7, 11


def _decoded(picture):
  encoded, fault = encode.encode(picture)
  assert not fault, fault
  return np.asarray(Image.open(io.BytesIO(encoded)))


class ArraysTest(parameterized.TestCase):

  def test_pixels_are_kept_and_alpha_is_dropped(self):
    array = pictures.pixels(HEIGHT, WIDTH, 4)
    np.testing.assert_array_equal(array[:, :, :3], _decoded(array))
    np.testing.assert_array_equal(array[:, :, :3], _decoded(array[:, :, :3]))
    np.testing.assert_array_equal(array[:, :, 1], _decoded(array[:, :, 1:2]))
    np.testing.assert_array_equal(array[:, :, 1], _decoded(array[:, :, 1]))

  def test_rows_and_channels_in_any_order_of_memory(self):
    array = pictures.pixels(HEIGHT, WIDTH)[::2, 1:-1, ::-1]
    self.assertFalse(array.flags.c_contiguous)
    np.testing.assert_array_equal(array, _decoded(array))

  @parameterized.parameters(
      ((HEIGHT, WIDTH, 3), np.float32, 'float32.*uint8 in'),
      ((HEIGHT, WIDTH), np.int64, 'int64.*uint8 in'),
      ((2, HEIGHT, WIDTH, 3), np.uint8, r'list\(array\)'),
      ((3, HEIGHT, WIDTH), np.uint8, 'channels to the end'),
      ((WIDTH,), np.uint8, r'\[H, W\]'))
  def test_others_are_refused_by_dtype_and_shape(self, shape, dtype, mend):
    with self.assertRaisesRegex(errors.InputError, mend) as raised:
      encode.encode(np.zeros(shape, dtype))
    self.assertIn(f'dtype {np.dtype(dtype)} and shape {shape}',
                  str(raised.exception))

  def test_what_holds_nothing_or_too_much_is_no_picture(self):
    self.assertEqual((b'', '0 x 5 pixels: there is nothing in it'),
                     encode.encode(np.zeros([0, 5, 3], np.uint8)))
    # As large, but of one byte.
    large = np.broadcast_to(np.uint8(7), [1 << 13, (1 << 13) + 1])
    self.assertEqual(
        (b'', f'8192 x 8193 pixels, more than the {formats.MAX_PIXELS} that '
         'are read'), encode.encode(large))


class PillowTest(parameterized.TestCase):

  @parameterized.parameters('RGB', 'RGBA', 'RGBX', 'CMYK', 'HSV', 'YCbCr', 'L',
                            'LA', '1', 'P', 'PA', 'I', 'I;16')
  def test_modes(self, mode):
    colours = pictures.picture(HEIGHT, WIDTH)
    greys = np.asarray(colours.convert('L'))
    if mode.startswith('I'):
      values = greys.astype(np.int32 if mode == 'I' else np.uint16) * 257
      picture, expected = Image.fromarray(values), greys
    else:
      picture = (colours.convert('P').convert(mode) if mode == 'PA'
                 else colours.convert(mode))
      expected = np.asarray(
          picture.convert('L' if mode in ('L', 'LA', '1') else 'RGB'))
    self.assertEqual(mode, picture.mode)
    if 'A' in mode:
      picture.putalpha(101)
    np.testing.assert_array_equal(expected, _decoded(picture))

  def test_a_mode_without_a_range_is_refused(self):
    with self.assertRaisesRegex(errors.InputError, 'mode F.*convert'):
      encode.encode(Image.new('F', (WIDTH, HEIGHT)))

  def test_a_picture_whose_file_is_cut_is_none(self):
    content = pictures.encode(pictures.picture(61, 67), 'JPEG')
    cut = Image.open(io.BytesIO(content[:-100]))
    encoded, fault = encode.encode(cut)
    self.assertEqual(b'', encoded)
    self.assertIn('truncated', fault)


class FilesTest(absltest.TestCase):

  def test_contents_are_taken_as_they_are(self):
    path = pathlib.Path(self.create_tempdir().full_path, 'a')
    path.write_bytes(b'any\0')
    for form in (str(path), path, b'any\0', bytearray(b'any\0'),
                 memoryview(b'any\0')):
      self.assertEqual((b'any\0', ''), encode.encode(form))
      self.assertTrue(encode.is_picture(form))

  def test_what_cannot_be_opened_is_told(self):
    folder = self.create_tempdir().full_path
    os.mkfifo(os.path.join(folder, 'pipe'))
    with open(os.path.join(folder, 'large'), 'wb') as f:
      f.truncate((1 << 28) + 1)
    for path, fault in (
        ('', 'a folder, not a file'), ('absent', 'No such file or directory'),
        ('pipe', 'not a regular file'), ('large', 'larger than 256 MiB'),
        ('zero\0', 'embedded null byte')):
      self.assertEqual((b'', fault),
                       encode.encode(os.path.join(folder, path)))

  def test_what_is_no_picture(self):
    with self.assertRaisesRegex(TypeError, 'an open file.*give its path'):
      encode.encode(io.BytesIO(b'x'))
    with self.assertRaisesRegex(TypeError, 'int: a picture is a path'):
      encode.encode(5)
    for value in (5, None, ['a.png'], io.BytesIO(b'x')):
      self.assertFalse(encode.is_picture(value))


if __name__ == '__main__':
  absltest.main()
