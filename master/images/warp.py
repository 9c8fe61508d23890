"""Random bends, turns and crops of the words of a batch.

What lies beyond a picture's edge is taken to look like the edge, as the wall
around a word looks like the wall next to it: black corners would show the
model of the augmentation.
"""

from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf


class Warp(NamedTuple):
  """How N words change; float64 [N] each, all 0 leaves a word as it is.

  Attributes:
    angle: clockwise turn, in radians.
    shear: columns to the left for each row further down.
    across: half the difference between the heights of the word's two ends,
      as a share of its height; above 0 the right end is smaller.
    down: the same of the widths of its bottom and top.
    curve: rows that the ends of the word lie below its apex; below 0 above.
    apex: column where the arc turns, -1 for the left end to 1 for the right.
    left: columns that the crop is wider on that side, as a share of the
      height; below 0 it cuts that much off.
    top: the same with rows.
    right: as left.
    bottom: as top.
    stretch: natural logarithm of how much wider the word becomes.
  """
  angle: Any
  shear: Any
  across: Any
  down: Any
  curve: Any
  apex: Any
  left: Any
  top: Any
  right: Any
  bottom: Any
  stretch: Any


def limits(images: tf.Tensor, widths: tf.Tensor, word: float,
           padding: float) -> tf.Tensor:
  """A value for the words' columns and one for those behind them.

  Args:
    images: float32 [N, H, W, C].
    widths: int32 [N].
    word: the value of columns before a width.
    padding: that of the others.

  Returns:
    float32 [N, 1, W * C], to be joined with images [N, H, W * C]: with a
    dimension of channels for itself that takes several times as long.
  """
  _, width, channels = images.shape[1:].as_list()
  columns = np.repeat(np.arange(width), channels)
  return tf.where_v2(columns[None] < widths[:, None], word, padding)[:, None]


def fill_padding(images: tf.Tensor, widths: tf.Tensor) -> tf.Tensor:
  """Lets the last column of each word go on to the right.

  Args:
    images: float32 [N, H, W, C] in [-1, 1], -1 behind the words.
    widths: int32 [N], columns of the words.

  Returns:
    float32 [N, H, W, C].
  """
  height, width, channels = images.shape[1:].as_list()
  last = tf.gather(images, tf.maximum(widths, 1) - 1, axis=2, batch_dims=1)
  # A product repeats them sooner than ops that are made for it.
  repeated = tf.reshape(
      tf.matmul(tf.reshape(last, [-1, channels]),
                np.tile(np.eye(channels, dtype=np.float32), width)),
      [-1, height, width * channels])
  # The padding is the least value there is.
  filled = tf.maximum(
      tf.reshape(images, [-1, height, width * channels]),
      tf.minimum(repeated, limits(images, widths, -1.0, 1.0)))
  return tf.reshape(filled, [-1, height, width, channels])


def bend(images: tf.Tensor, widths: tf.Tensor, curve: tf.Tensor,
         apex: tf.Tensor) -> tf.Tensor:
  """Bends words into arcs, squeezed to the height there is.

  Args:
    images: float32 [N, H, W, C].
    widths: int32 [N].
    curve: float64 [N], as in `Warp`, in rows before the squeezing.
    apex: float64 [N], as in `Warp`.

  Returns:
    float32 [N, H, W, C].
  """
  height, width, channels = images.shape[1:].as_list()
  columns = (np.arange(width) + 0.5)[None]
  along = (2 * columns / tf.cast(widths, tf.float64)[:, None] - 1
           - apex[:, None]) / (1 + tf.abs(apex[:, None]))
  along = tf.clip_by_value(along, -1, 1)  # [N, W]
  down = (curve[:, None] * along**2 + tf.nn.relu(-curve)[:, None])
  squeeze = (1 + tf.abs(curve) / height)[:, None]
  rows = (np.arange(height) + 0.5)[None] * squeeze - 0.5  # [N, H]
  source = tf.clip_by_value(
      tf.cast(rows, tf.float32)[:, :, None]
      - tf.cast(down, tf.float32)[:, None], 0, height - 1)  # [N, H, W]
  upper = tf.floor(source)
  share = (source - upper)[..., None]
  offsets = (tf.range(tf.shape(images)[0])[:, None] * (height * width)
             + tf.range(width)[None])
  places = tf.cast(upper, tf.int32) * width + offsets[:, None]
  # A row more, for the one below the last, of which no share is taken.
  pixels = tf.pad(tf.reshape(images, [-1, channels]),
                  [[0, width], [0, 0]])
  above = tf.gather_nd(pixels, places[..., None])
  below = tf.gather_nd(pixels, (places + width)[..., None])
  return above + share * (below - above)


