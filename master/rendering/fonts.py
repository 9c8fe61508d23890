"""Fonts: their characters, and words drawn as masks."""

import functools
import io
import os
import random
from typing import Iterable, Mapping, NamedTuple, Optional, Sequence, Union
import unicodedata

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from master import errors
from master.rendering import kerning
from master.rendering import shaping

# Em sizes in pixels that words are drawn at, before they are scaled to their
# place: few, so that glyphs can be kept.
SIZES = (28, 56, 112)
# Glyphs of the smallest size are halves of the next one's: FreeType takes
# longer than all else where many fonts are used for few words each.
_HALVED, _WHOLE = SIZES[:2]
_SUFFIXES = ('.ttf', '.otf', '.woff', '.woff2')
# Beside the fonts: lines of a file's name, a tab, and characters whose glyphs
# are another's, so that no word with them is drawn in that font.
WRONG_GLYPHS = 'wrong_glyphs.tsv'
# No font has a glyph for a noncharacter: it shows what stands for a missing
# one.
_NONCHARACTER = '\uffff'
# Correlation of shape between small and capital letters, as a median: at most
# 0.6 in fonts with both cases, at least 0.8 in fonts of capitals alone, those
# whose small capitals differ somewhat included.
_TELLING_LETTERS = 'abdeghnqrt'
_ALIKE = 0.7
_KEPT_GLYPHS = 32768
_KEPT_PAIRS = 4 * _KEPT_GLYPHS
# Drawings of several characters: large, and seldom of use to another word.
_KEPT_WORDS = 256
# Each open font holds a file descriptor.
_KEPT_FONTS = 384
# Two letters that some fonts draw as one are still two.
_PAIRED = ['-liga', '-clig', '-calt', '-dlig', '-rlig']
# The language decides the shape of some letters. Without one named, raqm would
# take that of the person who runs the program.
_LANGUAGE = 'und'
# Families that are in use at a time where there are many more: of two thousand
# fonts, no glyph would be used twice before it is forgotten.
_SHELF = 64
_LEAST_OF_GROUP = 4
# Fonts tried by chance before those that have all characters are sought.
_PICKS = 6
# A glyph that reaches further than this many ems is a broken one's.
_REACH = 4


class Face:
  """One font file, or the font that Pillow brings."""

  def __init__(self, path: Optional[str] = None):
    """Opens the font.

    Args:
      path: of a TrueType, OpenType or WOFF file; None for Pillow's own.

    Raises:
      OSError: if it cannot be read as a font.
    """
    self.path = path
    self._has = set()
    self._lacks = set()
    font = _font(self, _WHOLE)
    font.getbbox('a')
    # The first word of a name like `Lato Light`: all its cuts have it.
    self.family = ((font.getname()[0] or '').split() or [self.name])[0]

  @property
  def name(self) -> str:
    """File name, for people."""
    return os.path.basename(self.path) if self.path else 'Pillow'

  def covers(self, text: str) -> bool:
    """Whether the font has a glyph of its own for each character."""
    characters = set(text)
    if not self._lacks.isdisjoint(characters):
      return False
    for character in characters - self._has:
      known = self._has if self._look_for(character) else self._lacks
      known.add(character)
    return characters <= self._has

  def leave_out(self, characters: Iterable[str]):
    """Has the font count as one without these characters."""
    self._lacks.update(characters)
    self._has.difference_update(characters)

  def _look_for(self, character: str) -> bool:
    if character.isspace() or unicodedata.category(character) == 'Cf':
      return True  # What joins or parts letters has no glyph to show.
    try:
      glyph, _, _ = _glyph(self, _WHOLE, character)
      missing, _, _ = _glyph(self, _WHOLE, _NONCHARACTER)
    except (OSError, ValueError):  # A font may be broken in one glyph alone.
      return False
    if not glyph.any() or np.array_equal(glyph, missing):
      return False
    return not (character.islower() and self._has_one_case)

  @functools.cached_property
  def _has_one_case(self) -> bool:
    """Whether lower-case letters look like capitals.

    A word in such a font has another case than its label.
    """
    alike = unlike = 0
    for letter in _TELLING_LETTERS:
      try:
        match = np.vdot(_shape(self, letter), _shape(self, letter.upper()))
      except (OSError, ValueError):
        continue  # The font is broken there; others have to decide.
      alike += match > _ALIKE
      unlike += match <= _ALIKE
      if max(alike, unlike) > len(_TELLING_LETTERS) / 2:
        break
    return alike >= unlike


@functools.lru_cache(_KEPT_FONTS)
def _font(face: Face, size: int) -> ImageFont.FreeTypeFont:
  if face.path is None:
    return ImageFont.load_default(size)
  # The layout must not depend on which libraries Pillow finds.
  return ImageFont.truetype(face.path, size,
                            layout_engine=ImageFont.Layout.BASIC)


