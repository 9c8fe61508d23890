"""The best checkpoints: comparing, keeping, and what kills leave."""

import json
import os
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import tensorflow.compat.v1 as tf

from master import errors
from master.training import best_checkpoints

METRICS = ('word_accuracy/alnum_ci', 'ned/alnum_ci', 'loss')
VAL = best_checkpoints.Criterion('Val', 'word_accuracy/alnum_ci')


class CriterionTest(parameterized.TestCase):

  @parameterized.parameters(
      'IIIT5K', 'SVT', 'svtp', 'IC03', 'IC13_857', 'IC15', 'CUTE80', 'MyTest',
      'test', 'latest_val')
  def test_test_sets(self, name):
    self.assertTrue(best_checkpoints.is_test_set(name))

  @parameterized.parameters('Val', 'IC15_train', 'SVT_val', 'MJ', 'dev',
                            'IIIT5K-train', 'Evaluation')
  def test_other_sets(self, name):
    self.assertFalse(best_checkpoints.is_test_set(name))

  def test_test_sets_choose_only_where_they_are_named(self):
    choose = best_checkpoints.choose_criterion
    self.assertEqual(VAL, choose('', ['IIIT5K', 'Val', 'Other'], METRICS))
    self.assertIsNone(choose('', ['IIIT5K', 'SVT'], METRICS))
    self.assertIsNone(choose('', [], METRICS))
    named = choose('SVT/ned/alnum_ci', ['Val', 'SVT'], METRICS)
    self.assertEqual(best_checkpoints.Criterion('SVT', 'ned/alnum_ci'), named)
    self.assertTrue(named.by_test_set)
    self.assertFalse(VAL.by_test_set)

  @parameterized.parameters('Val', 'Val/', 'Val/ned', 'Other/loss', 'loss')
  def test_unknown_names(self, name):
    with self.assertRaisesRegex(
        errors.InputError, f'--best_metric={name}: write SET/METRIC.*Val, SVT'):
      best_checkpoints.choose_criterion(name, ['Val', 'SVT'], METRICS)

  def test_a_set_with_a_slash_in_its_name(self):
    self.assertEqual(
        best_checkpoints.Criterion('a/b', 'loss'),
        best_checkpoints.choose_criterion('a/b/loss', ['a', 'a/b'], METRICS))

  def test_order(self):
    loss = best_checkpoints.Criterion('Val', 'loss')
    nan = float('nan')
    self.assertTrue(VAL.is_better(0.2, 0.1))
    self.assertTrue(loss.is_better(0.1, 0.2))
    for criterion in (VAL, loss):
      self.assertFalse(criterion.is_better(0.1, 0.1))
      self.assertFalse(criterion.is_better(nan, 0.1))
      self.assertFalse(criterion.is_better(nan, nan))
      self.assertTrue(criterion.is_better(0.1, nan))


class _Killed(BaseException):
  """As a kill, caught by nothing."""


class BestCheckpointsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.model_dir = self.create_tempdir().full_path
    self.best_dir = os.path.join(self.model_dir, 'best')
    self._write('config.json', '{"of": "model"}')

  def _write(self, name, text):
    # As the Saver does: what has a second name keeps its content.
    path = os.path.join(self.model_dir, name)
    with open(path + '.new', 'w') as f:
      f.write(text)
    tf.gfile.Rename(path + '.new', path, overwrite=True)

  def _checkpoint(self, step, text='') -> str:
    for suffix in ('index', 'meta', 'data-00000-of-00001'):
      self._write(f'model.ckpt-{step}.{suffix}', f'{suffix} {step} {text}')
    return os.path.join(self.model_dir, f'model.ckpt-{step}')

  def _make(self, keep=2, criterion=VAL, **more):
    return best_checkpoints.BestCheckpoints(self.model_dir, criterion, keep,
                                            **more)

  def _update(self, best, *values, first=1):
    return [best.update(step, value, self._checkpoint(step))
            for step, value in enumerate(values, first)]

  def _kept(self):
    """Steps in TensorFlow's list, the newest first; each is whole."""
    state = tf.train.get_checkpoint_state(self.best_dir)
    paths = state.all_model_checkpoint_paths if state else []
    steps = [int(path.rpartition('-')[2]) for path in paths][::-1]
    for step in steps:
      for suffix in ('index', 'meta', 'data-00000-of-00001'):
        with open(f'{self.best_dir}/model.ckpt-{step}.{suffix}') as f:
          self.assertStartsWith(f.read(), f'{suffix} {step} ')
    if steps:
      self.assertEndsWith(tf.train.latest_checkpoint(self.best_dir),
                          f'model.ckpt-{steps[0]}')
    return steps

  def _files_of(self, step):
    return [name for name in os.listdir(self.best_dir)
            if name.startswith(f'model.ckpt-{step}.')]

  def test_a_relative_directory_is_found_from_anywhere(self):
    self.addCleanup(os.chdir, os.getcwd())
    os.chdir(os.path.dirname(self.model_dir))
    best = best_checkpoints.BestCheckpoints(
        os.path.basename(self.model_dir), VAL, 1)
    self._update(best, 0.5)
    os.chdir('/')
    self.assertEqual([1], self._kept())
    self.assertEqual(f'{self.best_dir}/model.ckpt-1',
                     tf.train.latest_checkpoint(self.best_dir))

  def test_keeps_the_best(self):
    best = self._make()
    self.assertIsNone(best.best)
    self.assertEqual([True, False, True, False],
                     self._update(best, 0.5, 0.3, 0.7, 0.6))
    self.assertEqual([3, 4], self._kept())
    self.assertEmpty(self._files_of(1))
    self.assertEqual((3, 0.7), (best.best['step'], best.best['value']))
    self.assertEqual(1, best.since_best)
    with open(f'{self.best_dir}/config.json') as f:
      self.assertEqual('{"of": "model"}', f.read())
    with open(f'{self.best_dir}/best.json') as f:
      found = json.load(f)
    self.assertEqual('Val/word_accuracy/alnum_ci', found['metric'])
    self.assertFalse(found['chosen_by_test_set'])
    self.assertEqual([3, 4], [c['step'] for c in found['checkpoints']])

  def test_outlives_the_original(self):
    best = self._make()
    self._update(best, 0.5)
    for name in os.listdir(self.model_dir):
      if name.startswith('model.ckpt'):
        os.remove(os.path.join(self.model_dir, name))
    with open(f'{self.model_dir}/config.json', 'w') as f:  # In place.
      f.write('other')
    self.assertEqual([1], self._kept())
    with open(f'{self.best_dir}/config.json') as f:
      self.assertEqual('{"of": "model"}', f.read())

  def test_copies_where_no_links_are(self):
    with mock.patch.object(os, 'link', side_effect=OSError):
      self._update(self._make(), 0.5, 0.6)
    self.assertEqual([2, 1], self._kept())

  def test_lower_loss_is_better(self):
    best = self._make(1, best_checkpoints.Criterion('Val', 'loss'))
    self.assertEqual([True, True, False], self._update(best, 3.0, 2.0, 2.5))
    self.assertEqual([2], self._kept())

  def test_of_equal_values_the_first_stays(self):
    self.assertEqual([True, False, False],
                     self._update(self._make(), 0.5, 0.5, 0.5))
    self.assertEqual([1, 2], self._kept())

  def test_no_number_is_never_kept(self):
    nan = float('nan')
    best = self._make(early_stop_evals=2)
    self.assertEqual([False, True, False, False],
                     self._update(best, nan, 0.1, nan, nan))
    self.assertEqual([2], self._kept())
    self.assertTrue(best.should_stop)

  def test_keeping_none_still_judges(self):
    best = self._make(keep=0)
    self.assertEqual([True, False], self._update(best, 0.5, 0.1))
    self.assertEmpty(self._kept())
    self.assertEqual(1, self._make(keep=0).since_best)

  def test_early_stop_outlives_a_restart(self):
    self._update(self._make(early_stop_evals=3), 0.5, 0.1, 0.2)
    best = self._make(early_stop_evals=3)
    self.assertFalse(best.should_stop)
    self._update(best, 0.3, first=4)
    self.assertTrue(best.should_stop)
    self.assertTrue(self._make(early_stop_evals=3).should_stop)
    self.assertFalse(self._make(early_stop_evals=4).should_stop)
    self.assertFalse(self._make().should_stop)

  def test_a_step_judged_last_is_not_judged_again(self):
    self._update(self._make(), 0.5, 0.1)
    best = self._make()
    self.assertFalse(best.update(2, 0.9, self._checkpoint(2)))
    self.assertEqual(1, best.since_best)

  def test_a_step_done_over_keeps_the_better(self):
    best = self._make()
    self._update(best, 0.5, 0.6, 0.1)
    best = self._make()
    # As after a run from step 1: steps 2 and 3 come again.
    best.update(2, 0.55, self._checkpoint(2, 'worse'))
    self.assertEqual([2, 1], self._kept())
    with open(f'{self.best_dir}/model.ckpt-2.index') as f:
      self.assertNotIn('worse', f.read())
    self.assertEqual(0.6, best.best['value'])
    best.update(3, 0.2, self._checkpoint(3))
    self.assertTrue(best.update(2, 0.8, self._checkpoint(2, 'better')))
    self.assertEqual([2, 1], self._kept())
    with open(f'{self.best_dir}/model.ckpt-2.index') as f:
      self.assertIn('better', f.read())

  def test_keeping_fewer_than_before(self):
    self._update(self._make(keep=3), 0.1, 0.2, 0.3)
    self._update(self._make(keep=1), 0.05, first=4)
    self.assertEqual([3], self._kept())

  def test_a_kill_at_any_moment_leaves_the_old_or_the_new(self):
    replace, survived = os.replace, False
    for count in range(40):
      self.setUp()
      self._update(self._make(keep=1), 0.5)
      left = count

      def killed(*args):
        nonlocal left
        left -= 1
        if left < 0:
          raise _Killed
        replace(*args)

      best = self._make(keep=1)
      try:
        with mock.patch.object(os, 'replace', killed):
          self._update(best, 0.7, first=2)
        survived = True
      except _Killed:
        pass
      self.assertLen(self._kept(), 1)  # Usable as it is,
      again = self._make(keep=1)
      self.assertEqual([again.best['step']], self._kept())  # as what it says,
      self._update(again, 0.9, first=3)  # and to go on with,
      self.assertEqual([3], self._kept())
      self.assertEqual({'best.json', 'checkpoint', 'config.json'},  # and tidy.
                       {name for name in os.listdir(self.best_dir)
                        if not name.startswith('model.ckpt-3.')
                        and name != 'config.json.tmp'})
      if survived:
        break
    self.assertTrue(survived)
    self.assertGreater(count, 3)

  def test_a_checkpoint_that_somebody_removed(self):
    self._update(self._make(), 0.5, 0.7)
    for name in self._files_of(2):
      os.remove(os.path.join(self.best_dir, name))
    with self.assertLogs(level='WARNING') as logs:
      best = self._make()
    self.assertIn('lost its checkpoint of step 2', logs.output[0])
    self.assertEqual([1], self._kept())
    self.assertFalse(best.update(3, 0.6, self._checkpoint(3)))
    self.assertEqual([3, 1], self._kept())

  def test_values_that_do_not_compare(self):
    self._update(self._make(records=7), 0.5)
    with self.assertRaisesRegex(errors.InputError,
                                '--eval_limit: .* by 7 records of Val, now .*'
                                ' by 5;'):
      self._make(records=5)
    with self.assertRaisesRegex(
        errors.InputError, '--best_metric=Val/loss: .* chosen by '
        'Val/word_accuracy/alnum_ci; name that one'):
      self._make(criterion=best_checkpoints.Criterion('Val', 'loss'),
                 records=7)

  def test_a_file_that_is_not_ours(self):
    os.makedirs(self.best_dir)
    for text in ('', '[]', '{"best": null}'):
      self._write('best/best.json', text)
      with self.assertRaisesRegex(errors.InputError, 'best.json: not what'):
        self._make()


if __name__ == '__main__':
  absltest.main()
