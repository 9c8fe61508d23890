"""Words along an arc or a wave, each letter turned, and in a column.

As on badges, shop signs and logos.
"""

import math
import random
from typing import Callable, NamedTuple, Optional, Sequence

import numpy as np
from PIL import Image

from master.rendering import chance
from master.rendering import fonts as fonts_lib
from master.rendering import shaping

KINDS = ('arc', 'wave', 'stack')
# Characters of the shortest word of each of KINDS.
_SHORTEST = {'arc': 3, 'wave': 4, 'stack': 2}
# Degrees that an arc spans, and how often: gentle, half a circle, most of one.
_SPANS = ((35, 100), (100, 200), (200, 335))
_SPAN_WEIGHTS = (0.45, 0.35, 0.2)
_MOST_TURNED = math.radians(50)

# Takes a distance along the baseline, in pixels, to the point there, x and y,
# and to the angle to turn what stands there by, in radians, clockwise.
Curve = Callable[[float], tuple[float, float, float]]


class Drawn(NamedTuple):
  """A word on a path.

  Attributes:
    mask: uint8 [h, w], 255 where there is ink, cut to the ink.
    centre: of its circle, x and y in pixels of the mask; of an arc alone.
    inner: radius inside its letters; 0 where there is no arc.
    outer: radius outside its letters.
  """
  mask: np.ndarray
  centre: tuple[float, float] = (0.0, 0.0)
  inner: float = 0.0
  outer: float = 0.0


class _Piece(NamedTuple):
  """A part of a word, and where along the line it stands.

  Attributes:
    glyph: uint8 [h, w], coverage.
    left: of its first column, from where it stands.
    top: of its first row, from the baseline.
    at: where it stands, in pixels along the baseline.
  """
  glyph: np.ndarray
  left: float
  top: float
  at: float


def choose(text: str, rng: random.Random, rates: Sequence[float]
           ) -> Optional[str]:
  """Decides whether a word is on a path.

  Args:
    text: the word.
    rng: decides; not asked where all rates are 0.
    rates: chance of each of KINDS, at most 1 together.

  Returns:
    One of KINDS; None for a word in a straight line.
  """
  kind = chance.pick(rng, dict(zip(KINDS, rates)))
  if kind is None or len(text) < _SHORTEST[kind]:
    return None
  # What is drawn in one piece can only be bent to an arc.
  is_able = kind == 'arc' or len(shaping.clusters(text)) > 1
  return kind if is_able else None


