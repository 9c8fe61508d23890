"""The settings of a run, for TensorBoard's tabs Text and HParams.

TensorBoard's HParams plugin has a message type of its own for them,
`HParamsPluginData`, that TensorFlow lacks. Its `SessionStartInfo` has the
settings as field 1, a map from string to `google.protobuf.Value`, just as
`google.protobuf.Struct` has it: the bytes of a Struct are those of a
SessionStartInfo. Encoded here, not by TensorBoard: machines that train often
lack it, and TensorFlow no longer brings it along.
"""

import json
from typing import Any, Mapping

from google.protobuf import struct_pb2
import tensorflow.compat.v1 as tf

TEXT_TAG = 'settings'

# Of the plugin, as its documentation of the event format has them.
_HPARAMS_TAG = '_hparams_/session_start_info'
_SESSION_START_INFO = 3  # Field of HParamsPluginData.
_LENGTH_DELIMITED = 2  # Wire type of messages.


def _varint(number: int) -> bytes:
  """A number in the variable-length form of protocol buffers."""
  encoded = bytearray()
  while number >= 0x80:
    encoded.append(number & 0x7f | 0x80)
    number >>= 7
  return bytes([*encoded, number])


def _plain(value: Any) -> Any:
  """`value` as the HParams tab can sort by it."""
  if isinstance(value, (bool, int, float, str)):
    return value
  return json.dumps(value, ensure_ascii=False)


def _hparams(settings: Mapping[str, Any]) -> tf.Summary.Value:
  struct = struct_pb2.Struct()
  for name, value in settings.items():
    struct[name] = _plain(value)
  session = struct.SerializeToString()
  content = (bytes([_SESSION_START_INFO << 3 | _LENGTH_DELIMITED])
             + _varint(len(session)) + session)
  found = tf.Summary.Value(tag=_HPARAMS_TAG,
                           tensor=tf.make_tensor_proto(0.0))
  found.metadata.plugin_data.plugin_name = 'hparams'
  found.metadata.plugin_data.content = content
  return found


def _cell(value: Any) -> str:
  text = value if isinstance(value, str) else json.dumps(
      value, ensure_ascii=False)
  for special in '\\|`*_<>':
    text = text.replace(special, '\\' + special)
  return text


def _text(settings: Mapping[str, Any]) -> tf.Summary.Value:
  """The settings as a Markdown table."""
  lines = ['| setting | value |', '|---|---|']
  lines += [f'| {_cell(name)} | {_cell(value)} |'
            for name, value in settings.items()]
  found = tf.Summary.Value(tag=TEXT_TAG, tensor=tf.make_tensor_proto(
      ['\n'.join(lines)], tf.string))
  found.metadata.plugin_data.plugin_name = 'text'
  return found


def write(settings: Mapping[str, Any], directory: str, step: int):
  """Writes the settings into an event file.

  Args:
    settings: name to what JSON can hold.
    directory: of the event file.
    step: global step from which they hold.
  """
  with tf.Graph().as_default():
    writer = tf.summary.FileWriterCache.get(directory)
    writer.add_summary(tf.Summary(value=[_hparams(settings),
                                         _text(settings)]), step)
    writer.flush()
