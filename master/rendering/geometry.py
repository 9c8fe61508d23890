"""Position of a word in its crop: stretch, slant, curve, perspective."""

import math
import random
from typing import NamedTuple, Optional, Sequence

import numpy as np
from PIL import Image

from master.rendering import lettering as lettering_lib
from master.rendering import textures

_MAX_CURVE = 0.3  # Of the word's height, and at most as much of its width.
_MAX_TURN = 9.0  # Degrees.
_MAX_SHEAR = 0.35
_MAX_KEYSTONE = 0.22
_LEAST_SCALE = 0.8
# The same of words that lie far from level, seen from the side or bent.
_WILD_CURVE = 0.8
_WILD_TURNS = 10.0, 45.0
_WILD_SHEAR = 0.8
_WILD_KEYSTONES = 0.25, 0.65
# How a word is wild; perspective also turns and slants what is seen.
_WILD_WAYS = ('turn', 'keystone', 'keystone', 'shear', 'curve', 'curve')
# Of words on a wall that the camera looks along: how narrow they are, the
# angle of their line in the picture, and how far it rises, of their height.
_OBLIQUE = 'oblique'
_OBLIQUE_WIDTHS = 0.35, 0.9
_OBLIQUE_ANGLES = 12.0, 40.0
_OBLIQUE_RISE = 2.5
_OBLIQUE_KEYSTONE = 0.4
# Such a crop is higher than its letters, up to so many times.
_MOST_GROWTH = 2.5


# Of a homography, row by row. NumPy takes longer for nine numbers.
Matrix = Sequence[float]


class Placed(NamedTuple):
  """A word in its crop.

  Attributes:
    mask: mode 'L', coverage of the ink.
    scale: pixels of the crop for one of the drawn word, vertically.
  """
  mask: Image.Image
  scale: float


def curved(mask: np.ndarray, offsets: np.ndarray) -> np.ndarray:
  """Moves each column down.

  Args:
    mask: uint8 [h, w].
    offsets: float [w], rows, at least 0.

  Returns:
    uint8 [h + largest offset, w].
  """
  height, width = mask.shape
  extra = math.ceil(offsets.max()) + 1
  source = np.zeros([height + 2 * extra, width], np.uint8)
  source[extra:extra + height] = mask
  whole = np.floor(offsets).astype(np.int32)
  share = (offsets - whole).astype(np.float32)
  rows = np.arange(height + extra)[:, None] - whole[None] + extra
  # Places in the flat array: far faster than a pair of indices.
  places = rows * width + np.arange(width)[None]
  moved = source.take(places) * (1 - share)
  moved += source.take(places - width) * share
  return moved.astype(np.uint8)


def _curve(width: int, most: float, rng: random.Random) -> np.ndarray:
  """Offsets that bend a word into an arc or a wave, float [width]."""
  amount = most * rng.random()
  along = textures.ramp(width)
  if rng.random() < 0.7:
    offsets = amount * along ** 2
    if rng.random() < 0.5:
      offsets = amount - offsets
    return offsets
  return amount / 2 * (1 + np.sin(math.pi * along * rng.uniform(0.8, 1.3)
                                  + rng.uniform(0, 2 * math.pi)))


def _product(a: Matrix, b: Matrix) -> Matrix:
  return [a[i] * b[j] + a[i + 1] * b[j + 3] + a[i + 2] * b[j + 6]
          for i in (0, 3, 6) for j in range(3)]


def _inverse(m: Matrix) -> Matrix:
  """The inverse, up to scale, which a homography has none of."""
  a, b, c, d, e, f, g, h, i = m
  return [e * i - f * h, c * h - b * i, b * f - c * e,
          f * g - d * i, a * i - c * g, c * d - a * f,
          d * h - e * g, b * g - a * h, a * e - b * d]


def _moved(m: Matrix, x: float, y: float) -> tuple[float, float]:
  scale = m[6] * x + m[7] * y + m[8]
  return ((m[0] * x + m[1] * y + m[2]) / scale,
          (m[3] * x + m[4] * y + m[5]) / scale)


def _homography(width: float, height: float, rng: random.Random,
                strength: float, way: Optional[str], lean: float) -> Matrix:
  """Takes a point of the drawn word to the crop, up to scale and place.

  Args:
    width: of the drawn word.
    height: of the drawn word.
    rng: decides.
    strength: of all of it.
    way: of _WILD_WAYS, or _OBLIQUE, in which it goes far; None for none.
    lean: of the slant, how much there may be, 0 to 1.
  """
  shear = strength * rng.gauss(0, _MAX_SHEAR / 2.5)
  turn = math.radians(strength * rng.gauss(0, _MAX_TURN / 2.5))
  # A long word that is turned leaves little height for its letters.
  limit = math.atan2((1.8 if way == 'turn' else 0.8) * height, width)
  if way == 'turn':
    turn = math.radians(strength * _either_side(rng, _WILD_TURNS))
  elif way == 'shear':
    shear = strength * rng.uniform(-1, 1) * _WILD_SHEAR
  turn = max(-limit, min(limit, turn))
  shear *= lean
  stretch = math.exp(strength * rng.gauss(0, 0.16))
  across = down = 0.0
  if way == 'keystone':
    across = strength * _either_side(rng, _WILD_KEYSTONES) / width
    # What goes away from the eye runs up or down too.
    shear = strength * rng.uniform(-1, 1) * _MAX_SHEAR
    turn = max(-limit, min(limit, 1.5 * turn))
  elif way == _OBLIQUE:
    across = strength * rng.uniform(-1, 1) * _OBLIQUE_KEYSTONE / width
  elif rng.random() < 0.6 * strength:
    across = strength * rng.uniform(-1, 1) * _MAX_KEYSTONE / width
    down = strength * rng.uniform(-1, 1) * _MAX_KEYSTONE / 2 / height
  cos, sin = math.cos(turn), math.sin(turn)
  affine = (cos * stretch, cos * shear - sin, 0,
            sin * stretch, sin * shear + cos, 0,
            0, 0, 1)
  if way == _OBLIQUE:
    affine = _product(_along_a_wall(width, height, rng, strength), affine)
  keystone = (1, 0, 0, 0, 1, 0, across, down, 1)
  centre = (1, 0, -width / 2, 0, 1, -height / 2, 0, 0, 1)
  return _product(_product(affine, keystone), centre)