def draw(face: fonts_lib.Face, text: str, size: int,
         spacing: Sequence[float], kind: str, rng: random.Random,
         strength: float) -> Drawn:
  """Draws a word on a path.

  Args:
    face: covers all characters of the text.
    text: not empty.
    size: one of fonts.SIZES.
    spacing: pixels added behind each cluster, one for each.
    kind: of KINDS.
    rng: decides on the path.
    strength: 0 to 1, of how far the path may be from its mean.

  """
  if kind == 'stack':
    return Drawn(_stacked(face, text, size, max(spacing), rng)[0])
  if rng.random() < 0.5:
    wider = size * rng.uniform(0.0, 0.25)
    spacing = [gap + wider for gap in spacing]
  highest, _ = fonts_lib.extent(face, text, size)
  # Letters of an arc stand side by side on its inner line.
  room = max(-highest, size // 2) * rng.uniform(0.8, 1.1)
  if kind == 'arc' and (rng.random() < 0.15
                        or len(shaping.clusters(text)) == 1):
    mask = fonts_lib.draw(face, text, size, spacing)
    # Bent closer, letters would be twice as wide outside as inside.
    arc = _arc(mask.shape[1], -highest, 1.8 * room, rng, strength)
    return _around(arc, *_bent(mask, highest, arc))
  pieces, length = _letters(face, text, size, spacing)
  least = max(room, *(piece.glyph.shape[1] for piece in pieces))
  if kind == 'arc':
    arc = _arc(length, -highest, least, rng, strength)
    return _around(arc, *_laid(pieces, arc.place))
  return Drawn(_laid(pieces, _wave(length, -highest + least, rng,
                                   strength))[0])


def _letters(face: fonts_lib.Face, text: str, size: int,
             spacing: Sequence[float]) -> tuple[list[_Piece], float]:
  """Each cluster as a piece, and the length of all."""
  pen = 0.0
  pieces = []
  for i, (glyph, left, top, advance) in enumerate(
      fonts_lib.pieces(face, text, size)):
    middle = left + glyph.shape[1] / 2
    pieces.append(_Piece(glyph, -glyph.shape[1] / 2, top, pen + middle))
    pen += advance + spacing[i]
  return pieces, pen - spacing[-1]


class _Arc(NamedTuple):
  """A part of a circle around the origin.

  Attributes:
    length: of the word, in pixels.
    height: of its letters over the baseline.
    inner: radius of the line that its letters stand side by side on.
    tilt: radians that all of it is turned by, clockwise.
    is_above: whether the letters' feet are inside, and not their heads.
  """
  length: float
  height: float
  inner: float
  tilt: float
  is_above: bool

  def place(self, at: float) -> tuple[float, float, float]:
    """A Curve."""
    angle = (at - self.length / 2) / self.inner
    if self.is_above:
      angle += self.tilt
      return (self.inner * math.sin(angle), -self.inner * math.cos(angle),
              angle)
    angle = self.tilt - angle
    outer = self.inner + self.height
    return -outer * math.sin(angle), outer * math.cos(angle), angle


def _arc(length: float, height: float, least: float, rng: random.Random,
         strength: float) -> _Arc:
  """Picks an arc; `least` is that of its inner line's radius."""
  span = math.radians(rng.uniform(*rng.choices(_SPANS, _SPAN_WEIGHTS)[0]))
  is_above = rng.random() < (0.65 if span < math.pi else 0.85)
  tilt = strength * math.radians(
      rng.gauss(0, 7) if rng.random() < 0.85 else rng.uniform(-50, 50))
  return _Arc(length, height, max(length / span, least), tilt, is_above)


def _around(arc: _Arc, mask: np.ndarray, left: int, top: int) -> Drawn:
  """A word on an arc whose mask starts at (left, top) from the centre."""
  return Drawn(mask, (-left, -top), arc.inner, arc.inner + arc.height)


def _bent(mask: np.ndarray, top: int, arc: _Arc
          ) -> tuple[np.ndarray, int, int]:
  """Bends a word, letters and all.

  Args:
    mask: uint8 [h, w], the word in a straight line.
    top: of its first row, from the baseline, down.
    arc: to bend it to.

  Returns:
    What _together does.
  """
  height, width = mask.shape
  # Letters keep their width halfway up.
  middle = arc.inner + arc.height / 2
  way = -1 if arc.is_above else 1  # Down in the word, away from the centre.
  base = arc.inner if arc.is_above else arc.inner + arc.height
  angles = np.linspace(-width / 2, width / 2, 90) / middle
  radii = np.array([[base + way * top], [base + way * (top + height)]])
  turned = angles - way * arc.tilt
  xs, ys = radii * np.sin(turned), way * radii * np.cos(turned)
  left, upper = math.floor(xs.min()) - 1, math.floor(ys.min()) - 1
  y, x = np.mgrid[upper:math.ceil(ys.max()) + 2,
                  left:math.ceil(xs.max()) + 2] + 0.5
  # Where in the word each pixel comes from.
  angle = np.arctan2(x, way * y) + way * arc.tilt
  angle = (angle + math.pi) % (2 * math.pi) - math.pi
  columns = angle * middle + width / 2 + 0.5
  rows = way * (np.hypot(x, y) - base) - top + 0.5
  framed = np.zeros([height + 3, width + 3], np.float32)
  framed[1:-2, 1:-2] = mask
  columns = columns.clip(0, width + 1)
  rows = rows.clip(0, height + 1)
  column, row = columns.astype(np.int32), rows.astype(np.int32)
  right, down = columns - column, rows - row
  above = framed[row, column] * (1 - right) + framed[row, column + 1] * right
  row += 1
  below = framed[row, column] * (1 - right) + framed[row, column + 1] * right
  bent = above * (1 - down) + below * down
  return _together([(np.round(bent).astype(np.uint8), left, upper)])


def _wave(length: float, least: float, rng: random.Random, strength: float
          ) -> Curve:
  """Picks a part of a sine.

  Args:
    length: of the word, in pixels.
    least: radius that it may bend to: in a trough, letters' tops meet.
    rng: decides.
    strength: of its tilt.
  """
  step = 2 * math.pi * rng.uniform(0.7, 1.8) / length
  # Neither steeper than letters may be turned, nor bent closer than `least`.
  amount = rng.uniform(0.4, 1.0) * min(
      math.tan(_MOST_TURNED) / step, 1 / (least * step ** 2), 0.6 * least)
  start = rng.uniform(0, 2 * math.pi)
  tilt = strength * math.radians(rng.gauss(0, 4))
  xs = np.linspace(0, length, 200)
  ys = amount * np.sin(step * xs + start)
  # What has run along the curve at each point.
  along = np.concatenate([[0], np.cumsum(np.hypot(np.diff(xs), np.diff(ys)))])

  def curve(at: float) -> tuple[float, float, float]:
    x = float(np.interp(at, along, xs)) + min(at, 0)
    y = amount * math.sin(step * x + start)
    angle = math.atan(amount * step * math.cos(step * x + start))
    cos, sin = math.cos(tilt), math.sin(tilt)
    return x * cos - y * sin, x * sin + y * cos, angle + tilt
  return curve


def _laid(pieces: Sequence[_Piece], curve: Curve
          ) -> tuple[np.ndarray, int, int]:
  """Turns all pieces into their places; returns what _together does."""
  patches = []
  for glyph, left, top, at in pieces:
    x, y, angle = curve(at)
    cos, sin = math.cos(angle), math.sin(angle)
    height, width = glyph.shape
    corners = [(x + u * cos - v * sin, y + u * sin + v * cos)
               for u in (left, left + width) for v in (top, top + height)]
    first, upper = (math.floor(min(side)) - 1 for side in zip(*corners))
    last, lower = (math.ceil(max(side)) + 1 for side in zip(*corners))
    # From a pixel of the patch to one of the glyph.
    right, down = first - x, upper - y
    patch = Image.fromarray(glyph).transform(
        (last - first, lower - upper), Image.Transform.AFFINE,
        (cos, sin, right * cos + down * sin - left,
         -sin, cos, down * cos - right * sin - top),
        Image.Resampling.BILINEAR)
    patches.append((np.asarray(patch), first, upper))
  return _together(patches)


def _together(patches: Sequence[tuple[np.ndarray, int, int]]
              ) -> tuple[np.ndarray, int, int]:
  """Lays masks over each other.

  Args:
    patches: masks, with the place of their first column and row.

  Returns:
    The mask uint8 [h, w], cut to the ink, with its place.
  """
  left = min(first for _, first, _ in patches)
  top = min(upper for _, _, upper in patches)
  right = max(first + patch.shape[1] for patch, first, _ in patches)
  bottom = max(upper + len(patch) for patch, _, upper in patches)
  mask = np.zeros([bottom - top, right - left], np.uint8)
  for patch, first, upper in patches:
    height, width = patch.shape
    window = mask[upper - top:upper - top + height,
                  first - left:first - left + width]
    np.maximum(window, patch, out=window)
  rows = np.flatnonzero(mask.any(axis=1))
  columns = np.flatnonzero(mask.any(axis=0))
  return (mask[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1],
          left + int(columns[0]), top + int(rows[0]))


def _stacked(face: fonts_lib.Face, text: str, size: int, spacing: float,
             rng: random.Random) -> tuple[np.ndarray, int, int]:
  """Upright letters in a column, the first on top, their middles in line."""
  glyphs = [fonts_lib.pieces(face, part, size)[0]
            for part in shaping.in_reading_order(text)]
  gap = max(0.05 * size, spacing + size * rng.uniform(0.05, 0.3))
  # From the baseline: a low or a high mark keeps some of its room.
  cells = [(min(glyph.top, -size // 3), max(glyph.top + len(glyph.mask), 0))
           for glyph in glyphs]
  # Either all gaps are the same, or all letters have the same room.
  room = None
  if rng.random() < 0.5:
    room = max(bottom - top for top, bottom in cells)
  patches = []
  place = 0.0
  for glyph, (top, bottom) in zip(glyphs, cells):
    baseline = place - top
    if room:
      baseline += (room - (bottom - top)) / 2
    patches.append((glyph.mask, -(glyph.mask.shape[1] // 2),
                    round(baseline) + glyph.top))
    place += (room or bottom - top) + gap
  return _together(patches)


def beside(drawn: Drawn, face: fonts_lib.Face, other: str, rows: int,
           bolder: float, rng: random.Random) -> Optional[np.ndarray]:
  """What else badges and signs have around a word.

  Args:
    drawn: the word.
    face: covers the other word.
    other: another word.
    rows: height of the word's letters in pixels.
    bolder: pixels that all of it will gain on each side.
    rng: decides.

  Returns:
    uint8 [h, w] of the size of the word's mask: a ring along the letters or
    another, smaller word inside their arc, clear of them. None where there is
    no room, and for words that are on no arc.
  """
  if not drawn.inner:
    return None
  gap = rows * rng.uniform(0.2, 0.4) + 2 * bolder
  image = None
  if rng.random() < 0.5:
    image = _within(drawn, face, other, rows, drawn.inner - gap, rng)
  if image is None:
    radius = drawn.outer + gap
    if rng.random() < 0.5 and drawn.inner > 2 * gap:
      radius = drawn.inner - gap
    image = _ring(drawn, radius, rows * rng.uniform(0.04, 0.12))
  # Descenders reach further in than the letters' feet.
  if not image.any() or np.minimum(image, drawn.mask).any():
    return None
  return image


def _ring(drawn: Drawn, radius: float, thick: float) -> np.ndarray:
  y, x = np.ogrid[:drawn.mask.shape[0], :drawn.mask.shape[1]]
  away = np.hypot(x + 0.5 - drawn.centre[0], y + 0.5 - drawn.centre[1])
  cover = thick / 2 + 0.5 - np.abs(away - radius)
  return (255 * cover.clip(0, 1)).astype(np.uint8)


def _within(drawn: Drawn, face: fonts_lib.Face, other: str, rows: int,
            radius: float, rng: random.Random) -> Optional[np.ndarray]:
  """Another word within a circle; None where there is no room."""
  mask = fonts_lib.draw(face, other, fonts_lib.SIZES[1], 0.0)
  height, width = mask.shape
  scale = min(rng.uniform(0.3, 0.6) * rows / height,
              2 * radius * rng.uniform(0.6, 0.95) / math.hypot(height, width))
  if scale * height < 8:
    return None
  small = Image.fromarray(mask).resize(
      (math.ceil(scale * width), math.ceil(scale * height)),
      Image.Resampling.BILINEAR)
  image = Image.new('L', drawn.mask.shape[::-1])
  image.paste(small, (round(drawn.centre[0] - small.width / 2),
                      round(drawn.centre[1] - small.height / 2)))
  return np.asarray(image)
