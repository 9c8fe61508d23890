"""Encoded images to model input, in the graph: one path for all callers.

Training, evaluation and serving share `decode_images`, so a model is served
what it was trained on. Guarded by tests/inputs/image_ops_test.py.
"""

import base64
from typing import Optional

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib

# ITU-R BT.601, the weights of JPEG's luma.
_LUMA = (0.299, 0.587, 0.114)

# A PNG with one black pixel; the row that keeps the inner data set from being
# empty, and what rows without an image are set to.
_BLACK_PNG = base64.b64decode(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+k'
    'cQAAAABJRU5ErkJggg==')


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


def _convert_channels(image: tf.Tensor, channels: int) -> tf.Tensor:
  """uint8 [h, w, 1 to 4] to float32 [h, w, channels]; alpha is dropped."""
  shape = tf.shape(image)
  weights = tf.gather(tf.constant(_channel_weights(channels)), shape[2] - 1)
  pixels = tf.reshape(tf.cast(image, tf.float32), [-1, shape[2]])
  # Not tensordot, whose many small ops cost as much as the product.
  return tf.reshape(tf.matmul(pixels, weights[:shape[2]]),
                    [shape[0], shape[1], channels])


def _resize(image: tf.Tensor, height: int, width: tf.Tensor) -> tf.Tensor:
  """Bilinear with half-pixel centres, antialiased where it shrinks.

  Args:
    image: float32 [h, w, C].
    height: pixels.
    width: int32 scalar, pixels.

  Returns:
    float32 [height, width, C].
  """
  size = tf.stack([height, width])
  shrinks = tf.reduce_any(tf.shape(image)[:2] > size)
  # Where nothing shrinks the two agree, and the plain one is far quicker.
  return tf.cond(
      shrinks,
      lambda: tf.compat.v2.image.resize(image, size, antialias=True),
      lambda: tf.compat.v2.image.resize(image, size))


def _divide(x: tf.Tensor, constant) -> tf.Tensor:
  """Exactly x / constant.

  Of a plain division TensorFlow's graph optimiser makes x * (1 / constant),
  and the last bit decides which way a number of pixels is rounded.
  """
  return tf.math.divide_no_nan(x, tf.constant(constant, x.dtype))


def _rounded_width(size: tf.Tensor, height: int) -> tf.Tensor:
  """The width that keeps the aspect of float64 `size` [h, w, C], rounded."""
  return tf.round(size[1] * height / size[0])


def _squared_width(size: tf.Tensor, height: int, width: int) -> tf.Tensor:
  """The width MASTER-pytorch gives to float64 `size` [h, w, C]."""
  aspect = size[1] / size[0]
  # Its divisions in its order: w * height / h may differ by a pixel.
  kept = tf.floor(size[1] / _divide(size[0], height))
  squeezed = tf.where(aspect < width / height, kept,
                      tf.constant(width, tf.float64))
  return tf.where(aspect < 1, tf.constant(height, tf.float64), squeezed)


def _pad_right(pixels: tf.Tensor,
               model_config: config_lib.ModelConfig) -> tf.Tensor:
  """Float32 [h, w, C] at the left of a black [H, W, C], at full height."""
  height, width = model_config.image_height, model_config.image_width
  size = tf.cast(tf.shape(pixels), tf.float64)
  if model_config.image_resize == 'right_square':
    scaled = _squared_width(size, height, width)
  else:
    scaled = _rounded_width(size, height)
  scaled = tf.cast(tf.clip_by_value(scaled, 1, width), tf.int32)
  pixels = _resize(pixels, height, scaled)
  return tf.pad(pixels, [[0, 0], [0, width - scaled], [0, 0]])


def _letterbox(pixels: tf.Tensor, height: int, width: int) -> tf.Tensor:
  """Float32 [h, w, C] in the middle of a black [height, width, C].

  What tf.image.resize_with_pad gives outside of a graph; in one the optimiser
  makes it lose a row or column now and then (see `_divide`). It also fails on
  an image of which less than one row or column is left; here one is.
  """
  size = tf.cast(tf.shape(pixels)[:2], tf.float32)
  fitted = size / tf.reduce_max(_divide(size, [height, width]))
  scaled = tf.cast(tf.maximum(tf.floor(fitted), 1), tf.int32)
  # Half of what is left before rounding, so not always the very middle.
  before = tf.cast(tf.maximum((tf.constant([height, width], tf.float32)
                               - fitted) / 2, 0), tf.int32)
  after = tf.constant([height, width]) - before - scaled
  pixels = tf.compat.v2.image.resize(pixels, scaled)
  paddings = tf.stack([before, after], axis=1)
  return tf.pad(pixels, tf.concat([paddings, [[0, 0]]], axis=0))


