"""Surfaces, shadows, outlines and ink, laid over each other.

Pictures are Pillow images of mode 'L' or 'RGB', masks of mode 'L'. Pillow's
own operations on bytes take a fraction of NumPy's time on floats.
"""

import random
from typing import NamedTuple, Union

import numpy as np
from PIL import Image
from PIL import ImageDraw

from master.rendering import colours
from master.rendering import textures

Size = tuple[int, int]
# Change of brightness that a pattern may have, as a share of the contrast
# between ink and background, for bold strokes.
_ROOM = 0.4
_BOLD = 4.0  # Pixels; thinner strokes are lost sooner in a pattern.
# The same of a photograph, in standard deviations: few parts reach twice as
# far.
_SPREAD = 0.5


class Photo(NamedTuple):
  """A piece of a natural picture.

  Attributes:
    image: the piece.
    mean: its mean colour.
    spread: standard deviation of its luminance, of 255.
  """
  image: Image.Image
  mean: tuple[float, ...]
  spread: float


class Look(NamedTuple):
  """The colours of a word, and how much may happen to them.

  Attributes:
    back: colour of the background.
    ink: colour of the word.
    stroke: width of its strokes in pixels.
  """
  back: colours.Colour
  ink: colours.Colour
  stroke: float

  @property
  def contrast(self) -> float:
    """Between ink and background, 0 to 255."""
    return colours.contrast(self.back, self.ink)

  @property
  def room(self) -> float:
    """How much a pattern may change the brightness, of 255."""
    return _ROOM * self.contrast * min(1.0, self.stroke / _BOLD)


def _fill(colour: colours.Colour) -> Union[int, colours.Colour]:
  """A colour as Pillow takes it."""
  return colour if len(colour) > 1 else colour[0]


def _mode(colour: colours.Colour) -> str:
  return 'RGB' if len(colour) > 1 else 'L'


def plain(size: Size, colour: colours.Colour) -> Image.Image:
  """One colour all over."""
  return Image.new(_mode(colour), size, _fill(colour))


def coloured(pattern: Image.Image, colour: colours.Colour,
             gains: tuple[float, ...]) -> Image.Image:
  """Turns a grey pattern into one of changing colour.

  Args:
    pattern: mode 'L', around 128.
    colour: where the pattern is 128.
    gains: what is added for each channel where it is 255.
  """
  picture = plain(pattern.size, colours.rounded(
      [value - gain for value, gain in zip(colour, gains)]))
  picture.paste(_fill(colours.rounded(
      [value + gain for value, gain in zip(colour, gains)])), None, pattern)
  return picture


def surface(rng: random.Random, size: Size, colour: colours.Colour,
            room: float, strength: float) -> Image.Image:
  """What a word stands on: plain, shaded from side to side, or textured.

  Args:
    rng: decides.
    size: width and height in pixels.
    colour: in the middle.
    room: largest change of brightness, of 255.
    strength: the chance of anything but plain.
  """
  kind = rng.random()
  if kind >= 0.75 * strength:
    return plain(size, colour)
  gains = tuple(rng.choice((-1, 1)) * min(60.0, room) * rng.uniform(0.3, 1)
                for _ in colour[:1])
  gains = tuple(gains[0] * rng.uniform(0.7, 1) for _ in colour)
  if kind < 0.35 * strength:
    return coloured(textures.background(rng, size), colour, gains)
  return coloured(textures.slope(rng, size), colour, gains)


def natural(photo: Photo, colour: colours.Colour, room: float,
            rng: random.Random) -> Image.Image:
  """A piece of a picture, as flat as the word on it can bear.

  Args:
    photo: the piece.
    colour: mean of what comes out, as far as it goes.
    room: largest change of brightness, of 255, but for few parts.
    rng: decides how much is left of the picture.
  """
  most = _SPREAD * room / max(photo.spread, 1.0)
  share = min(1.0, most) * rng.uniform(0.5, 1)
  # No flat colour makes up for a picture that is far darker or lighter: its
  # word would be of the picture's own colour.
  for mean, wanted in zip(photo.mean, colour):
    share = min(share, wanted / max(mean, 1e-6),
                (255 - wanted) / max(255 - mean, 1e-6))
  if share > 0.99:
    return photo.image
  flat = [(wanted - share * mean) / (1 - share)
          for mean, wanted in zip(photo.mean, colour)]
  return Image.blend(plain(photo.image.size, colours.rounded(flat)),
                     photo.image, share)


