"""Guards master/images/decode.py."""

import dataclasses
import os

from absl.testing import parameterized
import numpy as np
from PIL import Image
import tensorflow.compat.v1 as tf

from master.images import decode
from tests.support import image_kinds
from tests.support import pictures
from tests.support import scaling
from tests.support import test_util

GREY = test_util.tiny_config(image_height=24, image_width=52)
COLOUR = test_util.tiny_config(image_height=24, image_width=52,
                               image_channels=3)


def _decode(rows, config):
  """What decode_images makes of a list of bytes, in a v1 session."""
  with test_util.graph_session() as session:
    fed = tf.placeholder(tf.string, [None])
    outputs = decode.decode_images(fed, config)
    assert outputs[0].shape.as_list() == [
        None, config.image_height, config.image_width, config.image_channels]
    array = np.empty([len(rows)], object)
    array[:] = rows
    return session.run(outputs, {fed: array})


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
            pixels = scaling.luma(pixels)
          pixels = np.broadcast_to(
              pixels, (*pixels.shape[:2], config.image_channels))
          self.assertAllClose(image, scaling.resize_and_pad(pixels, config),
                              rtol=0, atol=(kind.tolerance + 0.01) / 127.5)
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
      outputs = decode.decode_images(fed, config)
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
        expected = scaling.resize_and_pad(
            np.asarray(original).astype(float), COLOUR)
        self.assertAllClose(image, expected, atol=2e-5)
        scaled = scaling.scaled_width(height, width, COLOUR)
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
      many = decode.decode_images(tf.constant(rows), GREY)
      one = decode.decode_images(tf.constant(rows), GREY,
                                 parallel_calls=None)
      many, one = session.run([many, one])
    self.assertAllEqual(many[0], one[0])
    self.assertAllEqual(many[1], one[1])


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
      decoded = tf.compat.v2.function(
          lambda rows: decode.decode_images(rows, GREY))
      self._assert_same(session.run(decoded(tf.constant(self._rows))))

  def test_in_a_data_set(self):
    with test_util.graph_session() as session:
      dataset = tf.data.Dataset.from_tensor_slices(self._rows).batch(5)
      dataset = dataset.map(
          lambda rows: decode.decode_images(rows, GREY))
      iterator = tf.data.make_initializable_iterator(dataset)
      session.run(iterator.initializer)
      self._assert_same(session.run(iterator.get_next()))

  def test_in_a_saved_model(self):
    folder = os.path.join(self.create_tempdir().full_path, 'model')
    with test_util.graph_session() as session:
      fed = tf.placeholder(tf.string, [None])
      images, valid = decode.decode_images(fed, GREY)
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
