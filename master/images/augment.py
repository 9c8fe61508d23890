"""Random changes of training images, in the graph, a batch at a time.

A row's changes are decided by its seed alone. Each effect is done for the
rows that drew it, so that it costs in the measure of its probability.
"""

import math
from typing import Any, Callable

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.images import degrade
from master.images import stateless_random
from master.images import warp as warp_lib

# What strength 1 does at most. Pixels are those of a word 48 high.
_TURN = math.radians(12)
# A long word that is turned leaves little height for its letters: its ends
# move up and down by at most this share of the height, together.
_TURN_SHARE = 0.5
_SHEAR = 0.4
_ACROSS, _DOWN = 0.25, 0.12
# Of the word's height, and of its width: the columns of a short word are most
# of a letter, which a bend would tear.
_CURVE, _CURVE_SHARE = 0.35, 0.09
_APEX = 0.4
# Shares of the height that a crop loses and gains on a side.
_CUT, _MARGIN = 0.06, 0.12
_STRETCH = 0.2
_USUAL_HEIGHT = 48
_BLUR, _MOTION = 1.2, 2.5
# Of values in [-1, 1], and of the word's own deviation from its mean.
_NOISE, _NOISE_SHARE = 0.16, 0.45
# Logarithms.
_LESS_CONTRAST, _MORE_CONTRAST, _GAIN = -1.0, 0.5, 0.35
_BRIGHTNESS = 0.6
# Words that deviate less from their mean are faint: they get no less contrast,
# and less blur.
_FAINT = 0.16
# Deviations from the mean that must not become black or white.
_KEPT_DEVIATIONS = 1.5
# Of the tables in the JPEG standard: quality 12. For words that deviate less
# from their mean than this, in proportion.
_JPEG_PERCENT, _JPEG_DEVIATION = 400.0, 0.35

# These take most of the time and are done at once, so they come together: in a
# part of the rows that is as large as the largest of their probabilities.
GEOMETRIC = ('crop', 'rotation', 'shear', 'perspective', 'curve')
_EFFECTS = ('rotation', 'shear', 'perspective', 'curve', 'crop', 'blur',
            'motion', 'noise', 'contrast', 'colour', 'invert', 'jpeg')
_AMOUNTS = (
    'angle', 'shear', 'across', 'down', 'curve', 'apex', 'left', 'top',
    'right', 'bottom', 'stretch', 'blur', 'motion', 'direction', 'noise',
    'contrast', 'brightness', 'red', 'green', 'blue', 'loss')


class _Draws:
  """What each row drew; [N] tensors."""

  def __init__(self, seeds: tf.Tensor, config: config_lib.AugmentConfig):
    drawn, self.keys = stateless_random.uniforms(
        seeds, ['is warped', *(f'has {effect}' for effect in _EFFECTS),
                *_AMOUNTS])
    self._drawn = drawn
    self._strength = config.augment
    self.probabilities = {
        'rotation': config.augment_rotation, 'shear': config.augment_shear,
        'perspective': config.augment_perspective,
        'curve': config.augment_curve, 'crop': config.augment_crop,
        'blur': config.augment_blur, 'motion': config.augment_motion,
        'noise': config.augment_noise, 'contrast': config.augment_contrast,
        'colour': config.augment_colour, 'invert': config.augment_invert,
        'jpeg': config.augment_jpeg}
    self._has = {effect: drawn[f'has {effect}'] < probability
                 for effect, probability in self.probabilities.items()}
    most = max(self.probabilities[effect] for effect in GEOMETRIC)
    for effect in GEOMETRIC if most else ():
      self._has[effect] = (drawn['is warped'] < most) & (
          drawn[f'has {effect}'] < self.probabilities[effect] / most)

  def may_have(self, *effects: str) -> bool:
    """Whether any row can have one of the effects."""
    return any(self.probabilities[effect] for effect in effects)

  def has(self, *effects: str) -> tf.Tensor:
    """Which rows have one of the effects, bool [N]."""
    return tf.reduce_any(tf.stack([self._has[e] for e in effects]), axis=0)

  def share(self, name: str) -> tf.Tensor:
    """Uniform in [0, 1), whatever the strength: float64 [N]."""
    return self._drawn[name]

  def amount(self, effect: str, name: str, least, most) -> tf.Tensor:
    """Uniform from least to most, times the strength: float64 [N].

    0 in rows without the effect.
    """
    value = least + (most - least) * self._drawn[name]
    return tf.where_v2(self.has(effect), self._strength * value,
                       tf.zeros_like(value))


