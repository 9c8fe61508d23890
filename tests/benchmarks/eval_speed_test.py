"""Tests of benchmarks/eval_speed, run as a process."""

import json
import os
import tempfile

from absl.testing import absltest

from tests.support import commands
from tests.support import model_files
from tests.support import word_sets


class EvalSpeedTest(absltest.TestCase):

  def test_rows_ratios_and_page(self):
    folder = self.enter_context(tempfile.TemporaryDirectory())
    model_dir, words, path = (os.path.join(folder, name)
                              for name in ('model', 'words', 'found.json'))
    model_files.write_tiny_model_dir(model_dir)
    word_sets.write_words(words, ['abc', 'defg', '!'] * 4, broken=1)
    process = commands.run(
        '-m', 'benchmarks.eval_speed', f'--model_dir={model_dir}',
        f'--lmdb={words}', '--batch_size=5', '--repeats=2',
        '--page_samples=30', f'--json={path}')
    self.assertEqual(0, process.returncode, process.stderr)
    with open(path, encoding='utf-8') as f:
      found = json.load(f)
    self.assertEqual(12, found['settings']['images'])
    rows = {row['name']: row['images_per_second'] for row in found['rows']}
    self.assertEqual(['decode', 'evaluation', 'report'], list(rows))
    for name, rates in rows.items():
      self.assertBetween(rates['median'], rates['low'], rates['high'])
      self.assertIn(f'\n{name} ', process.stdout)
    for name in ('evaluation', 'report'):
      self.assertEqual(rows[name]['median'] / rows['decode']['median'],
                       found['ratios'][f'{name}_over_decode'])
    self.assertGreater(found['start_seconds'], 0)
    self.assertEqual(30, found['page']['samples'])
    self.assertGreater(found['page']['bytes'], 10000)
    self.assertIn('page of 30 mistakes', process.stdout)

  def test_decoding_alone(self):
    folder = self.enter_context(tempfile.TemporaryDirectory())
    model_files.write_tiny_model_dir(folder)
    words = word_sets.write_words(os.path.join(folder, 'words'), ['abc'] * 3)
    process = commands.run(
        '-m', 'benchmarks.eval_speed', f'--model_dir={folder}',
        f'--lmdb={words}', '--rows=decode', '--repeats=1')
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertNotIn('page of', process.stdout)
    self.assertNotIn('first batch', process.stdout)


if __name__ == '__main__':
  absltest.main()
