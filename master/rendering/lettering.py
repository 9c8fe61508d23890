"""A word in a straight line, with its neighbours on the sign."""

import math
import random
import string
from typing import NamedTuple, Optional, Sequence

import numpy as np

from master.rendering import compositing
from master.rendering import fonts as fonts_lib
from master.rendering import shaping
from master.rendering import text_paths

# Pixels of the crop that a stroke is at least wide.
_LEAST_STROKE = 1.5
# Thinner strokes, in pixels of the drawing, fall between its pixels.
_FAINT_STROKE = 1.4
# A size is good for crops that show it up to this much larger.
_ENLARGED = 1.45
# Of the letters' height: what is drawn beyond the crop's edge, for words that
# are turned.
_SLACK = 0.3
# How the crop of a word on a path grows with its height, and to how many
# pixels at most; and its margins, as shares of the height of a line.
_GROWTH = 0.75
_LEAST_MARGIN = 0.06
_HIGHEST = 400
# Letters of one stroke, and those that turn into others without a part.
_NARROW = frozenset('1IJTcfijlrt')
_WIDE_SMALL, _WIDE_CAPITALS = (
    [c for c in letters if c not in _NARROW]
    for letters in (string.ascii_lowercase, string.ascii_uppercase))
_SIDES = ('left', 'above', 'right', 'below')


class Box(NamedTuple):
  """What a crop shall show: pixels of a mask."""
  left: float
  top: float
  right: float
  bottom: float


class Lettering(NamedTuple):
  """A word and its neighbours.

  Attributes:
    mask: uint8 [h, w], coverage of the ink.
    box: of what the crop shall show; may reach over the mask's edges.
    rows: height of a line of the word alone, in pixels of the mask.
    stroke: width of its strokes, in pixels of the mask.
    extras: of 'neighbours', 'cut' and paths.KINDS, what there is.
    growth: how many times higher than for a straight line the crop shall be.
    outline: int [n, 2], x and y, all corners of the word's ink among them,
      where the crop shall follow it rather than the box: a word on a path
      leaves the corners of its box empty. Else None.
  """
  mask: np.ndarray
  box: Box
  rows: int
  stroke: float
  extras: tuple[str, ...]
  growth: float = 1.0
  outline: Optional[np.ndarray] = None


def padded(mask: np.ndarray, left: int, top: int, right: int, bottom: int
           ) -> np.ndarray:
  """Adds an empty border; much faster than np.pad."""
  height, width = mask.shape
  wider = np.zeros([top + height + bottom, left + width + right], np.uint8)
  wider[top:top + height, left:left + width] = mask
  return wider


def letter(face: fonts_lib.Face, text: str, height: int, rng: random.Random,
           strength: float, neighbour_rate: float, cut_rate: float,
           path: Optional[str] = None) -> Lettering:
  """Draws a word.

  Args:
    face: has all characters of the text.
    text: not empty.
    height: of the crop it is for, in pixels, for a straight line.
    rng: decides.
    strength: 0 for the plain word, 1 for the whole range.
    neighbour_rate: the chance of neighbours, at full strength.
    cut_rate: the chance that an edge of the crop cuts the word, at full
      strength.
    path: of paths.KINDS; None for a straight line. Nothing of a word on a
      path is cut, and on an arc alone has it neighbours.
  """
  size = _size(face, text, height)
  stroke = fonts_lib.stroke(face, size, text)
  bolder = _bolder(stroke, size, rng, strength)
  spacing = _spacing(len(shaping.clusters(text)), size, bolder, rng, strength)
  if path:
    return _on_path(path, face, text, size, height, bolder, spacing, rng,
                    strength, neighbour_rate)
  mask = fonts_lib.draw(face, text, size, spacing)
  rows, columns = mask.shape
  # Hairlines would vanish between the crop's pixels.
  scale = 0.8 * height / rows
  bolder = max(bolder, (_LEAST_STROKE / scale - stroke) / 2, 0.0)
  margins = [bolder + rows * share for share in _margins(rng, strength)]
  pads = [math.ceil(bolder) + 1] * 4
  extras = []
  beside = []
  if rng.random() < neighbour_rate * strength:
    extras.append('neighbours')
    beside = rng.sample(range(4), rng.choice((1, 1, 2, 2, 3)))
    mask = _with_neighbours(mask, face, text, size, max(spacing), beside,
                            margins, pads, rng)
  else:
    mask = padded(mask, *pads)
    if rng.random() < 0.06 * strength:
      mask = _underlined(mask, rows, bolder, margins, pads, rng)
  if rng.random() < cut_rate * strength:
    free = [side for side in _cuttable(text) if side not in beside]
    if free:
      extras.append('cut')
      _cut(columns / (len(text) + 1), rows, free, margins, rng, strength)
  if bolder > 0:
    mask = compositing.thickened(mask, bolder)
  left, top = pads[:2]
  box = Box(left - margins[0], top - margins[1],
            left + columns + margins[2], top + rows + margins[3])
  return Lettering(mask, box, rows, stroke + 2 * bolder, tuple(extras))


