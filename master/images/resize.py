"""Scaling of pictures to a model's canvas, and padding."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib

# ITU-R BT.601, the weights of JPEG's luma.
_LUMA = (0.299, 0.587, 0.114)
BLACK = -1.0
# Pixels of an image that is scaled as the bytes it is.
_HUGE = 2**20


def _channel_weights(channels: int) -> np.ndarray:
  """How grey, grey + alpha, RGB and RGBA become `channels` channels.

  Returns:
    float32 [4, 4, channels]: number of channels - 1, channel, new channel.
  """
  weights = np.zeros([4, 4, channels], np.float32)
  weights[:2, 0, :] = 1
  weights[2:, :3, :] = (np.reshape(_LUMA, [3, 1]) if channels == 1
                        else np.eye(3))
  return weights


def _to_model_range(image: tf.Tensor, channels: int) -> tf.Tensor:
  """[h, w, 1 to 4] in 0..255 to float32 [h, w, channels] in [-1, 1].

  Alpha is dropped. Rounding may exceed the range by a trifle.
  """
  shape = tf.shape(image)
  weights = tf.gather(tf.constant(_channel_weights(channels) / 127.5),
                      shape[2] - 1)
  pixels = tf.reshape(tf.cast(image, tf.float32), [-1, shape[2]])
  # Not tensordot, whose many small ops cost as much as the product.
  return tf.reshape(tf.matmul(pixels, weights[:shape[2]]) - 1.0,
                    [shape[0], shape[1], channels])


def bilinear(image: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
  """[h, w, C] scaled to int32 [2] `size`, by the nearest four pixels."""
  # The op itself: around it tf.image.resize has many for shapes it may meet.
  return tf.raw_ops.ResizeBilinear(images=image[None], size=size,
                                   half_pixel_centers=True)[0]


def _antialiased(image: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
  scale = tf.cast(size, tf.float32) / tf.cast(tf.shape(image)[:2], tf.float32)
  return tf.raw_ops.ScaleAndTranslate(
      images=image[None], size=size, scale=scale, translation=[0.0, 0.0],
      kernel_type='triangle', antialias=True)[0]


def _interpolation(length: tf.Tensor, new_length: tf.Tensor) -> tf.Tensor:
  """Weights [new_length, length] of antialiased bilinear scaling."""
  scale = tf.cast(length, tf.float32) / tf.cast(new_length, tf.float32)
  centres = (tf.range(0.0, tf.cast(new_length, tf.float32)) + 0.5) * scale
  places = tf.range(0.5, tf.cast(length, tf.float32))
  reach = tf.maximum(scale, 1.0)
  weights = tf.nn.relu(1.0 - tf.abs(centres[:, None] / reach - places / reach))
  return weights / tf.reduce_sum(weights, axis=1, keepdims=True)


def antialiased_by_products(image: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
  """`_antialiased` of float32 [h, w, C]: a third of the time for words."""
  shape = tf.shape(image)
  rows = tf.matmul(_interpolation(shape[0], size[0]),
                   tf.reshape(image, [shape[0], shape[1] * shape[2]]))
  planes = tf.transpose(
      tf.reshape(rows, [size[0], shape[1], shape[2]]), [0, 2, 1])
  scaled = tf.matmul(tf.reshape(planes, [size[0] * shape[2], shape[1]]),
                     _interpolation(shape[1], size[1]), transpose_b=True)
  return tf.transpose(
      tf.reshape(scaled, [size[0], shape[2], size[1]]), [0, 2, 1])


def is_huge(sides: tf.Tensor) -> tf.Tensor:
  """Whether a picture of int32 [2] `sides` is scaled before it is floats."""
  return tf.reduce_prod(tf.cast(sides, tf.int64)) > _HUGE


def _resize(image: tf.Tensor, size: tf.Tensor, channels: int,
            antialias: bool) -> tf.Tensor:
  """Bilinear with half-pixel centres, and to the model's channels.

  Args:
    image: uint8 [h, w, 1 to 4].
    size: int32 [2], new height and width in pixels.
    channels: C.
    antialias: whether to, where it shrinks.

  Returns:
    float32 [height, width, C] in [-1, 1].
  """
  def convert_first(scale):
    return lambda: scale(_to_model_range(image, channels), size)

  def scale_first(scale):
    return lambda: _to_model_range(scale(image, size), channels)

  # A huge image has no copy in floating point. Antialiasing costs much, and
  # does nothing where an image grows.
  sides = tf.shape(image)[:2]
  huge = is_huge(sides)

  def shrunk():
    if not antialias:
      return tf.cond(huge, scale_first(bilinear),
                     convert_first(bilinear))
    return tf.cond(huge, scale_first(_antialiased),
                   convert_first(antialiased_by_products))

  return tf.cond(tf.reduce_any(sides > size), shrunk,
                 convert_first(bilinear))


def _divide(x: tf.Tensor, constant) -> tf.Tensor:
  """Exactly x / constant.

  Of a plain division TensorFlow's graph optimiser makes x * (1 / constant),
  and the last bit decides which way a number of pixels is rounded.
  """
  return tf.math.divide_no_nan(x, tf.constant(constant, x.dtype))


def _rounded_width(size: tf.Tensor, height: int) -> tf.Tensor:
  """The width that keeps the aspect of float64 `size` [h, w], rounded."""
  return tf.round(size[1] * height / size[0])


def _squared_width(size: tf.Tensor, height: int, width: int) -> tf.Tensor:
  """The width MASTER-pytorch gives to float64 `size` [h, w]."""
  aspect = size[1] / size[0]
  # Its divisions in its order: w * height / h may differ by a pixel.
  kept = tf.floor(size[1] / _divide(size[0], height))
  squeezed = tf.where(aspect < width / height, kept,
                      tf.constant(width, tf.float64))
  return tf.where(aspect < 1, tf.constant(height, tf.float64), squeezed)


class Scaled(NamedTuple):
  """A picture on the model's canvas.

  Attributes:
    pixels: float32 [H, W, C] in [-1, 1], black where the picture is not.
    width: int32 scalar, columns from the left that the picture may reach.
    sides: int32 [2], its height and width before, in pixels.
  """
  pixels: Any
  width: Any
  sides: Any


def padded_width(size: tf.Tensor, model_config: config_lib.ModelConfig
                  ) -> tf.Tensor:
  """Columns, int32, that an image of float64 `size` [h, w] is scaled to."""
  height, width = model_config.image_height, model_config.image_width
  if model_config.image_resize == 'right_square':
    scaled = _squared_width(size, height, width)
  else:
    scaled = _rounded_width(size, height)
  narrowest = max(1, round(height * model_config.image_min_aspect))
  return tf.cast(tf.clip_by_value(scaled, narrowest, width), tf.int32)


def _pad_right(image: tf.Tensor,
               model_config: config_lib.ModelConfig
               ) -> tuple[tf.Tensor, tf.Tensor]:
  """uint8 [h, w, 1 to 4] at the left of a black [H, W, C], at full height."""
  height, width = model_config.image_height, model_config.image_width
  scaled = padded_width(tf.cast(tf.shape(image)[:2], tf.float64),
                        model_config)
  pixels = _resize(image, tf.stack([height, scaled]),
                   model_config.image_channels, antialias=True)
  return tf.pad(pixels, [[0, 0], [0, width - scaled], [0, 0]],
                constant_values=BLACK), scaled


def _stretch(image: tf.Tensor, model_config: config_lib.ModelConfig
             ) -> tuple[tf.Tensor, tf.Tensor]:
  """uint8 [h, w, 1 to 4] on the whole of [H, W, C]."""
  size = tf.constant([model_config.image_height, model_config.image_width])
  return _resize(image, size, model_config.image_channels,
                 antialias=True), size[1]


def _letterbox(image: tf.Tensor, model_config: config_lib.ModelConfig
               ) -> tuple[tf.Tensor, tf.Tensor]:
  """uint8 [h, w, 1 to 4] in the middle of a black [H, W, C].

  What tf.image.resize_with_pad gives outside of a graph; in one the optimiser
  makes it lose a row or column now and then (see `_divide`). It also fails on
  an image of which less than one row or column is left; here one is.
  """
  height, width = model_config.image_height, model_config.image_width
  size = tf.cast(tf.shape(image)[:2], tf.float32)
  fitted = size / tf.reduce_max(_divide(size, [height, width]))
  scaled = tf.cast(tf.maximum(tf.floor(fitted), 1), tf.int32)
  # Half of what is left before rounding, so not always the very middle.
  before = tf.cast(tf.maximum((tf.constant([height, width], tf.float32)
                               - fitted) / 2, 0), tf.int32)
  after = tf.constant([height, width]) - before - scaled
  pixels = _resize(image, scaled, model_config.image_channels,
                   antialias=False)
  paddings = tf.stack([before, after], axis=1)
  return (tf.pad(pixels, tf.concat([paddings, [[0, 0]]], axis=0),
                 constant_values=BLACK), tf.constant(width))


_PLACEMENTS = {'right': _pad_right, 'right_square': _pad_right,
               'stretch': _stretch, 'letterbox': _letterbox}


def _upright(image: tf.Tensor, ratio: float) -> tf.Tensor:
  """Turns [h, w, C] with h > ratio * w counter-clockwise by 90 degrees."""
  shape = tf.cast(tf.shape(image), tf.float32)
  return tf.cond(shape[0] > ratio * shape[1],
                 lambda: tf.reverse(tf.transpose(image, [1, 0, 2]), [0]),
                 lambda: image)


def scaled_to_canvas(image: tf.Tensor, model_config: config_lib.ModelConfig
            ) -> Scaled:
  """Brings uint8 [h, w, 1 to 4] to the model's size."""
  sides = tf.shape(image)[:2]
  if model_config.rotate_vertical:
    image = _upright(image, model_config.rotate_vertical)
  pixels, width = _PLACEMENTS[model_config.image_resize](image, model_config)
  pixels = tf.ensure_shape(pixels, [model_config.image_height,
                                    model_config.image_width,
                                    model_config.image_channels])
  # Rounding may exceed black and white by a trifle.
  return Scaled(tf.clip_by_value(pixels, -1.0, 1.0), width, sides)


def resize_and_pad(image: tf.Tensor,
                   model_config: config_lib.ModelConfig) -> tf.Tensor:
  """Brings an image to the model's size, as `image_resize` says.

  The padding is black. The scaling is bilinear, and antialiased where it
  shrinks, but for letterbox.

  * right: scaled to height H with its aspect kept, padded on the right; an
    image that would become wider than W is squeezed to it, and one narrower
    than `image_min_aspect` times H is widened to that.
  * right_square: the same, but widths are rounded down, and an image narrower
    than tall is stretched to H x H. MASTER-pytorch's `ResizeWeight`.
  * stretch: scaled to H x W, whatever its aspect, without padding.
  * letterbox: scaled to fit both ways with its aspect kept, and centred.
    MASTER-TF's `resize_width`, that is, `tf.image.resize_with_pad`.

  Where `rotate_vertical` is set, an image taller than that many times its
  width is first turned counter-clockwise by 90 degrees.

  Args:
    image: uint8 [h, w, 1 to 4]: grey, grey + alpha, RGB or RGBA.
    model_config: gives height H, width W, channels C and `image_resize`.

  Returns:
    float32 [H, W, C] in [-1, 1].
  """
  return scaled_to_canvas(image, model_config).pixels
