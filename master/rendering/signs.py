"""Signs with light and edges: neon, relief, contours.

All draw a word on a picture in place of plain ink. Pictures are Pillow images
of mode 'L' or 'RGB', masks of mode 'L'.
"""

import colorsys
import random

import numpy as np
from PIL import Image
from PIL import ImageChops
from PIL import ImageFilter

from master.rendering import colours
from master.rendering import compositing

KINDS = ('neon', 'engraved', 'contour', 'shadow')
# Width of strokes in pixels, below which a kind cannot be distinguished.
_LEAST_STROKES = {'neon': 1.0, 'engraved': 2.5, 'contour': 2.0, 'shadow': 1.0}

# Contrast of thin lines, of 255: less is lost between the pixels.
_LEAST_OF_LINES = 90.0


def able(kind: str, stroke: float) -> bool:
  """Whether strokes of some width in pixels can show a kind."""
  return stroke >= _LEAST_STROKES[kind]


def draw(kind: str, picture: Image.Image, mask: Image.Image,
         look: compositing.Look, rng: random.Random) -> float:
  """Draws a word, in place.

  Args:
    kind: of KINDS.
    picture: what it stands on.
    mask: coverage of the ink.
    look: colours, and width of the strokes.
    rng: decides.

  Returns:
    The contrast of the word, of 255.
  """
  if kind == 'neon':
    return _neon(picture, mask, look, rng)
  if kind == 'engraved':
    return _engraved(picture, mask, look, rng)
  if kind == 'contour':
    return _contour(picture, mask, look, rng)
  return _shadowed(picture, mask, look, rng)


def _neon(picture: Image.Image, mask: Image.Image, look: compositing.Look,
          rng: random.Random) -> float:
  """Tubes that glow in the dark: along the strokes, or around bold ones."""
  dim = rng.uniform(0.08, 0.3)
  picture.paste(picture.point([dim * value for value in range(256)] *
                              len(look.back)))
  light = tuple(255 * part for part in colorsys.hsv_to_rgb(
      rng.random(), rng.uniform(0.35, 1), 1))
  if len(look.back) == 1:
    light = (rng.uniform(170, 255),)
  elif colours.luminance(light) < 110:  # Blue tubes look lighter than they are.
    light = tuple(110 + 0.57 * value for value in light)
  tube = mask
  if look.stroke >= 4 and rng.random() < 0.6:
    tube = ring(mask, 0.0, rng.uniform(1.0, 1.6))
  reach = picture.height * rng.uniform(0.05, 0.16)
  glow = tube.filter(ImageFilter.BoxBlur(reach)).filter(
      ImageFilter.BoxBlur(reach / 2))
  compositing.lay(picture, glow, colours.rounded(light), rng.uniform(0.35, 0.8))
  compositing.lay(picture, tube, colours.rounded(light))
  if tube is mask and look.stroke >= 3:
    # The middle of a tube is nearly white.
    core = tube.filter(ImageFilter.MinFilter(3)).filter(
        ImageFilter.BoxBlur(0.7))
    compositing.lay(picture, core, colours.rounded(
        [(value + 2 * 255) / 3 for value in light]), rng.uniform(0.3, 1.0))
  return colours.luminance(light) * (1 - dim) * 0.7


def _engraved(picture: Image.Image, mask: Image.Image, look: compositing.Look,
              rng: random.Random) -> float:
  """Letters of the material they stand on, visible by their edges alone."""
  reach = max(1, round(look.stroke * rng.uniform(0.15, 0.3)))
  right, down = rng.choice(((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1),
                            (0, -1)))
  one = compositing.shifted(mask, reach * right, reach * down)
  other = compositing.shifted(mask, -reach * right, -reach * down)
  luminance = colours.luminance(look.back)
  gain = rng.uniform(40, 90)
  # Face of the letters: a little lighter or darker, as worn or wet stone is.
  face = rng.choice((-1, 1)) * rng.uniform(8, 30)
  if not 0 < luminance + face < 255:
    face = -face
  compositing.lay(picture, mask, colours.rounded([v + face for v in look.back]),
                  0.6)
  compositing.lay(picture, ImageChops.subtract(one, other),
                  colours.rounded([v + gain for v in look.back]),
                  rng.uniform(0.7, 1.0))
  compositing.lay(picture, ImageChops.subtract(other, one),
                  colours.rounded([(1 - gain / 130) * v for v in look.back]),
                  rng.uniform(0.7, 1.0))
  return max(colours.LEAST_CONTRAST, min(gain, 255 - luminance)
             + gain / 130 * luminance)


def ring(mask: Image.Image, start: float, width: float) -> Image.Image:
  """A line around the letters of a mask.

  Args:
    mask: coverage of the ink.
    start: pixels between letters and line.
    width: of the line, in pixels.
  """
  inner = compositing.thickened(np.asarray(mask), start)
  return ImageChops.subtract(
      Image.fromarray(compositing.thickened(inner, width)),
      Image.fromarray(inner))


def _contour(picture: Image.Image, mask: Image.Image, look: compositing.Look,
             rng: random.Random) -> float:
  """Thin lines around the letters, one or two; at times ink within two."""
  thin = max(0.9, picture.height * rng.uniform(0.012, 0.03))
  if look.contrast < _LEAST_OF_LINES:
    dark = colours.luminance(look.back) > 128
    look = look._replace(ink=tuple(
        value // 3 if dark else 255 - (255 - value) // 3
        for value in look.ink))
  kind = rng.random()
  if kind < 0.55:  # What they stand on shows within them.
    compositing.lay(picture, ring(mask, 0.0, thin), look.ink)
    return 0.8 * look.contrast
  gap = max(1.0, 1.5 * thin)
  compositing.lay(picture, ring(mask, gap, thin), look.ink)
  if kind < 0.75:
    compositing.lay(picture, ring(mask, 0.0, 0.6 * thin), look.ink)
    return 0.8 * look.contrast
  compositing.lay(picture, mask, look.ink)
  return look.contrast


def _shadowed(picture: Image.Image, mask: Image.Image, look: compositing.Look,
              rng: random.Random) -> float:
  """A shadow that lies away from the letters, soft or sharp."""
  reach = picture.height * rng.uniform(0.04, 0.13)
  shadow = compositing.shifted(mask, round(rng.choice((-1, 1)) * reach),
                               round(rng.choice((-0.5, 0.5, 1, 1)) * reach))
  if rng.random() < 0.6:
    shadow = shadow.filter(ImageFilter.BoxBlur(reach * rng.uniform(0.1, 0.6)))
  compositing.lay(picture, shadow, compositing.shade(look),
                  rng.uniform(0.3, 0.75))
  compositing.lay(picture, mask, look.ink)
  return look.contrast
