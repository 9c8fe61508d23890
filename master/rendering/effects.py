"""What happens to a word's colours and to the picture of it.

Pictures are float32 [h, w, c] in 0..255 until they are encoded; masks are
uint8 [h, w]. Guarded by tests/rendering/effects_test.py.
"""

import colorsys
import random
from typing import Sequence

import numpy as np
from PIL import Image
from PIL import ImageFilter

from master.rendering import textures

Colour = tuple[float, ...]

_BLACK, _WHITE = 0.0, 255.0
_LUMA = (0.299, 0.587, 0.114)
# Least difference of luminance between ink and background, of 255: below it
# a person no longer reads the word once it is blurred.
_LEAST_CONTRAST = 50.0
_MANY_TRIES = 100


def luminance(colour: Sequence[float]) -> float:
  """How light a colour is, 0 to 255."""
  if len(colour) == 1:
    return colour[0]
  return sum(share * value for share, value in zip(_LUMA, colour))


def _colour(rng: random.Random, channels: int) -> Colour:
  if channels == 1:
    return (rng.uniform(_BLACK, _WHITE),)
  kind = rng.random()
  if kind < 0.2:
    value = rng.uniform(200, 255)
  elif kind < 0.4:
    value = rng.uniform(0, 60)
  elif kind < 0.55:
    value = rng.uniform(0, 255)
  else:
    return tuple(255 * part for part in colorsys.hsv_to_rgb(
        rng.random(), rng.uniform(0.15, 1), rng.uniform(0.1, 1)))
  return tuple(min(255.0, max(0.0, value + rng.uniform(-12, 12)))
               for _ in range(3))


def colours(rng: random.Random, channels: int, strength: float
            ) -> tuple[Colour, Colour]:
  """Colours of background and ink.

  Args:
    rng: decides.
    channels: 1 for grey, 3 for RGB.
    strength: the chance of anything but black on white.
  """
  white, black = (_WHITE,) * channels, (_BLACK,) * channels
  if rng.random() >= strength:
    return white, black
  # Signs and print are made to be read: faint words are the rarer ones.
  wanted = _LEAST_CONTRAST + 130 * rng.random() ** 1.5
  for _ in range(_MANY_TRIES):
    background, ink = _colour(rng, channels), _colour(rng, channels)
    if abs(luminance(background) - luminance(ink)) >= wanted:
      return background, ink
  return white, black


def contrast(background: Colour, ink: Colour) -> float:
  """Difference of luminance, 0 to 255."""
  return abs(luminance(background) - luminance(ink))


def thickened(mask: np.ndarray, amount: float) -> np.ndarray:
  """Makes strokes bolder on all sides.

  Args:
    mask: uint8 [h, w].
    amount: pixels; a fraction counts in part.

  Returns:
    uint8 [h, w]; what reaches over the edge is cut off.
  """
  while amount > 0:
    share = min(amount, 1.0)
    wide = mask.copy()
    np.maximum(wide[:, 1:], mask[:, :-1], out=wide[:, 1:])
    np.maximum(wide[:, :-1], mask[:, 1:], out=wide[:, :-1])
    bold = wide.copy()
    np.maximum(bold[1:], wide[:-1], out=bold[1:])
    np.maximum(bold[:-1], wide[1:], out=bold[:-1])
    mask = bold if share == 1 else (
        mask + share * (bold - mask.astype(np.float32))).astype(np.uint8)
    amount -= 1
  return mask


def shifted(mask: np.ndarray, down: int, right: int) -> np.ndarray:
  """Moves a mask; what it leaves behind is empty."""
  height, width = mask.shape
  moved = np.zeros_like(mask)
  moved[max(0, down):height + min(0, down),
        max(0, right):width + min(0, right)] = (
            mask[max(0, -down):height + min(0, -down),
                 max(0, -right):width + min(0, -right)])
  return moved


def blend(picture: np.ndarray, mask: np.ndarray, ink, opacity: float = 1.0):
  """Lays ink over a picture, in place.

  Args:
    picture: float32 [h, w, c].
    mask: uint8 [h, w].
    ink: a colour [c], or a picture [h, w, c].
    opacity: of the ink where the mask is 255.
  """
  alpha = mask[:, :, None] * np.float32(opacity / 255)
  picture += (np.asarray(ink, np.float32) - picture) * alpha


