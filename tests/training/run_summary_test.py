"""The settings in an event file, decoded without TensorBoard."""

from absl.testing import absltest
from google.protobuf import struct_pb2
import tensorflow.compat.v1 as tf

from master.training import run_summary

SETTINGS = {'batch_size': 128, 'learning_rate': 0.25, 'augment': True,
            'schedule': 'a|b_c', 'train_lmdb': ['x', 'é'], 'none': None,
            'long': 'y' * 300}


def _read_varint(content, at):
  number = shift = 0
  while True:
    byte = content[at]
    number |= (byte & 0x7f) << shift
    at, shift = at + 1, shift + 7
    if byte < 0x80:
      return number, at


class RunSummaryTest(absltest.TestCase):

  def _values(self):
    folder = self.create_tempdir().full_path
    run_summary.write(SETTINGS, folder, 7)
    path, = tf.gfile.Glob(f'{folder}/events*')
    event = list(tf.train.summary_iterator(path))[-1]
    self.assertEqual(7, event.step)
    return {value.tag: value for value in event.summary.value}

  def test_hparams(self):
    value = self._values()['_hparams_/session_start_info']
    plugin = value.metadata.plugin_data
    self.assertEqual('hparams', plugin.plugin_name)
    # Field 3, session_start_info, of wire type 2: a message of this length.
    self.assertEqual(3 << 3 | 2, plugin.content[0])
    length, at = _read_varint(plugin.content, 1)
    self.assertGreater(length, 300)  # Its length needs two bytes.
    self.assertLen(plugin.content, at + length)
    found = struct_pb2.Struct.FromString(plugin.content[at:])
    self.assertEqual(
        {**SETTINGS, 'train_lmdb': '["x", "é"]', 'none': 'null'}, dict(found))

  def test_text(self):
    value = self._values()['settings']
    self.assertEqual('text', value.metadata.plugin_data.plugin_name)
    text, = tf.make_ndarray(value.tensor)
    lines = text.decode().split('\n')
    self.assertEqual(['| setting | value |', '|---|---|',
                      r'| batch\_size | 128 |'], lines[:3])
    self.assertIn(r'| schedule | a\|b\_c |', lines)
    self.assertLen(lines, 2 + len(SETTINGS))


if __name__ == '__main__':
  absltest.main()
