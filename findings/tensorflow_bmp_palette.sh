#!/bin/sh
# TensorFlow reads the palette's numbers of a BMP as if they were colours.
#
# Versions: TensorFlow 2.21.0 (CPU), NumPy 2.4.6; Pillow 13.0.0 writes the file.
# Expected: tf.io.decode_image gives the colours that every viewer shows, as it
#   does for a PNG or GIF with a palette, or an error.
# Seen: of a BMP of 8 bits with a palette, decode_image and decode_bmp give the
#   numbers of the palette's entries, once, or with channels=3 three times over:
#   white letters on black whose palette names white first come out as 0 on 1,
#   nearly black on black. No error, no warning. What looks like luck, greys
#   that are right, is the usual palette of greys, whose entry n is grey n.
# Hurts: whoever reads scans or screenshots that are BMPs with few colours, in
#   training or when serving: the picture is dark or a jumble, and counts as
#   read.
#
# Exit status: 0 as described, 1 otherwise, 2 if it cannot be set up.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 3' HUP INT TERM

set_up() {
  "$@" >"$work/log" 2>&1 && return
  tail -n 3 "$work/log" >&2
  echo "tensorflow_bmp_palette: cannot be set up: $*" >&2
  exit 2
}

cat >"$work/pins" <<'END'
absl-py==2.5.1
astunparse==1.6.3
certifi==2026.10.18
charset-normalizer==3.5.2
flatbuffers==25.12.19
gast==0.7.0
google-pasta==0.2.0
grpcio==1.85.1
h5py==3.14.0
idna==3.20
keras==3.15.1
libclang==18.1.1
markdown-it-py==4.3.0
mdurl==0.1.2
ml-dtypes==0.6.0
namex==0.1.0
numpy==2.4.6
opt-einsum==3.4.0
optree==0.20.0
packaging==26.3
pillow==13.0.0
protobuf==7.36.2
pygments==2.21.0
requests==2.34.2
rich==15.0.0
setuptools==84.2.1
six==1.17.0
tensorflow==2.21.0
termcolor==3.3.0
typing-extensions==4.16.0
urllib3==2.8.0
wheel==0.48.0
wrapt==2.5.2
END
set_up "${PYTHON:-python3}" -m venv "$work/venv"
set_up "$work/venv/bin/python" -m pip install --no-deps --no-compile \
  -r "$work/pins"

CUDA_VISIBLE_DEVICES='' TF_CPP_MIN_LOG_LEVEL=3 \
  "$work/venv/bin/python" - 2>"$work/errors" <<'END' || {
import io
import sys

import numpy as np
from PIL import Image
import tensorflow as tf

COLOURS = ((255, 255, 255), (0, 0, 0), (200, 30, 40), (20, 60, 140))

picture = Image.new('P', (4, 1))
picture.putpalette([value for colour in COLOURS for value in colour])
picture.putdata(range(4))


def encoded(kind):
  """The picture as a file, and what Pillow reads from that."""
  file = io.BytesIO()
  picture.save(file, kind)
  return file.getvalue(), np.array(
      Image.open(io.BytesIO(file.getvalue())).convert('RGB'))


def read(content, channels):
  return tf.io.decode_image(content, channels=channels,
                            expand_animations=False).numpy()


print(f'TensorFlow {tf.__version__}; four pixels of', list(COLOURS))
numbers = np.arange(4, dtype=np.uint8).reshape(1, 4, 1)
as_described = True
for kind in ('PNG', 'GIF', 'BMP'):
  content, right = encoded(kind)
  as_described &= np.array_equal(right[0], COLOURS)
  for channels in (0, 3):
    found = read(content, channels)
    print(f'{kind}, channels={channels}: {found[0].tolist()}')
    as_described &= np.array_equal(
        found, np.broadcast_to(numbers, found.shape) if kind == 'BMP'
        else right)
if not as_described:
  print('changed: not the numbers of a BMP, or not the colours of the others')
  sys.exit(1)
print('as described: of the BMP alone, the numbers of the palette')
END
  status=$?
  cat "$work/errors" >&2
  exit "$status"
}
