"""Guards master/images/resize.py."""

from absl.testing import parameterized
import numpy as np
from PIL import Image
import tensorflow.compat.v1 as tf

from master.images import decode
from master.images import resize
from tests.support import image_kinds
from tests.support import pictures
from tests.support import scaling
from tests.support import test_util

GREY = test_util.tiny_config(image_height=24, image_width=52)
COLOUR = test_util.tiny_config(image_height=24, image_width=52,
                               image_channels=3)
KINDS = image_kinds.KINDS


class PixelsTest(tf.test.TestCase):

  def test_resize_and_pad_of_pixels(self):
    with test_util.graph_session() as session:
      for channels in (1, 2, 3, 4):
        pixels = pictures.pixels(31, 43, channels)
        grey = (scaling.luma(pixels[:, :, :3].astype(float)) if channels > 2
                else pixels[:, :, :1])
        colour = (pixels[:, :, :3] if channels > 2
                  else np.repeat(pixels[:, :, :1], 3, axis=2))
        for config, expected in ((GREY, grey), (COLOUR, colour)):
          image = resize.resize_and_pad(tf.constant(pixels), config)
          self.assertAllClose(session.run(image),
                              scaling.resize_and_pad(expected, config),
                              atol=2e-5)


# Height and width of images narrower than tall, ordinary, very wide; square
# and at the model's aspect; smaller and larger than the model's 24 x 52.
SIZES = {
    'narrow, enlarged': (17, 5),
    'narrow, shrunk': (97, 41),
    'a trifle narrow': (31, 30),
    'square': (31, 31),
    'ordinary, enlarged': (13, 19),
    'ordinary, shrunk': (61, 113),
    'ordinary, rounded down': (30, 37),
    'width alone shrunk': (12, 53),
    'same aspect': (48, 104),
    'very wide, enlarged': (5, 47),
    'very wide, shrunk': (37, 499),
}


def _resize_and_pad(pixels: np.ndarray, image_resize: str,
                    **settings) -> np.ndarray:
  """What resize_and_pad makes of uint8 [h, w, C], of unknown shape to it."""
  config = test_util.tiny_config(image_height=24, image_width=52,
                                 image_channels=pixels.shape[2],
                                 image_resize=image_resize, **settings)
  with test_util.graph_session() as session:
    fed = tf.placeholder(tf.uint8, [None, None, None])
    image = resize.resize_and_pad(fed, config)
    assert image.shape.as_list() == [24, 52, pixels.shape[2]]
    return session.run(image, {fed: pixels})


def _sized(rows, **changes) -> decode.Decoded:
  """What decode_sized makes of a list of bytes."""
  config = test_util.tiny_config(image_height=24, image_width=52, **changes)
  with test_util.graph_session() as session:
    return session.run(decode.decode_sized(tf.constant(rows), config))


def _pillow_right_square(pixels: np.ndarray) -> np.ndarray:
  """MASTER-pytorch's transform to 24 x 52, of uint8 [h, w, C]."""
  height, width, channels = pixels.shape
  if width < height:
    scaled = 24
  elif width / height < 52 / 24:
    scaled = int(width / (height / 24))
  else:
    scaled = 52
  padded = np.zeros([24, 52, channels], np.uint8)
  for c in range(channels):
    plane = Image.fromarray(pixels[:, :, c])
    padded[:, :scaled, c] = plane.resize((scaled, 24),
                                         Image.Resampling.BILINEAR)
  return padded / 127.5 - 1


def _resize_with_pad(pixels: np.ndarray) -> np.ndarray:
  """MASTER-TF's transform to 24 x 52, of uint8 [h, w, C]."""
  # As run eagerly: the optimiser of graphs rounds some sizes otherwise.
  options = tf.ConfigProto()
  options.graph_options.rewrite_options.disable_meta_optimizer = True
  with tf.Graph().as_default(), tf.Session(config=options) as session:
    image = tf.compat.v2.image.resize_with_pad(
        pixels, 24, 52, method=tf.compat.v2.image.ResizeMethod.BILINEAR,
        antialias=False)
    return session.run(image) / 127.5 - 1