def _on_path(path: str, face: fonts_lib.Face, text: str, size: int,
             height: int, bolder: float, spacing: Sequence[float],
             rng: random.Random, strength: float, neighbour_rate: float
             ) -> Lettering:
  """Draws a word on one of paths.KINDS."""
  drawn = text_paths.draw(face, text, size, spacing, path, rng, strength)
  mask = drawn.mask
  first, last = fonts_lib.extent(face, text, size)
  rows = last - first
  # The letters are smaller than in a line, though less than in its crop.
  growth = min((len(mask) / rows) ** _GROWTH, max(1.0, _HIGHEST / height))
  stroke = fonts_lib.stroke(face, size, text)
  scale = 0.8 * height * growth / len(mask)
  bolder = max(bolder, min(0.08 * rows, (_LEAST_STROKE / scale - stroke) / 2))
  # Only the ends of letters come near the edge: what is blurred away there
  # would be much of them.
  margins = [bolder + rows * max(_LEAST_MARGIN, share)
             for share in _margins(rng, strength)]
  pad = math.ceil(bolder + _SLACK * rows) + 1
  down, across = mask.shape
  mask = padded(mask, pad, pad, pad, pad)
  outline = _outline(mask)
  extras = (path,)
  if rng.random() < neighbour_rate * strength:
    drawn = drawn._replace(mask=mask, centre=tuple(
        pad + place for place in drawn.centre))
    other = text_paths.beside(
        drawn, face, _other_word(face, text, 6, rng), rows, bolder, rng)
    if other is not None:
      mask = np.maximum(mask, other)
      extras += ('neighbours',)
  if bolder > 0:
    mask = compositing.thickened(mask, bolder)
  box = Box(pad - margins[0], pad - margins[1], pad + across + margins[2],
            pad + down + margins[3])
  return Lettering(mask, box, rows, stroke + 2 * bolder, extras, growth,
                   outline)


def _outline(mask: np.ndarray) -> np.ndarray:
  """Of each row with ink its ends, above and below, int [n, 2], x and y."""
  ink = mask > 63
  rows = np.flatnonzero(ink.any(axis=1))
  first = ink[rows].argmax(axis=1)
  last = mask.shape[1] - ink[rows, ::-1].argmax(axis=1)
  return np.stack([np.concatenate([first, first, last, last]),
                   np.concatenate([rows, rows + 1, rows, rows + 1])], axis=1)


def _size(face: fonts_lib.Face, text: str, height: int) -> int:
  """The em size to draw at: about as large as the word will be seen."""
  smallest, middle, _ = fonts_lib.SIZES
  first, last = fonts_lib.extent(face, text, middle)
  wanted = 0.7 * height * middle / (last - first)
  if fonts_lib.stroke(face, smallest, text) < _FAINT_STROKE:
    wanted = max(wanted, middle)
  return next((size for size in fonts_lib.SIZES
               if _ENLARGED * size >= wanted), fonts_lib.SIZES[-1])


def _bolder(stroke: float, size: int, rng: random.Random, strength: float
            ) -> float:
  """Pixels that strokes gain on each side."""
  if rng.random() >= 0.35 * strength:
    return 0.0
  # What is bold already would run together.
  return strength * rng.random() * max(0.0, 0.12 * size - stroke)


def _spacing(count: int, size: int, bolder: float, rng: random.Random,
             strength: float) -> list[float]:
  """Pixels added behind each of the letters."""
  spacing = bolder
  if rng.random() < 0.5 * strength:
    spacing += size * strength * rng.choice(
        (rng.uniform(-0.02, 0.06), rng.uniform(0.0, 0.3)))
  if rng.random() >= 0.12 * strength:
    return [spacing] * count
  # Letters of metal or paint that someone put up one by one.
  uneven = 0.15 * size * strength * rng.random()
  return [spacing + uneven * rng.random() for _ in range(count)]


def _margins(rng: random.Random, strength: float) -> list[float]:
  """Room around the word, as shares of its height, in the order of _SIDES."""
  if rng.random() < 0.2:
    usual = [rng.uniform(0, 0.3) for _ in _SIDES]
  else:
    usual = [max(0.0, rng.gauss(0.07, 0.05)) for _ in _SIDES]
  return [0.09 + strength * (share - 0.09) for share in usual]


