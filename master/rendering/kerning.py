"""Kerning: a font's corrections of the distance of two letters.

Read from the font's own tables, after the OpenType specification: pairs of
`GPOS`, and of `kern` where that has none. Pillow's basic layout applies a 64th
of `kern` alone. Its raqm layout applies all, but sets itself up for each call,
which takes longer than to draw a word; and not every machine has it, and the
same flags shall give the same pictures. Contextual kerning, which few fonts
have, is left out.
"""

import array
import bisect
import struct
import sys
from typing import BinaryIO, Iterator, Optional, Sequence
import unicodedata
import zlib

import numpy as np

# Scripts of fonts, by the first word of the names of their characters.
_SCRIPTS = {'GREEK': b'grek', 'CYRILLIC': b'cyrl', 'CJK': b'hani',
            'HIRAGANA': b'kana', 'KATAKANA': b'kana', 'HANGUL': b'hang',
            'THAI': b'thai', 'LAO': b'lao ', 'ARMENIAN': b'armn',
            'GEORGIAN': b'geor'}
_LATIN = b'latn'
_FEATURES = (b'kern', b'dist')
_PAIRS, _EXTENSION = 2, 9  # Kinds of lookups in GPOS.
_ADVANCE = 4  # Bit of a value format.
# What reading a table beyond its end, or one of nonsense, raises.
_BROKEN = (struct.error, IndexError, ValueError, KeyError, zlib.error)


class Kerning:
  """The kerning of one font."""

  def __init__(self, file: BinaryIO):
    """Reads the tables; a font without, or with broken ones, has no kerning.

    Args:
      file: a TrueType or OpenType font, or one packed as WOFF, open; WOFF2,
        whose compression Python has not, counts as one without.
    """
    try:
      tables = _tables(file)
      self._glyphs = _Glyphs(tables[b'cmap'])
      self._units, = struct.unpack_from('>H', tables[b'head'], 18)
    except _BROKEN:
      tables = {}
      self._units = 0
    self._gpos = tables.get(b'GPOS', b'')
    self._lookups = {}
    try:
      self._pairs = _kern_pairs(tables.get(b'kern', b''))
    except _BROKEN:
      self._pairs = []

  def between(self, left: str, right: str) -> float:
    """What is added between two characters, in ems; mostly 0 or less."""
    if not self._units:
      return 0.0
    try:
      return self._between(left, right) / self._units
    except _BROKEN:
      return 0.0

  def _between(self, left: str, right: str) -> int:
    script = _script(left) or _script(right) or _LATIN
    if script not in self._lookups:
      self._lookups[script] = _kerning_lookups(self._gpos, script)
    lookups = self._lookups[script]
    pair = self._glyphs.number(left), self._glyphs.number(right)
    if lookups is None:
      return sum(_of_pair(pairs, *pair) for pairs in self._pairs)
    return sum(_first_match(lookup, *pair) for lookup in lookups)


def _tables(file: BinaryIO) -> dict[bytes, bytes]:
  """The tables that kerning hangs on, by tag; of a WOFF file unpacked."""
  file.seek(0)
  is_woff = file.read(4) == b'wOFF'
  if is_woff:  # W3C, WOFF File Format 1.0, sections 3 and 4.
    count, = struct.unpack('>8xH30x', file.read(40))
    directory = list(struct.iter_unpack('>4sIII4x', file.read(20 * count)))
  else:
    count, = struct.unpack('>H6x', file.read(8))
    directory = [(tag, start, length, length) for tag, start, length in
                 struct.iter_unpack('>4s4xII', file.read(16 * count))]
  found = {}
  for tag, start, stored, length in directory:
    if tag in (b'cmap', b'head', b'GPOS', b'kern'):
      file.seek(start)
      found[tag] = file.read(stored)
      if stored < length:
        found[tag] = zlib.decompress(found[tag])
  return found


def _script(character: str) -> Optional[bytes]:
  if character.isascii():
    return _LATIN if character.isalpha() else None
  name = unicodedata.name(character, '').partition(' ')[0]
  return _LATIN if name == 'LATIN' else _SCRIPTS.get(name)


def _numbers(data: bytes, start: int, count: int) -> array.array:
  """Numbers of 16 bits; an array is small, and fast to bisect."""
  numbers = array.array('H', data[start:start + 2 * count])
  if len(numbers) < count:
    raise ValueError('ends too soon')
  if sys.byteorder == 'little':
    numbers.byteswap()
  return numbers


