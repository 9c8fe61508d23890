"""Encoded images to model input, in the graph: one path for all callers.

Training, evaluation and serving share `decode_images`, so a model is served
what it was trained on. Guarded by tests/inputs/image_ops_test.py.
"""

from typing import Callable, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.inputs import image_decoding

# ITU-R BT.601, the weights of JPEG's luma.
_LUMA = (0.299, 0.587, 0.114)


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
  """[h, w, 1 to 4] to float32 [h, w, channels]; alpha is dropped."""
  shape = tf.shape(image)
  weights = tf.gather(tf.constant(_channel_weights(channels)), shape[2] - 1)
  pixels = tf.reshape(tf.cast(image, tf.float32), [-1, shape[2]])
  # Not tensordot, whose many small ops cost as much as the product.
  return tf.reshape(tf.matmul(pixels, weights[:shape[2]]),
                    [shape[0], shape[1], channels])


def _resize(image: tf.Tensor, size: tf.Tensor, channels: int,
            antialias: bool) -> tf.Tensor:
  """Bilinear with half-pixel centres, and to the model's channels.

  Args:
    image: uint8 [h, w, 1 to 4].
    size: int32 [2], new height and width in pixels.
    channels: C.
    antialias: whether to, where it shrinks.

  Returns:
    float32 [height, width, C].
  """
  # Channels are converted where there are fewer pixels: a huge image then has
  # no copy in floating point. Antialiasing costs much, and does nothing where
  # an image grows.
  return tf.cond(
      tf.reduce_any(tf.shape(image)[:2] > size),
      lambda: _convert_channels(tf.compat.v2.image.resize(
          image, size, antialias=antialias), channels),
      lambda: tf.compat.v2.image.resize(
          _convert_channels(image, channels), size))


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


def _pad_right(image: tf.Tensor,
               model_config: config_lib.ModelConfig) -> tf.Tensor:
  """uint8 [h, w, 1 to 4] at the left of a black [H, W, C], at full height."""
  height, width = model_config.image_height, model_config.image_width
  size = tf.cast(tf.shape(image), tf.float64)
  if model_config.image_resize == 'right_square':
    scaled = _squared_width(size, height, width)
  else:
    scaled = _rounded_width(size, height)
  scaled = tf.cast(tf.clip_by_value(scaled, 1, width), tf.int32)
  pixels = _resize(image, tf.stack([height, scaled]),
                   model_config.image_channels, antialias=True)
  return tf.pad(pixels, [[0, 0], [0, width - scaled], [0, 0]])


def _letterbox(image: tf.Tensor,
               model_config: config_lib.ModelConfig) -> tf.Tensor:
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
  place = (_letterbox if model_config.image_resize == 'letterbox'
           else _pad_right)
  pixels = tf.ensure_shape(place(image, model_config),
                           [model_config.image_height,
                            model_config.image_width,
                            model_config.image_channels])
  # Rounding in the weights may exceed white by a trifle.
  return tf.minimum(pixels / 127.5 - 1.0, 1.0)


def _plain_options() -> tf.data.Options:
  # The data set is made anew for each call: rewriting its graph to make it
  # quicker would cost a millisecond each time.
  options = tf.data.Options()
  options.experimental_optimization.apply_default_optimizations = False
  options.autotune.enabled = False
  return options


def _map_rows(function: Callable[..., tf.Tensor],
              inputs: Sequence[tf.Tensor], default: tf.Tensor,
              parallel_calls: Optional[int]) -> tuple[tf.Tensor, tf.Tensor]:
  """Calls a function on each row; where it fails, the others do not.

  Args:
    function: of one row of each input.
    inputs: tensors of N rows.
    default: what a row becomes on which the function fails.
    parallel_calls: calls at a time; None for one after the other.

  Returns:
    The N results, and bool [N], where there is one.
  """
  num_rows = tf.size(inputs[0])
  dataset = tf.data.Dataset.from_tensor_slices((tf.range(num_rows), *inputs))
  # Rows that fail leave the data set; the others bring their number.
  dataset = dataset.map(lambda row, *values: (row, function(*values)),
                        num_parallel_calls=parallel_calls)
  dataset = dataset.ignore_errors()
  first = tf.data.Dataset.from_tensors((num_rows, default))
  dataset = first.concatenate(dataset).batch(
      tf.cast(num_rows, tf.int64) + 1).with_options(_plain_options())
  found, results = dataset.get_single_element()
  places = tf.tensor_scatter_nd_update(
      tf.zeros([num_rows + 1], tf.int32), found[:, None],
      tf.range(tf.size(found)))[:num_rows]
  return tf.gather(results, places), places > 0


def _rewrite_some(image_bytes: tf.Tensor, is_gif: tf.Tensor,
                  is_bmp: tf.Tensor,
                  parallel_calls: Optional[int]) -> tf.Tensor:
  """String [N] with GIFs and BMPs as image_decoding can decode them."""
  def rewritten():
    rows = tf.where_v2(is_gif | is_bmp)
    results, _ = _map_rows(
        image_decoding.rewrite,
        (tf.gather_nd(image_bytes, rows), tf.gather_nd(is_gif, rows)),
        tf.constant(b''), parallel_calls)
    return tf.tensor_scatter_nd_update(image_bytes, rows, results)

  # They are rare, and even none of them would take their time.
  return tf.cond(tf.reduce_any(is_gif | is_bmp), rewritten,
                 lambda: image_bytes)


@tf.autograph.experimental.do_not_convert
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
  # Beside an accelerator too: only the last of these ops could use one.
  with tf.name_scope('decode_images'), tf.device('/cpu:0'):
    # The first byte tells them apart; the decoders look at more.
    first = image_decoding.first_bytes(image_bytes, 1)[:, 0]
    is_jpeg, is_png, is_gif, is_bmp = (
        tf.equal(first, byte) for byte in (0xff, 0x89, ord('G'), ord('B')))
    is_known = (is_jpeg | is_gif | is_bmp
                | (is_png & image_decoding.png_fits(image_bytes)))
    image_bytes = _rewrite_some(tf.where_v2(is_known, image_bytes, b''), is_gif,
                                is_bmp, parallel_calls)
    black = tf.fill([model_config.image_height, model_config.image_width,
                     model_config.image_channels], -1.0)
    return _map_rows(
        lambda encoded, is_jpeg: resize_and_pad(
            image_decoding.decode(encoded, is_jpeg), model_config),
        (image_bytes, is_jpeg), black, parallel_calls)