def _with_neighbours(mask: np.ndarray, face: fonts_lib.Face, text: str,
                     size: int, spacing: float, beside: Sequence[int],
                     margins: list[float], pads: list[int],
                     rng: random.Random) -> np.ndarray:
  """Adds parts of other words.

  Args:
    mask: the word, cut to its ink.
    face: to draw them with.
    text: the word.
    size: that it is drawn at.
    spacing: widest gap between its letters, in pixels.
    beside: numbers of the sides, in the order of _SIDES.
    margins: changed so that the crop shows the parts, and where there are
      none keeps its edge.
    pads: changed to the border that the mask has got.
    rng: decides.
  """
  rows, columns = mask.shape
  across = size * rng.uniform(0.33, 0.6) + spacing
  down = size * rng.uniform(0.08, 0.3)
  for side in beside:
    # At the sides never all of a letter: it would seem to be of the word.
    shown = rows * rng.uniform(0.05, 0.3 if side % 2 else 0.2)
    gap = down if side % 2 else across
    margins[side] = gap + shown
    # More than is shown, for a crop that is turned against the word.
    pads[side] = math.ceil(gap + shown + _SLACK * rows)
  mask = padded(mask, *pads)
  left, top = pads[:2]
  first, _ = fonts_lib.extent(face, text, size)
  for side in beside:
    other = _other_word(face, text, len(text) + 6 if side % 2 else 3, rng)
    piece = fonts_lib.draw(face, other, size, 0.0)
    height, width = piece.shape
    if side % 2:
      _put(mask, piece, -rng.randrange(size), round(
          top - down - height if side == 1 else top + rows + down))
    else:
      lower = fonts_lib.extent(face, other, size)[0] - first
      _put(mask, piece, round(
          left - across - width if side == 0 else left + columns + across),
           top + lower)
  return mask


def _other_word(face: fonts_lib.Face, text: str, count: int,
                rng: random.Random) -> str:
  """Letters in the word's case that the font has; else the word's own."""
  pool = _WIDE_CAPITALS if text.isupper() else _WIDE_SMALL
  word = ''.join(filter(face.covers, rng.choices(pool, k=count)))
  return word or text


def _put(canvas: np.ndarray, piece: np.ndarray, left: int, top: int):
  """Lays a mask into another; what reaches over the edge is cut off."""
  piece = piece[max(0, -top):, max(0, -left):]
  window = canvas[max(0, top):max(0, top) + len(piece),
                  max(0, left):max(0, left) + piece.shape[1]]
  np.maximum(window, piece[:window.shape[0], :window.shape[1]], out=window)


def _underlined(mask: np.ndarray, rows: int, bolder: float,
                margins: list[float], pads: list[int], rng: random.Random
                ) -> np.ndarray:
  """Draws a ruled line below the word; changes margins and pads."""
  # Line and letters both gain what makes strokes bolder.
  away = rows * rng.uniform(0.06, 0.2) + 2 * bolder + 1
  thick = rows * rng.uniform(0.03, 0.1)
  margins[3] = max(margins[3], away + thick + 0.04 * rows)
  aside = math.ceil(_SLACK * rows)
  deeper = math.ceil(away + thick) + 1
  mask = padded(mask, aside, 0, aside, deeper)
  start = pads[1] + rows + round(away)
  mask[start:start + max(1, round(thick))] = 255
  for side, more in ((0, aside), (2, aside), (3, deeper)):
    pads[side] += more
  return mask


def _cuttable(text: str) -> list[int]:
  """Sides at which a word may lose a little and still be read for sure."""
  able = []
  if not shaping.is_simple(text):
    return able  # The signs of some scripts are small and lie anywhere.
  if text[0].isalnum() and text[0] not in _NARROW:
    able.append(0)
  if text[-1].isalnum() and text[-1] not in _NARROW:
    able.append(2)
  if text.isalnum():  # Marks lie at the very top or bottom.
    able += [1, 3]
  return able


def _cut(letter_width: float, rows: int, free: Sequence[int],
         margins: list[float], rng: random.Random, strength: float):
  """Moves an edge or two of the crop into the word; changes margins."""
  for side in rng.sample(free, min(len(free), rng.choice((1, 1, 1, 2)))):
    margins[side] = -strength * (
        rng.uniform(0.03, 0.13) * rows if side % 2
        else rng.uniform(0.08, 0.3) * letter_width)
