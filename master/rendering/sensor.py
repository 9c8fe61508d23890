"""Small, shaken and noisy pictures, as of a camera far away.

All functions take and give images of mode 'L' or 'RGB', and keep their size
but for `lowered`.
"""

import functools
import io
import math
import random

import numpy as np
from PIL import Image
from PIL import ImageFilter

from master.rendering import textures

_MIDDLE = 128
_ANGLES = 24  # In which a camera moves: half a turn.
_WORST_QUALITY, _POOR_QUALITY = 10, 50
# Of the noise that is cut from a pattern and scaled: fine, and coarse.
_FINE, _COARSE = 8, 9


def shaken(image: Image.Image, rng: random.Random, stroke: float
           ) -> Image.Image:
  """Moved while the shutter was open, at any angle.

  Args:
    image: grey or RGB.
    rng: decides.
    stroke: width of the word's strokes or gaps in pixels: a longer way
      leaves nothing to read.
  """
  way = min(9.0, 1.6 * stroke + 0.5) * rng.uniform(0.5, 1)
  angle = rng.randrange(_ANGLES)
  # A kernel reaches over five pixels; what is longer takes two.
  half = min(4.0, max(1.0, way if way <= 4 else way / 2))
  done = _filtered(image, _line(round(2 * half), angle))
  return _filtered(done, _line(round(2 * half), angle)) if way > 4 else done


@functools.lru_cache(200)
def _line(halves: int, angle: int) -> ImageFilter.Kernel:
  """What movement over some half pixels makes of a point."""
  ticks = (np.arange(40) / 39 - 0.5) * halves / 2
  x = 2 + ticks * math.cos(angle * math.pi / _ANGLES)
  y = 2 + ticks * math.sin(angle * math.pi / _ANGLES)
  places = np.arange(5)
  # Each point of the way is shared by the pixels around it.
  weights = (np.maximum(0, 1 - np.abs(y[:, None] - places))[:, :, None]
             * np.maximum(0, 1 - np.abs(x[:, None] - places))[:, None])
  return ImageFilter.Kernel((5, 5), weights.sum(axis=0).ravel().tolist())


@functools.lru_cache(16)
def _disc(fifths: int) -> ImageFilter.Kernel:
  """What a lens makes of a point that it does not focus."""
  radius = fifths / 5
  fine = 9
  ticks = (np.arange(5 * fine) + 0.5) / fine - 2.5
  inside = np.hypot(*np.meshgrid(ticks, ticks)) <= radius
  weights = inside.reshape(5, fine, 5, fine).sum(axis=(1, 3))
  return ImageFilter.Kernel((5, 5), weights.ravel().tolist())


def _filtered(image: Image.Image, kernel: ImageFilter.Kernel) -> Image.Image:
  """Filters a picture as if it went on beyond its edges as it ends there."""
  width, height = image.size
  # Pillow leaves two pixels at each edge as they are.
  wider = Image.new(image.mode, (width + 4, height + 4))
  for left, source in ((0, 0), (1, 0), (width + 2, width - 1),
                       (width + 3, width - 1)):
    wider.paste(image.crop((source, 0, source + 1, height)), (left, 2))
  wider.paste(image, (2, 2))
  for top, source in ((0, 2), (1, 2), (height + 2, height + 1),
                      (height + 3, height + 1)):
    wider.paste(wider.crop((0, source, width + 4, source + 1)), (0, top))
  return wider.filter(kernel).crop((2, 2, width + 2, height + 2))


def unfocused(image: Image.Image, rng: random.Random, stroke: float
              ) -> Image.Image:
  """Out of focus: each point becomes a disc.

  Args:
    image: grey or RGB.
    rng: decides.
    stroke: width of the word's strokes or gaps in pixels.
  """
  radius = min(2.4, 0.4 + 0.75 * stroke) * rng.uniform(0.5, 1)
  return _filtered(image, _disc(max(4, round(5 * radius))))


