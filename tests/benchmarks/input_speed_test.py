"""Tests of benchmarks/input_speed and input_probe, run as processes."""

import json
import os

from absl.testing import absltest

from tests.support import commands
from tests.support import word_sets


def _run(*arguments):
  return commands.run('-m', 'benchmarks.input_speed', '--repeats=1',
                      '--images=64', '--batch_size=16', '--image_height=16',
                      '--image_width=40', *arguments)


class InputSpeedTest(absltest.TestCase):

  def test_rendered_words(self):
    folder = self.create_tempdir().full_path
    path = os.path.join(folder, 'found.json')
    process = _run('--words=60', '--large_records=700', f'--json={path}',
                   f'--scratch={folder}/scratch')
    self.assertEqual(0, process.returncode, process.stderr)
    with open(path, encoding='utf-8') as f:
      found = json.load(f)
    rows = {row['name']: row['images_per_second']['median']
            for row in found['rows']}
    self.assertCountEqual(['bare', 'pipeline', 'augmented'], rows)
    self.assertEqual(
        {'pipeline_over_bare': rows['pipeline'] / rows['bare'],
         'augmented_over_plain': rows['augmented'] / rows['pipeline']},
        found['ratios'])
    for name in (*rows, *found['ratios'], *found['processor_microseconds']):
      self.assertIn(f'\n{name} ', process.stdout)
    # Its processes left everything where it can be used again.
    self.assertCountEqual(['words_60', 'large_700'],
                          os.listdir(f'{folder}/scratch'))
    large = found['large']
    self.assertEqual(700, large['records'])
    self.assertGreaterEqual(large['memory_peak'], large['memory_last'])
    self.assertGreater(large['memory_first'],
                       large['memory_first_anonymous'])
    self.assertGreater(large['first_batch_s'], 0)

  def test_needs_jpegs(self):
    path = word_sets.write_words(
        os.path.join(self.create_tempdir().full_path, 'set'), ['ab', 'c'])
    process = _run(f'--lmdb={path}')
    self.assertEqual(2, process.returncode)
    self.assertIn('none of its first 4096 images is a JPEG', process.stderr)


if __name__ == '__main__':
  absltest.main()
