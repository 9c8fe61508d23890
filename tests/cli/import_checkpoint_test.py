"""Tests of bin/import_checkpoint, run as a process, and of what it leaves."""

import os
import shutil

from absl.testing import absltest

from master import config as config_lib
from tests.support import commands
from tests.support import extras
from tests.support import imported_golden
from tests.support import imported_models
from tests.support import model_files
from tests.support import original_models
from tests.support import word_sets

_TF_FLAGS = ('--image_height=16', '--image_width=20', '--num_heads=2',
             '--max_label_length=6')


class ImportCheckpointTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.model_dir = os.path.join(self.folder, 'models', 'imported')
    self.charset = os.path.join(self.folder, 'charset.txt')
    model_files.write_files(self.folder, {
        'charset.txt': '\n'.join(imported_models.CHARSET).encode() + b'\n'})

  def run_import(self, *more, source='master_tf',
                 path=imported_golden.CHECKPOINT):
    return commands.run(
        '-m', 'master.cli.import_checkpoint', f'--source={source}',
        f'--input={path}', f'--model_dir={self.model_dir}',
        f'--charset={self.charset}', *more)

  def assert_refused(self, process, words):
    self.assertEqual((2, ''), (process.returncode, process.stdout),
                     process.stderr)
    self.assertRegex(process.stderr.splitlines()[-1],
                     f'^import_checkpoint: error: .*{words}')
    self.assertNotIn('Traceback', process.stderr)
    self.assertFalse(os.path.exists(os.path.dirname(self.model_dir)))

  def test_master_tf_and_what_can_be_done_with_it(self):
    process = self.run_import(*_TF_FLAGS)
    self.assertEqual(0, process.returncode, process.stderr)
    lines = process.stdout.splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines[:-1]}
    self.assertEqual(['all', 'the', 'file'], rows['gcb_placement'])
    self.assertEqual(['7', 'characters', 'flag'], rows['charset'])
    self.assertEqual(['False', 'MASTER-TF'], rows['scale_embedding'])
    self.assertEqual('24', rows['projections'][0])
    self.assertEqual(self.model_dir, lines[-1])
    self.assertCountEqual(
        ['checkpoint', 'config.json', 'flags.txt', 'charset.txt',
         'model.ckpt-0.index', 'model.ckpt-0.data-00000-of-00001'],
        os.listdir(self.model_dir))

    # No flag speaks of the model from here on.
    image = os.path.join(self.folder, 'word.png')
    model_files.write_files(self.folder,
                            {'word.png': model_files.encoded_image()})
    words = word_sets.write_words(os.path.join(self.folder, 'words'),
                                  ['abc', 'de', 'fag'])
    for command in (
        ('predict', f'--model_dir={self.model_dir}', image),
        ('eval', f'--model_dir={self.model_dir}', f'--eval_lmdb=W={words}'),
        ('export', f'--model_dir={self.model_dir}',
         f'--export_dir={self.folder}/export'),
        ('train', f'--warm_start_from={self.model_dir}', '--train_steps=2',
         f'--model_dir={self.folder}/fine', f'--train_lmdb={words}',
         '--batch_size=3'),
        ('train', f'--flagfile={self.model_dir}/flags.txt',
         f'--model_dir={self.folder}/anew', '--train_steps=1',
         f'--train_lmdb={words}', '--batch_size=3'),
        ('train', f'--model_dir={self.model_dir}', '--train_steps=2',
         f'--train_lmdb={words}', '--batch_size=3')):
      process = commands.run('-m', f'master.cli.{command[0]}', *command[1:])
      self.assertEqual(0, process.returncode, process.stderr)
    model = config_lib.read(self.model_dir).model
    for trained in ('fine', 'anew'):
      self.assertEqual(model, config_lib.read(
          os.path.join(self.folder, trained)).model)

    process = self.run_import(*_TF_FLAGS)
    self.assertEqual(2, process.returncode)
    self.assertIn('exists and is not an empty directory', process.stderr)
    self.assertEqual(model, config_lib.read(self.model_dir).model)

  @extras.needs('pytorch')
  def test_master_pytorch(self):
    process = self.run_import(source='master_pytorch', path=imported_golden.PTH)
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertRegex(process.stdout, r'(?m)^gcb_fusion +concat +the file$')
    self.assertRegex(process.stdout,
                     r'(?m)^num_heads +2 +configuration in the file$')
    self.assertNotIn('WARNING', process.stderr)
    broken = os.path.join(self.folder, 'broken.pth')
    shutil.copy(imported_golden.PTH, broken)
    os.truncate(broken, os.path.getsize(broken) // 2)
    shutil.rmtree(os.path.dirname(self.model_dir))
    self.assert_refused(self.run_import(source='master_pytorch', path=broken),
                        'broken.pth: damaged')

  def test_a_missing_tensor(self):
    tensors = original_models.make_state(
        original_models.tf_shapes(imported_golden.TF))
    del tensors['model/decoder/norm/gamma']
    path = imported_models.write_checkpoint(
        tensors, os.path.join(self.folder, 'source', 'Best'))
    process = self.run_import(*_TF_FLAGS, path=path)
    self.assert_refused(process, r'1 fault: decoder/norm/gamma \[22\] is miss')

  def test_a_torn_checkpoint(self):
    for suffix in ('.index', '.data-00000-of-00001'):
      shutil.copy(f'{imported_golden.CHECKPOINT}{suffix}',
                  f'{self.folder}/Best{suffix}')
    os.truncate(f'{self.folder}/Best.data-00000-of-00001', 5000)
    self.assert_refused(
        self.run_import(*_TF_FLAGS, path=f'{self.folder}/Best'),
        'Best: damaged')

  def test_wrong_flags(self):
    self.assert_refused(self.run_import(*_TF_FLAGS, '--gcb_heads=2'),
                        '--gcb_heads=2: .* says 1; leave the flag out')
    self.assert_refused(self.run_import(*_TF_FLAGS, '--charset=62'),
                        '--charset: holds 62 characters, .* 11 classes')
    self.assert_refused(self.run_import('--image_height=17'),
                        '--image_height=17: must be a multiple of 8')
    self.assert_refused(self.run_import(path=f'{self.folder}/none'),
                        'none: no such checkpoint')
    self.assert_refused(self.run_import(source='other'), '--source')


if __name__ == '__main__':
  absltest.main()
