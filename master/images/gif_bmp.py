"""Decoding of GIF and BMP kinds that TensorFlow's decoders lack.

They read more and less than they should. Some versions also know WebP and
JPEG XL, and end the process on an animated WebP. Of a BMP with a palette they
give the indices. Of a GIF they unpack all pictures, and cut off the first one
where it does not begin in the corner. They allocate whatever size a file
declares.
"""

from typing import Sequence

import tensorflow.compat.v1 as tf

from master.images import formats

# Says 1 x 1 and has no pixels: asked for its size in place of other formats.
_JPEG_HEAD = bytes.fromhex(
    'ffd8ffc0000b080001000101011100ffda0008010100003f00')


def first_bytes(image_bytes: tf.Tensor, count: int) -> tf.Tensor:
  """String [...] to uint8 [..., count], with zeros behind the end."""
  return tf.compat.v2.io.decode_raw(image_bytes, tf.uint8, fixed_length=count)


def _fits(sides: tf.Tensor) -> tf.Tensor:
  """Whether images of these sides, int64 [..., 2], are to be decoded."""
  return tf.reduce_prod(sides, axis=-1) <= formats.MAX_PIXELS


def _is_one_of(value: tf.Tensor, values: Sequence[int]) -> tf.Tensor:
  return tf.reduce_any(tf.equal(value, values))


def _decode(encoded: tf.Tensor) -> tf.Tensor:
  # Only with channels=0 are all formats accepted as they are.
  image = tf.io.decode_image(encoded, channels=0, expand_animations=False)
  return tf.ensure_shape(image, [None, None, None])


def png_fits(image_bytes: tf.Tensor) -> tf.Tensor:
  """Whether PNGs are to be decoded; all at a time, which is quicker.

  Args:
    image_bytes: string [N].

  Returns:
    bool [N], anything for what is no PNG.
  """
  sides = tf.reshape(first_bytes(image_bytes, 24)[:, 16:], [-1, 2, 4])
  return _fits(tf.reduce_sum(
      tf.cast(sides, tf.int64) * (1 << 24, 1 << 16, 1 << 8, 1), axis=2))


def _sub_block_ends(values: tf.Tensor) -> tf.Tensor:
  """Where chains of a GIF's sub-blocks end, whichever byte they begin at.

  A sub-block is a byte that says how many follow; an empty one ends them.

  Args:
    values: int32 [bytes].

  Returns:
    int32 [bytes + 1]: the place of the empty one, `bytes` if there is none.
  """
  count = tf.size(values)
  following = tf.minimum(
      tf.range(count) + tf.where_v2(values > 0, values + 1, 0), count)
  # Doubling how far each looks takes few steps; one by one it would be many.
  return tf.while_loop(
      lambda ends: tf.reduce_any(tf.not_equal(tf.gather(ends, ends), ends)),
      lambda ends: tf.gather(ends, ends),
      [tf.concat([following, [count]], 0)])


def _rewrite_gif(encoded: tf.Tensor) -> tf.Tensor:
  """A GIF of the first picture alone, which fills the canvas."""
  values = tf.cast(tf.io.decode_raw(tf.strings.substr(
      encoded, 0, formats.MAX_GIF_BYTES), tf.uint8), tf.int32)
  ends = _sub_block_ends(values)

  def colour_table_size(flags):
    entries = tf.bitwise.left_shift(2, tf.bitwise.bitwise_and(flags, 7))
    return tf.where_v2(flags < 128, 0, 3 * entries)

  colour_table = colour_table_size(values[10])
  # Extensions, as of animations, stand before a picture. To look for one
  # behind the end, as of a file that is cut, fails.
  start = tf.while_loop(
      lambda place: tf.equal(values[place], ord('!')),
      lambda place: 1 + ends[place + 2], [13 + colour_table],
      maximum_iterations=formats.MAX_GIF_EXTENSIONS)
  stop = 1 + ends[start + 11 + colour_table_size(values[start + 9])]
  sides = tf.strings.substr(encoded, start + 5, 4)
  is_readable = (tf.equal(values[start], ord(',')) & (stop <= tf.size(values))
                 & _fits(tf.cast(tf.io.decode_raw(sides, tf.uint16),
                                 tf.int64)))
  return tf.where_v2(is_readable, tf.strings.join([
      tf.strings.substr(encoded, 0, 6), sides,
      tf.strings.substr(encoded, 10, 3 + colour_table), b',\0\0\0\0',
      tf.strings.substr(encoded, start + 5, stop - start - 5), b';']), b'')


