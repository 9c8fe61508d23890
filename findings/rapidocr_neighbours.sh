#!/bin/sh
# rapidocr reads a word otherwise when a long line shares its batch.
#
# Versions: rapidocr 3.10.0 with the PP-OCRv6 small recogniser in its wheel,
#   onnxruntime 1.32.0, opencv-python-headless 5.0.0.93, Pillow 13.0.0.
# Expected: what is read in a picture depends on that picture alone. Batches
#   are for speed: at most the last digits of a score may differ.
# Seen: the pictures of a batch (six, if nothing is said) are padded with grey
#   to the widest one's proportions, and the network looks at the padding too:
#   beside a long line a word gets another text, with a high score, than alone
#   or beside a short word (all that is up to 6 2/3 times as wide as high is
#   padded to that).
# Hurts: whoever measures or compares readers in batches, as the result changes
#   with the order of the pictures; and whoever wonders why a word on a page
#   reads otherwise since a line elsewhere on it became longer.
#
# Exit status: 0 as described, 1 otherwise, 2 if it cannot be set up.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 3' HUP INT TERM

set_up() {
  "$@" >"$work/log" 2>&1 && return
  tail -n 3 "$work/log" >&2
  echo "rapidocr_neighbours: cannot be set up: $*" >&2
  exit 2
}

cat >"$work/pins" <<'END'
certifi==2026.10.18
charset-normalizer==3.5.2
colorlog==6.12.0
flatbuffers==25.12.19
idna==3.20
numpy==2.4.6
omegaconf==2.4.0
onnxruntime==1.32.0
opencv-python-headless==5.0.0.93
packaging==26.3
pillow==13.0.0
protobuf==7.36.2
pyclipper==1.4.0
pyyaml==6.0.4
rapidocr==3.10.0
requests==2.34.2
shapely==2.2.0
six==1.17.0
tqdm==4.70.1
urllib3==2.8.0
END
set_up "${PYTHON:-python3}" -m venv "$work/venv"
set_up "$work/venv/bin/python" -m pip install --no-deps --no-compile \
  -r "$work/pins"

"$work/venv/bin/python" - <<'END'
import sys

from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont
import rapidocr

WORDS = (('p.m.', 10, 0, 255), ('zoo', 10, 0, 255), ('rn', 10, 0, 255),
         ('cl', 10, 90, 150), ('rn', 12, 0, 255), ('zoo', 14, 0, 255),
         ('Hotel', 14, 0, 255), ('lift', 14, 0, 255))
LINE = ('Opening hours: Monday to Friday from nine to six, Saturday from ten '
        'to four')

engine = rapidocr.RapidOCR(params={'Global.log_level': 'critical'})


def picture(text, size, ink, paper):
  font = ImageFont.load_default(size)
  left, top, right, bottom = font.getbbox(text)
  image = Image.new('RGB', (right - left + 4, bottom - top + 4), (paper,) * 3)
  ImageDraw.Draw(image).text((2 - left, 2 - top), text, (ink,) * 3, font)
  return engine.load_img(image)


def read(*pictures):
  """Text and score of the first of a batch."""
  found = engine.recognize_txt(list(pictures))
  return found.txts[0], found.scores[0]


print('drawn (size): alone | beside a short word | beside a long line')
changed_by_short = changed_by_long = 0
for text, *style in WORDS:
  word = picture(text, *style)
  alone = read(word)
  short = read(word, picture('cup', *style))
  long = read(word, picture(LINE, *style))
  changed_by_short += alone[0] != short[0] or abs(alone[1] - short[1]) > 1e-3
  changed_by_long += alone[0] != long[0]
  print(f'{text} ({style[0]}):', ' | '.join(
      f'{found!r} {score:.3f}' for found, score in (alone, short, long)))
if changed_by_short or not changed_by_long:
  sys.exit(f'changed: {changed_by_short} words are read otherwise beside a '
           f'short one, {changed_by_long} beside a long line')
print(f'as described: {changed_by_long} of {len(WORDS)} texts change beside a '
      'long line, none beside a short word')
END