@functools.lru_cache(_KEPT_FONTS)
def _shaping_font(face: Face, size: int) -> ImageFont.FreeTypeFont:
  """The font as raqm lays it out, if Pillow has raqm."""
  return _font(face, size).font_variant(layout_engine=ImageFont.Layout.RAQM)


def _glyph(face: Face, size: int, cluster: str
           ) -> tuple[np.ndarray, int, int]:
  """A cluster's coverage uint8 [h, w], cut to its ink, and where it lies.

  Raises:
    OSError: if the font is broken there.
    ValueError: if the glyph is out of all proportion.
  """
  if len(cluster) > 1:
    return _word(face, size, cluster)
  return _letter(face, size, cluster)


@functools.lru_cache(_KEPT_WORDS)
def _word(face: Face, size: int, cluster: str
          ) -> tuple[np.ndarray, int, int]:
  return _inked(face, size, cluster)


@functools.lru_cache(_KEPT_GLYPHS)
def _letter(face: Face, size: int, character: str
            ) -> tuple[np.ndarray, int, int]:
  return _inked(face, size, character)


def _inked(face: Face, size: int, cluster: str
           ) -> tuple[np.ndarray, int, int]:
  if size != _HALVED:
    draw_one = _drawn if len(cluster) == 1 else _shaped
    image, left, top = draw_one(face, size, cluster)
  else:
    whole, left, top = _glyph(face, _WHOLE, cluster)
    # From an even pixel to an even one, so that the halves are pixels too.
    height, width = whole.shape
    wider = np.zeros([height + top % 2, width + left % 2], np.uint8)
    wider[top % 2:, left % 2:] = whole
    image = Image.fromarray(wider).reduce(2)
    left, top = left // 2, top // 2
  ink = image.getbbox() or (0, 0, 1, 1)
  return np.asarray(image.crop(ink)), left + ink[0], top + ink[1]


def _drawn(face: Face, size: int, character: str
           ) -> tuple[Image.Image, int, int]:
  """A glyph as the font gives it, and where its corner lies."""
  font = _font(face, size)
  # Most glyphs lie within this; asking the font first takes as long again.
  origin = size, 2 * size
  image = Image.new('L', (3 * size, 3 * size))
  ImageDraw.Draw(image).text(origin, character, 255, font, 'ls')
  ink = image.getbbox() or (origin[0], origin[1], origin[0] + 1,
                            origin[1] + 1)
  if min(ink[:2]) > 0 and max(ink[2:]) < 3 * size:
    return image.crop(ink), ink[0] - origin[0], ink[1] - origin[1]
  left, top, right, bottom = font.getbbox(character, anchor='ls')
  if max(-left, -top, right, bottom) > _REACH * size:
    raise ValueError(f'{face.name}: a glyph of {right - left} pixels')
  image = Image.new('L', (max(right - left, 1), max(bottom - top, 1)))
  ImageDraw.Draw(image).text((-left, -top), character, 255, font, 'ls')
  return image, left, top


def _shaped(face: Face, size: int, cluster: str
            ) -> tuple[Image.Image, int, int]:
  """Several characters as raqm lays them out, and where the corner lies."""
  font = _shaping_font(face, size)
  left, top, right, bottom = font.getbbox(cluster, anchor='ls',
                                          language=_LANGUAGE)
  if (max(-top, bottom) > _REACH * size
      or right - left > _REACH * size * len(cluster)):
    raise ValueError(f'{face.name}: {cluster!r} of {right - left} pixels')
  image = Image.new('L', (max(right - left, 1), max(bottom - top, 1)))
  ImageDraw.Draw(image).text((-left, -top), cluster, 255, font, 'ls',
                             language=_LANGUAGE)
  return image, left, top


