"""Guards master/images/gif_bmp.py."""

from unittest import mock

import numpy as np
import tensorflow.compat.v1 as tf

from master.images import formats
from master.images import gif_bmp
from tests.support import image_kinds
from tests.support import pictures
from tests.support import test_util


class _Decoder:
  """Decodes images one by one, as image_ops does many."""

  def __init__(self, session: tf.Session):
    self._session = session
    self._encoded = tf.placeholder(tf.string, [])
    self._is_gif = tf.placeholder(tf.bool, [])
    self._is_jpeg = tf.placeholder(tf.bool, [])
    self._rewritten = gif_bmp.rewrite(self._encoded, self._is_gif)
    self._image = gif_bmp.decode(self._encoded, self._is_jpeg)
    self._png_fits = gif_bmp.png_fits(self._encoded[None])

  def png_fits(self, encoded: bytes) -> bool:
    return self._session.run(self._png_fits, {self._encoded: encoded})[0]

  def decode(self, encoded: bytes) -> np.ndarray:
    """Raises OpError on what is no image."""
    if encoded[:1] in (b'G', b'B'):
      encoded = self._session.run(self._rewritten, {
          self._encoded: encoded, self._is_gif: encoded[:1] == b'G'})
    return self._session.run(self._image, {
        self._encoded: encoded, self._is_jpeg: encoded[:1] == b'\xff'})


class ImageDecodingTest(tf.test.TestCase):

  def test_pixels_of_every_kind(self):
    with test_util.graph_session() as session:
      decoder = _Decoder(session)
      for name, kind in image_kinds.KINDS.items():
        if kind.pixels is None:
          continue
        with self.subTest(name):
          image = decoder.decode(kind.encoded)
          if image.shape[2] in (2, 4):
            image = image[:, :, :-1]
          self.assertEqual(kind.pixels.shape[:2], image.shape[:2])
          self.assertAllClose(np.broadcast_to(kind.pixels, image.shape),
                              image, rtol=0, atol=kind.tolerance)

  def test_rewriting_leaves_one_picture(self):
    small = image_kinds.KINDS['gif'].encoded
    large = image_kinds.KINDS['animated gif'].encoded
    with test_util.graph_session() as session:
      rewrite = gif_bmp.rewrite(tf.constant(large), tf.constant(True))
      self.assertEqual(small, session.run(rewrite))

  def test_a_gif_is_not_searched_for_ever(self):
    kind = image_kinds.KINDS['animated gif']
    first = kind.encoded.index(b'!\xff\x0bNETSCAPE')
    many = b'!\xfe\0' * formats.MAX_GIF_EXTENSIONS
    with test_util.graph_session() as session:
      decoder = _Decoder(session)
      with self.assertRaises(tf.errors.OpError):
        decoder.decode(kind.encoded[:first] + many + kind.encoded[first:])
      decoder.decode(kind.encoded[:first] + many[:-9] + kind.encoded[first:])

  def test_too_many_pixels(self):
    # 300 pixels and 301, in both directions.
    images = {size: [pictures.encode(pictures.picture(*size), name)
                     for name in ('PNG', 'JPEG', 'GIF', 'BMP')]
              for size in ((15, 20), (20, 15), (43, 7), (7, 43))}
    with mock.patch.object(formats, 'MAX_PIXELS', 300):
      with test_util.graph_session() as session:
        decoder = _Decoder(session)
        for (height, width), (png, *others) in images.items():
          fits = height * width <= 300
          self.assertEqual(fits, decoder.png_fits(png))
          for encoded in others:
            with self.subTest(f'{height} x {width} {encoded[:3]}'):
              if fits:
                decoder.decode(encoded)
              else:
                with self.assertRaises(tf.errors.OpError):
                  decoder.decode(encoded)


if __name__ == '__main__':
  tf.test.main()
