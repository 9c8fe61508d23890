"""Fonts: which characters each one has, and words drawn as masks.

Guarded by tests/rendering/fonts_test.py.
"""

import functools
import os
import random
import statistics
from typing import Optional

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from master import errors

# Em sizes in pixels that glyphs are drawn at, before the word is scaled to
# its place: few, so that glyphs can be kept.
SIZES = (28, 44, 70)
_SUFFIXES = ('.ttf', '.otf')
# No font has a glyph for a noncharacter: it shows what stands for a missing
# one.
_NONCHARACTER = '\uffff'
# Correlation of shape between small and capital letters, as a median: at most
# 0.6 in fonts with both cases, at least 0.8 in fonts of capitals alone, those
# whose small capitals differ somewhat included.
_TELLING_LETTERS = 'abdeghnqrt'
_ALIKE = 0.7
_KEPT_GLYPHS = 32768
# Each open font holds a file descriptor.
_KEPT_FONTS = 256


class Face:
  """One font file, or the font that Pillow brings."""

  def __init__(self, path: Optional[str] = None):
    """Opens the font.

    Args:
      path: of a TrueType or OpenType file; None for Pillow's own.

    Raises:
      OSError: if it cannot be read as a font.
    """
    self.path = path
    self._has = {}
    _font(self, SIZES[0]).getbbox('a')

  @property
  def name(self) -> str:
    """File name, for people."""
    return os.path.basename(self.path) if self.path else 'Pillow'

  def covers(self, text: str) -> bool:
    """Whether the font has a glyph of its own for each character."""
    return all(map(self._has_glyph, text))

  def _has_glyph(self, character: str) -> bool:
    known = self._has.get(character)
    if known is None:
      known = self._has[character] = self._look_for(character)
    return known

  def _look_for(self, character: str) -> bool:
    if character.isspace():
      return True
    glyph, _, _ = _glyph(self, SIZES[0], character)
    missing, _, _ = _glyph(self, SIZES[0], _NONCHARACTER)
    if not glyph.any() or np.array_equal(glyph, missing):
      return False
    return not (character.islower() and self._has_one_case)

  @functools.cached_property
  def _has_one_case(self) -> bool:
    """Whether lower-case letters look like capitals.

    A word in such a font has another case than its label.
    """
    return _ALIKE < statistics.median(
        np.vdot(_shape(self, letter), _shape(self, letter.upper()))
        for letter in _TELLING_LETTERS)


@functools.lru_cache(_KEPT_FONTS)
def _font(face: Face, size: int) -> ImageFont.FreeTypeFont:
  if face.path is None:
    return ImageFont.load_default(size)
  # The layout must not depend on which libraries Pillow finds.
  return ImageFont.truetype(face.path, size,
                            layout_engine=ImageFont.Layout.BASIC)


@functools.lru_cache(_KEPT_GLYPHS)
def _glyph(face: Face, size: int, character: str
           ) -> tuple[np.ndarray, int, int]:
  """A glyph's coverage uint8 [h, w], cut to its ink, and where it lies."""
  font = _font(face, size)
  left, top, right, bottom = font.getbbox(character, anchor='ls')
  image = Image.new('L', (max(right - left, 1), max(bottom - top, 1)))
  ImageDraw.Draw(image).text((-left, -top), character, 255, font, 'ls')
  # What Pillow gives goes from the origin to the next one.
  ink = image.getbbox() or (0, 0, 1, 1)
  return np.asarray(image.crop(ink)), left + ink[0], top + ink[1]


@functools.lru_cache(_KEPT_GLYPHS)
def stroke(face: Face, size: int, character: str) -> float:
  """About the width of a glyph's strokes, in pixels, at one of SIZES."""
  glyph, _, _ = _glyph(face, size, character)
  ink = np.pad(glyph > 63, 1)
  outline = int(np.count_nonzero(ink[1:] != ink[:-1])
                + np.count_nonzero(ink[:, 1:] != ink[:, :-1]))
  # Area over half the outline, and of that a slanting one is counted by
  # about 4/pi too long.
  return 2.5 / 255 * int(glyph.sum()) / max(outline, 1)


@functools.lru_cache(_KEPT_GLYPHS)
def _advance(face: Face, size: int, character: str, following: str) -> float:
  """Pixels from a character's origin to that of the next one."""
  font = _font(face, size)
  return font.getlength(character + following) - font.getlength(following)


