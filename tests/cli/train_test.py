"""Tests of bin/train, run as a process: resuming, faults, what it leaves."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from absl.testing import absltest
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.estimator.checkpoint import checkpoints
from master.training import metrics_log
from tests.support import commands
from tests.support import model_files
from tests.support import run_folders
from tests.support import test_util
from tests.support import word_sets


def _latest_step(model_dir: str) -> int:
  """Step of the newest checkpoint that is whole; 0 where there is none."""
  return checkpoints.step(tf.train.latest_checkpoint(model_dir))


class TrainTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.folder = folder.name
    cls.words = word_sets.write_words(
        os.path.join(cls.folder, 'words'),
        ['abc', 'de', 'f1', 'much too long', 'x', 'Yz'], broken=1)

  def _arguments(self, model_dir, *more):
    return ['-m', 'master.cli.train', *model_files.SMALLEST_FLAGS,
            f'--model_dir={model_dir}', f'--train_lmdb={self.words}',
            '--batch_size=3', '--log_steps=2', '--save_steps=4',
            '--learning_rate=0.01', *more]

  def test_trains_evaluates_and_goes_on(self):
    model_dir = os.path.join(self.folder, 'model')
    process = commands.run(*self._arguments(
        model_dir, '--train_steps=8', '--eval_steps=8',
        f'--eval_lmdb=Own={self.words}'))
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertIn('step 8/8', process.stderr)
    self.assertIn('images/s', process.stderr)
    # Each skipped record is counted once, with its reason.
    self.assertIn('1 label_too_long (image-000000004)', process.stderr)
    self.assertIn('1 undecodable_image (image-000000007)', process.stderr)
    self.assertIn('Own\tword_accuracy/alnum_ci\t', process.stdout)
    self.assertEqual(
        5, config_lib.read(model_dir).model.max_label_length)
    self.assertTrue(tf.train.checkpoint_exists(
        os.path.join(model_dir, 'model.ckpt-8')))
    self.assertNotEmpty(os.listdir(os.path.join(model_dir, 'eval_Own')))
    # flags.txt repeats the run; a later flag wins.
    flagfile = os.path.join(model_dir, 'flags.txt')
    process = commands.run('-m', 'master.cli.train',
                           f'--flagfile={flagfile}', '--train_steps=12')
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertIn('from step 8 to 12', process.stderr)
    self.assertEqual(12, _latest_step(model_dir))

  def test_a_killed_run_continues_from_its_checkpoint(self):
    model_dir = os.path.join(self.folder, 'killed')
    environment = {**os.environ, 'PYTHONPATH': str(commands.ROOT)}
    process = subprocess.Popen(
        [sys.executable,
         *self._arguments(model_dir, '--train_steps=1000000')],
        stderr=subprocess.DEVNULL, env=environment)
    try:
      while _latest_step(model_dir) < 4:
        self.assertIsNone(process.poll())
        time.sleep(0.1)
      process.send_signal(signal.SIGKILL)
    finally:
      process.kill()
      process.wait()
    step = _latest_step(model_dir)
    self.assertGreaterEqual(step, 4)
    process = commands.run(*self._arguments(
        model_dir, f'--train_steps={step + 3}'))
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertIn(f'from step {step} to {step + 3}', process.stderr)

  def test_sigterm_saves_and_tells(self):
    model_dir = os.path.join(self.folder, 'terminated')
    process = subprocess.Popen(
        [sys.executable,
         *self._arguments(model_dir, '--train_steps=1000000')],
        stderr=subprocess.PIPE, text=True,
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    try:
      while _latest_step(model_dir) < 4:
        self.assertIsNone(process.poll())
        time.sleep(0.1)
      process.send_signal(signal.SIGTERM)
      _, log = process.communicate(timeout=120)
    finally:
      process.kill()
      process.wait()
    self.assertEqual(128 + signal.SIGTERM, process.returncode, log)
    self.assertIn('stopped by SIGTERM: the same command goes on', log)
    self.assertNotIn('Traceback', log)

  def test_refuses_to_resume_another_model(self):
    model_dir = os.path.join(self.folder, 'other')
    config_lib.write(config_lib.Config(config_lib.ModelConfig()), model_dir)
    process = commands.run(*self._arguments(model_dir))
    self.assertEqual(2, process.returncode, process.stderr)
    self.assertIn('--image_height: is 16, but the model in', process.stderr)
    self.assertNotIn('Traceback', process.stderr)

  def test_goes_on_with_other_pictures_and_batches_on_one_schedule(self):
    model_dir = os.path.join(self.folder, 'staged')
    shared = ('--schedule=cosine', '--schedule_steps=8')
    process = commands.run(*self._arguments(model_dir, '--train_steps=4',
                                            *shared))
    self.assertEqual(0, process.returncode, process.stderr)
    more = ('--train_steps=8', '--batch_size=2', '--image_width=32',
            '--dropout_rate=0.1', '--seed=2', *shared)
    process = commands.run(*self._arguments(
        model_dir, *more, '--change_model=image_width'))
    self.assertEqual(2, process.returncode)
    self.assertIn('--dropout_rate: is 0.1, but the model in', process.stderr)
    process = commands.run(*self._arguments(
        model_dir, *more, '--change_model=image_width,dropout_rate'))
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertIn('from step 4 to 8', process.stderr)
    self.assertEqual((32, 2), (config_lib.read(model_dir).model.image_width,
                               config_lib.read(model_dir).data.batch_size))
    records = metrics_log.read(model_dir)
    changed, = [r['values'] for r in records if r['kind'] == 'resume']
    self.assertEqual(
        {'image_width': '20 -> 32', 'dropout_rate': '0.2 -> 0.1',
         'batch_size': '3 -> 2', 'train_steps': '4 -> 8', 'seed': '1 -> 2'},
        changed)
    # A line's rate is that of its last step, of which the step before is
    # the number of steps taken.
    rates = {r['step']: r['values']['learning_rate'] for r in records
             if r['kind'] == 'train'}
    self.assertEqual([2, 4, 6, 8], list(rates))
    for step, rate in rates.items():
      self.assertAlmostEqual(
          0.01 * (1 + np.cos(np.pi * (step - 1) / 8)) / 2, rate, places=6)

  def test_no_setting_that_variables_hang_on_may_change(self):
    process = commands.run(*self._arguments(
        'm', '--change_model=image_width,hidden_size'))
    self.assertEqual(2, process.returncode)
    self.assertIn(
        "no changeable setting 'hidden_size'; there are image_height, ",
        process.stderr)

  def _train(self, *arguments, cwd=None):
    """Runs the command; returns what it logs."""
    process = commands.run('-m', 'master.cli.train', '--log_steps=1',
                           *arguments, cwd=cwd)
    self.assertEqual(0, process.returncode, process.stderr)
    return process.stderr

  def _own_words(self):
    """Words that the model of tests/support/model_files.py can read."""
    return word_sets.write_words(
        os.path.join(self.create_tempdir().full_path, 'words'),
        ['abc', 'de', 'gaf'])

  def test_goes_on_from_an_imported_model_without_its_flags(self):
    model_dir = self.create_tempdir().full_path
    model_files.write_tiny_model_dir(model_dir)
    arguments = (f'--model_dir={model_dir}',
                 f'--train_lmdb={self._own_words()}', '--batch_size=2')
    log = self._train(*arguments, '--train_steps=3')
    self.assertIn('Settings of the model without a flag are those of '
                  f'{model_dir}/config.json', log)
    self.assertIn(f'{model_dir}/model.ckpt-0 holds no state of the optimizer',
                  log)
    config = config_lib.read(model_dir)
    self.assertEqual(test_util.TINY, config.model)
    self.assertEqual(3, config.train.train_steps)
    log = self._train(*arguments, '--train_steps=5')
    self.assertIn('from step 3 to 5', log)
    self.assertNotIn('holds no state', log)
    self.assertEqual(5, _latest_step(model_dir))

  def test_fine_tunes_without_the_flags_of_the_model(self):
    source = self.create_tempdir().full_path
    model_files.write_tiny_model_dir(source, gcb_fusion='concat')
    model_dir = os.path.join(self.create_tempdir().full_path, 'fine')
    log = self._train(
        f'--train_lmdb={self._own_words()}', '--batch_size=2',
        f'--model_dir={model_dir}', '--train_steps=2',
        f'--warm_start_from={source}')
    self.assertIn('Warm started', log)
    self.assertIn('Settings of the model without a flag are those of '
                  f'{source}/config.json', log)
    self.assertEqual(test_util.tiny_config(gcb_fusion='concat'),
                     config_lib.read(model_dir).model)
    # The flags it leaves hold the whole model, wherever they are read.
    log = self._train(f'--flagfile={model_dir}/flags.txt', '--train_steps=4',
                      cwd=self.create_tempdir().full_path)
    self.assertIn('from step 2 to 4', log)
    self.assertNotIn('Settings of the model without a flag', log)

  def test_given_flags_beat_those_of_the_warm_start(self):
    source = self.create_tempdir().full_path
    checkpoint = model_files.write_tiny_model_dir(source)
    model_dir = self.create_tempdir().full_path
    arguments = (f'--train_lmdb={self._own_words()}', '--batch_size=2',
                 f'--warm_start_from={os.path.basename(checkpoint)}',
                 f'--model_dir={model_dir}', '--train_steps=1')
    # With the default channels 22 would be no hidden size.
    self._train(*arguments, '--dropout_rate=0.1', '--hidden_size=22',
                cwd=source)
    self.assertEqual(test_util.tiny_config(dropout_rate=0.1),
                     config_lib.read(model_dir).model)
    # Now the settings are those of model_dir, and none may differ.
    self._assert_refused(
        f'--dropout_rate: is 0.2, but the model in --model_dir={model_dir} '
        'has 0.1', *arguments, '--dropout_rate=0.2')
    self._assert_refused(
        '--gcb_ratio=15: must be at most the channels of stages 2 to 4, but '
        'one has 10', *arguments, '--gcb_ratio=15')

  def test_fine_tunes_with_another_charset(self):
    source = self.create_tempdir().full_path
    model_files.write_tiny_model_dir(source)
    charset = self.create_tempfile(
        content='\n'.join('gfedcba\u00e9') + '\n').full_path
    model_dir = self.create_tempdir().full_path
    arguments = (f'--train_lmdb={self._own_words()}', '--batch_size=2',
                 f'--warm_start_from={source}', f'--charset={charset}',
                 f'--model_dir={model_dir}', '--train_steps=1')
    log = self._train(*arguments)
    self.assertIn('7 characters are kept, new are 1 (\u00e9), dropped are 0',
                  log)
    self.assertEqual(1, _latest_step(model_dir))
    old, new = (tf.train.load_variable(f'{path}/model.ckpt-0',
                                       'master/decoder/embedding')
                for path in (source, model_dir))
    # <PAD>, <EOS>, <SOS>, <UNK>, then the letters the other way round.
    np.testing.assert_array_equal([*old[:4], *old[:3:-1]], new[:-1])
    self.assertTrue(new[-1].any())
    # It goes on though what it started from is gone.
    shutil.rmtree(source)
    log = self._train(*arguments[:-1], '--train_steps=2')
    self.assertNotIn('Charset of the warm start', log)
    self.assertEqual(2, _latest_step(model_dir))

  def _three_losses(self, *arguments):
    """Of the first steps, and the log."""
    model_dir = self.create_tempdir().full_path
    log = self._train(*self._arguments(
        model_dir, '--train_steps=3', '--log_steps=1', '--dropout_rate=0',
        *arguments)[2:])
    losses = list(run_folders.losses(model_dir).values())
    self.assertLen(losses, 3)
    return losses, log

  def test_other_arithmetic_learns_the_same(self):
    expected, log = self._three_losses()
    self.assertNotIn('loss_scale', log)
    for flag, first, all_three in (
        ('--xla', 1e-6, 1e-3), ('--precision=float16', 1e-3, 0.1)):
      losses, log = self._three_losses(flag)
      np.testing.assert_allclose(expected[:1], losses[:1], first, err_msg=flag)
      np.testing.assert_allclose(expected, losses, all_three, err_msg=flag)
      self.assertNotEqual(expected, losses)  # Other kernels round otherwise.
    self.assertIn('loss_scale 3.277e+04, skipped_updates 0', log)

  def test_a_broken_configuration_is_one_line(self):
    folder = self.create_tempdir()
    folder.create_file('config.json', '{"model": {"gcb_heads": 0}}')
    self._assert_refused(
        f'error: {folder.full_path}/config.json: --gcb_heads=0',
        f'--model_dir={folder.full_path}', f'--train_lmdb={self.words}')

  def _assert_refused(self, message, *arguments):
    process = commands.run('-m', 'master.cli.train', *arguments)
    self.assertEqual(2, process.returncode, process.stderr)
    self.assertIn(message, process.stderr)
    self.assertLen(process.stderr.splitlines(), 1)

  def test_bad_flags_are_one_line(self):
    self._assert_refused('--model_dir', f'--train_lmdb={self.words}')
    self._assert_refused(
        '--nesterov: --optimizer=adam does not read it',
        *self._arguments('m', '--nesterov')[2:])
    self._assert_refused(
        '--warm_start_exclude: needs --warm_start_from',
        *self._arguments('m', '--warm_start_exclude=x')[2:])
    self._assert_refused(
        '--num_heads=3', *self._arguments('m', '--num_heads=3')[2:])
    self._assert_refused(
        '--eval_steps: must be a multiple of --save_steps',
        *self._arguments('m', '--eval_steps=5',
                         f'--eval_lmdb=A={self.words}')[2:])

  def test_a_path_that_is_no_lmdb_leaves_no_model_directory(self):
    model_dir = os.path.join(self.folder, 'never')
    missing = os.path.join(self.folder, 'missing')
    self._assert_refused(
        missing, *self._arguments(model_dir, f'--train_lmdb={missing}')[2:])
    self.assertFalse(os.path.exists(model_dir))

  def test_a_set_without_a_usable_record_ends(self):
    useless = word_sets.write_words(
        os.path.join(self.folder, 'useless'), ['much too long'], broken=2)
    model_dir = os.path.join(self.folder, 'starved')
    process = commands.run(
        *self._arguments(model_dir, f'--train_lmdb={useless}'))
    self.assertEqual(2, process.returncode, process.stderr)
    self.assertIn('not one usable record', process.stderr.splitlines()[-1])
    self.assertIn('2 undecodable_image', process.stderr.splitlines()[-1])


if __name__ == '__main__':
  absltest.main()
