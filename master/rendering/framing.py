"""Crops around a word, as people and detectors draw them."""

import random

import numpy as np
from PIL import Image

from master.rendering import lettering as lettering_lib

KINDS = ('tight', 'loose', 'slipped')
# Letters of one stroke turn into others, or nothing, without a part.
_NARROW = frozenset('1IJTcfijlrt')
_LEAST_FAR = 12  # Pixels of the crop's height at a word's far end.


def reframed(kind: str, lettering: lettering_lib.Lettering, text: str,
             rng: random.Random) -> lettering_lib.Lettering:
  """Moves the edges of what the crop shows.

  Args:
    kind: tight, where the edges touch the letters or cut a hair of them;
      loose, with room around the word; slipped, where the crop is moved
      along the word, so that a few per cent of the word are cut off at one
      end and there is room at the other.
    lettering: the word, in whose box the margins are its own.
    text: the word.
    rng: decides.
  """
  left, top, right, bottom = lettering.box
  rows = lettering.rows
  if kind == 'loose':
    if 'neighbours' in lettering.extras:
      return lettering  # All of a neighbour's letter would seem the word's.
    more = [rows * rng.choice((rng.uniform(0, 0.15), rng.uniform(0.1, 0.5)))
            for _ in range(4)]
    # Sides have more room than top and bottom.
    return lettering._replace(box=lettering_lib.Box(
        left - 1.4 * more[0], top - 0.7 * more[1],
        right + 1.4 * more[2], bottom + 0.7 * more[3]))
  inner = _ink(lettering.mask, lettering.box)
  if inner is None:
    return lettering
  if kind == 'tight':
    moves = [rows * max(-0.035, rng.gauss(0.015, 0.025)) for _ in range(4)]
    # Marks and dots lie at the edges, and ends may be a single stroke.
    if not text.isalnum() or len(text) < 3:
      moves = [max(0.0, move) for move in moves]
    return lettering._replace(box=lettering_lib.Box(
        max(left, inner[0] - moves[0]), max(top, inner[1] - moves[1]),
        min(right, inner[2] + moves[2]), min(bottom, inner[3] + moves[3])))
  if 'cut' in lettering.extras:
    return lettering  # Two cuts may take all of a letter.
  at_end = rng.random() < 0.6
  end = text[-1] if at_end else text[0]
  if not end.isalnum() or end in _NARROW or len(text) < 3:
    return lettering
  # Of the whole word, yet never half of its last letter, which may be less
  # than half of what it and the gap next to it take.
  step = min(rng.uniform(0.01, 0.05) * (inner[2] - inner[0]),
             0.18 * (inner[2] - inner[0]) / len(text))
  if at_end:
    box = (left - step, top, inner[2] - step, bottom)
  else:
    box = (inner[0] + step, top, right + step, bottom)
  return lettering._replace(box=lettering_lib.Box(*box),
                            extras=lettering.extras + ('slipped',))


def _ink(mask: np.ndarray, box: lettering_lib.Box):
  """Edges of the ink that a box shows, in pixels; None for no ink."""
  found = Image.fromarray(mask).crop(
      [max(0, int(value)) for value in box]).getbbox()
  if found is None:
    return None
  left, top = max(0, int(box.left)), max(0, int(box.top))
  return (found[0] + left, found[1] + top, found[2] + left, found[3] + top)


def seen_aside(mask: Image.Image, rng: random.Random
               ) -> tuple[Image.Image, float]:
  """A word far to the side of the camera, larger at one end.

  Args:
    mask: coverage of the ink, as the crop shows it from the front.
    rng: decides.

  Returns:
    A narrower mask of the same height, and the letters' mean height as a
    share of what it was.
  """
  width, height = mask.size
  # Of the far end, in height: letters there are still of some pixels.
  least = min(0.75, max(0.4, _LEAST_FAR / height))
  share = rng.uniform(least, 0.8)
  # What is seen from the side is narrower too.
  narrow = max(8, round(width * rng.uniform(0.75, 1) * (0.4 + 0.6 * share)))
  room = (1 - share) * height
  top = room * rng.choice((0.0, 0.5, 1.0, rng.random()))
  # Corners: upper and lower left, lower and upper right.
  corners = [(0, 0), (0, height), (narrow, top + share * height),
             (narrow, top)]
  if rng.random() < 0.5:
    corners = [(narrow - x, y) for x, y in
               (corners[3], corners[2], corners[1], corners[0])]
  if narrow < 0.8 * width:
    # The transform looks at four pixels alone, and would miss thin strokes.
    width = narrow
    mask = mask.resize((width, height), Image.Resampling.BILINEAR)
  terms = _projection(corners, [(0, 0), (0, height), (width, height),
                                (width, 0)])
  return mask.transform((narrow, height), Image.Transform.PERSPECTIVE, terms,
                        Image.Resampling.BILINEAR), (1 + share) / 2


def _projection(given, wanted) -> list[float]:
  """Terms that take four points to four others, as Pillow wants them."""
  rows, values = [], []
  for (x, y), (u, v) in zip(given, wanted):
    rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y],
             [0, 0, 0, x, y, 1, -v * x, -v * y]]
    values += [u, v]
  return np.linalg.solve(np.array(rows, float), np.array(values, float)
                         ).tolist()
