"""The number of devices does not change what is learned: whole trainings.

Guards master/runs/training.py with master/estimator/distribute/strategy.py and
worker_loop.py, and the shares of master/inputs/input_fn.py.
"""

import os

from absl.testing import absltest
import numpy as np
import tensorflow.compat.v1 as tf

from tests.support import run_folders
from tests.support import word_sets
from tests.support import workers

# Of different lengths, so that the devices' shares of a batch hold different
# numbers of characters.
LABELS = ['a', 'bcdef', 'gg', 'abcde', 'f', 'de', 'gabce', 'b', 'cdefg', 'ab',
          'e', 'fgabc']
STEPS = 20


class DistributedTrainingTest(absltest.TestCase):

  def _train(self, name, *parts):
    """Trains MODEL_DIR by parts of (step to end at, DEVICES)."""
    model_dir = os.path.join(self.folder, name)
    for steps, devices in parts:
      results = workers.finish(workers.start(
          2 if devices == 'workers' else 1, '-m', 'tests.support.tiny_worker',
          model_dir, self.lmdb, str(steps), devices))
      for status, _, err in results:
        self.assertEqual(0, status, err)
    return model_dir

  def _losses(self, model_dir):
    losses = run_folders.losses(model_dir)
    self.assertEqual(list(range(1, STEPS + 1)), sorted(losses))
    return np.array([losses[step] for step in sorted(losses)])

  def test_learns_the_same_on_any_devices(self):
    self.folder = self.create_tempdir().full_path
    self.lmdb = word_sets.write_words(
        os.path.join(self.folder, 'words'), LABELS)
    one = self._train('one', (STEPS, '1'))
    expected = self._losses(one)
    self.assertLess(expected[-1], expected[0])
    names = [name for name, _ in tf.train.list_variables(one)]
    for name, parts in (('two', [(STEPS, '2')]),
                        ('workers', [(STEPS, 'workers')]),
                        ('moved', [(6, '1'), (13, '2'), (STEPS, '1')])):
      with self.subTest(name):
        model_dir = self._train(name, *parts)
        np.testing.assert_allclose(
            self._losses(model_dir), expected, rtol=1e-4)
        # One copy of each variable, and the same place in the data.
        self.assertEqual(
            names, [name for name, _ in tf.train.list_variables(model_dir)])
        np.testing.assert_array_equal(
            tf.train.load_variable(one, 'data_position'),
            tf.train.load_variable(model_dir, 'data_position'))


if __name__ == '__main__':
  absltest.main()
