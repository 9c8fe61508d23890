#!/bin/sh
# rapidocr misreads CMYK JPEGs, and PNGs of 16 bits with a score near 1.
#
# Versions: rapidocr 3.10.0 with the PP-OCRv6 small recogniser in its wheel,
#   onnxruntime 1.32.0, opencv-python-headless 5.0.0.93, Pillow 13.0.0.
# Expected: one picture reads alike in every file format that is taken without
#   an error.
# Seen: of a CMYK JPEG the fourth plane, black ink, is taken for opacity:
#   nothing is read. Of a grey PNG of 16 bits the values are taken for those of
#   8 bits: a text without any likeness, with a score near 1, so no threshold
#   finds it. (rapidocr/utils/load_image.py: numpy.array of the picture as it is.)
# Hurts: whoever reads pictures of printers and scanners with it,
#   or compares it with another reader on such: it seems far worse than it is.
#
# Exit status: 0 as described, 1 otherwise, 2 if it cannot be set up.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 3' HUP INT TERM

set_up() {
  "$@" >"$work/log" 2>&1 && return
  tail -n 3 "$work/log" >&2
  echo "rapidocr_picture_kinds: cannot be set up: $*" >&2
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
import io
import sys

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont
import rapidocr

WORDS = ('Bakery', 'Exit 24', 'station')

engine = rapidocr.RapidOCR(params={'Global.log_level': 'critical'})


def picture(text):
  font = ImageFont.load_default(24)
  left, top, right, bottom = font.getbbox(text)
  image = Image.new('RGB', (right - left + 8, bottom - top + 8), 'white')
  ImageDraw.Draw(image).text((4 - left, 4 - top), text, (20, 40, 90), font)
  return image


def encoded(image, kind, **options):
  file = io.BytesIO()
  image.save(file, kind, **options)
  return file.getvalue()


def read(content):
  found = engine(content, use_det=False, use_cls=False)
  return found.txts[0], found.scores[0]


as_described = True
for word in WORDS:
  image = picture(word)
  grey = np.array(image.convert('L'))
  found = {
      'RGB JPEG': read(encoded(image, 'JPEG', quality=95)),
      'grey PNG of 8 bits': read(encoded(Image.fromarray(grey), 'PNG')),
      'CMYK JPEG': read(encoded(image.convert('CMYK'), 'JPEG', quality=95)),
      'grey PNG of 16 bits': read(encoded(
          Image.fromarray(grey.astype(np.uint16) * 257), 'PNG')),
  }
  print(word)
  for kind, (text, score) in found.items():
    print(f'  {kind}: {text!r} {score:.3f}')
  right = [text == word for text, _ in found.values()]
  as_described &= right == [True, True, False, False]
if not as_described:
  sys.exit('changed: kinds of pictures are not read as described')
print('as described: CMYK and 16 bits are misread')
END
