"""One word drawn as the crop that a text detector would cut out.

The look follows synthetic word pictures as of Jaderberg et al.,
arXiv:1406.2227: a font, a place, layers of ink, natural pictures blended in,
light, and a camera.
"""

import dataclasses
import random
from typing import Optional, Sequence

from PIL import Image

from master.rendering import backgrounds as backgrounds_lib
from master.rendering import camera
from master.rendering import chance
from master.rendering import colours
from master.rendering import compositing
from master.rendering import fonts as fonts_lib
from master.rendering import framing
from master.rendering import geometry
from master.rendering import lettering as lettering_lib
from master.rendering import palettes
from master.rendering import scene
from master.rendering import sensor
from master.rendering import signs
from master.rendering import strokes
from master.rendering import text_paths

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
    photo_colour_rate: share of words whose colours, and those behind them,
      are of a natural picture, where there are pictures; as of all below at
      strength 1, less in proportion below, and none by default.
    background_zoom: how far pieces of natural pictures are enlarged or
      shrunk, at most; 1 for not at all.
    dotted_rate: share of words made of dots, as displays show them; as of the
      next six, where the word is large enough, and at most one of them.
    stencil_rate: share of words with gaps in the letters.
    worn_rate: share of words whose strokes are eroded, as of chalk or brush.
    neon_rate: share of words of glowing tubes on something dark.
    engraved_rate: share of words that only edges set off from what they stand
      on.
    contour_rate: share of words of thin lines around the letters.
    shadow_rate: share of words whose shadow lies away from them.
    tight_rate: share of crops whose edges touch the word; as of the next two,
      at most one of them.
    loose_rate: share of crops with much room around the word.
    slipped_rate: share of crops that cut a few per cent of a word's first or
      last letter, and have room at the other end.
    perspective_rate: share of words seen far from the side.
    oblique_rate: share of words on a wall that the camera looks along, narrow
      and on a line that runs up or down; the picture is as much higher.
    occlusion_rate: share of words behind wires, twigs or bars.
    shade_rate: share of crops partly in the shade.
    glare_rate: share of crops with a patch of glare.
    motion_rate: share of crops moved at any angle while they were taken.
    defocus_rate: share of crops out of focus.
    low_resolution_rate: share of crops shrunk, to letters of few pixels, and
      left so small.
    min_letters: height of the letters of the smallest of those, in pixels.
    squeezed_rate: share of crops that were a JPEG of poor quality before.
    sensor_noise_rate: share of crops with the noise of few photons.
    scan_line_rate: share of crops with lines of a screen.
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
  photo_colour_rate: float = 0.0
  background_zoom: float = 1.0
  dotted_rate: float = 0.0
  stencil_rate: float = 0.0
  worn_rate: float = 0.0
  neon_rate: float = 0.0
  engraved_rate: float = 0.0
  contour_rate: float = 0.0
  shadow_rate: float = 0.0
  tight_rate: float = 0.0
  loose_rate: float = 0.0
  slipped_rate: float = 0.0
  perspective_rate: float = 0.0
  oblique_rate: float = 0.0
  occlusion_rate: float = 0.0
  shade_rate: float = 0.0
  glare_rate: float = 0.0
  motion_rate: float = 0.0
  defocus_rate: float = 0.0
  low_resolution_rate: float = 0.0
  min_letters: int = 8
  squeezed_rate: float = 0.0
  sensor_noise_rate: float = 0.0
  scan_line_rate: float = 0.0

  def rate(self, kind: str) -> float:
    """The chance of a kind, at this strength."""
    return self.strength * getattr(self, f'{kind}_rate')

  def rates(self, kinds: Sequence[str]) -> dict[str, float]:
    """The chances of some kinds, at this strength."""
    return {kind: self.rate(kind) for kind in kinds}


