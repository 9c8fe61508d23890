"""Effects of light, lens, sensor and file format on a picture of a word."""

import io
import random

from PIL import Image
from PIL import ImageChops
from PIL import ImageFilter

from master.rendering import textures

# Quality of the JPEG where nothing is to be distorted.
_BEST_QUALITY = 95
_MIDDLE = 128
# Contrast of a word, of 255, that no exposure takes away.
_LEAST_LEFT = 28.0


def light(image: Image.Image, rng: random.Random, strength: float
          ) -> Image.Image:
  """Shades a picture as uneven light does."""
  if rng.random() >= 0.35 * strength:
    return image
  loss = rng.uniform(0.15, 0.5) * strength
  shade = Image.blend(Image.new('L', image.size, 255),
                      textures.slope(rng, image.size), loss)
  return ImageChops.multiply(image, shade.convert(image.mode))


def expose(image: Image.Image, rng: random.Random, strength: float,
           contrast: float) -> tuple[Image.Image, float]:
  """Takes away contrast as haze, glare or a dark evening do.

  Args:
    image: grey or RGB.
    rng: decides.
    strength: of the effect.
    contrast: of the word, of 255.

  Returns:
    The picture, and the contrast that is left, at least _LEAST_LEFT where
    there was as much.
  """
  if rng.random() >= 0.3 * strength:
    return image, contrast
  least = min(1.0, _LEAST_LEFT / contrast)
  gain = 1 - strength * (1 - least) * rng.random()
  # Dark more often than pale.
  veil = rng.choice((0, 0, 0, 40, 90, 160, 220))
  flat = Image.new('L', image.size, veil).convert(image.mode)
  return Image.blend(flat, image, gain), gain * contrast


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
  if kind < 0.18:
    return image.filter(ImageFilter.GaussianBlur(
        strength * min(2.4, 0.65 * stroke) * rng.random()))
  if kind < 0.38:
    return image.filter(ImageFilter.BoxBlur(
        strength * min(3.0, 0.85 * stroke) * rng.random()))
  if kind < 0.68:
    return _coarse(image, rng, strength, stroke)
  if kind < 0.78:
    return _smeared(image, rng, strength, stroke)
  if kind < 0.84:  # Sharpened by the camera until edges have seams.
    return image.filter(ImageFilter.UnsharpMask(
        rng.uniform(1, 2.5), round(strength * rng.uniform(50, 250)), 2))
  return image


def _coarse(image: Image.Image, rng: random.Random, strength: float,
            stroke: float) -> Image.Image:
  """As if enlarged from a picture of fewer pixels."""
  least = max(0.3, min(1.0, 0.85 / stroke))
  share = 1 - strength * (1 - least) * rng.random()
  small = [max(1, round(side * share)) for side in image.size]
  return image.resize(small, Image.Resampling.BILINEAR).resize(
      image.size, rng.choice((Image.Resampling.BILINEAR,
                              Image.Resampling.BICUBIC)))


def _smeared(image: Image.Image, rng: random.Random, strength: float,
             stroke: float) -> Image.Image:
  """As if the camera had moved."""
  steps = 1 + round(strength * min(5.0, 1.2 * stroke) * rng.random())
  across = rng.random() < 0.7
  total = image
  for step in range(1, steps + 1):
    moved = image.copy()
    moved.paste(image, (step, 0) if across else (0, step))
    total = Image.blend(total, moved, 1 / (step + 1))
  return total


def add_noise(image: Image.Image, rng: random.Random, strength: float,
              limit: float) -> Image.Image:
  """Adds the noise of a sensor, equal in all channels or not.

  Args:
    image: grey or RGB.
    rng: decides.
    strength: of the effect.
    limit: largest deviation of the noise, of 255.
  """
  if rng.random() >= 0.45 * strength:
    return image
  deviation = strength * min(limit, 12.0) * rng.random()
  if deviation < textures.DEVIATIONS[0]:
    return image
  mode = image.mode if rng.random() < 0.5 else 'L'
  noise = textures.noise(rng, image.size, deviation, mode)
  return ImageChops.add(image, noise.convert(image.mode), 1, -_MIDDLE)


def encoded(image: Image.Image, rng: random.Random, strength: float,
            png_rate: float) -> bytes:
  """A PNG, or a JPEG of any quality.

  Args:
    image: grey or RGB.
    rng: decides.
    strength: 0 for good quality alone, 1 for the whole range.
    png_rate: the chance of a PNG.
  """
  stream = io.BytesIO()
  if rng.random() < png_rate:
    image.save(stream, 'PNG', compress_level=1)
  else:
    worst = _BEST_QUALITY - 65 * strength
    image.save(stream, 'JPEG', quality=round(rng.triangular(
        worst, _BEST_QUALITY, (worst + 2 * _BEST_QUALITY) / 3)))
  return stream.getvalue()
