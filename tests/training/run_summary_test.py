"""The settings in an event file, as TensorBoard reads them."""

from absl.testing import absltest
from tensorboard.plugins.hparams import plugin_data_pb2
import tensorflow.compat.v1 as tf

from master.training import run_summary

SETTINGS = {'batch_size': 128, 'learning_rate': 0.25, 'augment': True,
            'schedule': 'a|b_c', 'train_lmdb': ['x', 'é'], 'none': None,
            'long': 'y' * 300}


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
    start = plugin_data_pb2.HParamsPluginData.FromString(
        plugin.content).session_start_info
    self.assertEqual(
        {**SETTINGS, 'train_lmdb': '["x", "é"]', 'none': 'null'},
        {name: getattr(value, value.WhichOneof('kind'))
         for name, value in start.hparams.items()})

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