@dataclasses.dataclass(frozen=True)
class Rendering:
  """A word that has been drawn.

  Attributes:
    image: encoded JPEG or PNG.
    fell_back: whether the first choice of font lacked a character.
    extras: of 'neighbours', 'cut', 'background', 'fill', 'hollow',
      'vertical' and paths.KINDS, and of the other kinds of Settings by their
      rates' names, what there is.
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
  path = text_paths.choose(text, rng,
                           list(settings.rates(text_paths.KINDS).values()))
  lettering = lettering_lib.letter(
      face, text, height, rng, strength, settings.neighbour_rate,
      settings.cut_rate, path)
  # A path's edges are no line's: nothing there to crop tighter.
  kind = None if path else chance.pick(rng, settings.rates(framing.KINDS))
  if kind:
    lettering = framing.reframed(kind, lettering, text, rng)
  drawing = chance.pick(rng, settings.rates(strokes.KINDS + signs.KINDS))
  if path and drawing == 'stencil':
    drawing = None  # Its gaps lie along a line.
  height = round(height * lettering.growth)
  seen_rows = height * lettering.rows / max(
      1.0, lettering.box.bottom - lettering.box.top)
  if drawing in strokes.KINDS:
    if strokes.able(drawing, seen_rows):
      lettering = lettering._replace(mask=strokes.changed(
          drawing, lettering.mask, lettering.rows, seen_rows, len(text), rng),
                                     extras=lettering.extras + (drawing,))
    drawing = None
  is_wild = rng.random() < settings.wild_rate * strength
  is_oblique = not path and chance.happens(
      rng, settings.oblique_rate * strength)
  if is_oblique:
    lettering = lettering._replace(extras=lettering.extras + ('oblique',))
  placed = geometry.placed(lettering, height, rng, strength, is_wild,
                           is_oblique)
  # Twice as narrow, or on end too, it could not be read.
  if not is_oblique and chance.happens(
      rng, settings.perspective_rate * strength):
    mask, share = framing.seen_aside(placed.mask, rng)
    placed = geometry.Placed(mask, share * placed.scale)
    lettering = lettering._replace(extras=lettering.extras + ('perspective',))
  # Low letters have narrow gaps, however bold their strokes.
  stroke = max(1.0, placed.scale * min(lettering.stroke,
                                       0.1 * lettering.rows))
  channels = 1 if rng.random() < settings.grey_rate else 3
  own_colours = pool and chance.happens(
      rng, settings.photo_colour_rate * strength)
  wanted = palettes.pair(backgrounds_lib.sample(
      pool, rng, placed.mask.size, palettes.SIDE, channels,
      settings.background_zoom), rng) if own_colours else None
  if not pool or rng.random() >= settings.background_rate * strength:
    pool = ()
  is_hollow = stroke >= _LEAST_HOLLOW and (
      rng.random() < settings.hollow_rate * strength)
  if drawing and (is_hollow or not signs.able(drawing, stroke)):
    drawing = None
  image, contrast, extras = _inked(placed.mask, rng, channels, stroke,
                                   settings, is_hollow, pool, drawing, wanted)
  image, more = _seen(image, rng, settings)
  extras += more
  image = camera.light(image, rng, strength)
  image, contrast = camera.expose(image, rng, strength, contrast)
  # Lines that are thinner than the strokes are lost sooner.
  if set(extras) & {'engraved', 'contour'}:
    stroke = max(1.0, 0.5 * stroke)
  image, more = _taken(image, rng, settings, stroke,
                       placed.scale * lettering.rows, contrast)
  extras += more
  extras = lettering.extras + extras
  if not path and not is_oblique and len(text) > 2 and (
      rng.random() < settings.vertical_rate * strength):
    image = image.transpose(rng.choice((Image.Transpose.ROTATE_90,
                                        Image.Transpose.ROTATE_270)))
    extras += ('vertical',)
  return Rendering(camera.encoded(image, rng, strength, settings.png_rate),
                   fell_back, extras)


def _seen(image: Image.Image, rng: random.Random, settings: Settings
          ) -> tuple[Image.Image, tuple[str, ...]]:
  """What is before the word and shines on it; and what of that there is."""
  extras = []
  for name, effect in (('occlusion', scene.hidden), ('shade', scene.shaded),
                       ('glare', scene.glared)):
    if chance.happens(rng, settings.rate(name)):
      image = effect(image, rng)
      extras.append(name)
  return image, tuple(extras)


def _taken(image: Image.Image, rng: random.Random, settings: Settings,
           stroke: float, letters: float, contrast: float
           ) -> tuple[Image.Image, tuple[str, ...]]:
  """What a poor camera makes of a word.

  Args:
    image: grey or RGB.
    rng: decides.
    settings: how often each happens.
    stroke: width of the word's strokes, in pixels.
    letters: height of the word, in pixels.
    contrast: of the word, of 255.

  Returns:
    The image, and what was done to it.
  """
  extras = []

  def happens(name: str) -> bool:
    if not chance.happens(rng, settings.rate(name)):
      return False
    extras.append(name)
    return True

  # One loss of detail at most: two leave nothing to read.
  if happens('motion'):
    image = sensor.shaken(image, rng, stroke)
  elif happens('defocus'):
    image = sensor.unfocused(image, rng, stroke)
  elif happens('low_resolution'):
    image = sensor.lowered(image, rng, letters, stroke, settings.min_letters)
  elif happens('squeezed'):
    image = sensor.squeezed(image, rng, stroke)
  else:
    image = camera.soften(image, rng, settings.strength, stroke)
  if happens('scan_line'):
    image = sensor.scanned(image, rng)
  if happens('sensor_noise'):
    image = sensor.noisy(image, rng, 0.14 * contrast)
  else:
    image = camera.add_noise(image, rng, settings.strength, 0.09 * contrast)
  return image, tuple(extras)


def _inked(mask: Image.Image, rng: random.Random, channels: int,
           stroke: float, settings: Settings, is_hollow: bool,
           pool: Sequence[Sequence[Image.Image]], drawing: Optional[str],
           wanted: Optional[tuple[colours.Colour, colours.Colour]]
           ) -> tuple[Image.Image, float, tuple[str, ...]]:
  """Background, what lies under the word, and the word.

  Args:
    mask: mode 'L', coverage of the ink.
    rng: decides.
    channels: of the picture.
    stroke: width of the word's strokes in pixels.
    settings: how to draw.
    is_hollow: whether only the letters' contours have the ink.
    pool: natural pictures to blend in; empty for none.
    drawing: of `signs.KINDS`; None for plain ink.
    wanted: colours of background and ink; None for any.

  Returns:
    The picture, the contrast of the word of 255, and what was blended in.
  """
  strength = settings.strength
  back, ink = wanted or colours.pair(rng, channels, strength)
  if not pool:
    look = compositing.Look(back, ink, stroke)
    picture = compositing.surface(rng, mask.size, back, look.room, strength)
    filling = None
    extras = ()
  else:
    picture, look, filling = _natural(mask.size, back, ink, stroke, rng, pool,
                                      settings.background_zoom,
                                      wanted is not None)
    extras = ('background', 'fill') if filling else ('background',)
  compositing.add_edges(picture, look, rng, strength)
  if is_hollow:
    compositing.lay(picture, mask, compositing.hollow(picture, mask, look, rng))
    return picture, look.contrast, extras + ('hollow',)
  if drawing:
    return picture, signs.draw(drawing, picture, mask, look, rng), (
        extras + (drawing,))
  compositing.add_relief(picture, mask, look, rng, strength)
  if filling is None and rng.random() < 0.2 * strength:
    filling = compositing.surface(
        rng, mask.size, look.ink, 0.6 * look.room, 1.0)
  compositing.lay(picture, mask, filling or look.ink)
  return picture, look.contrast, extras


def _natural(size: tuple[int, int], back: colours.Colour,
             ink: colours.Colour, stroke: float, rng: random.Random,
             pool: Sequence[Sequence[Image.Image]], zoom: float,
             has_colours: bool
             ) -> tuple[Image.Image, compositing.Look, Optional[Image.Image]]:
  """A piece of a natural picture, what stands on it, and what fills that."""
  photo = backgrounds_lib.piece(pool, rng, size, len(back), zoom)
  if has_colours:
    back = colours.rounded(photo.mean)
    ink = colours.against(back, rng, ink)
  elif rng.random() < _OWN_COLOUR_RATE:
    back = colours.rounded(photo.mean)
    ink = colours.against(back, rng, ink if rng.random() < 0.5 else None)
  look = compositing.Look(back, ink, stroke)
  picture = compositing.natural(photo, back, look.room, rng)
  filling = None
  if rng.random() < _FILL_RATE:
    filling = compositing.natural(
        backgrounds_lib.piece(pool, rng, size, len(back), zoom), ink,
        0.7 * look.room, rng)
  return picture, look, filling
