"""Guards master/inputs/image_ops.py."""

import dataclasses
import os

from absl.testing import parameterized
import numpy as np
from PIL import Image
import tensorflow.compat.v1 as tf

from master.inputs import image_ops
from tests import test_util
from tests.inputs import image_kinds
from tests.inputs import pictures

GREY = test_util.tiny_config(image_height=24, image_width=52)
COLOUR = test_util.tiny_config(image_height=24, image_width=52,
                               image_channels=3)


def _decode(rows, config):
  """What decode_images makes of a list of bytes, in a v1 session."""
  with test_util.graph_session() as session:
    fed = tf.placeholder(tf.string, [None])
    outputs = image_ops.decode_images(fed, config)
    assert outputs[0].shape.as_list() == [
        None, config.image_height, config.image_width, config.image_channels]
    array = np.empty([len(rows)], object)
    array[:] = rows
    return session.run(outputs, {fed: array})


def _scaled_width(height: int, width: int, config) -> int:
  return int(np.clip(round(width * config.image_height / height), 1,
                     config.image_width))


def _interpolate(length: int, new_length: int) -> np.ndarray:
  """Weights [new, old] of bilinear antialiased scaling, half-pixel centres."""
  scale = length / new_length
  centres = (np.arange(new_length) + 0.5) * scale - 0.5
  distance = np.abs(centres[:, None] - np.arange(length)[None, :])
  weights = np.maximum(0, 1 - distance / max(scale, 1))
  return weights / weights.sum(axis=1, keepdims=True)


def _reference(pixels: np.ndarray, config) -> np.ndarray:
  """resize_and_pad in NumPy, of float pixels [h, w, C]."""
  height, width, _ = pixels.shape
  scaled = _scaled_width(height, width, config)
  rows = _interpolate(height, config.image_height)
  columns = _interpolate(width, scaled)
  image = np.einsum('yh,xw,hwc->yxc', rows, columns, pixels)
  padded = np.zeros([config.image_height, config.image_width,
                     pixels.shape[2]])
  padded[:, :scaled] = image
  return padded / 127.5 - 1


def _luma(pixels: np.ndarray) -> np.ndarray:
  return pixels @ np.array([[0.299], [0.587], [0.114]])


KINDS = image_kinds.KINDS
_JPEG = KINDS['jpeg'].encoded
_PNG = KINDS['8-bit rgb png'].encoded


class DecodeImagesTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(GREY, COLOUR)
  def test_every_kind_in_one_batch(self, config):
    images, valid = _decode([kind.encoded for kind in KINDS.values()], config)
    for (name, kind), image, is_valid in zip(KINDS.items(), images, valid):
      with self.subTest(name):
        self.assertEqual(is_valid, kind.pixels is not None)
        if is_valid:
          pixels = kind.pixels
          if pixels.shape[2] > config.image_channels:
            pixels = _luma(pixels)
          pixels = np.broadcast_to(
              pixels, (*pixels.shape[:2], config.image_channels))
          self.assertAllClose(image, _reference(pixels, config), rtol=0,
                              atol=(kind.tolerance + 0.01) / 127.5)
        else:
          self.assertAllEqual(image, np.full_like(image, -1))

  @parameterized.parameters('right', 'right_square', 'letterbox')
  def test_a_large_mixed_batch_is_as_each_row_alone(self, image_resize):
    config = dataclasses.replace(GREY, image_resize=image_resize)
    encoded = [kind.encoded for kind in KINDS.values()]
    order = np.random.RandomState(5).permutation(3 * len(encoded))
    rows = np.array(encoded, object)[order % len(encoded)]
    with test_util.graph_session() as session:
      fed = tf.placeholder(tf.string, [None])
      outputs = image_ops.decode_images(fed, config)
      alone = [session.run(outputs, {fed: [row]}) for row in encoded]
      images, valid = session.run(outputs, {fed: rows})
    for i, image, is_valid in zip(order % len(encoded), images, valid):
      self.assertAllEqual(image, alone[i][0][0])
      self.assertEqual(is_valid, alone[i][1][0])

  def test_sizes(self):
    sizes = [(1, 1), (1, 997), (997, 1), (1, 2), (23, 3001), (3001, 23),
             (24, 52), (24, 53), (23, 50), (25, 52), (48, 7), (100, 100)]
    originals = [pictures.picture(*size) for size in sizes]
    images, valid = _decode(
        [pictures.encode(original, 'PNG') for original in originals], COLOUR)
    self.assertAllEqual(valid, [True] * len(sizes))
    self.assertAllInRange(images, -1, 1)
    for (height, width), original, image in zip(sizes, originals, images):
      with self.subTest(f'{height} x {width}'):
        expected = _reference(np.asarray(original).astype(float), COLOUR)
        self.assertAllClose(image, expected, atol=2e-5)
        scaled = _scaled_width(height, width, COLOUR)
        self.assertAllEqual(image[:, scaled:],
                            np.full([24, 52 - scaled, 3], -1))

  def test_white_is_one_and_black_minus_one(self):
    rows = [pictures.encode(Image.new(mode, (61, 7), colour), 'PNG')
            for mode in ('L', 'RGB') for colour in ('white', 'black')]
    for config in (GREY, COLOUR):
      images, _ = _decode(rows, config)
      for image, value in zip(images, (1, -1, 1, -1)):
        self.assertAllClose(image, np.full_like(image, value), atol=1e-6)
        self.assertAllInRange(image, -1, 1)

  @parameterized.parameters(GREY, COLOUR)
  def test_no_image_at_all(self, config):
    rows = [kind.encoded for kind in KINDS.values() if kind.pixels is None]
    images, valid = _decode(rows, config)
    self.assertAllEqual(valid, [False] * len(rows))
    self.assertAllEqual(images, np.full_like(images, -1))

  def test_no_rows(self):
    images, valid = _decode([], COLOUR)
    self.assertEqual(images.shape, (0, 24, 52, 3))
    self.assertEqual(valid.shape, (0,))

  def test_order_of_a_large_batch(self):
    rows = [pictures.png(seed=i) if i % 7 else b'' for i in range(301)]
    images, valid = _decode(rows, GREY)
    self.assertAllEqual(valid, [bool(row) for row in rows])
    alone, _ = _decode([rows[299]], GREY)
    self.assertAllEqual(images[299], alone[0])
    self.assertNotAllClose(images[299], images[298])

  def test_one_at_a_time_is_the_same(self):
    rows = [_JPEG, b'', _PNG]
    with test_util.graph_session() as session:
      many = image_ops.decode_images(tf.constant(rows), GREY)
      one = image_ops.decode_images(tf.constant(rows), GREY,
                                    parallel_calls=None)
      many, one = session.run([many, one])
    self.assertAllEqual(many[0], one[0])
    self.assertAllEqual(many[1], one[1])

  def test_resize_and_pad_of_pixels(self):
    with test_util.graph_session() as session:
      for channels in (1, 2, 3, 4):
        pixels = pictures.pixels(31, 43, channels)
        grey = (_luma(pixels[:, :, :3].astype(float)) if channels > 2
                else pixels[:, :, :1])
        colour = (pixels[:, :, :3] if channels > 2
                  else np.repeat(pixels[:, :, :1], 3, axis=2))
        for config, expected in ((GREY, grey), (COLOUR, colour)):
          image = image_ops.resize_and_pad(tf.constant(pixels), config)
          self.assertAllClose(session.run(image),
                              _reference(expected, config), atol=2e-5)


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
    image = image_ops.resize_and_pad(fed, config)
    assert image.shape.as_list() == [24, 52, pixels.shape[2]]
    return session.run(image, {fed: pixels})


