"""Font files with chosen characters, made of Pillow's own, for tests."""

import io
import struct

import numpy as np
from PIL import ImageFont

# Pillow keeps its own font as data: the one that any machine has.
PILLOW = ImageFont.load_default(20).path.getvalue()


def font_of(characters, drawn_as=str):
  """Pillow's font with fewer characters, some drawn as others.

  Args:
    characters: that the font shall have.
    drawn_as: takes a character to the one whose glyph it gets.

  Returns:
    bytes of a font file: the tables of Pillow's, with another `cmap`.
  """
  font = io.BytesIO(PILLOW)
  tables = {}
  version, count = struct.unpack('>IH6x', font.read(12))
  for _ in range(count):
    tag, _, offset, length = struct.unpack('>4sIII', font.read(16))
    tables[tag] = PILLOW[offset:offset + length]
  ids = glyph_ids(tables[b'cmap'])
  groups = [(ord(c), ord(c), ids[ord(drawn_as(c))])
            for c in sorted(characters)]
  tables[b'cmap'] = struct.pack(
      '>HHHHIHHIII', 0, 1, 3, 10, 12, 12, 0, 16 + 12 * len(groups), 0,
      len(groups)) + b''.join(struct.pack('>III', *g) for g in groups)
  header = struct.pack('>IHHHH', version, count, 0, 0, 0)
  directory, body = b'', b''
  start = len(header) + 16 * count
  for tag, table in sorted(tables.items()):
    directory += struct.pack('>4sIII', tag, 0, start + len(body), len(table))
    body += table + b'\0' * (-len(table) % 4)
  return header + directory + body


def table_start(font, wanted):
  """Where a table lies in a font file; 0 if it is not there."""
  count, = struct.unpack_from('>4xH', font)
  for i in range(count):
    tag, start = struct.unpack_from('>4s4xI', font, 12 + 16 * i)
    if tag == wanted:
      return start
  return 0


def glyph_ids(cmap):
  """Code point -> glyph id, of a `cmap` with a subtable of format 4."""
  count, = struct.unpack_from('>2xH', cmap)
  for i in range(count):
    start, = struct.unpack_from('>4xI', cmap, 4 + 8 * i)
    if struct.unpack_from('>H', cmap, start) == (4,):
      break
  segments = struct.unpack_from('>6xH', cmap, start)[0] // 2
  words = np.frombuffer(cmap, '>u2', (len(cmap) - start) // 2, start)[7:]
  ends, starts, deltas, offsets = (
      words[n * segments + (n > 0):(n + 1) * segments + (n > 0)].astype(int)
      for n in range(4))
  places = words[3 * segments + 1:]
  ids = {}
  for i in range(segments):
    for code in range(starts[i], ends[i] + 1):
      if offsets[i]:
        glyph = int(places[i + offsets[i] // 2 + code - starts[i]])
        glyph = glyph and glyph + deltas[i]
      else:
        glyph = code + deltas[i]
      ids[code] = int(glyph) % 65536
  return ids
