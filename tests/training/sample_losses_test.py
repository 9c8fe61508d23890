"""Tests of master/training/sample_losses.py, and of the hook that writes it."""

import os

from absl.testing import absltest
import numpy as np
import tensorflow.compat.v1 as tf

from master.training import hooks
from master.training import sample_losses
from tests.support import test_util


class SampleLossesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = os.path.join(self.create_tempdir().full_path, 'new', 'losses')

  def write(self, *entries):
    with sample_losses.open_to_append(self.path) as f:
      f.write(sample_losses.encode(*map(np.array, zip(*entries))))

  def read(self):
    return list(zip(*(values.tolist()
                      for values in sample_losses.read(self.path))))

  def test_the_newest_loss_of_each_word(self):
    self.write((0, 1, 0.5), (1, 1, 0.25), (0, 7, 4.0))
    self.write((0, 1, 0.75))
    self.assertEqual([(0, 1, 0.75), (0, 7, 4.0), (1, 1, 0.25)], self.read())

  def test_a_torn_entry_is_cut_off(self):
    self.write((0, 1, 0.5))
    with open(self.path, 'ab') as f:
      f.write(b'\1' * 19)
    self.assertEqual([(0, 1, 0.5)], self.read())
    self.write((0, 2, 0.25))
    self.assertEqual([(0, 1, 0.5), (0, 2, 0.25)], self.read())
    self.assertEqual(40, os.path.getsize(self.path))

  def test_the_hook_writes_each_batch(self):
    with test_util.graph_session() as session:
      step = tf.placeholder(tf.int64, [])
      tf.add_to_collection(hooks.SAMPLES, (
          tf.stack([step, step]), tf.constant([3, 4], tf.int64),
          tf.cast(tf.stack([step, -step]), tf.float32)))
      hook = hooks.SampleLossHook(self.path)
      hook.begin()
      for i in range(2):
        fetches = hook.before_run(None).fetches
        hook.after_run(None, tf.train.SessionRunValues(
            session.run(fetches, {step: i}), None, None))
      hook.end(session)
    self.assertEqual([(0, 3, 0.0), (0, 4, 0.0), (1, 3, 1.0), (1, 4, -1.0)],
                     self.read())


if __name__ == '__main__':
  absltest.main()
