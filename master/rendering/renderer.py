"""Draws one word as the crop that a text detector would cut out.

The look follows synthetic word pictures as of Jaderberg et al.,
arXiv:1406.2227: a font, a place, layers of ink, light, and a camera.
Guarded by tests/rendering/renderer_test.py.
"""

import dataclasses
import io
import math
import random

import numpy as np

from master.rendering import effects
from master.rendering import fonts as fonts_lib
from master.rendering import geometry

# Quality of the JPEG where nothing is to be distorted.
_BEST_QUALITY = 95
# Pixels of the crop that a stroke is at least wide.
_LEAST_STROKE = 1.5
# Thinner strokes, in pixels of the drawing, fall between its pixels.
_FAINT_STROKE = 2.0


@dataclasses.dataclass(frozen=True)
class Settings:
  """How words are drawn.

  Attributes:
    strength: of all distortions, 0 (black on white, straight) to 1.
    min_height: of the crops, in pixels.
    max_height: of the crops, in pixels.
    grey_rate: share of crops in grey.
    png_rate: share of crops that are PNG; the others are JPEG.
  """
  strength: float = 1.0
  min_height: int = 24
  max_height: int = 64
  grey_rate: float = 0.4
  png_rate: float = 0.1


@dataclasses.dataclass(frozen=True)
class Rendering:
  """A word that has been drawn.

  Attributes:
    image: encoded JPEG or PNG.
    fell_back: whether the first choice of font lacked a character.
  """
  image: bytes
  fell_back: bool


def render_word(text: str, rng: random.Random, fonts: fonts_lib.FontBook,
                settings: Settings) -> Rendering:
  """Draws a word.

  Args:
    text: not empty.
    rng: decides everything that is left to chance.
    fonts: to choose from.
    settings: how to draw.

  Raises:
    InputError: if no font has all characters of the text.
  """
  face, fell_back = fonts.pick(text, rng)
  height = round(rng.triangular(
      settings.min_height, settings.max_height,
      (2 * settings.min_height + settings.max_height) / 3))
  mask, stroke = _drawn(face, text, height, rng, settings.strength)
  placed = geometry.placed(mask, height, rng, settings.strength)
  channels = 1 if rng.random() < settings.grey_rate else 3
  picture, contrast = _inked(placed, rng, channels, settings.strength)
  picture = effects.light(picture, rng, settings.strength)
  image = effects.to_image(picture)
  # Low letters have narrow gaps, however bold their strokes.
  detail = min(stroke * placed.scale,
               0.1 * (height - placed.top - placed.bottom))
  image = effects.soften(image, rng, settings.strength, max(1.0, detail))
  image = effects.add_noise(image, rng, settings.strength, 0.16 * contrast)
  return Rendering(_encoded(image, rng, settings), fell_back)