def surface(rng: random.Random, height: int, width: int, colour: Colour,
            amplitude: float, strength: float) -> np.ndarray:
  """What a word stands on: plain, shaded from side to side, or textured.

  Args:
    rng: decides.
    height: in pixels.
    width: in pixels.
    colour: the mean, [c].
    amplitude: largest change of brightness, of 255.
    strength: the chance of anything but plain.

  Returns:
    float32 [h, w, c], somewhat out of 0..255 at times.
  """
  picture = np.empty([height, width, len(colour)], np.float32)
  picture[:] = colour
  kind = rng.random()
  if kind >= 0.85 * strength:
    return picture
  gains = [amplitude * rng.uniform(0.7, 1) for _ in colour]
  if kind < 0.45 * strength:
    pattern = textures.background(rng, height, width)[:, :, None]
    return picture + pattern * np.asarray(gains, np.float32)
  return picture + _slope(rng, height, width) * np.asarray(gains, np.float32)


def _slope(rng: random.Random, height: int, width: int) -> np.ndarray:
  """A smooth change in any direction, float32 [h, w, 1] in [-1, 1]."""
  down, right = rng.uniform(-1, 1), rng.uniform(-1, 1)
  rows = down / 2 * textures.ramp(height)
  columns = right / 2 * textures.ramp(width)
  return (rows[:, None] + columns[None])[:, :, None]


def light(picture: np.ndarray, rng: random.Random, strength: float
          ) -> np.ndarray:
  """Shades a picture as uneven light does."""
  if rng.random() >= 0.4 * strength:
    return picture
  height, width, _ = picture.shape
  return picture * (1 + rng.uniform(0.1, 0.45) * strength
                    * _slope(rng, height, width))


def soften(image: Image.Image, rng: random.Random, strength: float,
           stroke: float) -> Image.Image:
  """Takes away detail in one of the ways of a camera.

  Args:
    image: grey or RGB.
    rng: decides.
    strength: of the effect.
    stroke: width of the word's strokes or gaps in pixels, at least 1: a blur
      that is wider leaves nothing to read.
  """
  kind = rng.random() / max(strength, 1e-6)
  if kind < 0.4:
    radius = strength * min(1.6, 0.45 * stroke) * rng.random()
    return image.filter(ImageFilter.GaussianBlur(radius))
  if kind < 0.6:
    return _coarse(image, rng, strength, stroke)
  if kind < 0.68:
    return _smeared(image, rng, strength, stroke)
  return image


def _coarse(image: Image.Image, rng: random.Random, strength: float,
            stroke: float) -> Image.Image:
  """As if enlarged from a picture of fewer pixels."""
  least = max(0.45, min(1.0, 1.2 / stroke))
  share = 1 - strength * (1 - least) * rng.random()
  small = [max(1, round(side * share)) for side in image.size]
  return image.resize(small, Image.Resampling.BILINEAR).resize(
      image.size, rng.choice((Image.Resampling.BILINEAR,
                              Image.Resampling.BICUBIC)))


def _smeared(image: Image.Image, rng: random.Random, strength: float,
             stroke: float) -> Image.Image:
  """As if the camera had moved."""
  picture = np.asarray(image, np.uint16)
  steps = 1 + round(strength * min(3.0, 0.8 * stroke) * rng.random())
  axis = 1 if rng.random() < 0.7 else 0
  total = picture.copy()
  for step in range(1, steps + 1):
    moved = np.roll(picture, step, axis)
    edge = (slice(None),) * axis + (slice(0, step),)
    moved[edge] = picture[edge]
    total += moved
  return Image.fromarray((total // (steps + 1)).astype(np.uint8))


def add_noise(image: Image.Image, rng: random.Random, strength: float,
              limit: float) -> Image.Image:
  """Adds the noise of a sensor, equal in all channels or not.

  Args:
    image: grey or RGB.
    rng: decides.
    strength: of the effect.
    limit: largest deviation of the noise, of 255.
  """
  if rng.random() >= 0.5 * strength:
    return image
  picture = np.asarray(image, np.float32)
  height, width = picture.shape[:2]
  channels = 1 if picture.ndim == 2 or rng.random() < 0.5 else 3
  noise = textures.noise(rng, height, width, channels)
  if picture.ndim == 2:
    noise = noise[:, :, 0]
  deviation = strength * min(limit, 14.0) * rng.random()
  return to_image(picture + deviation * noise)


def to_image(picture: np.ndarray) -> Image.Image:
  """An image of values in about 0..255, float32 [h, w, 1 or 3] or [h, w]."""
  pixels = np.clip(picture + 0.5, 0, 255).astype(np.uint8)
  if pixels.ndim == 3 and pixels.shape[2] == 1:
    pixels = pixels[:, :, 0]
  return Image.fromarray(pixels)
