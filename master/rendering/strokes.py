"""Letters that are not solid: dots of a display, stencils, chalk, brush.

Masks are changed before a word is laid into its crop, so that dots and gaps
are turned and bent as the letters are.
"""

import functools
import random

import numpy as np
from PIL import Image
from PIL import ImageChops
from PIL import ImageDraw

from master.rendering import textures

KINDS = ('dotted', 'stencil', 'worn')
# Dots that the height of a word is made of: fewer draw no letter.
_DOTS = 9, 16
# Pixels that a dot and its gap have at least in the crop: closer ones are
# solid strokes again.
_LEAST_PITCH = 2.2
_CELL = 8  # Pixels a dot is drawn at, before it is scaled.
_COLUMNS, _ROWS = 260, 40  # Dots of a pattern that is made once.
# Share of a dot's cell that must be ink for it to be lit.
_LIT = 0.38


def able(kind: str, rows: float) -> bool:
  """Whether a word of some height in the crop, in pixels, can show a kind."""
  least = {'dotted': _DOTS[0] * _LEAST_PITCH, 'stencil': 16, 'worn': 14}
  return rows >= least[kind]


def changed(kind: str, mask: np.ndarray, rows: int, seen_rows: float,
            letters: int, rng: random.Random) -> np.ndarray:
  """Draws the strokes of a mask in another way.

  Args:
    kind: of KINDS.
    mask: uint8 [h, w], coverage of the ink.
    rows: height of the word, in pixels of the mask.
    seen_rows: the same, in pixels of the crop.
    letters: of the word.
    rng: decides.

  Returns:
    uint8 [h, w].
  """
  image = Image.fromarray(mask)
  if kind == 'dotted':
    done = _dotted(image, rows, seen_rows, rng)
  elif kind == 'stencil':
    done = _stencil(image, rows, seen_rows, letters, rng)
  else:
    done = _worn(image, rng)
  return np.asarray(done)


@functools.lru_cache(32)
def _pattern(is_round: bool, tenths: int) -> Image.Image:
  """Dots that fill some tenths of their cells' width."""
  cell = Image.new('L', (4 * _CELL, 4 * _CELL))
  edge = 2 * _CELL * (1 - tenths / 10)
  box = (edge, edge, 4 * _CELL - 1 - edge, 4 * _CELL - 1 - edge)
  canvas = ImageDraw.Draw(cell)
  (canvas.ellipse if is_round else canvas.rectangle)(box, 255)
  tile = np.asarray(cell.resize((_CELL, _CELL), Image.Resampling.BOX))
  return Image.fromarray(np.tile(tile, [_ROWS, _COLUMNS]))


def _dotted(mask: Image.Image, rows: int, seen_rows: float,
            rng: random.Random) -> Image.Image:
  """A display of lamps: those that the letters cover are lit."""
  most = min(_DOTS[1], int(seen_rows / _LEAST_PITCH))
  pitch = rows / rng.randint(_DOTS[0], max(_DOTS[0], most))
  size = (min(_COLUMNS, max(1, round(mask.width / pitch))),
          min(_ROWS, max(1, round(mask.height / pitch))))
  lit = mask.resize(size, Image.Resampling.BOX).point(
      [255 * (value >= 255 * _LIT) for value in range(256)])
  dots = _pattern(rng.random() < 0.6, rng.randint(6, 8))
  # Lamps that are off can be seen at times.
  off = rng.randint(10, 40) if rng.random() < 0.3 else 0
  if off:
    lit = lit.point([max(off, value) for value in range(256)])
  large = (size[0] * _CELL, size[1] * _CELL)
  lit = lit.resize(large, Image.Resampling.NEAREST)
  return ImageChops.multiply(lit, dots.crop((0, 0, *large))).resize(
      mask.size, Image.Resampling.BOX)


def _stencil(mask: Image.Image, rows: int, seen_rows: float, letters: int,
             rng: random.Random) -> Image.Image:
  """Bridges that hold a stencil together leave gaps in the letters."""
  wide = max(rows * rng.uniform(0.04, 0.09), 1.3 * rows / seen_rows)
  done = mask.copy()
  canvas = ImageDraw.Draw(done)
  lean = rng.uniform(-0.1, 0.1) * mask.height
  if rng.random() < 0.4:  # All along the word.
    middle = mask.height * rng.uniform(0.4, 0.6)
    canvas.line((0, middle + lean / 4, mask.width, middle - lean / 4), 0,
                max(1, round(wide)))
    return done
  pitch = mask.width / letters
  for letter in range(letters):
    x = pitch * (letter + rng.uniform(0.35, 0.65))
    canvas.line((x + lean, 0, x - lean, mask.height), 0, max(1, round(wide)))
  return done


def _worn(mask: Image.Image, rng: random.Random) -> Image.Image:
  """Chalk, dry brushes and old paint leave parts of a stroke out."""
  grain = textures.wear(rng, mask.size, rng.choice(('chalk', 'brush')))
  # Steep, so that there is paint or none.
  middle, steepness = rng.uniform(15, 65), rng.uniform(3, 12)
  table = [min(255, max(0, round(128 + steepness * (value - middle))))
           for value in range(256)]
  return ImageChops.multiply(mask, grain.point(table))