def stroke(face: Face, size: int, text: str) -> float:
  """About the width of a word's strokes, in pixels, at one of SIZES."""
  parts = shaping.clusters(text)
  return size / _WHOLE * _stroke(face, parts[len(parts) // 2])


@functools.lru_cache(_KEPT_GLYPHS)
def _stroke(face: Face, cluster: str) -> float:
  glyph, _, _ = _glyph(face, _WHOLE, cluster)
  height, width = glyph.shape
  ink = np.zeros([height + 2, width + 2], bool)
  ink[1:-1, 1:-1] = glyph > 63
  outline = int(np.count_nonzero(ink[1:] != ink[:-1])
                + np.count_nonzero(ink[:, 1:] != ink[:, :-1]))
  # Area over half the outline, and of that a slanting one is counted by
  # about 4/pi too long.
  return 2.5 / 255 * int(glyph.sum()) / max(outline, 1)


def advance(face: Face, size: int, cluster: str, following: str) -> float:
  """Pixels from a cluster's origin to that of the one on its right."""
  return size / _WHOLE * (_length(face, cluster)
                          + _kerned(face, cluster, following))


@functools.lru_cache(_KEPT_GLYPHS)
def _length(face: Face, cluster: str) -> float:
  if len(cluster) == 1:
    return _font(face, _WHOLE).getlength(cluster)
  return _shaped_length(face, cluster)


@functools.lru_cache(_KEPT_PAIRS)
def _kerned(face: Face, left: str, right: str) -> float:
  """What a font adds between two neighbours, in pixels at size _WHOLE."""
  if len(left) == len(right) == 1 and not shaping.is_from_right(left):
    return _WHOLE * _kerning(face).between(left, right)
  pair = right + left if shaping.is_from_right(left) else left + right
  return (_shaped_length(face, pair) - _shaped_length(face, left)
          - _shaped_length(face, right))


@functools.lru_cache(_KEPT_FONTS)
def _kerning(face: Face) -> kerning.Kerning:
  if face.path is None:
    return kerning.Kerning(io.BytesIO(_font(face, _WHOLE).path.getvalue()))
  with open(face.path, 'rb') as f:
    return kerning.Kerning(f)


@functools.lru_cache(_KEPT_GLYPHS)
def _shaped_length(face: Face, text: str) -> float:
  return _shaping_font(face, _WHOLE).getlength(
      text, features=_PAIRED, language=_LANGUAGE)


def _shape(face: Face, character: str) -> np.ndarray:
  """A glyph without its size: [8, 8] of mean 0 and norm 1; 0 if blank."""
  glyph, _, _ = _glyph(face, _WHOLE, character)
  shape = np.asarray(Image.fromarray(glyph).resize(
      (8, 8), Image.Resampling.BILINEAR), np.float32)
  shape = shape - shape.mean()
  return shape / max(np.linalg.norm(shape), 1e-6)


def extent(face: Face, text: str, size: int) -> tuple[int, int]:
  """First row of what `draw` returns, and the row behind its last one.

  Both are counted from the baseline, down.
  """
  highest, lowest = -(size // 2), 0
  for cluster in shaping.clusters(text):
    glyph, _, top = _glyph(face, size, cluster)
    highest = min(highest, top)
    lowest = max(lowest, top + len(glyph))
  return highest, lowest


class Piece(NamedTuple):
  """One cluster of a word.

  Attributes:
    mask: uint8 [h, w], coverage, cut to the ink.
    left: its first column, from the cluster's origin.
    top: its first row, from the baseline, down.
    advance: pixels from its origin to that of the next one on its right.
  """
  mask: np.ndarray
  left: int
  top: int
  advance: float


def pieces(face: Face, text: str, size: int) -> list[Piece]:
  """The clusters of a word, from the left; size is one of SIZES."""
  parts = shaping.clusters(text)
  found = []
  for i, cluster in enumerate(parts):
    step = (advance(face, size, cluster, parts[i + 1])
            if i + 1 < len(parts) else size / _WHOLE * _length(face, cluster))
    found.append(Piece(*_glyph(face, size, cluster), step))
  return found


def draw(face: Face, text: str, size: int,
         spacing: Union[float, Sequence[float]]) -> np.ndarray:
  """Draws a word in one line.

  Args:
    face: covers all characters of the text.
    text: not empty.
    size: one of SIZES.
    spacing: pixels added between clusters, the same everywhere or one for
      each gap; negative moves them closer.

  Returns:
    uint8 [h, w], 255 where there is ink, cut to the ink; but never lower
    than from the baseline to about the top of an x, or a full stop would
    fill the picture.
  """
  parts = shaping.clusters(text)
  if isinstance(spacing, (int, float)):
    spacing = [spacing] * len(parts)
  pen = 0.0
  placed = []
  for i, cluster in enumerate(parts):
    glyph, left, top = _glyph(face, size, cluster)
    placed.append((glyph, round(pen) + left, top))
    if i + 1 < len(parts):
      pen += advance(face, size, cluster, parts[i + 1]) + spacing[i]
  first = min(left for _, left, _ in placed)
  right = max(left + glyph.shape[1] for glyph, left, _ in placed)
  highest, lowest = extent(face, text, size)
  mask = np.zeros([lowest - highest, right - first], np.uint8)
  for glyph, left, top in placed:
    height, width = glyph.shape
    window = mask[top - highest:top - highest + height,
                  left - first:left - first + width]
    np.maximum(window, glyph, out=window)
  return mask


class FontBook:
  """The fonts to draw from."""

  def __init__(self, directory: Optional[str] = None,
               rates: Optional[Mapping[str, float]] = None):
    """Opens all fonts below a folder.

    Args:
      directory: searched with its subfolders for .ttf, .otf, .woff and .woff2
        files; None for the one scalable font that Pillow brings. Of the fonts
        that its file WRONG_GLYPHS names, the characters there are not used.
      rates: folder in `directory` -> share of the words that are drawn with
        its fonts; all other fonts have what is left of 1. None or empty to
        have each family of all fonts as likely as another.

    Raises:
      InputError: naming --fonts, if there is no usable font, or
        --font_rates, if one of its folders has none.
    """
    self.skipped = []
    self._groups, self._shares, self._all = [], [], self
    if directory is None and rates:
      raise errors.InputError(
          '--font_rates: needs --fonts, whose folders it names.')
    if directory is None:
      self.faces = [_pillow_face()]
      self._families = [self.faces]
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
    wrong = _wrong_glyphs(directory)
    for face in self.faces:
      face.leave_out(wrong.get(face.name, ''))
    if not self.faces:
      raise errors.InputError(
          f'--fonts={directory}: no usable font file in it '
          f'({len(self.skipped)} unreadable); leave the flag out to draw '
          "with Pillow's own font.")
    self._families = _families(self.faces)
    if rates:
      self._group(directory, rates)

  def _group(self, directory: str, rates: Mapping[str, float]):
    """Sorts the families by the folders that have shares."""
    faces = {folder: [] for folder in (*rates, None)}
    for face in self.faces:
      folder = os.path.relpath(face.path, directory).split(os.sep)[0]
      faces[folder if folder in rates else None].append(face)
    shares = {**rates, None: max(0.0, 1.0 - sum(rates.values()))}
    for folder, share in shares.items():
      if not faces[folder] and folder is not None:
        raise errors.InputError(
            f'--font_rates={folder}: no folder of this name with a font in '
            f'{directory}.')
      if faces[folder] and share > 0:
        self._groups.append(_families(faces[folder]))
        self._shares.append(share)

  @classmethod
  def of(cls, faces: Sequence[Face]) -> 'FontBook':
    """A book of fonts that are open already."""
    book = cls.__new__(cls)
    book.skipped = []
    book.faces = list(faces)
    book._families = _families(faces)
    book._groups, book._shares, book._all = [], [], book
    return book

  def shelf(self, rng: random.Random) -> 'FontBook':
    """A choice of the families, to draw some thousand words with.

    A text that none of them has is drawn with one of the others.

    Args:
      rng: chooses.

    Returns:
      A book of at most about 64 families, in the shares of this one; this one
      where it has hardly more.
    """
    groups = self._groups or [self._families]
    if sum(map(len, groups)) < 2 * _SHELF:
      return self
    shares = self._shares or [1.0]
    chosen = [rng.sample(group, min(len(group), max(
        _LEAST_OF_GROUP, round(_SHELF * share / sum(shares)))))
              for group, share in zip(groups, shares)]
    book = FontBook.of([face for group in chosen for family in group
                        for face in family])
    book._all = self
    if self._groups:
      book._groups, book._shares = chosen, self._shares
    else:
      book._families = chosen[0]
    return book

  def covers(self, text: str) -> bool:
    """Whether one font has all characters of the text.

    Raises:
      InputError: if it is of a script that cannot be drawn.
    """
    shaping.check(text)
    return any(face.covers(text) for face in self._all.faces)

  def pick(self, text: str, rng: random.Random) -> tuple[Face, bool]:
    """Picks a font that has all characters of the text.

    Each family is as likely as another, however many cuts it has; where
    folders have shares, as another of its folder.

    Returns:
      The font, and whether the first choice lacked a glyph.

    Raises:
      InputError: if no font has them all, or it is of a script that cannot
        be drawn.
    """
    shaping.check(text)
    families = self._families
    if self._groups:
      families = rng.choices(self._groups, self._shares)[0]
    for tried in range(_PICKS):
      face = rng.choice(rng.choice(families))
      if face.covers(text):
        return face, tried > 0
    able = [face for face in self.faces if face.covers(text)] or [
        face for face in self._all.faces if face.covers(text)]
    if not able:
      raise errors.InputError(
          f'--fonts: no font has all characters of {text!r}; add one that '
          'has.')
    return rng.choice(able), True


def _families(faces: Sequence[Face]) -> list[list[Face]]:
  families = {}
  for face in faces:
    families.setdefault(face.family, []).append(face)
  return list(families.values())


def _wrong_glyphs(directory: str) -> dict[str, str]:
  """Name of a font file -> characters, of the file WRONG_GLYPHS."""
  path = os.path.join(directory, WRONG_GLYPHS)
  if not os.path.exists(path):
    return {}
  found = {}
  with open(path, encoding='utf-8') as f:
    for number, line in enumerate(f, 1):
      name, tab, characters = line.rstrip('\n').partition('\t')
      if not (name and tab and characters):
        raise errors.InputError(
            f'--fonts: {path}: line {number}: write the name of a font file, '
            'a tab and characters.')
      found[name] = characters
  return found


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
