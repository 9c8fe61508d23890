"""Draws one word as the crop that a text detector would cut out.

The look follows synthetic word pictures as of Jaderberg et al.,
arXiv:1406.2227: a font, a place, layers of ink, natural pictures blended in,
light, and a camera. Guarded by tests/rendering/renderer_test.py.
"""

import dataclasses
import random
from typing import Optional, Sequence

from PIL import Image

from master.rendering import camera
from master.rendering import colours
from master.rendering import fonts as fonts_lib
from master.rendering import geometry
from master.rendering import layers
from master.rendering import lettering as lettering_lib
from master.rendering import paths
from master.rendering import pictures as pictures_lib

# Share of the words on a natural picture that have its own colours behind
# them, and of those that a piece of one fills.
_OWN_COLOUR_RATE = 0.6
_FILL_RATE = 0.25
# Pixels: what is thinner has no inside to show.
_LEAST_HOLLOW = 2.5


@dataclasses.dataclass(frozen=True)
class Settings:
  """How words are drawn.

  Attributes:
    strength: of all distortions, 0 (black on white, straight) to 1.
    min_height: of the crops, in pixels.
    max_height: of the crops, in pixels.
    grey_rate: share of crops in grey.
    png_rate: share of crops that are PNG; the others are JPEG.
    neighbour_rate: share of crops that show parts of other words, at
      strength 1; less in proportion below, as of the next two.
    cut_rate: share of crops that cut something of the word away.
    background_rate: share of crops that natural pictures are blended into,
      where there are pictures.
    wild_rate: share of words that are turned, bent, slanted or seen from the
      side by far.
    vertical_rate: share of words of three characters or more that stand
      upright, turned by 90 degrees to the left or the right: for models that
      turn tall pictures, which then see half of them upside down.
    hollow_rate: share of words whose letters are contours.
    arc_rate: share of words along an arc of 35 to 335 degrees, each letter
      turned, as are those of a wave; the picture is higher by then, as it is
      for the next two.
    wave_rate: share of words along a wave.
    stack_rate: share of words whose letters stand upright in a column.
  """
  strength: float = 1.0
  min_height: int = 20
  max_height: int = 64
  grey_rate: float = 0.25
  png_rate: float = 0.05
  neighbour_rate: float = 0.2
  cut_rate: float = 0.06
  background_rate: float = 0.6
  wild_rate: float = 0.15
  vertical_rate: float = 0.0
  hollow_rate: float = 0.04
  arc_rate: float = 0.0
  wave_rate: float = 0.0
  stack_rate: float = 0.0


@dataclasses.dataclass(frozen=True)
class Rendering:
  """A word that has been drawn.

  Attributes:
    image: encoded JPEG or PNG.
    fell_back: whether the first choice of font lacked a character.
    extras: of 'neighbours', 'cut', 'background', 'fill', 'hollow',
      'vertical' and paths.KINDS, what there is.
  """
  image: bytes
  fell_back: bool
  extras: tuple[str, ...] = ()


