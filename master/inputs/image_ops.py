"""Encoded images to model input, in the graph: one path for all callers.

Training, evaluation and serving share `decode_images`, so a model is served
what it was trained on. Guarded by tests/inputs/image_ops_test.py.
"""

import functools
from typing import Any, Callable, NamedTuple, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.inputs import image_decoding

# ITU-R BT.601, the weights of JPEG's luma.
_LUMA = (0.299, 0.587, 0.114)
_BLACK = -1.0
# Pixels of an image that is scaled as the bytes it is.
_HUGE = 2**20
# Ways of `image_resize` that `_jpeg` knows.
_JPEGS_FIRST = ('right', 'right_square')


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


def _bilinear(image: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
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


def _antialiased_by_products(image: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
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


def _is_huge(sides: tf.Tensor) -> tf.Tensor:
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
  is_huge = _is_huge(sides)

  def shrunk():
    if not antialias:
      return tf.cond(is_huge, scale_first(_bilinear),
                     convert_first(_bilinear))
    return tf.cond(is_huge, scale_first(_antialiased),
                   convert_first(_antialiased_by_products))

  return tf.cond(tf.reduce_any(sides > size), shrunk,
                 convert_first(_bilinear))


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


class _Scaled(NamedTuple):
  """A picture on the model's canvas.

  Attributes:
    pixels: float32 [H, W, C] in [-1, 1], black where the picture is not.
    width: int32 scalar, columns from the left that the picture may reach.
    sides: int32 [2], its height and width before, in pixels.
  """
  pixels: Any
  width: Any
  sides: Any


def _padded_width(size: tf.Tensor, model_config: config_lib.ModelConfig
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
  scaled = _padded_width(tf.cast(tf.shape(image)[:2], tf.float64),
                         model_config)
  pixels = _resize(image, tf.stack([height, scaled]),
                   model_config.image_channels, antialias=True)
  return tf.pad(pixels, [[0, 0], [0, width - scaled], [0, 0]],
                constant_values=_BLACK), scaled


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
                 constant_values=_BLACK), tf.constant(width))


_PLACEMENTS = {'right': _pad_right, 'right_square': _pad_right,
               'stretch': _stretch, 'letterbox': _letterbox}


def _upright(image: tf.Tensor, ratio: float) -> tf.Tensor:
  """Turns [h, w, C] with h > ratio * w counter-clockwise by 90 degrees."""
  shape = tf.cast(tf.shape(image), tf.float32)
  return tf.cond(shape[0] > ratio * shape[1],
                 lambda: tf.reverse(tf.transpose(image, [1, 0, 2]), [0]),
                 lambda: image)


def _scaled(image: tf.Tensor, model_config: config_lib.ModelConfig
            ) -> _Scaled:
  """Brings uint8 [h, w, 1 to 4] to the model's size."""
  sides = tf.shape(image)[:2]
  if model_config.rotate_vertical:
    image = _upright(image, model_config.rotate_vertical)
  pixels, width = _PLACEMENTS[model_config.image_resize](image, model_config)
  pixels = tf.ensure_shape(pixels, [model_config.image_height,
                                    model_config.image_width,
                                    model_config.image_channels])
  # Rounding may exceed black and white by a trifle.
  return _Scaled(tf.clip_by_value(pixels, -1.0, 1.0), width, sides)


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
  return _scaled(image, model_config).pixels


def _jpeg(encoded: tf.Tensor, is_jpeg: tf.Tensor,
          model_config: config_lib.ModelConfig,
          is_meant: Callable[[tf.Tensor, tf.Tensor], tf.Tensor],
          scale: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]) -> _Scaled:
  """A JPEG padded on the right; fails on those not meant, and on all others.

  What most training sets hold, in as few ops as can be: `_scaled` makes the
  same of it, in twice the time. A grey model gets the file's own luma.

  Args:
    encoded: its bytes.
    is_jpeg: bool scalar, whether they begin as a JPEG's do.
    model_config: of a model that pads on the right.
    is_meant: tells by int32 [2] sides before and after.
    scale: uint8 [h, w, C] to float32 of the size int32 [2].
  """
  height, width = model_config.image_height, model_config.image_width
  # Of other formats libjpeg would complain on stderr.
  encoded = tf.where_v2(is_jpeg, encoded, b'')
  sides = tf.io.extract_jpeg_shape(encoded)[:2]
  scaled = _padded_width(tf.cast(sides, tf.float64), model_config)
  size = tf.stack([height, scaled])
  image = tf.io.decode_jpeg(
      tf.where_v2(is_meant(sides, size), encoded, b''),
      channels=model_config.image_channels)
  pixels = scale(image, size) * (1 / 127.5) - 1.0
  pixels = tf.pad(pixels, [[0, 0], [0, width - scaled], [0, 0]],
                  constant_values=_BLACK)
  return _Scaled(tf.ensure_shape(
      pixels, [height, width, model_config.image_channels]), scaled, sides)


def _enlarged_jpeg(encoded: tf.Tensor, is_jpeg: tf.Tensor,
                   model_config: config_lib.ModelConfig) -> _Scaled:
  """A JPEG that is to grow, both ways."""
  return _jpeg(encoded, is_jpeg, model_config,
               lambda sides, size: tf.reduce_all(sides <= size), _bilinear)


