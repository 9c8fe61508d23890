"""Tests of benchmarks/train_speed, run as a process."""

import json
import os

from absl.testing import absltest

from tests.support import commands
from tests.support import word_sets


class TrainSpeedTest(absltest.TestCase):

  def test_runner_over_bare(self):
    folder = self.create_tempdir().full_path
    words = word_sets.write_words(os.path.join(folder, 'words'),
                                  ['abc', 'de', 'g'])
    path = os.path.join(folder, 'found.json')
    process = commands.run(
        '-m', 'benchmarks.train_speed', '--presets=tiny', '--repeats=2',
        f'--lmdb={words}', '--batch_size=3', '--turn_steps=2', '--nostart',
        '--stage_blocks=1,1,1,1', '--num_layers=1', '--image_height=16',
        '--image_width=20', '--max_label_length=5', f'--json={path}')
    self.assertEqual(0, process.returncode, process.stderr)
    with open(path, encoding='utf-8') as f:
      found = json.load(f)
    rows = {row['name']: row['images_per_second']['median']
            for row in found['rows']}
    self.assertCountEqual(['runner_tiny', 'bare_tiny'], rows)
    self.assertEqual(
        {'runner_over_bare_tiny': rows['runner_tiny'] / rows['bare_tiny']},
        found['ratios'])
    self.assertIn('runner_over_bare_tiny', process.stdout)
    # A warm-up, two turns of two steps, and the step that ends the last.
    self.assertIn('step 6/7', process.stderr)
    self.assertIn('turn 2: runner', process.stderr)
    self.assertNotIn('turn 3', process.stderr)

  def test_settings_side_by_side(self):
    folder = self.create_tempdir().full_path
    words = word_sets.write_words(os.path.join(folder, 'words'),
                                  ['abc', 'de', 'g'])
    path = os.path.join(folder, 'found.json')
    process = commands.run(
        '-m', 'benchmarks.train_speed', '--presets=tiny', '--repeats=2',
        '--settings=2:float32:1,4:bfloat16:2', f'--lmdb={words}',
        '--turn_steps=2', '--stage_blocks=1,1,1,1', '--num_layers=1',
        '--image_height=16', '--image_width=20', '--max_label_length=5',
        f'--json={path}')
    self.assertEqual(0, process.returncode, process.stderr)
    with open(path, encoding='utf-8') as f:
      found = json.load(f)
    rows = {row['name']: row['images_per_second']['median']
            for row in found['rows']}
    self.assertEqual(['2:float32:1', '4:bfloat16:2'], list(rows))
    self.assertEqual({'4:bfloat16:2 over 2:float32:1':
                      rows['4:bfloat16:2'] / rows['2:float32:1']},
                     found['ratios'])
    self.assertIn('turn 2: 2:float32:1', process.stderr)

  def test_settings_of_no_sense(self):
    for text in ('64', '64:float8:1', '63:float32:2', '0:float32:1',
                 '64:float32:0', '64:float32:2:3'):
      process = commands.run('-m', 'benchmarks.train_speed',
                             f'--settings=64:float32:1,{text}')
      self.assertEqual(2, process.returncode)
      self.assertIn(f'--settings={text}: write each as BATCH:PRECISION:TOWERS',
                    process.stderr)

  def test_no_such_preset(self):
    process = commands.run('-m', 'benchmarks.train_speed', '--presets=huge')
    self.assertEqual(2, process.returncode)
    self.assertIn('--presets: names of files in flags/model', process.stderr)


if __name__ == '__main__':
  absltest.main()