def resize_and_pad(image: tf.Tensor,
                   model_config: config_lib.ModelConfig) -> tf.Tensor:
  """Brings an image to the model's size, as `image_resize` says.

  The padding is black. The scaling is bilinear, and antialiased where it
  shrinks, but for letterbox.

  * right: scaled to height H with its aspect kept, padded on the right; an
    image that would become wider than W is squeezed to it.
  * right_square: the same, but widths are rounded down, and an image narrower
    than tall is stretched to H x H. MASTER-pytorch's `ResizeWeight`.
  * letterbox: scaled to fit both ways with its aspect kept, and centred.
    MASTER-TF's `resize_width`, that is, `tf.image.resize_with_pad`.

  Args:
    image: uint8 [h, w, 1 to 4]: grey, grey + alpha, RGB or RGBA.
    model_config: gives height H, width W, channels C and `image_resize`.

  Returns:
    float32 [H, W, C] in [-1, 1].
  """
  height, width, channels = (model_config.image_height,
                             model_config.image_width,
                             model_config.image_channels)
  pixels = _convert_channels(image, channels)
  if model_config.image_resize == 'letterbox':
    pixels = _letterbox(pixels, height, width)
  else:
    pixels = _pad_right(pixels, model_config)
  pixels = tf.ensure_shape(pixels, [height, width, channels])
  # Rounding in the weights may exceed white by a trifle.
  return tf.minimum(pixels / 127.5 - 1.0, 1.0)


def _decode_image(image_bytes: tf.Tensor,
                  model_config: config_lib.ModelConfig) -> tf.Tensor:
  # Only with channels=0 are all formats accepted as they are.
  image = tf.io.decode_image(image_bytes, channels=0, expand_animations=False)
  return resize_and_pad(tf.ensure_shape(image, [None, None, None]),
                        model_config)


def _plain_options() -> tf.data.Options:
  # The data set is made anew for each call: rewriting its graph to make it
  # quicker would cost a millisecond each time.
  options = tf.data.Options()
  options.experimental_optimization.apply_default_optimizations = False
  options.autotune.enabled = False
  return options


@tf.autograph.experimental.do_not_convert
def decode_images(image_bytes: tf.Tensor,
                  model_config: config_lib.ModelConfig,
                  parallel_calls: Optional[int] = tf.data.AUTOTUNE,
                  ) -> tuple[tf.Tensor, tf.Tensor]:
  """Decodes and scales images; what is no image does not stop the others.

  Args:
    image_bytes: string [N], encoded JPEG, PNG, BMP or GIF (its first frame).
    model_config: gives height H, width W, channels C and `image_resize`.
    parallel_calls: images decoded at a time; None for one after the other.

  Returns:
    images: float32 [N, H, W, C] in [-1, 1], all -1 where not valid.
    valid: bool [N], whether the bytes are an image.
  """
  with tf.name_scope('decode_images'):
    num_rows = tf.size(image_bytes)
    # Rows whose decoding fails leave the data set; the others bring their
    # number. The last row never fails.
    dataset = tf.data.Dataset.from_tensor_slices(
        (tf.range(num_rows + 1), tf.concat([image_bytes, [_BLACK_PNG]], 0)))
    dataset = dataset.map(
        lambda row, encoded: (row, _decode_image(encoded, model_config)),
        num_parallel_calls=parallel_calls)
    dataset = dataset.ignore_errors()
    dataset = dataset.batch(tf.cast(num_rows, tf.int64) + 1)
    dataset = dataset.with_options(_plain_options())
    # found [M], pixels [M, H, W, C] with M - 1 valid rows.
    found, pixels = dataset.get_single_element()
    last = tf.size(found) - 1
    places = tf.tensor_scatter_nd_update(
        tf.fill([num_rows + 1], last), found[:, None], tf.range(last + 1))
    places = places[:num_rows]
    return tf.gather(pixels, places), tf.not_equal(places, last)