def _shrunk_jpeg(encoded: tf.Tensor, is_jpeg: tf.Tensor,
                 model_config: config_lib.ModelConfig) -> _Scaled:
  """A JPEG that is to shrink, in any way, and is not huge."""
  return _jpeg(
      encoded, is_jpeg, model_config,
      lambda sides, size: tf.reduce_any(sides > size) & ~_is_huge(sides),
      lambda image, size: _antialiased_by_products(
          tf.cast(image, tf.float32), size))


def _any_image(encoded: tf.Tensor, is_jpeg: tf.Tensor,
               model_config: config_lib.ModelConfig) -> _Scaled:
  """An image of any kind that can be decoded."""
  return _scaled(image_decoding.decode(encoded, is_jpeg), model_config)


def _plain_options() -> tf.data.Options:
  # The data set is made anew for each call: rewriting its graph to make it
  # quicker would cost a millisecond each time.
  options = tf.data.Options()
  options.experimental_optimization.apply_default_optimizations = False
  options.autotune.enabled = False
  return options


def _map_some(function: Callable[..., Any], inputs: Sequence[tf.Tensor],
              default: Any, parallel_calls: Optional[int]
              ) -> tuple[tf.Tensor, Any]:
  """Calls a function on each row.

  Args:
    function: of one row of each input; gives a structure of tensors.
    inputs: tensors of N rows.
    default: a structure alike.
    parallel_calls: calls at a time; None for one after the other.

  Returns:
    int32 [F + 1]: N, then the rows on which the function did not fail; and
    the default with their results, such a structure.
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
  return dataset.get_single_element()


def _map_rows(functions: Sequence[Callable[..., Any]],
              inputs: Sequence[tf.Tensor], default: Any,
              parallel_calls: Optional[int],
              is_worth_it: Optional[Callable[..., tf.Tensor]] = None
              ) -> tuple[Any, tf.Tensor]:
  """Calls functions on each row until one works; rows do not harm others.

  Args:
    functions: of one row of each input, each for rows on which those before
      it fail; each gives a structure of tensors.
    inputs: tensors of N rows.
    default: what a row becomes on which all fail, a structure alike.
    parallel_calls: calls at a time; None for one after the other.
    is_worth_it: of the inputs; a bool scalar, whether any function but the
      last may work. Needed for several.

  Returns:
    The N results as such a structure, and bool [N], where there is one.
  """
  function, *others = functions
  num_rows = tf.size(inputs[0])

  def found_none():
    return num_rows[None], tf.nest.map_structure(
        lambda value: tf.convert_to_tensor(value)[None], default)

  def found_some():
    return _map_some(function, inputs, default, parallel_calls)

  found, results = (
      tf.cond(is_worth_it(*inputs), found_some, found_none) if others
      else found_some())

  def with_others():
    is_left = tf.tensor_scatter_nd_update(
        tf.fill([num_rows + 1], True), found[:, None],
        tf.zeros_like(found, tf.bool))
    left = tf.where_v2(is_left)[:, 0]
    if others:
      rest, valid = _map_rows(others, [tf.gather(x, left) for x in inputs],
                              default, parallel_calls, is_worth_it)
    else:
      valid = tf.zeros_like(left, tf.bool)
      rest = tf.nest.map_structure(
          lambda value: tf.repeat(tf.convert_to_tensor(value)[None],
                                  tf.size(left), axis=0), default)

    def merged(values, others):
      # Each row is copied once.
      return tf.dynamic_stitch([found, tf.cast(left, tf.int32)],
                               [values, others])[:num_rows]

    return (tf.nest.map_structure(merged, results, rest),
            merged(tf.ones_like(found, tf.bool), valid))

  def as_they_are():
    # Nothing is copied.
    return (tf.nest.map_structure(lambda values: values[1:], results),
            tf.fill([num_rows], True))

  return tf.cond(tf.equal(tf.size(found), num_rows + 1), as_they_are,
                 with_others)


def _rewrite_some(image_bytes: tf.Tensor, is_gif: tf.Tensor,
                  is_bmp: tf.Tensor,
                  parallel_calls: Optional[int]) -> tf.Tensor:
  """String [N] with GIFs and BMPs as image_decoding can decode them."""
  def rewritten():
    rows = tf.where_v2(is_gif | is_bmp)
    results, _ = _map_rows(
        [image_decoding.rewrite],
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
                parallel_calls: Optional[int]) -> tuple[_Scaled, tf.Tensor]:
  """The images of rows, [N, ...] each, and bool [N] where there are any."""
  nothing = _Scaled(
      tf.fill([model_config.image_height, model_config.image_width,
               model_config.image_channels], _BLACK), tf.constant(0),
      tf.constant([0, 0]))

  functions = [_enlarged_jpeg, _shrunk_jpeg, _any_image]
  if model_config.rotate_vertical or (
      model_config.image_resize not in _JPEGS_FIRST):
    functions = [_any_image]
  return _map_rows([functools.partial(function, model_config=model_config)
                    for function in functions],
                   (image_bytes, is_jpeg), nothing, parallel_calls,
                   lambda _, is_jpeg: tf.reduce_any(is_jpeg))


@tf.autograph.experimental.do_not_convert
def decode_sized(image_bytes: tf.Tensor,
                 model_config: config_lib.ModelConfig,
                 parallel_calls: Optional[int] = tf.data.AUTOTUNE) -> Decoded:
  """`decode_images` that also tells sizes."""
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