def lay(picture: Image.Image, mask: Image.Image,
        ink: Union[colours.Colour, Image.Image], opacity: float = 1.0):
  """Lays ink over a picture, in place.

  Args:
    picture: to change.
    mask: where, 0 to 255.
    ink: a colour, or a picture of the same size.
    opacity: of the ink where the mask is 255.
  """
  if opacity < 1:
    mask = Image.blend(Image.new('L', mask.size), mask, opacity)
  picture.paste(ink if isinstance(ink, Image.Image) else _fill(ink),
                (0, 0) if isinstance(ink, Image.Image) else None, mask)


def shifted(mask: Image.Image, right: int, down: int) -> Image.Image:
  """Moves a mask; what it leaves behind is empty."""
  moved = Image.new('L', mask.size)
  moved.paste(mask, (right, down))
  return moved


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


def add_edges(picture: Image.Image, look: Look, rng: random.Random,
              strength: float):
  """Where a sign ends, or another begins: a band at one side, in place."""
  if rng.random() >= 0.12 * strength:
    return
  width, height = picture.size
  colour = colours.any_colour(rng, len(look.back))
  if colours.contrast(colour, look.ink) < max(colours.LEAST_CONTRAST,
                                              0.5 * look.contrast):
    return
  reach, slant = rng.uniform(0.05, 0.3) * height, rng.uniform(-0.1, 0.1)
  one, other = reach * (1 - slant), reach * (1 + slant)
  side = rng.randrange(4)
  corners = (
      ((0, 0), (one, 0), (other, height), (0, height)),
      ((width - one, 0), (width, 0), (width, height), (width - other, height)),
      ((0, 0), (width, 0), (width, one), (0, other)),
      ((0, height - one), (width, height - other), (width, height),
       (0, height)))[side]
  ImageDraw.Draw(picture).polygon(corners, _fill(colour))


def add_relief(picture: Image.Image, mask: Image.Image, look: Look,
               rng: random.Random, strength: float):
  """Outline, shadow, depth or raised edges, under the word, in place."""
  kind = rng.random() / max(strength, 1e-6)
  reach = max(1, round(picture.height / 32))
  if kind < 0.1:
    _add_outline(picture, mask, look, reach * rng.uniform(0.5, 1.0), rng)
  elif kind < 0.22:
    moved = shifted(mask, rng.choice((-1, 1)) * reach,
                    rng.choice((-1, 1)) * reach)
    lay(picture, moved, shade(look), rng.uniform(0.4, 0.9))
  elif kind < 0.27:
    lit = colours.rounded([value + 90 for value in look.back])
    dark = colours.rounded([0.4 * value for value in look.back])
    side = rng.choice((-1, 1))
    lay(picture, shifted(mask, side, side), lit, 0.8)
    lay(picture, shifted(mask, -side, -side), dark, 0.8)
  elif kind < 0.34:
    _add_depth(picture, mask, look, rng)


def _add_depth(picture: Image.Image, mask: Image.Image, look: Look,
               rng: random.Random):
  """Letters of some thickness, seen from one side."""
  most = max(2, round(picture.height / 11))
  right, down = rng.choice(((1, 1), (1, 1), (-1, 1), (1, 0), (-1, 0), (0, 1),
                            (1, -1)))
  share = rng.uniform(0.25, 0.75)
  colour = colours.rounded([share * value for value in look.ink])
  if rng.random() < 0.3 or colours.contrast(colour, look.ink) < 25:
    colour = shade(look)
  for step in range(rng.randint(2, most), 0, -1):
    lay(picture, shifted(mask, step * right, step * down), colour)


def hollow(picture: Image.Image, mask: Image.Image, look: Look,
           rng: random.Random) -> colours.Colour:
  """Draws the letters' contour in ink, in place.

  Returns:
    What the letters are to be filled with: the background, or any colour
    that stands out from the contour.
  """
  reach = max(1.0, picture.height * rng.uniform(0.025, 0.06))
  bold = thickened(np.asarray(mask), reach)
  lay(picture, Image.fromarray(bold), look.ink)
  colour = colours.any_colour(rng, len(look.back))
  if rng.random() < 0.6 or colours.contrast(
      colour, look.ink) < max(colours.LEAST_CONTRAST, 0.5 * look.contrast):
    return look.back
  return colour


def _add_outline(picture, mask, look, reach, rng):
  colour = colours.any_colour(rng, len(look.back))
  if colours.contrast(colour, look.ink) < max(colours.LEAST_CONTRAST,
                                              0.5 * look.contrast):
    colour = look.back
  bold = thickened(np.asarray(mask), reach)
  lay(picture, Image.fromarray(bold), colour)


def shade(look: Look) -> colours.Colour:
  """Of a shadow: it darkens; under dark ink it would thicken the letters."""
  if colours.luminance(look.ink) > colours.luminance(look.back):
    return colours.rounded([0.3 * value for value in look.back])
  return colours.rounded([(v + 2 * w) / 3
                          for v, w in zip(look.ink, look.back)])