class ImageResizeTest(tf.test.TestCase, parameterized.TestCase):
  """The settings of image_resize other than the default."""

  @parameterized.product(size=list(SIZES), channels=(1, 3))
  def test_right_square_is_pillows(self, size, channels):
    pixels = pictures.pixels(*SIZES[size], channels)
    # Pillow rounds to whole grey levels, after the columns and after the rows.
    self.assertAllClose(_resize_and_pad(pixels, 'right_square'),
                        _pillow_right_square(pixels), atol=1.5 / 127.5)

  def test_right_square_of_noise(self):
    # Without antialiasing noise would come out far off.
    pixels = np.random.RandomState(3).randint(0, 256, [71, 131, 3])
    pixels = pixels.astype(np.uint8)
    self.assertAllClose(_resize_and_pad(pixels, 'right_square'),
                        _pillow_right_square(pixels), atol=1.5 / 127.5)

  # Those that grow, those that shrink in a way, and a huge one.
  @parameterized.product(size=[(12, 17), (20, 43), (23, 10), (24, 52),
                               (24, 53), (13, 90), (40, 30), (1030, 1030)],
                         image_resize=['right', 'right_square'],
                         channels=[1, 3], mode=['L', 'RGB'])
  def test_jpegs_are_no_exception(self, size, image_resize, channels, mode):
    self._check_jpeg(size, image_resize, 0.0, channels, mode)

  @parameterized.product(size=[(12, 17), (23, 10), (60, 30), (61, 30)],
                         image_resize=['right', 'stretch'])
  def test_nor_jpegs_that_may_be_turned(self, size, image_resize):
    self._check_jpeg(size, image_resize, 2.0, 1, 'L')

  def test_nor_jpegs_that_are_widened(self):
    self._check_jpeg((30, 31), 'right', 0.0, 1, 'L', image_min_aspect=2.0)

  def _check_jpeg(self, size, image_resize, rotate_vertical, channels, mode,
                  **settings):
    encoded = pictures.encode(pictures.picture(*size, mode), 'JPEG',
                              quality=95, subsampling=0)
    found = _sized([encoded], image_resize=image_resize,
                   image_channels=channels, rotate_vertical=rotate_vertical,
                   **settings)
    config = test_util.tiny_config(
        image_height=24, image_width=52, image_resize=image_resize,
        image_channels=channels, rotate_vertical=rotate_vertical, **settings)
    self.assertAllEqual(found.sides, [size])
    with test_util.graph_session() as session:
      expected = session.run(resize.resize_and_pad(
          tf.io.decode_jpeg(encoded), config))
    if mode == 'RGB' and channels == 1:
      # The file's own luma knows nothing of colours that are rounded, or cut
      # where they are brighter than bytes can tell.
      self.assertAllClose(found.images[0], expected, atol=5 / 127.5)
      self.assertLess(np.abs(found.images[0] - expected).mean(), 0.5 / 127.5)
    else:
      self.assertAllClose(found.images[0], expected, atol=1e-6)

  @parameterized.parameters(*SIZES.values())
  def test_stretch_fills_the_canvas(self, height, width):
    pixels = pictures.pixels(height, width, 3)
    rows = scaling.interpolate(height, 24)
    columns = scaling.interpolate(width, 52)
    self.assertAllClose(
        _resize_and_pad(pixels, 'stretch'),
        np.einsum('yh,xw,hwc->yxc', rows, columns, pixels) / 127.5 - 1,
        atol=1e-4)

  @parameterized.parameters(('right', [52, 12, 0]), ('stretch', [52, 52, 0]),
                            ('letterbox', [52, 52, 0]))
  def test_sides_and_widths(self, image_resize, widths):
    found = _sized([pictures.png(10, 97), pictures.png(60, 30), b'none'],
                   image_resize=image_resize)
    self.assertAllEqual(found.valid, [True, True, False])
    self.assertAllEqual(found.sides, [[10, 97], [60, 30], [0, 0]])
    self.assertAllEqual(found.widths, widths)

  @parameterized.parameters((60, 30, False), (61, 30, True), (97, 10, True),
                            (30, 60, False))
  def test_vertical_images_are_turned(self, height, width, is_turned):
    pixels = pictures.pixels(height, width, 1)
    encoded = pictures.encode(Image.fromarray(pixels[:, :, 0]), 'PNG')
    found = _sized([encoded], rotate_vertical=2.0)
    if is_turned:
      pixels = np.rot90(pixels)
    self.assertAllClose(
        found.images[0], _resize_and_pad(pixels, 'right'), atol=1e-6)
    # As it was in the file.
    self.assertAllEqual(found.sides, [[height, width]])

  @parameterized.parameters(
      ('right', 30, 37, 30), ('right_square', 30, 37, 29),
      ('right', 41, 7, 4), ('right_square', 41, 7, 24),
      ('right', 10, 97, 52), ('right_square', 10, 97, 52),
      # 35 / (28 / 24) is less than 30 by the last bit.
      ('right', 28, 35, 30), ('right_square', 28, 35, 29))
  def test_width_before_the_padding(self, image_resize, height, width,
                                    expected):
    white = np.full([height, width, 1], 255, np.uint8)
    image = _resize_and_pad(white, image_resize)
    self.assertAllClose(image[:, :expected], np.ones([24, expected, 1]))
    self.assertAllEqual(image[:, expected:],
                        np.full([24, 52 - expected, 1], -1))

  @parameterized.parameters((30, 37, 36), (30, 10, 36), (10, 97, 52),
                            (30, 60, 48))
  def test_narrow_images_are_widened(self, height, width, expected):
    pixels = pictures.pixels(height, width, 1)
    image = _resize_and_pad(pixels, 'right', image_min_aspect=1.5)
    rows = scaling.interpolate(height, 24)
    columns = scaling.interpolate(width, expected)
    self.assertAllClose(
        image[:, :expected],
        np.einsum('yh,xw,hwc->yxc', rows, columns, pixels) / 127.5 - 1,
        atol=1e-4)
    self.assertAllEqual(image[:, expected:],
                        np.full([24, 52 - expected, 1], -1))

  def test_what_is_turned_is_widened_by_its_new_sides(self):
    # 64 x 30, turned 30 x 64: wide enough. 50 x 30 stays, and is not.
    found = _sized([pictures.png(64, 30), pictures.png(50, 30)],
                   rotate_vertical=2.0, image_min_aspect=2.0)
    self.assertAllEqual(found.widths, [51, 48])

  @parameterized.product(size=list(SIZES), channels=(1, 3))
  def test_letterbox_is_resize_with_pad(self, size, channels):
    pixels = pictures.pixels(*SIZES[size], channels)
    self.assertAllClose(_resize_and_pad(pixels, 'letterbox'),
                        _resize_with_pad(pixels), atol=2e-6)

  @parameterized.parameters(
      # 10 x 104 comes to 5 x 52: of the 19 rows left 9 are above, 10 below.
      (10, 104, 1, slice(9, 14), slice(None)),
      (10, 104, 3, slice(9, 14), slice(None)),
      # 48 x 14 comes to 24 x 7: of the 45 columns left 22 are on the left.
      (48, 14, 1, slice(None), slice(22, 29)),
      # Less than a row or column, on which resize_with_pad fails.
      (1, 997, 1, slice(11, 12), slice(None)),
      (5003, 3, 1, slice(None), slice(25, 26)))
  def test_letterbox_of_white(self, height, width, channels, rows, columns):
    image = _resize_and_pad(np.full([height, width, channels], 255, np.uint8),
                            'letterbox')
    expected = np.full([24, 52, channels], -1)
    expected[rows, columns] = 1
    self.assertAllClose(image, expected)

  @parameterized.product(image_resize=('right_square', 'letterbox'),
                         channels=(1, 3))
  def test_encoded_in_a_data_set(self, image_resize, channels):
    sizes = [(17, 5), (61, 113), (5, 47)]
    originals = [pictures.pixels(*size, channels) for size in sizes]
    rows = [pictures.encode(Image.fromarray(np.squeeze(original)), 'PNG')
            for original in originals] + [b'no picture']
    config = test_util.tiny_config(image_height=24, image_width=52,
                                   image_channels=channels,
                                   image_resize=image_resize)
    with test_util.graph_session() as session:
      dataset = tf.data.Dataset.from_tensor_slices(rows).batch(4)
      dataset = dataset.map(
          lambda rows: decode.decode_images(rows, config))
      images, valid = session.run(
          tf.data.make_one_shot_iterator(dataset).get_next())
    self.assertAllEqual(valid, [True, True, True, False])
    for image, original in zip(images, originals):
      self.assertAllClose(image, _resize_and_pad(original, image_resize),
                          atol=1e-6)
    self.assertAllEqual(images[3], np.full([24, 52, channels], -1))


if __name__ == '__main__':
  tf.test.main()
