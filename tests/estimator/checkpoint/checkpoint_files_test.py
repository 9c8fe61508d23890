"""Torn and missing checkpoints: the one before is taken."""

import os

import tensorflow.compat.v1 as tf

from master.estimator.checkpoint import checkpoint_files
from master.estimator.checkpoint import checkpoints
from tests.support import linear_model


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

  def test_what_a_killed_run_was_writing_is_removed(self):
    runner, base = self._trained()
    before = set(os.listdir(runner.model_dir))
    os.mkdir(f'{base}9_temp')
    parts = ('9_temp/part-00000-of-00001.data-00000-of-00001',
             '9.index.tempstate123', '9.data-00000-of-00001.tempstate4567',
             '9.meta.tmpd3ad')
    for name in (*parts, '9.notes', '9_temperature'):
      with open(f'{base}{name}', 'w') as f:
        f.write('x')
    with self.assertLogs('absl', 'INFO') as logs:
      self.assertEqual(f'{base}6', checkpoint_files.repair(runner.model_dir))
    self.assertLen(logs.output, 4)
    self.assertIn('9_temp: removed, an unfinished', '\n'.join(logs.output))
    self.assertEqual(
        before | {'model.ckpt-9.notes', 'model.ckpt-9_temperature'},
        set(os.listdir(runner.model_dir)))

  def test_nothing_to_find(self):
    self.assertIsNone(checkpoint_files.repair('/nonexistent'))


if __name__ == '__main__':
  tf.test.main()