def _sized(rows, **changes) -> image_ops.Decoded:
  """What decode_sized makes of a list of bytes."""
  config = test_util.tiny_config(image_height=24, image_width=52, **changes)
  with test_util.graph_session() as session:
    return session.run(image_ops.decode_sized(tf.constant(rows), config))


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
      expected = session.run(image_ops.resize_and_pad(
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
    rows, columns = _interpolate(height, 24), _interpolate(width, 52)
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
    rows, columns = _interpolate(height, 24), _interpolate(width, expected)
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
          lambda rows: image_ops.decode_images(rows, config))
      images, valid = session.run(
          tf.data.make_one_shot_iterator(dataset).get_next())
    self.assertAllEqual(valid, [True, True, True, False])
    for image, original in zip(images, originals):
      self.assertAllClose(image, _resize_and_pad(original, image_resize),
                          atol=1e-6)
    self.assertAllEqual(images[3], np.full([24, 52, channels], -1))


class WhereItRunsTest(tf.test.TestCase):
  """The same tensor wherever the function is built."""

  def setUp(self):
    super().setUp()
    self._rows = [_JPEG, b'no picture', _PNG, KINDS['gif'].encoded, b'']
    self._expected = _decode(self._rows, GREY)

  def _assert_same(self, outputs):
    self.assertAllEqual(outputs[0], self._expected[0])
    self.assertAllEqual(outputs[1], self._expected[1])

  def test_in_a_function(self):
    with test_util.graph_session() as session:
      decode = tf.compat.v2.function(
          lambda rows: image_ops.decode_images(rows, GREY))
      self._assert_same(session.run(decode(tf.constant(self._rows))))

  def test_in_a_data_set(self):
    with test_util.graph_session() as session:
      dataset = tf.data.Dataset.from_tensor_slices(self._rows).batch(5)
      dataset = dataset.map(
          lambda rows: image_ops.decode_images(rows, GREY))
      iterator = tf.data.make_initializable_iterator(dataset)
      session.run(iterator.initializer)
      self._assert_same(session.run(iterator.get_next()))

  def test_in_a_saved_model(self):
    folder = os.path.join(self.create_tempdir().full_path, 'model')
    with test_util.graph_session() as session:
      fed = tf.placeholder(tf.string, [None])
      images, valid = image_ops.decode_images(fed, GREY)
      tf.saved_model.simple_save(session, folder, {'bytes': fed},
                                 {'images': images, 'valid': valid})
    with test_util.graph_session() as session:
      loaded = tf.saved_model.load(session, ['serve'], folder)
      signature = loaded.signature_def['serving_default']
      self._assert_same(session.run(
          [signature.outputs[name].name for name in ('images', 'valid')],
          {signature.inputs['bytes'].name: self._rows}))


if __name__ == '__main__':
  tf.test.main()
