"""Tests of master/training_run.py: the trained model is the saved model."""

import os

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import training_run
from tests import test_util
from tests import word_sets


class TrainingRunTest(tf.test.TestCase):

  def _config(self, **train) -> config_lib.Config:
    return config_lib.Config(
        test_util.tiny_config(batch_norm_decay=0.5),
        data=config_lib.DataConfig(batch_size=3),
        train=config_lib.TrainConfig(**{
            'train_steps': 6, 'save_steps': 3, 'eval_steps': 6,
            'log_steps': 3, **train}))

  def test_evaluates_each_set_and_gives_the_last_metrics(self):
    folder = self.create_tempdir().full_path
    words = word_sets.write_words(os.path.join(folder, 'words'),
                                  ['abc', 'de', 'g', 'fa'])
    other = word_sets.write_words(os.path.join(folder, 'other'), ['bad'], 1)
    run = training_run.TrainingRun(
        self._config(), os.path.join(folder, 'model'), [words],
        {'Words': words, 'Other': other})
    results = run.train()
    self.assertEqual(['Words', 'Other'], list(results))
    for metrics in results.values():
      self.assertEqual(6, metrics['global_step'])
      self.assertBetween(metrics['word_accuracy/alnum_ci'], 0, 1)
    # Restored = saved: evaluating again gives the same.
    again = training_run.TrainingRun(
        self._config(), os.path.join(folder, 'model'), [words],
        {'Words': words})
    self.assertEqual({'Words': results['Words']}, again.train())

  def test_a_resumed_run_goes_on_in_the_data(self):
    folder = self.create_tempdir().full_path
    labels = [f'{a}{b}' for a in 'abcdefg' for b in 'abcdefg']
    words = word_sets.write_words(os.path.join(folder, 'words'), labels)
    positions = []
    for name, stops in (('whole', [9]), ('parts', [3, 6, 9])):
      for stop in stops:
        run = training_run.TrainingRun(
            self._config(train_steps=stop), os.path.join(folder, name),
            [words], {}, train_weights=[1])
        run.train()
      positions.append(run.estimator.get_variable_value('data_position'))
    self.assertAllEqual(positions[0], positions[1])
    self.assertEqual(positions[0][0], 27)

  def test_the_same_seed_gives_the_same_model(self):
    folder = self.create_tempdir().full_path
    words = word_sets.write_words(os.path.join(folder, 'words'),
                                  ['abc', 'de', 'g', 'fa'])
    kernels = []
    for name in ('a', 'b'):
      run = training_run.TrainingRun(
          self._config(train_steps=3), os.path.join(folder, name), [words],
          {})
      self.assertEqual({}, run.train())
      kernels.append(run.estimator.get_variable_value(
          'master/decoder/classes/kernel'))
    self.assertAllClose(kernels[0], kernels[1], atol=1e-5)


if __name__ == '__main__':
  tf.test.main()