class _Glyphs:
  """Numbers of glyphs, by character."""

  def __init__(self, cmap: bytes):
    count, = struct.unpack_from('>2xH', cmap)
    records = [struct.unpack_from('>HHI', cmap, 4 + 8 * i)
               for i in range(count)]
    starts = [start for *which, start in records
              if which[0] == 0 or tuple(which) in ((3, 1), (3, 10))]
    by_format = {struct.unpack_from('>H', cmap, start)[0]: start
                 for start in starts}
    self._cmap = cmap
    self._groups = self._starts = None
    if 12 in by_format:
      start = by_format[12]
      count, = struct.unpack_from('>12xI', cmap, start)
      self._groups = list(struct.iter_unpack(
          '>III', cmap[start + 16:start + 16 + 12 * count]))
      return
    start = by_format[4]
    segments = struct.unpack_from('>6xH', cmap, start)[0] // 2
    self._ends = _numbers(cmap, start + 14, segments)
    self._starts = _numbers(cmap, start + 16 + 2 * segments, segments)
    self._deltas = _numbers(cmap, start + 16 + 4 * segments, segments)
    self._places = start + 16 + 6 * segments
    self._offsets = _numbers(cmap, self._places, segments)

  def number(self, character: str) -> int:
    """The glyph of a character; 0 if the font has none."""
    code = ord(character)
    if self._groups is not None:
      i = bisect.bisect_right(self._groups, (code, sys.maxsize)) - 1
      if i < 0 or code > self._groups[i][1]:
        return 0
      return self._groups[i][2] + code - self._groups[i][0]
    i = bisect.bisect_left(self._ends, code)
    if i == len(self._ends) or code < self._starts[i]:
      return 0
    glyph = code
    if self._offsets[i]:
      glyph, = struct.unpack_from(
          '>H', self._cmap, self._places + 2 * i + self._offsets[i]
          + 2 * (code - self._starts[i]))
      if not glyph:
        return 0
    return (glyph + self._deltas[i]) % 65536


def _kerning_lookups(gpos: bytes, script: bytes
                     ) -> Optional[list[list['_Pairs']]]:
  """Of each lookup in turn, its parts; None without kerning for a script."""
  if not gpos:
    return None
  scripts, features, lookups = struct.unpack_from('>4xHHH', gpos)
  chosen = set()
  has_kerning = False
  for feature in _features_of(gpos, scripts, script):
    tag, offset = struct.unpack_from('>4sH', gpos, features + 2 + 6 * feature)
    if tag in _FEATURES:
      has_kerning |= tag == b'kern'
      start = features + offset
      count, = struct.unpack_from('>2xH', gpos, start)
      chosen.update(_numbers(gpos, start + 4, count))
  if not has_kerning:
    return None
  found = []
  for number in sorted(chosen):
    offset, = struct.unpack_from('>H', gpos, lookups + 2 + 2 * number)
    parts = list(_parts(gpos, lookups + offset))
    if parts:
      found.append(parts)
  return found


def _features_of(gpos: bytes, start: int, script: bytes) -> Sequence[int]:
  """Numbers of the features of a script in its usual language."""
  count, = struct.unpack_from('>H', gpos, start)
  offsets = dict(struct.unpack_from('>4sH', gpos, start + 2 + 6 * i)
                 for i in range(count))
  offset = next((offsets[tag] for tag in (script, b'DFLT', b'dflt', _LATIN)
                 if tag in offsets), None)
  if offset is None:
    return []
  usual, = struct.unpack_from('>H', gpos, start + offset)
  if not usual:
    return []
  place = start + offset + usual
  count, = struct.unpack_from('>4xH', gpos, place)
  return _numbers(gpos, place + 6, count)


def _parts(gpos: bytes, start: int) -> Iterator['_Pairs']:
  """The pair tables of a lookup."""
  kind, count = struct.unpack_from('>H2xH', gpos, start)
  for offset in _numbers(gpos, start + 6, count):
    place, its_kind = start + offset, kind
    if kind == _EXTENSION:
      its_kind, further = struct.unpack_from('>2xHI', gpos, place)
      place += further
    if its_kind == _PAIRS:
      yield _Pairs(gpos, place)


def _first_match(parts: list['_Pairs'], left: int, right: int) -> int:
  for part in parts:
    value = part.value(left, right)
    if value is not None:
      return value
  return 0


