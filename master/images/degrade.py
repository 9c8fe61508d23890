"""Faults of cameras and files: blur, noise, JPEG.

Each function takes the rows of a batch in numbers of their own.
"""

import numpy as np
import tensorflow.compat.v1 as tf

# Pixels that a blur reaches in each direction.
BLUR_RADIUS = 2
# Of a blur's standard deviations in pixels, where there is none: next to
# nothing of a neighbour then counts.
_SHARP = 0.2

# ITU-T T.81, tables K.1 and K.2.
LUMA_TABLE = np.array([
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55,
    14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
    49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
    np.float32)
CHROMA_TABLE = np.full([8, 8], 99, np.float32)
CHROMA_TABLE[:4, :4] = [[17, 18, 24, 47], [18, 21, 26, 66],
                        [24, 26, 56, 99], [47, 66, 99, 99]]
# JFIF: from R, G and B to Y, Cb and Cr, all around 0.
_TO_YCBCR = np.array([[0.299, 0.587, 0.114],
                      [-0.168736, -0.331264, 0.5],
                      [0.5, -0.418688, -0.081312]], np.float32)


def blur(images: tf.Tensor, spread: tf.Tensor, length: tf.Tensor,
         angle: tf.Tensor) -> tf.Tensor:
  """Blurs as a lens out of focus does, and as a moving camera does.

  Args:
    images: float32 [N, H, W, C].
    spread: float64 [N], standard deviation in all directions, in pixels.
    length: float64 [N], standard deviation that the movement adds.
    angle: float64 [N], its direction in radians.

  Returns:
    float32 [N, H, W, C].
  """
  height, width, channels = images.shape[1:].as_list()
  steps = np.arange(-BLUR_RADIUS, BLUR_RADIUS + 1.0)
  x, y = steps[None, :, None], steps[:, None, None]
  along = x * tf.cos(angle) + y * tf.sin(angle)  # [taps, taps, N]
  across = y * tf.cos(angle) - x * tf.sin(angle)
  narrow = spread**2 + _SHARP**2
  kernels = tf.exp(-along**2 / (2 * (narrow + length**2))
                   - across**2 / (2 * narrow))
  kernels /= tf.reduce_sum(kernels, axis=[0, 1])
  kernels = tf.repeat(tf.cast(kernels, tf.float32), channels, axis=2)
  # A convolution of each channel by itself does each image by itself, where
  # images are made the channels of one.
  planes = tf.reshape(tf.transpose(images, [1, 2, 0, 3]),
                      [1, height, width, -1])
  border = [BLUR_RADIUS, BLUR_RADIUS]
  padded = tf.pad(planes, [[0, 0], border, border, [0, 0]], 'SYMMETRIC')
  # No convolution is of no channels.
  planes = tf.cond(tf.size(planes) > 0, lambda: tf.nn.depthwise_conv2d(
      padded, kernels[..., None], [1, 1, 1, 1], 'VALID'), lambda: planes)
  return tf.transpose(tf.reshape(planes, [height, width, -1, channels]),
                      [2, 0, 1, 3])


def _cosines(block: int) -> np.ndarray:
  """[block * block, 64]: pixels to the coefficients of an 8 x 8 block.

  A block of 16 x 16 is halved first, by the mean of four pixels.
  """
  frequency, place = np.ogrid[:8, :8]
  basis = np.cos(np.pi / 8 * frequency * (place + 0.5)) / 2
  basis[0] /= np.sqrt(2)
  basis = np.repeat(basis, block // 8, axis=1) * 8 / block
  return np.einsum('ui,vj->ijuv', basis, basis).reshape([-1, 64])


def quantisation_table(percent: tf.Tensor, table: np.ndarray) -> tf.Tensor:
  """The steps of the coefficients, as libjpeg makes them.

  Args:
    percent: float64 [N], of `table`.
    table: 64 values.

  Returns:
    float32 [N, 64], whole numbers from 1 to 255.
  """
  steps = tf.floor((percent[:, None] * table.reshape([1, 64]) + 50) / 100)
  return tf.cast(tf.clip_by_value(steps, 1, 255), tf.float32)


def _compress_planes(planes: tf.Tensor, steps: tf.Tensor, block: int
                     ) -> tf.Tensor:
  """Quantises the coefficients of blocks.

  Args:
    planes: float32 [N, P, H, W]; H and W are multiples of `block`.
    steps: float32 [N, 64].
    block: side of a block in pixels: 8, or 16 for half the resolution.

  Returns:
    float32 [N, P, H, W].
  """
  count, height, width = planes.shape[1:].as_list()
  rows, columns = height // block, width // block
  blocks = tf.transpose(
      tf.reshape(planes, [-1, rows, block, columns, block]), [0, 1, 3, 2, 4])
  cosines = _cosines(block).astype(np.float32)
  found = tf.reshape(
      tf.matmul(tf.reshape(blocks, [-1, block * block]), cosines),
      [-1, count * rows * columns, 64])
  found = tf.round(found / steps[:, None]) * steps[:, None]
  # The inverse: what was halved is doubled by repetition.
  inverse = cosines.T * (block // 8)**2
  blocks = tf.reshape(tf.matmul(tf.reshape(found, [-1, 64]), inverse),
                      [-1, rows, columns, block, block])
  return tf.reshape(tf.transpose(blocks, [0, 1, 3, 2, 4]),
                    [-1, count, height, width])


def _whole_blocks(images: tf.Tensor, block: int) -> tf.Tensor:
  """Lets the last row and column go on until the sides are multiples."""
  for axis in (1, 2):
    side = images.shape[axis]
    if side % block:
      places = np.minimum(np.arange(side + -side % block), side - 1)
      images = tf.gather(images, places, axis=axis)
  return images


def compress(images: tf.Tensor, percent: tf.Tensor) -> tf.Tensor:
  """What JPEG leaves of images: the lossy part of it alone.

  Colour is kept at half the resolution, as nearly all JPEG files do.

  Args:
    images: float32 [N, H, W, C] in [-1, 1].
    percent: float64 [N], coarseness as a share of the standard's tables;
      libjpeg takes 5000 / quality below 50, 200 - 2 * quality above.

  Returns:
    float32 [N, H, W, C], somewhat out of [-1, 1] at times.
  """
  height, width, channels = images.shape[1:].as_list()
  block = 8 if channels == 1 else 16
  # Planes, as the product below is slow where colours are the last dimension.
  planes = tf.transpose(_whole_blocks(images, block) * 127.5, [0, 3, 1, 2])
  luma = quantisation_table(percent, LUMA_TABLE)
  if channels == 1:
    planes = _compress_planes(planes, luma, 8)
  else:
    chroma = quantisation_table(percent, CHROMA_TABLE)
    planes = _mixed(planes, _TO_YCBCR)
    planes = tf.concat([_compress_planes(planes[:, :1], luma, 8),
                        _compress_planes(planes[:, 1:], chroma, 16)], axis=1)
    planes = _mixed(planes, np.linalg.inv(_TO_YCBCR))
  pixels = tf.transpose(planes[:, :, :height, :width], [0, 2, 3, 1])
  return pixels * (1 / 127.5)


def _mixed(planes: tf.Tensor, matrix: np.ndarray) -> tf.Tensor:
  """Multiplies the colours of [N, 3, H, W] by a matrix [3, 3]."""
  height, width = planes.shape[2:].as_list()
  mixed = tf.matmul(matrix.astype(np.float32),
                    tf.reshape(planes, [-1, 3, height * width]))
  return tf.reshape(mixed, [-1, 3, height, width])