def _along_a_wall(width: float, height: float, rng: random.Random,
                  strength: float) -> Matrix:
  """Narrows a word and lets its line run up or down; letters stay upright."""
  narrow = 1 - strength * (1 - rng.uniform(*_OBLIQUE_WIDTHS))
  slope = math.tan(math.radians(
      strength * _either_side(rng, _OBLIQUE_ANGLES)))
  limit = _OBLIQUE_RISE * height / (narrow * width)
  slope = max(-limit, min(limit, slope))
  return (narrow, 0, 0, slope * narrow, 1, 0, 0, 0, 1)


def _reach(matrix: Matrix, outline: np.ndarray, box: lettering_lib.Box
           ) -> tuple[tuple[float, float], tuple[float, float]]:
  """How far ink reaches across and down, with the margins of its box."""
  left, top = outline.min(axis=0).tolist()
  right, bottom = outline.max(axis=0).tolist()
  x, y = _moved(matrix, *outline.T.astype(np.float64))
  return ((float(x.min()) - (left - box.left),
           float(x.max()) + box.right - right),
          (float(y.min()) - (top - box.top),
           float(y.max()) + box.bottom - bottom))


def _either_side(rng: random.Random, reach: tuple[float, float]) -> float:
  return rng.choice((-1, 1)) * rng.uniform(*reach)


def placed(lettering: lettering_lib.Lettering, height: int,
           rng: random.Random, strength: float, wild: bool = False,
           oblique: bool = False) -> Placed:
  """Lays a drawn word into a crop.

  Args:
    lettering: the word in a straight line, and what the crop shall show.
    height: of the crop, in pixels; of the letters, where it is oblique.
    rng: decides how.
    strength: 0 for a straight word, 1 for the whole range.
    wild: whether the word is turned, bent or seen from the side by more than
      most are.
    oblique: whether it stands on a wall that the camera looks along: narrow,
      on a line that runs up or down. The crop is as much higher. It is not
      wild then, and no word on a path can be.
  """
  # What is on a path is wild enough.
  is_tight = lettering.outline is not None
  way = rng.choice(_WILD_WAYS) if wild and not is_tight else None
  if oblique and not is_tight:
    way = _OBLIQUE
  mask = lettering.mask
  left, top, right, bottom = lettering.box
  if not is_tight and (
      way == 'curve' or rng.random() < 0.25 * strength):
    # The columns of a short word are most of a letter: bent, it is torn.
    of_rows, of_columns = ((_WILD_CURVE, 0.16) if way == 'curve'
                           else (_MAX_CURVE, 0.09))
    offsets = _curve(mask.shape[1], strength * min(
        of_rows * lettering.rows, of_columns * (right - left)), rng)
    mask = curved(mask, offsets)
    bottom += float(offsets.max())
  columns, rows = right - left, bottom - top
  # A column would lean far over.
  lean = min(1.0, 2 * columns / rows) if is_tight else 1.0
  matrix = _product(_homography(columns, rows, rng, strength, way, lean),
                    (1, 0, -left, 0, 1, -top, 0, 0, 1))
  if is_tight:
    xs, ys = _reach(matrix, lettering.outline, lettering.box)
  else:
    xs, ys = zip(*(_moved(matrix, x, y) for x in (left, right)
                   for y in (top, bottom)))
  if way == _OBLIQUE:
    height = round(height * max(1.0, min(_MOST_GROWTH,
                                         (max(ys) - min(ys)) / rows)))
  scale = height / (max(ys) - min(ys))
  width = max(8, round(scale * (max(xs) - min(xs))))
  place = (scale, 0, -scale * min(xs), 0, scale, -scale * min(ys), 0, 0, 1)
  inverse = _inverse(_product(place, matrix))
  image = Image.fromarray(mask)
  if scale < _LEAST_SCALE:
    # The transform looks at four pixels alone, and would miss thin strokes.
    small = [math.ceil(side * scale) for side in image.size]
    inverse = _product((small[0] / image.width, 0, 0,
                        0, small[1] / image.height, 0, 0, 0, 1), inverse)
    image = image.resize(small, Image.Resampling.BILINEAR)
  terms = [value / inverse[8] for value in inverse[:8]]
  if terms[6] or terms[7]:
    method = Image.Transform.PERSPECTIVE
  else:
    method, terms = Image.Transform.AFFINE, terms[:6]
  return Placed(image.transform((width, height), method, terms,
                                Image.Resampling.BILINEAR), scale)