def _on_rows(chosen: tf.Tensor, function: Callable[..., tf.Tensor],
             images: tf.Tensor, *values: tf.Tensor) -> tf.Tensor:
  """Replaces the chosen rows by what a function makes of them.

  Args:
    chosen: bool [N].
    function: of M rows of images and of each of the values; M may be 0.
    images: float32 [N, H, W, C].
    *values: [N, ...].
  """
  rows = tf.where_v2(chosen)
  results = function(*(tf.gather_nd(x, rows) for x in (images, *values)))
  return tf.tensor_scatter_nd_update(images, rows, results)


def _warp(draws: _Draws, widths: tf.Tensor, height: int) -> warp_lib.Warp:
  """How each row is bent, turned and cropped."""
  width = tf.cast(widths, tf.float64)
  turn = tf.minimum(tf.atan(_TURN_SHARE * height / width), _TURN)
  curve = tf.minimum(_CURVE_SHARE * width, _CURVE * height)

  def even(effect: str, name: str, limit: Any) -> tf.Tensor:
    return draws.amount(effect, name, -limit, limit)

  sides = {side: draws.amount('crop', side, -_CUT, _MARGIN)
           for side in ('left', 'top', 'right', 'bottom')}
  return warp_lib.Warp(
      angle=even('rotation', 'angle', turn),
      shear=even('shear', 'shear', _SHEAR),
      across=even('perspective', 'across', _ACROSS),
      down=even('perspective', 'down', _DOWN),
      curve=even('curve', 'curve', curve), apex=even('curve', 'apex', _APEX),
      stretch=even('crop', 'stretch', _STRETCH), **sides)


def _warped(images: tf.Tensor, widths: tf.Tensor, draws: _Draws
            ) -> tuple[tf.Tensor, tf.Tensor]:
  """Images after all that moves pixels, and the words' new widths."""
  if not draws.may_have(*GEOMETRIC):
    return images, widths
  height, width = images.shape[1:3].as_list()
  warp = _warp(draws, widths, height)
  homographies, new_widths = warp_lib.transforms(widths, warp, height, width)

  def warped(images, homographies, widths, has_curve, curve, apex):
    if draws.may_have('curve'):
      images = _on_rows(has_curve, warp_lib.bend, images, widths, curve, apex)
    return warp_lib.move(images, homographies)

  return _on_rows(draws.has(*GEOMETRIC), warped, images, homographies, widths,
                  draws.has('curve'), warp.curve, warp.apex), new_widths


def _blurred(images: tf.Tensor, draws: _Draws, deviation: tf.Tensor
             ) -> tf.Tensor:
  """Blurs; `deviation` is that of the words."""
  if not draws.may_have('blur', 'motion'):
    return images
  scale = images.shape.as_list()[1] / _USUAL_HEIGHT * tf.minimum(
      deviation / _FAINT, 1.0)
  return _on_rows(
      draws.has('blur', 'motion'), degrade.blur, images,
      draws.amount('blur', 'blur', 0.3 * _BLUR, _BLUR) * scale,
      draws.amount('motion', 'motion', 0.3 * _MOTION, _MOTION) * scale,
      draws.share('direction') * math.pi)


def _moments(images: tf.Tensor, widths: tf.Tensor
             ) -> tuple[tf.Tensor, tf.Tensor]:
  """Mean and deviation of the words alone: float64 [N] each."""
  height, width, channels = images.shape[1:].as_list()
  inside, outside = (
      tf.cast(columns, tf.float64) * (height * channels)
      for columns in (tf.maximum(widths, 1), width - widths))

  def mean(values, black):
    total = tf.reduce_sum(values, axis=[1, 2, 3])
    return (tf.cast(total, tf.float64) - black * outside) / inside

  first, second = mean(images, -1), mean(tf.square(images), 1)
  return first, tf.sqrt(tf.nn.relu(second - first**2))


def _contrast(mean: tf.Tensor, deviation: tf.Tensor, draws: _Draws
              ) -> tuple[tf.Tensor, tf.Tensor]:
  """Factor and offset, float64 [N] each, that keep a word readable."""
  factor = tf.exp(draws.amount('contrast', 'contrast', _LESS_CONTRAST,
                               _MORE_CONTRAST))
  deviation = tf.maximum(deviation, 1e-3)
  factor = tf.maximum(factor, tf.minimum(_FAINT / deviation, 1.0))
  # No more contrast than there is room for between black and white.
  factor = tf.minimum(
      factor, tf.maximum(1 / (_KEPT_DEVIATIONS * deviation), 1.0))
  room = tf.maximum(1 - _KEPT_DEVIATIONS * factor * deviation, tf.abs(mean))
  new_mean = tf.clip_by_value(
      mean + draws.amount('contrast', 'brightness', -_BRIGHTNESS,
                          _BRIGHTNESS), -room, room)
  return factor, new_mean - factor * mean