def _drawn(face: fonts_lib.Face, text: str, height: int, rng: random.Random,
           strength: float) -> tuple[np.ndarray, float]:
  """The word in a straight line, uint8 [h, w], and its strokes' width."""
  # About as high as it will be seen: little is left to scale.
  smallest = fonts_lib.SIZES[0]
  wanted = 0.7 * height * smallest / fonts_lib.num_rows(face, text, smallest)
  size = next((size for size in fonts_lib.SIZES if size >= wanted),
              fonts_lib.SIZES[-1])
  letter = text[len(text) // 2]
  if fonts_lib.stroke(face, size, letter) < _FAINT_STROKE:
    size = fonts_lib.SIZES[-1]
  stroke = fonts_lib.stroke(face, size, letter)
  spacing = 0.0
  if rng.random() < 0.5 * strength:
    spacing = size * strength * rng.choice(
        (rng.uniform(-0.03, 0.06), rng.uniform(0.0, 0.3)))
  mask = fonts_lib.draw(face, text, size, spacing)
  bolder = 0.0
  if rng.random() < 0.25 * strength:
    # What is bold already would run together.
    bolder = strength * rng.random() * max(0.0, 0.12 * size - stroke)
  # Hairlines would vanish between the crop's pixels.
  scale = 0.8 * height / len(mask)
  bolder = max(bolder, (_LEAST_STROKE / scale - stroke) / 2)
  if bolder > 0:
    mask = effects.thickened(geometry.padded(mask, math.ceil(bolder)), bolder)
  return mask, stroke + 2 * bolder


def _inked(placed: geometry.Placed, rng: random.Random, channels: int,
           strength: float) -> tuple[np.ndarray, float]:
  """Background, what lies under the word, and the word.

  Returns:
    float32 [h, w, channels], and the contrast of the word, 0 to 255.
  """
  mask = placed.mask
  height, width = mask.shape
  back, ink = effects.colours(rng, channels, strength)
  contrast = effects.contrast(back, ink)
  picture = effects.surface(rng, height, width, back,
                            min(60.0, 0.4 * contrast), strength)
  _add_surroundings(picture, placed, ink, rng, strength)
  _add_relief(picture, mask, back, ink, rng, strength)
  if rng.random() < 0.2 * strength:
    ink = effects.surface(rng, height, width, ink,
                          min(40.0, 0.25 * contrast), 1.0)
  effects.blend(picture, mask, ink)
  return picture, contrast


def _add_surroundings(picture: np.ndarray, placed: geometry.Placed,
                      ink: effects.Colour, rng: random.Random,
                      strength: float):
  """Parts of other lines of text, and ruled lines, beside the word."""
  kind = rng.random() / max(strength, 1e-6)
  height, width, _ = picture.shape
  mask = np.zeros([height, width], np.uint8)
  above, below = placed.top - 2, placed.bottom - 2
  if kind < 0.1:
    # The word itself, moved away, is as good as any other.
    other = np.roll(placed.mask, rng.randrange(width), axis=1)
    if above > 0:
      last = height - max(0, placed.bottom)
      mask[:above] = other[last - above:last]
    if below > 0 and rng.random() < 0.5:
      first = max(0, placed.top)
      mask[height - below:] = other[first:first + below]
  elif kind < 0.16:
    thickness = rng.randint(1, 2)
    if below > 0:
      row = height - 1 - rng.randrange(below)
      mask[row:row + thickness] = 255
    if above > 0 and rng.random() < 0.4:
      mask[:thickness] = 255
  else:
    return
  effects.blend(picture, mask, ink, rng.uniform(0.5, 1))


def _add_relief(picture: np.ndarray, mask: np.ndarray, back: effects.Colour,
                ink: effects.Colour, rng: random.Random, strength: float):
  """Outline, shadow or raised edges, under the word."""
  kind = rng.random() / max(strength, 1e-6)
  reach = max(1, round(len(mask) / 32))
  if kind < 0.1:
    _, colour = effects.colours(rng, len(back), 1.0)
    if abs(effects.luminance(colour) - effects.luminance(ink)) < 40:
      colour = back
    outline = effects.thickened(mask, reach * rng.uniform(0.6, 1.3))
    effects.blend(picture, outline, colour)
  elif kind < 0.22:
    # A shadow darkens; under dark ink it would only thicken the letters.
    if effects.luminance(ink) > effects.luminance(back):
      shade = [0.3 * value for value in back]
    else:
      shade = [(v + 2 * w) / 3 for v, w in zip(ink, back)]
    moved = effects.shifted(mask, rng.choice((-1, 1)) * reach,
                            rng.choice((-1, 1)) * reach)
    effects.blend(picture, moved, shade, rng.uniform(0.4, 0.9))
  elif kind < 0.27:
    lit = [min(255.0, value + 90) for value in back]
    dark = [0.4 * value for value in back]
    side = rng.choice((-1, 1))
    effects.blend(picture, effects.shifted(mask, side, side), lit, 0.8)
    effects.blend(picture, effects.shifted(mask, -side, -side), dark, 0.8)


def _encoded(image, rng: random.Random, settings: Settings) -> bytes:
  stream = io.BytesIO()
  if rng.random() < settings.png_rate:
    image.save(stream, 'PNG', compress_level=1)
  else:
    worst = _BEST_QUALITY - 65 * settings.strength
    image.save(stream, 'JPEG', quality=round(rng.triangular(
        worst, _BEST_QUALITY, (worst + 2 * _BEST_QUALITY) / 3)))
  return stream.getvalue()
