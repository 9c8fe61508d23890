"""Encoded images to model input, in the graph.

Training, evaluation and serving share `decode_images`, so a model is served
what it was trained on.
"""

import functools
from typing import Callable, NamedTuple, Optional

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.images import gif_bmp
from master.images import map_rows
from master.images import resize

# Ways of `image_resize` that `_jpeg` knows.
_JPEGS_FIRST = ('right', 'right_square')


def _jpeg(encoded: tf.Tensor, is_jpeg: tf.Tensor,
          model_config: config_lib.ModelConfig,
          is_meant: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
          scale: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> resize.Scaled:
  """A JPEG padded on the right; fails on those not meant, and on all others.

  What most training sets hold, in as few ops as can be: the same comes of
  `resize.scaled_to_canvas` in twice the time. A grey model gets the file's
  own luma.

  Args:
    encoded: its bytes.
    is_jpeg: bool scalar, whether they begin as a JPEG's do.
    model_config: of a model that pads on the right.
    is_meant: whether, by int32 [2] sides before and after.
    scale: uint8 [h, w, C] to float32 of the size int32 [2].
  """
  height, width = model_config.image_height, model_config.image_width
  # Of other formats libjpeg would complain on stderr.
  encoded = tf.where_v2(is_jpeg, encoded, b'')
  sides = tf.io.extract_jpeg_shape(encoded)[:2]
  scaled = resize.padded_width(tf.cast(sides, tf.float64), model_config)
  size = tf.stack([height, scaled])
  image = tf.io.decode_jpeg(
      tf.where_v2(is_meant(sides, size), encoded, b''),
      channels=model_config.image_channels)
  pixels = scale(image, size) * (1 / 127.5) - 1.0
  pixels = tf.pad(pixels, [[0, 0], [0, width - scaled], [0, 0]],
                  constant_values=resize.BLACK)
  return resize.Scaled(tf.ensure_shape(
      pixels, [height, width, model_config.image_channels]), scaled, sides)


def _enlarged_jpeg(encoded: tf.Tensor, is_jpeg: tf.Tensor,
                   model_config: config_lib.ModelConfig) -> resize.Scaled:
  """A JPEG that is to grow, both ways."""
  return _jpeg(encoded, is_jpeg, model_config,
               lambda sides, size: tf.reduce_all(sides <= size),
               resize.bilinear)


def _shrunk_jpeg(encoded: tf.Tensor, is_jpeg: tf.Tensor,
                 model_config: config_lib.ModelConfig) -> resize.Scaled:
  """A JPEG that is to shrink, in any way, and is not huge."""
  return _jpeg(
      encoded, is_jpeg, model_config,
      lambda sides, size: tf.reduce_any(sides > size) & ~resize.is_huge(sides),
      lambda image, size: resize.antialiased_by_products(
          tf.cast(image, tf.float32), size))


def _any_image(encoded: tf.Tensor, is_jpeg: tf.Tensor,
               model_config: config_lib.ModelConfig) -> resize.Scaled:
  """An image of any kind that can be decoded."""
  return resize.scaled_to_canvas(gif_bmp.decode(encoded, is_jpeg), model_config)


def _rewrite_some(image_bytes: tf.Tensor, is_gif: tf.Tensor,
                  is_bmp: tf.Tensor,
                  parallel_calls: Optional[int]) -> tf.Tensor:
  """String [N] with GIFs and BMPs as gif_bmp can decode them."""
  def rewritten():
    rows = tf.where_v2(is_gif | is_bmp)
    results, _ = map_rows.map_rows(
        [gif_bmp.rewrite],
        (tf.gather_nd(image_bytes, rows), tf.gather_nd(is_gif, rows)),
        tf.constant(b''), parallel_calls)
    return tf.tensor_scatter_nd_update(image_bytes, rows, results)

  # They are rare, and even none of them would take their time.
  return tf.cond(tf.reduce_any(is_gif | is_bmp), rewritten,
                 lambda: image_bytes)


class Decoded(NamedTuple):
  """Images that were decoded and scaled.

  Attributes:
    images: float32 [N, H, W, C] in [-1, 1], all -1 where not valid.
    valid: bool [N], whether the bytes are an image.
    sides: int32 [N, 2], height and width in pixels before; 0 where not valid.
    widths: int32 [N], columns of `images` that the picture takes, from the
      left; all of them with letterbox, 0 where not valid.
  """
  images: tf.Tensor
  valid: tf.Tensor
  sides: tf.Tensor
  widths: tf.Tensor


def _decode_all(image_bytes: tf.Tensor, is_jpeg: tf.Tensor,
                model_config: config_lib.ModelConfig,
                parallel_calls: Optional[int]
                ) -> tuple[resize.Scaled, tf.Tensor]:
  """The images of rows, [N, ...] each, and bool [N] where there are any."""
  nothing = resize.Scaled(
      tf.fill([model_config.image_height, model_config.image_width,
               model_config.image_channels], resize.BLACK), tf.constant(0),
      tf.constant([0, 0]))

  functions = [_enlarged_jpeg, _shrunk_jpeg, _any_image]
  if model_config.rotate_vertical or (
      model_config.image_resize not in _JPEGS_FIRST):
    functions = [_any_image]
  return map_rows.map_rows(
      [functools.partial(function, model_config=model_config)
       for function in functions],
      (image_bytes, is_jpeg), nothing, parallel_calls,
      lambda _, is_jpeg: tf.reduce_any(is_jpeg))


@tf.autograph.experimental.do_not_convert
def decode_sized(image_bytes: tf.Tensor,
                 model_config: config_lib.ModelConfig,
                 parallel_calls: Optional[int] = tf.data.AUTOTUNE) -> Decoded:
  """`decode_images` with the sizes."""
  # Beside an accelerator too: only the last of these ops could use one.
  with tf.name_scope('decode_images'), tf.device('/cpu:0'):
    # The first byte distinguishes them; the decoders look at more.
    first = gif_bmp.first_bytes(image_bytes, 1)[:, 0]
    is_jpeg, is_png, is_gif, is_bmp = (
        tf.equal(first, byte) for byte in (0xff, 0x89, ord('G'), ord('B')))
    is_known = (is_jpeg | is_gif | is_bmp
                | (is_png & gif_bmp.png_fits(image_bytes)))
    image_bytes = _rewrite_some(tf.where_v2(is_known, image_bytes, b''), is_gif,
                                is_bmp, parallel_calls)
    scaled, valid = _decode_all(image_bytes, is_jpeg, model_config,
                                parallel_calls)
    return Decoded(scaled.pixels, valid, scaled.sides, scaled.width)


def decode_images(image_bytes: tf.Tensor,
                  model_config: config_lib.ModelConfig,
                  parallel_calls: Optional[int] = tf.data.AUTOTUNE,
                  ) -> tuple[tf.Tensor, tf.Tensor]:
  """Decodes and scales images; what is no image does not stop the others.

  Args:
    image_bytes: string [N], encoded JPEG, PNG, BMP or GIF (its first
      picture); docs/data.md says what is read of which kinds.
    model_config: gives height H, width W, channels C and `image_resize`.
    parallel_calls: images decoded at a time; None for one after the other.

  Returns:
    images: float32 [N, H, W, C] in [-1, 1], all -1 where not valid.
    valid: bool [N], whether the bytes are an image.
  """
  decoded = decode_sized(image_bytes, model_config, parallel_calls)
  return decoded.images, decoded.valid
