"""Tests of benchmarks/decode_speed, run as a process."""

import json
import os

from absl.testing import absltest
from absl.testing import parameterized

from tests.support import commands
from tests.support import model_files

_FLAGFILE = '--flagfile=' + str(commands.ROOT / 'flags/model/tiny.flags')
_RATIOS = ['cached_stop_over_backbone', 'cached_full_over_backbone',
           'cached_full_over_uncached', 'saved_model_over_session']


def _run(*arguments):
  return commands.run('-m', 'benchmarks.decode_speed', *arguments)


class DecodeSpeedTest(parameterized.TestCase):

  def _found(self, *arguments):
    """What a short run writes and prints, after it has gone well."""
    path = os.path.join(self.create_tempdir().full_path, 'found.json')
    process = _run('--repeats=1', '--word_length=3', f'--json={path}',
                   *arguments)
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertNotIn('WARNING', process.stderr)
    with open(path, encoding='utf-8') as f:
      return json.load(f), process.stdout

  def test_random_weights(self):
    found, table = self._found(
        _FLAGFILE, '--max_label_length=6', '--stage_blocks=1,1,1,1',
        '--num_layers=1', '--batch_sizes=2')
    self.assertCountEqual(['hardware', 'settings', 'rows', 'ratios'], found)
    rows = {row['name']: row for row in found['rows']}
    # The packages that ONNX models need may be absent.
    with_onnx = 'onnx' in rows
    self.assertEqual(
        {'backbone': None, 'uncached': 7, 'cached_stop': 4, 'cached_full': 7,
         'beam_5': 4, 'session': 7, 'saved_model': 7,
         **({'onnx': 7} if with_onnx else {})},
        {name: row.get('steps') for name, row in rows.items()})
    self.assertCountEqual(
        _RATIOS + ['onnx_over_saved_model'] * with_onnx, found['ratios'])
    for name, row in rows.items():
      rates = row['images_per_second']
      self.assertEqual(2, row['batch'])
      self.assertBetween(rates['median'], rates['low'], rates['high'])
      self.assertIn(f'\n{name} ', table)
    for name in {'uncached', 'session', 'saved_model', 'onnx'} & set(rows):
      self.assertTrue(rows[name]['ids_equal'], name)
    for name, value in found['ratios'].items():
      above, below = (rows[row]['images_per_second']['median']
                      for row in name.split('_over_'))
      self.assertEqual(above / below, value)
      self.assertIn(f'\n{name} ', table)
    self.assertEqual('random weights', found['settings']['model'])
    self.assertEqual(7, found['settings']['steps'])
    self.assertIn(found['hardware'], table)

  def test_trained_model_and_chosen_rows(self):
    folder = self.create_tempdir().full_path
    prefix = model_files.write_tiny_model_dir(folder, step=12)
    found, _ = self._found(f'--checkpoint={prefix}', '--batch_sizes=1,3',
                           '--rows=uncached,session')
    self.assertEqual(
        [('uncached', 1), ('session', 1), ('uncached', 3), ('session', 3)],
        [(row['name'], row['batch']) for row in found['rows']])
    self.assertTrue(all(row['ids_equal'] for row in found['rows']))
    self.assertEqual({}, found['ratios'])
    self.assertEqual(prefix, found['settings']['model'])

  @parameterized.parameters(
      ('--rows=backbone,decoder', "--rows=backbone,decoder: no row 'decoder'"),
      ('--rows=', '--rows=: '),
      ('--batch_sizes=8,many', '--batch_sizes=8,many: must be'),
      ('--batch_sizes=8,8', '--batch_sizes=8,8: must be'),
      ('--repeats=0', '--repeats'),
      ('--json=no/such/folder/a.json', '--json=no/such/folder/a.json: '))
  def test_wrong_flags(self, flag, message):
    self._fails([flag], message)

  def test_models_and_their_settings_are_not_mixed(self):
    self._fails(['--model_dir=a', '--checkpoint=b'],
                '--model_dir, --checkpoint: give at most one')
    self._fails(['--model_dir=a', '--num_layers=2'],
                '--num_layers: stands beside --model_dir')

  def test_no_model(self):
    folder = self.create_tempdir().full_path
    self._fails([f'--model_dir={folder}'], f'{folder}: no config.json')

  def _fails(self, arguments, message):
    process = _run(*arguments)
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertStartsWith(process.stderr, f'decode_speed: error: {message}')
    self.assertEqual(1, process.stderr.count('\n'))


if __name__ == '__main__':
  absltest.main()
