"""Tests of benchmarks/latency, run as a process."""

import json
import os

from absl.testing import absltest
from absl.testing import parameterized

from benchmarks import latency
from benchmarks import report
from benchmarks import serving_probe
from tests.support import commands
from tests.support import model_files

_FLAGFILE = '--flagfile=' + str(commands.ROOT / 'flags/model/tiny.flags')
_FEW = ('--repeats=1', '--cold_starts=1', '--requests=2', '--memory_batch=3')
_ON_LINUX = os.path.exists(serving_probe.STATUS_FILE)


def _run(*arguments):
  return commands.run('-m', 'benchmarks.latency', *arguments)


class LatencyTest(parameterized.TestCase):

  def _found(self, *arguments, status=0):
    """What a short run writes, and its process."""
    path = os.path.join(self.create_tempdir().full_path, 'found.json')
    process = _run(*_FEW, f'--json={path}', *arguments)
    self.assertEqual(status, process.returncode, process.stderr)
    with open(path, encoding='utf-8') as f:
      return json.load(f), process

  @absltest.skipUnless(_ON_LINUX, 'Memory is measured on Linux only.')
  def test_random_weights(self):
    found, process = self._found(
        _FLAGFILE, '--max_label_length=2', '--stage_blocks=1,1,1,1',
        '--num_layers=1', '--rows=saved_model')
    self.assertCountEqual(['hardware', 'settings', 'rows', 'ratios'], found)
    self.assertEqual(['saved_model'],
                     [row['name'] for row in found['rows']])
    for row in found['rows']:
      self.assertEqual(3, row['batch'])
      self.assertCountEqual(['median', 'low', 'high'],
                            row['images_per_second'])
      milliseconds = row['latency_ms']
      self.assertCountEqual(['p50', 'p95', 'p99'], milliseconds)
      self.assertBetween(milliseconds['p95'], milliseconds['p50'],
                         milliseconds['p99'])
      parts = row['cold_start_parts_s']
      self.assertCountEqual(
          ['interpreter', 'import', 'load', 'first_request'], parts)
      self.assertAlmostEqual(row['cold_start_s'], sum(parts.values()))
      self.assertEqual(row['load_s'], parts['load'])
      self.assertGreater(row['second_request_s'], 0)
      memory = row['memory_mib']
      self.assertCountEqual(['loaded', 'first_batch', 'peak'], memory)
      self.assertGreaterEqual(memory['peak'], memory['loaded'])
      self.assertNotIn('leak', row)
    self.assertEqual({}, found['ratios'])
    self.assertEqual('random weights', found['settings']['model'])
    self.assertRegex(process.stdout, r'\n +saved_model\nlatency, p50')

  @absltest.skipUnless(_ON_LINUX, 'Memory is measured on Linux only.')
  def test_growth_of_memory_is_told_by_the_exit_status(self):
    folder = self.create_tempdir().full_path
    model_files.write_tiny_model_dir(folder)
    found, process = self._found(
        f'--model_dir={folder}', '--leak_requests=45', '--max_growth_mib=0',
        status=1)
    self.assertEqual({'session': folder}, found['settings']['model'])
    leak = found['rows'][0]['leak']
    self.assertEqual(45, leak['requests'])
    self.assertEqual([*range(2, 45, 2), 45],
                     [count for count, _ in leak['samples']])
    self.assertRegex(process.stderr,
                     r'session: memory grew by [\d.]+ MiB, more than '
                     '--max_growth_mib=0\n')

  def test_growth(self):
    # The first tenth, in which all is new, does not count.
    samples = [(5, 100.0), (10, 150.0), (50, 152.0), (100, 154.5)]
    found = latency.growth(samples)
    self.assertEqual(4.5, found['growth_mib'])
    self.assertAlmostEqual(50, found['mib_per_1000_requests'], delta=1)
    self.assertEqual([list(sample) for sample in samples], found['samples'])

  def test_table(self):
    facts = dict(
        latency_ms={'p50': 120.04, 'p95': 130.0, 'p99': 1310.0},
        cold_start_s=6.0, second_request_s=0.5, load_s=1.5,
        cold_start_parts_s={'interpreter': 0.1, 'import': 3.4, 'load': 1.5,
                            'first_request': 1.0},
        memory_mib={'loaded': 600.4, 'first_batch': 640, 'peak': 1024})
    leak = latency.growth([(10, 600.0), (100, 600.9)])
    rows = [report.row('session', 8, [50.0, 40.0, 60.0], **facts, leak=leak),
            report.row('onnx', 8, [100.0], **facts, leak=leak)]
    self.assertEqual('''\
                                    session              onnx
latency, p50                       120.0 ms          120.0 ms
latency, p95                       130.0 ms          130.0 ms
latency, p99                      1310.0 ms         1310.0 ms
cold start to first text             6.00 s            6.00 s
  interpreter                        0.10 s            0.10 s
  import                             3.40 s            3.40 s
  load                               1.50 s            1.50 s
  first request                      1.00 s            1.00 s
second request                       0.50 s            0.50 s
memory when loaded                  600 MiB           600 MiB
  after a batch of 8                640 MiB           640 MiB
  peak                             1024 MiB          1024 MiB
images/s, batch 8                     50.00            100.00
  low to high                40.00 to 60.00  100.00 to 100.00
growth, 100 requests                0.9 MiB           0.9 MiB
  fitted, per 1000 requests       10.00 MiB         10.00 MiB''',
                     latency.table(rows))

  @parameterized.parameters(
      ('--leak_requests=5', '--leak_requests: must be 0 or at least 20'),
      ('--requests=0', '--requests'), ('--memory_batch=0', '--memory_batch'),
      ('--onnx=maybe', '--onnx'))
  def test_wrong_flags(self, flag, message):
    self._fails([flag], message)

  @absltest.skipUnless(_ON_LINUX, 'Memory is measured on Linux only.')
  def test_wrong_models(self):
    folder = self.create_tempdir().full_path
    self._fails([f'--saved_model={folder}'], f'{folder}: holds no SavedModel')
    self._fails([f'--saved_model={folder}', '--num_layers=2'],
                '--num_layers: stands beside --saved_model')
    self._fails(['--onnx_model=a', '--rows=onnx'],
                '--rows: stands beside --onnx_model')

  def _fails(self, arguments, message):
    process = _run(*arguments)
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertStartsWith(process.stderr, f'latency: error: {message}')
    self.assertEqual(1, process.stderr.count('\n'))


if __name__ == '__main__':
  absltest.main()