def lowered(image: Image.Image, rng: random.Random, letters: float,
            stroke: float, least: int) -> Image.Image:
  """Shrinks a picture, as of a word far away; it stays small.

  Args:
    image: grey or RGB.
    rng: decides.
    letters: their height in the picture, in pixels.
    stroke: width of their strokes or gaps in pixels, of which about a
      pixel is kept.
    least: the height the letters keep.

  Returns:
    An image of the same mode, of which each side is at least 4 pixels; the
    given one where its letters are no higher than `least`.
  """
  least = max(least, letters * min(1.0, 0.8 / stroke))
  if letters <= least:
    return image
  # Small ones more often than those that are easy.
  wanted = least + (min(letters, 2.5 * least) - least) * rng.random() ** 1.5
  scale = wanted / letters
  return image.resize(
      [max(4, round(side * scale)) for side in image.size],
      rng.choice((Image.Resampling.BOX, Image.Resampling.BILINEAR,
                  Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)))


def noisy(image: Image.Image, rng: random.Random, limit: float
          ) -> Image.Image:
  """Noise of few photons: more where there is light, in spots of colour.

  Args:
    image: grey or RGB.
    rng: decides.
    limit: largest standard deviation, of 255, where the picture is white.
  """
  deviation = min(30.0, limit) * rng.uniform(0.35, 1)
  pixels = np.asarray(image, np.float32)
  noise = _pattern(rng, image, _FINE if rng.random() < 0.5 else _COARSE, 1)
  if image.mode == 'RGB' and rng.random() < 0.7:
    # Spots larger than pixels, as colour is computed from neighbours.
    noise = 0.7 * noise + 0.7 * _pattern(rng, image, _COARSE, 2)
  # Shot noise goes with the root of the light, and there is some in the dark.
  noise *= deviation * np.sqrt(0.08 + 0.92 / 255 * pixels)
  return Image.fromarray(np.clip(np.rint(pixels + noise), 0, 255).astype(
      np.uint8))


def _pattern(rng: random.Random, image: Image.Image, deviation: int,
             enlarged: int) -> np.ndarray:
  """Noise of deviation 1, float32 of the image's shape."""
  size = tuple(-(-side // enlarged) for side in image.size)
  noise = textures.noise(rng, size, deviation, image.mode)
  if enlarged > 1:
    noise = noise.resize(image.size, Image.Resampling.BILINEAR)
  return (np.asarray(noise, np.float32) - _MIDDLE) / deviation


def scanned(image: Image.Image, rng: random.Random) -> Image.Image:
  """Lines of a screen or of an interlaced picture.

  Args:
    image: grey or RGB.
    rng: decides.
  """
  pixels = np.array(image)
  first = rng.randrange(2)
  if rng.random() < 0.5:
    # Half of the lines were taken a moment later.
    pixels[first::2] = np.roll(pixels[first::2], rng.choice((-2, -1, 1, 2)),
                               axis=1)
  else:
    step = rng.choice((2, 2, 3, 4))
    pixels[first::step] = (pixels[first::step]
                           * np.float32(rng.uniform(0.55, 0.85))).astype(
                               np.uint8)
  return Image.fromarray(pixels)


def squeezed(image: Image.Image, rng: random.Random, stroke: float
             ) -> Image.Image:
  """A JPEG of poor quality, at times of fewer pixels, enlarged again.

  Args:
    image: grey or RGB.
    rng: decides.
    stroke: width of the word's strokes or gaps in pixels.
  """
  least = max(0.45, min(1.0, 1.0 / stroke))
  share = least + (1 - least) * rng.random()
  small = image.resize([max(4, round(share * side)) for side in image.size],
                       Image.Resampling.BILINEAR)
  stream = io.BytesIO()
  # Small letters are gone at the worst: few pixels need a better one.
  worst = _WORST_QUALITY + 25 * max(0.0, 1 - stroke * share / 2.5)
  small.save(stream, 'JPEG', quality=round(rng.uniform(
      worst, max(worst, _POOR_QUALITY))))
  return Image.open(stream).resize(image.size, rng.choice(
      (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)))
