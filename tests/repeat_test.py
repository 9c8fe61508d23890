"""60 steps in one go are 20 + 20 + 20, bit for bit, through the command.

Single threads; dropout, augmentation and a schedule are on.
"""

import os

from absl.testing import absltest
import numpy as np
import tensorflow.compat.v1 as tf

from tests.support import commands
from tests.support import model_files
from tests.support import run_folders
from tests.support import word_sets


class RepeatTest(absltest.TestCase):

  def _train(self, model_dir, steps):
    process = commands.run(
        '-m', 'master.cli.train', f'--model_dir={model_dir}',
        f'--train_lmdb={self.words}', f'--train_steps={steps}',
        '--batch_size=3', '--save_steps=20', '--log_steps=1',
        '--session_threads=1', '--dropout_rate=0.2', '--augment=1',
        '--schedule=inverse_sqrt', '--warmup_steps=10', '--clip_norm=1',
        *model_files.SMALLEST_FLAGS)
    self.assertEqual(0, process.returncode, process.stderr)

  def test_parts_are_the_whole(self):
    folder = self.create_tempdir().full_path
    self.words = word_sets.write_words(
        os.path.join(folder, 'words'), ['abc', 'de', 'gaf', 'b', 'fee'])
    whole, parts = (os.path.join(folder, name) for name in ('one', 'three'))
    self._train(whole, 60)
    for steps in (20, 40, 60):
      self._train(parts, steps)
    losses = [run_folders.losses(model_dir) for model_dir in (whole, parts)]
    self.assertLen(losses[0], 60)
    self.assertEqual(losses[0], losses[1])
    readers = [tf.train.load_checkpoint(os.path.join(d, 'model.ckpt-60'))
               for d in (whole, parts)]
    names = readers[0].get_variable_to_shape_map()
    self.assertIn('master/decoder/classes/kernel/Adam', names)
    for name in names:
      np.testing.assert_array_equal(
          *(reader.get_tensor(name) for reader in readers), err_msg=name)


if __name__ == '__main__':
  absltest.main()