def _shape(face: Face, character: str) -> np.ndarray:
  """A glyph without its size: [8, 8] of mean 0 and norm 1; 0 if blank."""
  glyph, _, _ = _glyph(face, SIZES[-1], character)
  shape = np.asarray(Image.fromarray(glyph).resize(
      (8, 8), Image.Resampling.BILINEAR), np.float32)
  shape = shape - shape.mean()
  return shape / max(np.linalg.norm(shape), 1e-6)


def num_rows(face: Face, text: str, size: int) -> int:
  """Height in pixels of what `draw` returns."""
  highest, lowest = _extent(face, text, size)
  return lowest - highest


def _extent(face: Face, text: str, size: int) -> tuple[int, int]:
  """Highest and lowest row, counted from the baseline."""
  highest, lowest = -(size // 2), 0
  for character in text:
    glyph, _, top = _glyph(face, size, character)
    highest = min(highest, top)
    lowest = max(lowest, top + len(glyph))
  return highest, lowest


def draw(face: Face, text: str, size: int, spacing: float) -> np.ndarray:
  """Draws a word in one line.

  Args:
    face: covers all characters of the text.
    text: not empty.
    size: one of SIZES.
    spacing: pixels added between characters; negative moves them closer.

  Returns:
    uint8 [h, w], 255 where there is ink, cut to the ink; but never lower
    than from the baseline to about the top of an x, or a full stop would
    fill the picture.
  """
  pens = [0.0]
  for character, following in zip(text, text[1:]):
    pens.append(pens[-1] + _advance(face, size, character, following)
                + spacing)
  placed = []
  for pen, character in zip(pens, text):
    glyph, left, top = _glyph(face, size, character)
    placed.append((glyph, round(pen) + left, top))
  first = min(left for _, left, _ in placed)
  right = max(left + glyph.shape[1] for glyph, left, _ in placed)
  highest, lowest = _extent(face, text, size)
  mask = np.zeros([lowest - highest, right - first], np.uint8)
  for glyph, left, top in placed:
    height, width = glyph.shape
    window = mask[top - highest:top - highest + height,
                  left - first:left - first + width]
    np.maximum(window, glyph, out=window)
  return mask


class FontBook:
  """The fonts to draw from."""

  def __init__(self, directory: Optional[str] = None):
    """Opens all fonts below a folder.

    Args:
      directory: searched with its subfolders for .ttf and .otf files; None
        for the one scalable font that Pillow brings.

    Raises:
      InputError: naming --fonts, if there is no usable font.
    """
    self.skipped = []
    if directory is None:
      self.faces = [_pillow_face()]
      return
    if not os.path.isdir(directory):
      raise errors.InputError(
          f'--fonts={directory}: no such folder; name one that holds .ttf or '
          '.otf files.')
    self.faces = []
    for path in _font_files(directory):
      try:
        face = Face(path)
      except (OSError, ValueError):
        self.skipped.append(path)
        continue
      self.faces.append(face)
    if not self.faces:
      raise errors.InputError(
          f'--fonts={directory}: no usable .ttf or .otf file in it '
          f'({len(self.skipped)} unreadable); leave the flag out to draw '
          "with Pillow's own font.")

  def covers(self, text: str) -> bool:
    """Whether one font has all characters of the text."""
    return any(face.covers(text) for face in self.faces)

  def pick(self, text: str, rng: random.Random) -> tuple[Face, bool]:
    """Picks a font that has all characters of the text.

    Returns:
      The font, and whether the first choice lacked a glyph.

    Raises:
      InputError: if no font has them all.
    """
    face = rng.choice(self.faces)
    if face.covers(text):
      return face, False
    able = [face for face in self.faces if face.covers(text)]
    if not able:
      raise errors.InputError(
          f'--fonts: no font has all characters of {text!r}; add one that '
          'has.')
    return rng.choice(able), True


def _pillow_face() -> Face:
  try:
    return Face()
  except (OSError, AttributeError, TypeError) as e:
    raise errors.InputError(
        '--fonts: this Pillow brings no scalable font; name a folder of .ttf '
        'or .otf files, or install Pillow 10.1 or later with FreeType.'
    ) from e


def _font_files(directory: str) -> list[str]:
  return sorted(
      os.path.join(folder, name)
      for folder, _, names in os.walk(directory, followlinks=True)
      for name in names if name.lower().endswith(_SUFFIXES))
