"""Tests of master/runs/training.py: the trained model is the saved model."""

import glob
import os
from unittest import mock

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master import estimator as estimator_lib
from master import model_fn as model_fn_lib
from master.data import lmdb_reader
from master.inputs import resume
from master.runs import training
from master.training import metrics_log
from master.training import optimization
from tests.support import test_util
from tests.support import word_sets


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
    run = training.TrainingRun(
        self._config(), os.path.join(folder, 'model'), [words],
        {'Words': words, 'Other': other})
    results = run.train()
    self.assertEqual(['Words', 'Other'], list(results))
    for metrics in results.values():
      self.assertEqual(6, metrics['global_step'])
      self.assertBetween(metrics['word_accuracy/alnum_ci'], 0, 1)
    # Restored = saved: evaluating again gives the same.
    again = training.TrainingRun(
        self._config(), os.path.join(folder, 'model'), [words],
        {'Words': words})
    self.assertEqual({'Words': results['Words']}, again.train())

  def test_an_evaluation_set_is_opened_once(self):
    folder = self.create_tempdir().full_path
    words, val = (word_sets.write_words(os.path.join(folder, name),
                                        ['abc', 'de', 'g', 'fa'])
                  for name in ('words', 'val'))
    with mock.patch.object(lmdb_reader, 'LmdbReader',
                           wraps=lmdb_reader.LmdbReader) as opened:
      training.TrainingRun(self._config(eval_limit=2),
                           os.path.join(folder, 'model'), [words],
                           {'Val': val})
    self.assertEqual([mock.call(words), mock.call(val)],
                     opened.call_args_list)

  def test_a_resumed_run_goes_on_in_the_data(self):
    folder = self.create_tempdir().full_path
    labels = [f'{a}{b}' for a in 'abcdefg' for b in 'abcdefg']
    words = word_sets.write_words(os.path.join(folder, 'words'), labels)
    positions = []
    for name, stops in (('whole', [9]), ('parts', [3, 6, 9])):
      for stop in stops:
        run = training.TrainingRun(
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
      run = training.TrainingRun(
          self._config(train_steps=3), os.path.join(folder, name), [words],
          {})
      self.assertEqual({}, run.train())
      kernels.append(run.estimator.get_variable_value(
          'master/decoder/classes/kernel'))
    self.assertAllClose(kernels[0], kernels[1], atol=1e-5)


def _one_weight(config: config_lib.TrainConfig):
  """A `model_fn` of one weight, which is built in no time."""

  def model_fn(features, labels, mode, params):
    del labels, params
    weight = tf.Variable(lambda: tf.ones([]), use_resource=True, name='weight')
    loss = tf.square(weight + tf.reduce_mean(features['image']))
    train_op = tf.group(
        optimization.train_op(loss, [weight], config),
        resume.record(features[resume.FEATURE]))
    return estimator_lib.EstimatorSpec(mode, loss=loss, train_op=train_op)

  return model_fn


class JudgementTest(tf.test.TestCase):
  """What comes of evaluations; the trained model plays no part in it."""

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.model_dir = os.path.join(self.folder, 'model')
    self.words = word_sets.write_words(os.path.join(self.folder, 'words'),
                                       ['abc', 'de', 'g', 'fa'])
    self.enter_context(mock.patch.object(
        model_fn_lib, 'model_fn_builder',
        lambda model, train, decode: _one_weight(train)))
    self.exported = []
    self.steps = []  # (Set, step) of each evaluation.

  def _run(self, values, sets=('Val',), export_best='none', export_fn=None,
           **train):
    """A run whose evaluations find these word accuracies, by step."""
    config = config_lib.Config(
        test_util.tiny_config(batch_norm_decay=0.5),
        data=config_lib.DataConfig(batch_size=3),
        train=config_lib.TrainConfig(**{
            'train_steps': 5, 'save_steps': 1, 'eval_steps': 1,
            'log_steps': 2, 'optimizer': 'momentum', **train}))
    run = training.TrainingRun(
        config, self.model_dir, [self.words],
        dict.fromkeys(sets, self.words), export_best=export_best,
        export_fn=export_fn or self._export)

    def evaluate(_, input_fn, steps, hooks, checkpoint_path, name):
      del input_fn, steps, hooks
      step = int(checkpoint_path.rpartition('-')[2])
      self.steps.append((name, step))
      return {**{metric: np.float32(values[step])
                 for metric in training._METRICS}, 'global_step': step}

    with mock.patch.object(estimator_lib.Estimator, 'evaluate', evaluate):
      run.train()
    return run

  def _export(self, directory):
    self.exported.append(os.path.basename(
        tf.train.latest_checkpoint(directory)))

  def _records(self, kind):
    return [record for record in metrics_log.read(self.model_dir)
            if record['kind'] == kind]

  def test_stops_early_stays_stopped_and_exports_at_the_end(self):
    values = {1: 0.25, 2: 0.75, 3: float('nan'), 4: 0.75, 5: 0.8}
    run = self._run(values, ('IC13', 'Val'), 'end', early_stop_evals=2)
    self.assertEqual([(name, step) for step in (1, 2, 3, 4)
                      for name in ('IC13', 'Val')], self.steps)
    self.assertEqual('Val', run.best.criterion.set_name)
    self.assertEqual(2, run.best.best['step'])
    self.assertEqual(['model.ckpt-2'], self.exported)
    end, = self._records('end')
    self.assertEqual((4, 'early_stop'), (end['step'],
                                         end['values']['reason']))
    self.assertEqual([1, 2], [r['step'] for r in self._records('best')])
    evaluations = self._records('eval')
    self.assertLen(evaluations, 8)
    self.assertIsNone(evaluations[4]['values']['loss'])  # NaN.
    self.assertEqual(4, evaluations[0]['values']['records'])
    train = self._records('train')
    self.assertEqual([2, 4], [record['step'] for record in train])
    self.assertContainsSubset(
        ['loss', 'learning_rate', 'gradient_norm', 'images_per_second'],
        train[0]['values'])
    # Started again it does nothing; with more patience it goes on.
    with self.assertLogs(level='INFO') as logs:
      self._run(values, ('IC13', 'Val'), early_stop_evals=2)
    self.assertIn('Nothing to train: an earlier run ended after 2 evaluations',
                  '\n'.join(logs.output))
    run = self._run(values, ('IC13', 'Val'), early_stop_evals=3)
    self.assertEqual(5, run.best.best['step'])
    self.assertEqual('train_steps', self._records('end')[-1]['values'][
        'reason'])
    self.assertEqual([0, 4, 4], [0] + [
        record['step'] for record in self._records('resume')])

  def test_an_export_that_fails_loses_no_training(self):
    tries = []

    def export_fn(directory):
      tries.append(directory)
      if len(tries) < 3:
        raise errors.InputError('no room on the disk')

    run = self._run({1: 0.25, 2: 0.75}, export_best='each',
                    export_fn=export_fn, train_steps=2)
    # Twice for a better one, and at the end as there is none yet.
    self.assertEqual([run.best.directory] * 3, tries)
    self.assertLen(glob.glob(f'{self.model_dir}/model.ckpt-2.index'), 1)

  def test_test_sets_choose_nothing_unless_named(self):
    with self.assertLogs(level='WARNING') as logs:
      run = self._run({1: 0.5}, ('IIIT5K', 'SVT'), train_steps=1)
    self.assertIsNone(run.best)
    self.assertIn('all sets are test sets', '\n'.join(logs.output))
    self.assertFalse(os.path.exists(f'{self.model_dir}/best'))
    with self.assertLogs(level='WARNING') as logs:
      run = self._run({2: 0.5}, ('IIIT5K', 'SVT'), train_steps=2,
                      best_metric='SVT/loss')
    self.assertEqual('SVT/loss', run.best.criterion.name)
    self.assertIn('SVT is a test set by its name', '\n'.join(logs.output))
    with self.assertRaisesRegex(errors.InputError,
                                '--early_stop_evals=1: no set'):
      self._run({}, ('IIIT5K',), early_stop_evals=1)

  def test_a_limited_evaluation_judges_and_the_whole_is_told(self):
    run = self._run({1: 0.5, 2: 0.6}, eval_limit=2, train_steps=2)
    self.assertEqual([('Val', 1), ('Val', 2), ('Val', 2)], self.steps)
    self.assertEqual([2, 2, 4], [record['values']['records']
                                 for record in self._records('eval')])
    self.assertEqual(2, run.best.best['step'])
    with self.assertRaisesRegex(errors.InputError, '--eval_limit: .*by 2'):
      self._run({}, train_steps=3)

  def test_a_hook_that_stops_is_no_early_stop(self):
    run = training.TrainingRun(
        config_lib.Config(
            test_util.tiny_config(),
            data=config_lib.DataConfig(batch_size=3),
            train=config_lib.TrainConfig(train_steps=9)),
        self.model_dir, [self.words], {})
    run.train([tf.train.StopAtStepHook(last_step=1)])
    self.assertEqual('stopped', self._records('end')[0]['values']['reason'])


if __name__ == '__main__':
  tf.test.main()
