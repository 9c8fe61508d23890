#!/bin/sh
# Pillow's basic layout applies a 64th of a font's kerning.
#
# Versions: Pillow 13.0.0 (its wheel's FreeType 2.14.3); the font is DejaVu
#   Sans of matplotlib 3.11.2, its `kern` table is read by fonttools 4.63.0.
# Expected: ImageFont.truetype(..., layout_engine=Layout.BASIC) moves two
#   letters together by what the font's `kern` table says: 'To' at 60 pixels by
#   10.2 of them.
# Seen: by 0.16. FreeType gives the kerning rounded to whole pixels (and below
#   25 pixels per em scaled down further); Pillow's layout counts in 64ths of a
#   pixel and adds that number of pixels as so many 64ths. Exactly so for every
#   pair of letters in the table, at all sizes tried.
# Hurts: whoever draws words to train or test readers with. Nothing fails, the
#   letters stand apart as in no other program; and the same code, where Pillow
#   finds libfribidi and so takes raqm, draws other pictures.
#
# Exit status: 0 as described, 1 otherwise, 2 if it cannot be set up.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 3' HUP INT TERM

set_up() {
  "$@" >"$work/log" 2>&1 && return
  tail -n 3 "$work/log" >&2
  echo "pillow_basic_kerning: cannot be set up: $*" >&2
  exit 2
}

set_up "${PYTHON:-python3}" -m venv "$work/venv"
set_up "$work/venv/bin/python" -m pip install --no-deps \
  pillow==13.0.0 fonttools==4.63.0 matplotlib==3.11.2

"$work/venv/bin/python" - <<'END'
import importlib.util
import os
import string
import sys

from fontTools import ttLib
from PIL import ImageFont
from PIL import features

SIZES = (12, 16, 24, 25, 30, 48, 60, 100, 200)

path = os.path.join(
    importlib.util.find_spec('matplotlib').submodule_search_locations[0],
    'mpl-data', 'fonts', 'ttf', 'DejaVuSans.ttf')
tables = ttLib.TTFont(path)
units = tables['head'].unitsPerEm
names = tables.getBestCmap()
kern = tables['kern'].kernTables[0].kernTable
pairs = {}
for left in string.ascii_letters:
  for right in string.ascii_letters:
    value = kern.get((names[ord(left)], names[ord(right)]), 0)
    if value:
      pairs[left + right] = value


def divided(a, b):
  """Rounded to the nearest whole number, halves away from zero."""
  return (abs(a) + b // 2) // b * (1 if a > 0 else -1)


def whole_pixels(value, size):
  """What FreeType makes of a value of the table, rounded to its grid."""
  scale = divided(size * 64 << 16, units)
  sixty_fourths = divided(value * scale, 1 << 16)
  if size < 25:
    sixty_fourths = divided(sixty_fourths * size, 25)
  return (sixty_fourths + 32) // 64


print(f'FreeType {features.version("freetype2")}, {len(pairs)} pairs of '
      'letters with kerning')
print('pair  size  px in the table  whole px  px applied  applied * 64')
wrong = 0
for size in SIZES:
  font = ImageFont.truetype(path, size,
                            layout_engine=ImageFont.Layout.BASIC)
  for pair, value in pairs.items():
    applied = font.getlength(pair) - sum(map(font.getlength, pair))
    expected = whole_pixels(value, size)
    wrong += applied * 64 != expected
    if pair in ('To', 'AV'):
      print(f'{pair:4}  {size:4}  {value * size / units:15.3f}  {expected:8}'
            f'  {applied:10.6f}  {applied * 64:12g}')
if wrong or not pairs:
  sys.exit(f'changed: {wrong} of {len(pairs) * len(SIZES)} are something else')
print(f'as described: all {len(pairs) * len(SIZES)} are whole pixels / 64')
END
