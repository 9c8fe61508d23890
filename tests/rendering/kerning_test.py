"""Tests of master/rendering/kerning.py."""

import io
import itertools
import string
import struct
import zlib

from absl.testing import absltest
from PIL import ImageFont

from master.rendering import kerning
from master.rendering import shaping
from tests.support import font_files

_FEATURES = ['-liga', '-clig', '-calt', '-dlig', '-rlig', '-ccmp', '-locl']


def font_with(**tables):
  """A font file of Pillow's cmap and head, and some tables."""
  start = font_files.table_start(font_files.PILLOW, b'head')
  tables['head'] = font_files.PILLOW[start:start + 54]
  tables['cmap'] = font_files.PILLOW[
      font_files.table_start(font_files.PILLOW, b'cmap'):]
  place = 12 + 16 * len(tables)
  directory, body = b'', b''
  for tag, data in tables.items():
    directory += struct.pack('>4sIII', tag.encode(), 0, place + len(body),
                             len(data))
    body += data
  return io.BytesIO(struct.pack('>IHHHH', 0x10000, len(tables), 0, 0, 0)
                    + directory + body)


def units():
  return struct.unpack_from('>H', font_files.PILLOW, font_files.table_start(
      font_files.PILLOW, b'head') + 18)[0]


def glyph(character):
  start = font_files.table_start(font_files.PILLOW, b'cmap')
  return font_files.glyph_ids(font_files.PILLOW[start:])[ord(character)]


def kern_table(values, coverage=1, apple=False):
  records = b''.join(struct.pack('>HHh', *record) for record in sorted(
      (glyph(a), glyph(b), value) for (a, b), value in values.items()))
  pairs = struct.pack('>HHHH', len(values), 0, 0, 0) + records
  if apple:
    return struct.pack('>IIIHH', 0x10000, 1, 8 + len(pairs), coverage,
                       0) + pairs
  return struct.pack('>HHHHH', 0, 1, 0, 6 + len(pairs), coverage) + pairs


def as_woff(font, broken=False):
  """The same font as a WOFF file; tables that do not shrink stay as are."""
  data = font.read()
  count, = struct.unpack_from('>H', data, 4)
  place = 44 + 20 * count
  directory, body = b'', b''
  for i in range(count):
    tag, _, start, length = struct.unpack_from('>4sIII', data, 12 + 16 * i)
    table = data[start:start + length]
    packed = min(zlib.compress(table), table, key=len)
    if broken and len(packed) < length:
      packed = packed[:-4]
    directory += struct.pack('>4sIIII', tag, place + len(body), len(packed),
                             length, 0)
    body += packed
  return io.BytesIO(struct.pack('>4sIIHH', b'wOFF', 0x10000, place + len(body),
                                count, 0) + bytes(28) + directory + body)


class KerningTest(absltest.TestCase):

  def test_as_raqm_has_it(self):
    if not shaping.has_raqm():
      self.skipTest('Pillow finds no raqm: install libfribidi0.')
    size = 64
    font = ImageFont.load_default(size).font_variant(
        layout_engine=ImageFont.Layout.RAQM)
    found = kerning.Kerning(io.BytesIO(font_files.PILLOW))

    def length(text):
      return font.getlength(text, features=_FEATURES, language='und')
    kerned = 0
    for pair in itertools.product(string.ascii_letters[::3] + 'AVTLYo.,-1',
                                  repeat=2):
      expected = length(''.join(pair)) - length(pair[0]) - length(pair[1])
      self.assertAlmostEqual(expected, size * found.between(*pair),
                             delta=3 / 64, msg=pair)
      kerned += expected != 0
    self.assertGreater(kerned, 50)

  def test_pairs_of_the_older_table(self):
    values = {'AV': -120, 'VA': -90, 'To': -77, 'oo': 5}
    for table in (kern_table(values), kern_table(values, 0, apple=True)):
      found = kerning.Kerning(font_with(kern=table))
      for pair, value in values.items():
        self.assertEqual(value / units(), found.between(*pair))
      self.assertEqual(0, found.between('A', 'o'))
      self.assertEqual(0, found.between('A', '\u4e2d'))

  def test_a_packed_font_has_the_same(self):
    values = {'AV': -120, 'To': -77}
    found = kerning.Kerning(as_woff(font_with(kern=kern_table(values))))
    for pair, value in values.items():
      self.assertEqual(value / units(), found.between(*pair))
    whole = kerning.Kerning(io.BytesIO(font_files.PILLOW))
    packed = kerning.Kerning(as_woff(io.BytesIO(font_files.PILLOW)))
    for pair in itertools.product('AVTLYo.', repeat=2):
      self.assertEqual(whole.between(*pair), packed.between(*pair))
    torn = as_woff(io.BytesIO(font_files.PILLOW), broken=True)
    self.assertEqual(0, kerning.Kerning(torn).between('A', 'V'))

  def test_what_is_not_along_the_line_is_left_out(self):
    for table in (kern_table({'AV': -120}, 0),
                  kern_table({'AV': -120}, 0x8000, apple=True)):
      self.assertEqual(0, kerning.Kerning(font_with(kern=table)).between(
          'A', 'V'))

  def test_a_broken_font_has_none(self):
    self.assertEqual(0, kerning.Kerning(io.BytesIO(b'no font')).between(
        'A', 'V'))
    table = kern_table({'AV': -120, 'To': -77})
    self.assertEqual(0, kerning.Kerning(font_with(kern=table[:-3])).between(
        'A', 'V'))
    for length in range(10, 200, 7):
      start = font_files.table_start(font_files.PILLOW, b'GPOS')
      torn = font_with(GPOS=font_files.PILLOW[start:start + length])
      self.assertEqual(0, kerning.Kerning(torn).between('A', 'V'))


if __name__ == '__main__':
  absltest.main()
