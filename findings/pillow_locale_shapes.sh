#!/bin/sh
# Under another LC_ALL, Pillow draws the same text in the same font otherwise.
#
# Versions: Pillow 13.0.0 (its wheel's raqm 0.11.0 and HarfBuzz 14.5.0); the
#   fonts are DejaVu Sans and Serif of matplotlib 3.11.2.
# Expected: a picture depends on text, font and arguments; locales matter to
#   dates and messages. Nothing in the program calls setlocale.
# Seen: in raqm layout, Pillow's default where it finds libfribidi, a text
#   without `language=` has the language of the process's locale, which Python
#   sets as it starts. Under sr_RS Cyrillic b, d, g, p, t get Serbian shapes
#   where the font has such; under tr_TR even Latin 'fi' is drawn otherwise.
#   With any language named, such as 'und', the pictures are the same.
# Hurts: whoever draws training words, or compares pictures in tests: other
#   pixels on a colleague's machine, from the same code, seed and fonts.
#
# Needs libfribidi, localedef and the sources of locales (Debian: libfribidi0,
# libc-bin, locales). Exit status: 0 as described, 1 otherwise, 2 if it cannot
# be set up.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 3' HUP INT TERM

fail() {
  echo "pillow_locale_shapes: cannot be set up: $1" >&2
  exit 2
}

set_up() {
  "$@" >"$work/log" 2>&1 && return
  tail -n 3 "$work/log" >&2
  fail "$*"
}

command -v localedef >/dev/null || fail 'localedef is not there'
mkdir "$work/locales"
for name in en_US sr_RS tr_TR; do
  set_up localedef -i "$name" -f UTF-8 "$work/locales/$name.UTF-8"
done
set_up "${PYTHON:-python3}" -m venv "$work/venv"
set_up "$work/venv/bin/python" -m pip install --no-deps \
  pillow==13.0.0 matplotlib==3.11.2
"$work/venv/bin/python" -c '
import sys
from PIL import features
sys.exit(not (features.check("raqm") and features.check("fribidi")))' ||
  fail 'Pillow does not find libfribidi, which raqm needs'

cat >"$work/draw.py" <<'END'
import hashlib
import importlib.util
import os

from PIL import ImageFont

FOLDER = os.path.join(
    importlib.util.find_spec('matplotlib').submodule_search_locations[0],
    'mpl-data', 'fonts', 'ttf')
for file, name, text in (
    ('DejaVuSans.ttf', 'sans-bdgpt', '\u0431\u0434\u0433\u043f\u0442'),
    ('DejaVuSerif.ttf', 'serif-fi', 'fi')):
  font = ImageFont.truetype(os.path.join(FOLDER, file), 40,
                            layout_engine=ImageFont.Layout.RAQM)
  for arguments in ({}, {'language': 'und'}):
    mask = font.getmask(text, **arguments)
    print(name, arguments.get('language', '-'), mask.size[0],
          hashlib.sha256(bytes(mask)).hexdigest()[:12])
END
for name in en_US sr_RS tr_TR; do
  LOCPATH=$work/locales LC_ALL=$name.UTF-8 "$work/venv/bin/python" \
    "$work/draw.py" >"$work/$name"
done

echo 'locale  text        language  width  pixels'
for name in en_US sr_RS tr_TR; do
  while read -r text language width pixels; do
    printf '%-7s %-11s %-9s %5s  %s\n' \
      "$name" "$text" "$language" "$width" "$pixels"
  done <"$work/$name"
done

# Lines of a file about a text with a language (or none).
of() {
  grep "^$2 $3 " "$work/$1"
}

differs() {
  [ "$(of en_US "$2" "$3")" != "$(of "$1" "$2" "$3")" ]
}

if differs sr_RS sans-bdgpt - && differs tr_TR serif-fi - &&
    ! differs sr_RS sans-bdgpt und && ! differs tr_TR serif-fi und; then
  echo 'as described: the locale decides, unless a language is named'
else
  echo 'changed: the locale does not decide as described' >&2
  exit 1
fi