def _rewrite_bmp(encoded: tf.Tensor) -> tf.Tensor:
  """A BMP without a palette, or a PNG of one with."""
  # The header's fields, from where the pixels begin to the masks.
  fields = tf.compat.v2.io.decode_raw(tf.strings.substr(encoded, 10, 56),
                                      tf.int32, fixed_length=56)
  pixels, header, width, height = tf.unstack(fields[:4])
  depth, compression, num_colours = fields[4] // 0x10000, fields[5], fields[9]
  has_palette = tf.equal(depth, 8)
  palette_size = tf.where_v2(
      has_palette, 4 * tf.where_v2(tf.equal(num_colours, 0), 256, num_colours),
      0)
  has_masks = (tf.equal(compression, 3) & tf.equal(depth, 32)
               & tf.reduce_all(tf.equal(fields[11:],
                                        formats.BMP_MASKS)))
  is_readable = (
      _fits(tf.abs(tf.cast(fields[2:4], tf.int64)))
      & _is_one_of(header, formats.BMP_HEADERS)
      & _is_one_of(depth, formats.BMP_DEPTHS)
      & (tf.equal(compression, 0) | has_masks)
      & (num_colours >= 0) & (palette_size <= 1024)
      & (14 + header + palette_size <= pixels))
  # Some writers leave bytes behind the pixels, which the decoder minds.
  size = pixels + (width * (depth // 8) + 3) // 4 * 4 * tf.abs(height)
  encoded = tf.where_v2(is_readable, tf.strings.substr(encoded, 0, size), b'')

  def coloured():
    palette = tf.reshape(first_bytes(tf.strings.substr(
        encoded, 14 + header, palette_size), 1024), [256, 4])
    image = tf.gather(palette[:, 2::-1],  # Blue comes first.
                      tf.cast(_decode(encoded)[:, :, 0], tf.int32))
    return tf.io.encode_png(image, compression=1)

  return tf.cond(has_palette, coloured, lambda: encoded)


def rewrite(encoded: tf.Tensor, is_gif: tf.Tensor) -> tf.Tensor:
  """Makes of a GIF or BMP an image that `decode` reads as it should be.

  That is the first picture of a GIF, without the place it has on the canvas,
  and a BMP with the colours of its palette. Fails, or returns b'', on what is
  neither.

  Args:
    encoded: string scalar, one that begins as a GIF or BMP.
    is_gif: bool scalar, which of them.

  Returns:
    string scalar.
  """
  return tf.cond(is_gif, lambda: _rewrite_gif(encoded),
                 lambda: _rewrite_bmp(encoded))


def decode(encoded: tf.Tensor, is_jpeg: tf.Tensor) -> tf.Tensor:
  """Decodes one image; fails on what is none or has too many pixels.

  Args:
    encoded: string scalar, JPEG, or PNG of which `png_fits` holds, or what
      `rewrite` made.
    is_jpeg: bool scalar, whether it begins as a JPEG.

  Returns:
    uint8 [h, w, 1 to 4]: grey, grey + alpha, RGB or RGBA.
  """
  # Asking another instead costs less than branching.
  shape = tf.io.extract_jpeg_shape(
      tf.where(is_jpeg, encoded, _JPEG_HEAD), tf.int64)
  return _decode(tf.where(_fits(shape[:2]), encoded, b''))