class _Ranges:
  """Numbers of glyphs: a coverage, or classes."""

  def __init__(self, data: bytes, start: int, is_coverage: bool):
    kind, = struct.unpack_from('>H', data, start)
    self._ranks = not is_coverage and kind == 1
    if self._ranks:
      self._first, count = struct.unpack_from('>2xHH', data, start)
      self._values = _numbers(data, start + 6, count)
      return
    count, = struct.unpack_from('>2xH', data, start)
    self._rises = is_coverage  # A coverage counts on within a range.
    if kind == 1:
      self._firsts = self._lasts = _numbers(data, start + 4, count)
      self._values = range(count)
    else:
      numbers = _numbers(data, start + 4, 3 * count)
      self._firsts, self._lasts, self._values = (
          numbers[i::3] for i in range(3))

  def of(self, glyph: int) -> Optional[int]:
    """The number of a glyph; None if it has none."""
    if self._ranks:
      place = glyph - self._first
      return self._values[place] if 0 <= place < len(self._values) else None
    i = bisect.bisect_right(self._firsts, glyph) - 1
    if i < 0 or glyph > self._lasts[i]:
      return None
    return self._values[i] + (glyph - self._firsts[i] if self._rises else 0)


class _Pairs:
  """One table of pairs of GPOS, of single glyphs or of classes."""

  def __init__(self, gpos: bytes, start: int):
    self._gpos = gpos
    self._start = start
    self._kind, offset, first, second = struct.unpack_from(
        '>HHHH', gpos, start)
    self._covered = _Ranges(gpos, start + offset, True)
    # Of both values that a pair has, in numbers of 16 bits.
    self._size = first.bit_count() + second.bit_count()
    # Place of the first one's advance among them.
    self._advance = (None if not first & _ADVANCE
                     else (first & (_ADVANCE - 1)).bit_count())
    if self._kind == 2:
      offsets = struct.unpack_from('>HHHH', gpos, start + 8)
      self._first_classes = _Ranges(gpos, start + offsets[0], False)
      self._second_classes = _Ranges(gpos, start + offsets[1], False)
      self._counts = offsets[2:]

  def value(self, left: int, right: int) -> Optional[int]:
    """What the pair is moved by, in units of the font; None if not here."""
    row = self._covered.of(left)
    if row is None:
      return None
    if self._kind == 2:
      place = self._in_classes(left, right)
    else:
      place = self._in_set(row, right)
    if place is None:
      return None
    if self._advance is None:
      return 0
    return struct.unpack_from('>h', self._gpos, place + 2 * self._advance)[0]

  def _in_classes(self, left: int, right: int) -> Optional[int]:
    row = self._first_classes.of(left) or 0
    column = self._second_classes.of(right)
    rows, columns = self._counts
    if not column or row >= rows or column >= columns:
      return None
    return self._start + 16 + 2 * self._size * (columns * row + column)

  def _in_set(self, row: int, right: int) -> Optional[int]:
    offset, = struct.unpack_from('>H', self._gpos,
                                 self._start + 10 + 2 * row)
    start = self._start + offset
    count, = struct.unpack_from('>H', self._gpos, start)
    step = 1 + self._size
    seconds = _numbers(self._gpos, start + 2, step * count)[::step]
    i = bisect.bisect_left(seconds, right)
    if i == count or seconds[i] != right:
      return None
    return start + 4 + 2 * step * i


def _kern_pairs(kern: bytes) -> list[tuple[np.ndarray, np.ndarray]]:
  """Of each table of pairs in `kern`: the pairs in order, and their values."""
  if not kern:
    return []
  version, count = struct.unpack_from('>HH', kern)
  place = 4
  if version:  # Apple's.
    count, = struct.unpack_from('>4xI', kern)
    place = 8
  found = []
  for _ in range(count):
    if version:
      length, coverage = struct.unpack_from('>IH', kern, place)
      header, is_wanted = 8, not coverage & 0xe0ff
    else:
      length, coverage = struct.unpack_from('>2xHH', kern, place)
      # Along the line, no least distances, and a list of pairs.
      header, is_wanted = 6, coverage & 0xff07 == 1
    if is_wanted:
      pairs, = struct.unpack_from('>H', kern, place + header)
      records = np.frombuffer(
          kern, np.dtype([('pair', '>u4'), ('value', '>i2')]), pairs,
          place + header + 8)
      found.append((records['pair'].astype(np.uint32),
                    records['value'].astype(np.int16)))
      length = max(length, header + 8 + 6 * pairs)  # Too small for many.
    place += length
  return found


def _of_pair(table: tuple[np.ndarray, np.ndarray], left: int, right: int
             ) -> int:
  pairs, values = table
  pair = np.uint32(left << 16 | right)
  i = int(pairs.searchsorted(pair))
  return int(values[i]) if i < len(pairs) and pairs[i] == pair else 0