def render_word(text: str, rng: random.Random, fonts: fonts_lib.FontBook,
                settings: Settings,
                pool: Sequence[Sequence[Image.Image]] = ()) -> Rendering:
  """Draws a word.

  Args:
    text: not empty.
    rng: decides everything that is left to chance.
    fonts: to choose from.
    settings: how to draw.
    pool: natural pictures, of `pictures.PictureBook.pool`.

  Raises:
    InputError: if no font has all characters of the text.
  """
  face, fell_back = fonts.pick(text, rng)
  strength = settings.strength
  # Half of the words in photographs are less than 35 pixels high.
  height = round(rng.triangular(
      settings.min_height, settings.max_height,
      (5 * settings.min_height + settings.max_height) / 6))
  path = paths.choose(text, rng, [strength * rate for rate in (
      settings.arc_rate, settings.wave_rate, settings.stack_rate)])
  lettering = lettering_lib.letter(
      face, text, height, rng, strength, settings.neighbour_rate,
      settings.cut_rate, path)
  placed = geometry.placed(lettering, round(height * lettering.growth), rng,
                           strength,
                           rng.random() < settings.wild_rate * strength)
  # Low letters have narrow gaps, however bold their strokes.
  stroke = max(1.0, placed.scale * min(lettering.stroke,
                                       0.1 * lettering.rows))
  channels = 1 if rng.random() < settings.grey_rate else 3
  if not pool or rng.random() >= settings.background_rate * strength:
    pool = ()
  is_hollow = stroke >= _LEAST_HOLLOW and (
      rng.random() < settings.hollow_rate * strength)
  image, contrast, extras = _inked(placed.mask, rng, channels, stroke,
                                   strength, is_hollow, pool)
  image = camera.light(image, rng, strength)
  image, contrast = camera.expose(image, rng, strength, contrast)
  image = camera.soften(image, rng, strength, stroke)
  image = camera.add_noise(image, rng, strength, 0.09 * contrast)
  extras = lettering.extras + extras
  if not path and len(text) > 2 and (
      rng.random() < settings.vertical_rate * strength):
    image = image.transpose(rng.choice((Image.Transpose.ROTATE_90,
                                        Image.Transpose.ROTATE_270)))
    extras += ('vertical',)
  return Rendering(camera.encoded(image, rng, strength, settings.png_rate),
                   fell_back, extras)


def _inked(mask: Image.Image, rng: random.Random, channels: int,
           stroke: float, strength: float, is_hollow: bool,
           pool: Sequence[Sequence[Image.Image]]
           ) -> tuple[Image.Image, float, tuple[str, ...]]:
  """Background, what lies under the word, and the word.

  Args:
    mask: mode 'L', coverage of the ink.
    rng: decides.
    channels: of the picture.
    stroke: width of the word's strokes in pixels.
    strength: of all distortions.
    is_hollow: whether only the letters' contours have the ink.
    pool: natural pictures to blend in; empty for none.

  Returns:
    The picture, the contrast of the word of 255, and what was blended in.
  """
  back, ink = colours.pair(rng, channels, strength)
  if not pool:
    look = layers.Look(back, ink, stroke)
    picture = layers.surface(rng, mask.size, back, look.room, strength)
    filling = None
    extras = ()
  else:
    picture, look, filling = _natural(mask.size, back, ink, stroke, rng, pool)
    extras = ('background', 'fill') if filling else ('background',)
  layers.add_edges(picture, look, rng, strength)
  if is_hollow:
    layers.lay(picture, mask, layers.hollow(picture, mask, look, rng))
    return picture, look.contrast, extras + ('hollow',)
  layers.add_relief(picture, mask, look, rng, strength)
  if filling is None and rng.random() < 0.2 * strength:
    filling = layers.surface(rng, mask.size, look.ink, 0.6 * look.room, 1.0)
  layers.lay(picture, mask, filling or look.ink)
  return picture, look.contrast, extras


def _natural(size: tuple[int, int], back: colours.Colour,
             ink: colours.Colour, stroke: float, rng: random.Random,
             pool: Sequence[Sequence[Image.Image]]
             ) -> tuple[Image.Image, layers.Look, Optional[Image.Image]]:
  """A piece of a natural picture, what stands on it, and what fills that."""
  photo = pictures_lib.piece(pool, rng, size, len(back))
  if rng.random() < _OWN_COLOUR_RATE:
    back = colours.rounded(photo.mean)
    ink = colours.against(back, rng, ink if rng.random() < 0.5 else None)
  look = layers.Look(back, ink, stroke)
  picture = layers.natural(photo, back, look.room, rng)
  filling = None
  if rng.random() < _FILL_RATE:
    filling = layers.natural(pictures_lib.piece(pool, rng, size, len(back)),
                             ink, 0.7 * look.room, rng)
  return picture, look, filling
