#!/bin/sh
# onnxruntime runs byte strings together, or passes on how Python prints them.
#
# Versions: onnxruntime 1.32.0, NumPy 2.4.6; onnx 1.23.2 writes the model.
# Expected: a model's string input takes numpy.array([b'ab', b'c']) as the two
#   strings, as TensorFlow does, or refuses byte strings.
# Seen: in an array of type S each string goes on until a byte of zero, past
#   its own end: b'ab' is as long as the type has room for, so what arrives is
#   'abc'. Which strings are whole depends on which other ones share the array.
#   In an array of objects b'ab' arrives as the five characters b'ab', prefix
#   and quotes included. Neither is an error. Arrays of str arrive as they are.
# Hurts: whoever moves a client of TensorFlow Serving or a SavedModel, which
#   take bytes, to onnxruntime: file names, texts to tokenise, base64. One
#   string at a time may look right, as the tests have it.
#
# Exit status: 0 as described, 1 otherwise, 2 if it cannot be set up.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 3' HUP INT TERM

set_up() {
  "$@" >"$work/log" 2>&1 && return
  tail -n 3 "$work/log" >&2
  echo "onnxruntime_byte_strings: cannot be set up: $*" >&2
  exit 2
}

set_up "${PYTHON:-python3}" -m venv "$work/venv"
set_up "$work/venv/bin/python" -m pip install --no-deps --no-compile \
  flatbuffers==25.12.19 ml-dtypes==0.6.0 numpy==2.4.6 onnx==1.23.2 \
  onnxruntime==1.32.0 packaging==26.3 protobuf==7.36.2 \
  typing-extensions==4.16.0

"$work/venv/bin/python" - <<'END'
import sys

import numpy as np
import onnx
from onnx import helper
import onnxruntime

identity = helper.make_model(
    helper.make_graph(
        [helper.make_node('Identity', ['x'], ['y'])], 'identity',
        [helper.make_tensor_value_info('x', onnx.TensorProto.STRING, ['n'])],
        [helper.make_tensor_value_info('y', onnx.TensorProto.STRING, ['n'])]),
    opset_imports=[helper.make_opsetid('', 17)], ir_version=8)
session = onnxruntime.InferenceSession(identity.SerializeToString(),
                                       providers=['CPUExecutionProvider'])

# The last string is always shorter than the type: nothing is read past the
# array itself.
CASES = (
    (np.array(['ab', 'c']), ['ab', 'c']),
    (np.array(['ab', 'c'], object), ['ab', 'c']),
    (np.array([b'ab', b'c']), ['abc', 'c']),
    (np.array([b'word', b'line', b'text', b'end']),
     ['wordlinetextend', 'linetextend', 'textend', 'end']),
    (np.array([b'longest', b'line', b'']), ['longestline', 'line', '']),
    (np.array([b'ab', b'c'], object), ["b'ab'", "b'c'"]),
)
as_described = True
for given, expected in CASES:
  found = session.run(None, {'x': given})[0].tolist()
  print(f'type {given.dtype}: {given.tolist()} arrives as {found}')
  as_described &= found == expected
if not as_described:
  sys.exit('changed: byte strings arrive otherwise')
print('as described: byte strings do not arrive as they are, str do')
END