def _matrices(rows) -> tf.Tensor:
  """[N, 3, 3] of three rows of three, each a number or [N]."""
  count = next(tf.shape(x) for row in rows for x in row if tf.is_tensor(x))
  return tf.stack([tf.stack([
      x if tf.is_tensor(x) else tf.fill(count, tf.constant(x, tf.float64))
      for x in row], axis=1) for row in rows], axis=1)


def _forward(warp: Warp, width: tf.Tensor, height: tf.Tensor) -> tf.Tensor:
  """Homographies [N, 3, 3] of words around the origin, but for the crop."""
  keystone = _matrices(((1., 0., 0.), (0., 1., 0.),
                        (2 * warp.across / width, 2 * warp.down / height, 1.)))
  cos, sin = tf.cos(warp.angle), tf.sin(warp.angle)
  affine = _matrices(((cos, -sin - cos * warp.shear, 0.),
                      (sin, cos - sin * warp.shear, 0.), (0., 0., 1.)))
  return affine @ keystone


def _bounds(homographies: tf.Tensor, width: tf.Tensor, height: tf.Tensor
            ) -> tuple[tf.Tensor, tf.Tensor]:
  """Least and largest x and y of moved words, float64 [N, 2] each."""
  ones = tf.ones_like(width)
  x, y = width / 2, height / 2
  corners = tf.stack([tf.stack([-x, x, x, -x], axis=1),
                      tf.stack([-y, -y, y, y], axis=1),
                      tf.stack([ones] * 4, axis=1)], axis=1)
  moved = homographies @ corners  # [N, 3, 4]
  moved = moved[:, :2] / moved[:, 2:]
  return tf.reduce_min(moved, axis=2), tf.reduce_max(moved, axis=2)


def transforms(widths: tf.Tensor, warp: Warp, height: int, width: int
               ) -> tuple[tf.Tensor, tf.Tensor]:
  """Where the pixels of words that are moved and cropped anew come from.

  The crop is the box around the moved word, changed on its four sides, and
  is brought to the model's height with its aspect kept, as a crop of such a
  word in a photo would be.

  Args:
    widths: int32 [N], columns of the words.
    warp: how they change; of words with a curve, `bend` did that part.
    height: of the images, H.
    width: of the images, W.

  Returns:
    float64 [N, 3, 3]: homographies from columns and rows of the result, of
    pixels' centres counted from 0, to those of the images; and int32 [N], the
    columns of the new words.
  """
  old_width = tf.cast(widths, tf.float64)
  old_height = height + tf.abs(warp.curve)
  forward = _forward(warp, old_width, old_height)
  low, high = _bounds(forward, old_width, old_height)
  unit = (high - low)[:, 1:]
  low -= tf.stack([warp.left, warp.top], axis=1) * unit
  high += tf.stack([warp.right, warp.bottom], axis=1) * unit
  # A crop that is all cut away keeps a pixel.
  size = tf.maximum(high - low, 1)
  new_width = tf.clip_by_value(tf.round(
      size[:, 0] / size[:, 1] * height * tf.exp(warp.stretch)), 1, width)
  # Pixels' centres lie half a pixel off their number.
  scale_x, scale_y = size[:, 0] / new_width, size[:, 1] / height
  crop = _matrices(((scale_x, 0., low[:, 0] + scale_x / 2),
                    (0., scale_y, low[:, 1] + scale_y / 2), (0., 0., 1.)))
  squeeze = height / old_height
  place = _matrices(((1., 0., old_width / 2 - 0.5),
                     (0., squeeze, squeeze * old_height / 2 - 0.5),
                     (0., 0., 1.)))
  return (place @ tf.linalg.inv(forward) @ crop,
          tf.cast(new_width, tf.int32))


def move(images: tf.Tensor, homographies: tf.Tensor) -> tf.Tensor:
  """Samples images bilinearly; beyond their edges they go on as they end.

  Args:
    images: float32 [N, H, W, C].
    homographies: float64 [N, 3, 3], as of `transforms`.

  Returns:
    float32 [N, H, W, C].
  """
  numbers = tf.reshape(homographies / homographies[:, 2:, 2:], [-1, 9])
  return tf.ensure_shape(tf.raw_ops.ImageProjectiveTransformV3(
      images=images, transforms=tf.cast(numbers[:, :8], tf.float32),
      output_shape=images.shape[1:3].as_list(), fill_value=0.0,
      interpolation='BILINEAR', fill_mode='NEAREST'), images.shape)
