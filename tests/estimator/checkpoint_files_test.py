"""Torn and missing checkpoints: the one before is taken."""

import os

import tensorflow.compat.v1 as tf

from master.estimator import checkpoint_files
from master.estimator import checkpoints
from tests import linear_model


class CheckpointFilesTest(tf.test.TestCase):

  def _trained(self):
    runner = linear_model.estimator()
    for step in (3, 6):
      runner.train(linear_model.input_fn(4, repeat=True), max_steps=step)
    return runner, os.path.join(runner.model_dir, 'model.ckpt-')

  def _goes_on_from_step_3(self, runner, base, reason):
    with self.assertLogs('absl', 'WARNING') as logs:
      self.assertEqual(f'{base}3', runner.latest_checkpoint())
    self.assertIn(reason, logs.output[0])
    self.assertEqual(f'{base}3', checkpoints.find(runner.model_dir))
    left = set(os.listdir(runner.model_dir))
    runner.train(linear_model.input_fn(4, repeat=True), max_steps=5)
    self.assertEqual(f'{base}5', runner.latest_checkpoint())
    self.assertContainsSubset(left, os.listdir(runner.model_dir))

  def test_missing_index(self):
    runner, base = self._trained()
    os.remove(f'{base}6.index')
    self._goes_on_from_step_3(runner, base, 'ckpt-6 cannot be used: its .index')

  def test_truncated_data(self):
    runner, base = self._trained()
    path = f'{base}6.data-00000-of-00001'
    os.truncate(path, os.path.getsize(path) - 1)
    self._goes_on_from_step_3(runner, base, 'ckpt-6 cannot be used')

  def test_changed_data(self):
    runner, base = self._trained()
    with open(f'{base}6.data-00000-of-00001', 'r+b') as f:
      first = f.read(1)
      f.seek(0)
      f.write(bytes([first[0] ^ 1]))
    self.assertIsNotNone(checkpoint_files.fault(f'{base}6'))
    self.assertIsNone(checkpoint_files.fault(f'{base}3'))

  def test_nothing_to_find(self):
    self.assertIsNone(checkpoint_files.repair('/nonexistent'))


if __name__ == '__main__':
  tf.test.main()