def _toned(images: tf.Tensor, draws: _Draws, mean: tf.Tensor,
           deviation: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
  """Contrast, brightness, inversion and colour, all one factor and offset.

  Returns:
    The images, not clipped, and the factor of their contrast, float64 [N].
  """
  factor, offset = _contrast(mean, deviation, draws)
  contrast = factor
  sign = 1 - 2 * tf.cast(draws.has('invert'), tf.float64)
  factor, offset = (sign * factor)[:, None], (sign * offset)[:, None]
  if images.shape[3] == 3:
    gains = tf.stack([draws.amount('colour', name, -_GAIN, _GAIN)
                      for name in ('red', 'green', 'blue')], axis=1)
    # Less of the other colours, so that none grows beyond white.
    gains = tf.exp(gains - tf.reduce_max(gains, axis=1, keepdims=True))
    factor, offset = gains * factor, gains * (offset + 1) - 1
  height, width, channels = images.shape[1:].as_list()
  # For a row of pixels at once, which is the quickest.
  factor, offset = (
      tf.tile(tf.cast(x, tf.float32), [1, width])[:, None]
      for x in (factor, offset))
  pixels = tf.reshape(images, [-1, height, width * channels])
  return tf.reshape(pixels * factor + offset,
                    [-1, height, width, channels]), contrast


def _noisy(images: tf.Tensor, draws: _Draws, deviation: tf.Tensor
           ) -> tf.Tensor:
  """Adds noise; `deviation` is that of the words, float64 [N]."""
  if not draws.may_have('noise'):
    return images
  amount = draws.amount('noise', 'noise', 0.2, 1.0) * tf.minimum(
      _NOISE_SHARE * deviation, _NOISE)

  def noisy(images, keys, amount):
    amount = tf.cast(amount, tf.float32)[:, None, None, None]
    return images + amount * stateless_random.noise(keys,
                                                    images.shape[1:].as_list())

  return _on_rows(draws.has('noise'), noisy, images, draws.keys, amount)


def _compressed(images: tf.Tensor, draws: _Draws, deviation: tf.Tensor
                ) -> tf.Tensor:
  """Loses detail as JPEG does; `deviation` is that of the words."""
  if not draws.may_have('jpeg'):
    return images
  loss = draws.amount('jpeg', 'loss', 0.3, 1.0)
  # Steps as coarse as these would swallow a faint word.
  percent = _JPEG_PERCENT * loss**2 * tf.minimum(
      deviation / _JPEG_DEVIATION, 1.0)
  return _on_rows(
      draws.has('jpeg'), lambda images, percent: degrade.compress(
          tf.clip_by_value(images, -1.0, 1.0), percent), images, percent)


def _finished(images: tf.Tensor, widths: tf.Tensor) -> tf.Tensor:
  """Within [-1, 1], and black behind the words."""
  height, width, channels = images.shape[1:].as_list()
  pixels = tf.reshape(images, [-1, height, width * channels])
  pixels = tf.maximum(tf.minimum(
      pixels, warp_lib.limits(images, widths, 1.0, -1.0)), -1.0)
  return tf.reshape(pixels, [-1, height, width, channels])


@tf.autograph.experimental.do_not_convert
def augment_batch(images: tf.Tensor, widths: tf.Tensor, seeds: tf.Tensor,
                  config: config_lib.AugmentConfig) -> tf.Tensor:
  """Changes each image in its own way.

  In the order of a photo: the word is bent, turned, slanted, seen from
  aside and cropped; light, camera and file do the rest. A crop's corners show
  what its edge shows; behind it the image is black as before.

  Args:
    images: float32 [N, H, W, C] in [-1, 1], a word each from the left on, -1
      behind it. H, W and C are static, C is 1 or 3.
    widths: int32 [N], columns of the words, at least 1.
    seeds: int64 [N], which alone decide what happens to their rows.
    config: how strong the effects are, and how often they come.

  Returns:
    float32 [N, H, W, C] in [-1, 1]; `images` itself where the strength is 0.
  """
  if not config.augment:
    return images
  with tf.name_scope('augment_batch'), tf.device('/cpu:0'):
    draws = _Draws(seeds, config)
    mean, deviation = _moments(images, widths)
    images = warp_lib.fill_padding(images, widths)
    images, widths = _warped(images, widths, draws)
    images = _blurred(images, draws, deviation)
    images, contrast = _toned(images, draws, mean, deviation)
    deviation *= contrast
    images = _noisy(images, draws, deviation)
    images = _compressed(images, draws, deviation)
    return _finished(images, widths)
