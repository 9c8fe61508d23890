"""Tests of benchmarks/report.py."""

import contextlib
import io
import json
import os
from unittest import mock

from absl.testing import absltest
import tensorflow.compat.v1 as tf

from benchmarks import report

_ROWS = [report.row('fast', 8, [30.0, 10.0, 20.0], steps=7),
         report.row('slow', 8, [4.0, 5.0])]
_PAIRS = {'fast_over_slow': ('fast', 'slow'),
          'fast_over_absent': ('fast', 'absent')}


class ReportTest(absltest.TestCase):

  def test_row_has_median_lowest_and_highest(self):
    self.assertEqual(
        {'name': 'fast', 'batch': 8, 'steps': 7,
         'images_per_second': {'median': 20.0, 'low': 10.0, 'high': 30.0}},
        _ROWS[0])
    # Between the two in the middle where their number is even.
    self.assertEqual(4.5, _ROWS[1]['images_per_second']['median'])

  def test_runs_take_turns(self):
    calls = []
    clock = iter([0, 2, 10, 10.5, 20, 21, 30, 30.25])
    runs = {'a': lambda: calls.append('a'), 'b': lambda: calls.append('b')}
    stderr = io.StringIO()
    with mock.patch.object(report.time, 'perf_counter',
                           lambda: next(clock)), (
        contextlib.redirect_stderr(stderr)):
      rates = report.in_turn(runs, 2, 8, 'batch 8')
    self.assertEqual(['a', 'b', 'a', 'b'], calls)
    self.assertEqual({'a': [4.0, 8.0], 'b': [16.0, 32.0]}, rates)
    self.assertEqual('batch 8: 1 of 2\nbatch 8: 2 of 2\n', stderr.getvalue())

  def test_warm_up_returns_what_runs_return(self):
    self.assertEqual({'a': 1, 'b': None},
                     report.warm_up({'a': lambda: 1, 'b': lambda: None}))

  def test_ratios_of_medians_where_both_rows_are(self):
    self.assertEqual({'fast_over_slow': 20 / 4.5},
                     report.ratios(_ROWS, _PAIRS))
    self.assertEqual({}, report.ratios([], _PAIRS))

  def test_ratios_of_several_batch_sizes(self):
    rows = [*_ROWS, report.row('fast', 16, [6.0]),
            report.row('slow', 16, [3.0])]
    self.assertEqual({'fast_over_slow_batch_8': 20 / 4.5,
                      'fast_over_slow_batch_16': 2.0},
                     report.ratios(rows, _PAIRS))

  def test_result(self):
    found = report.result({'repeats': 3}, _ROWS, {'fast_over_slow': 4.0})
    hardware = found.pop('hardware')
    self.assertRegex(hardware, f'^{os.cpu_count()} x .* cores')
    self.assertIn(f'TensorFlow {tf.__version__}', hardware)
    self.assertNotIn('\n', hardware)
    self.assertEqual({'settings': {'repeats': 3}, 'rows': _ROWS,
                      'ratios': {'fast_over_slow': 4.0}}, found)

  def test_rates_table(self):
    self.assertEqual(
        '      batch  images/s     low to high  steps\n'
        'fast      8     20.00  10.00 to 30.00      7\n'
        'slow      8      4.50    4.00 to 5.00',
        report.rates_table(_ROWS, ('steps',)))

  def test_ratios_table(self):
    self.assertEqual('a_over_b    0.25\nlong_name  12.00',
                     report.ratios_table({'a_over_b': 0.25,
                                          'long_name': 12.0}))

  def test_json_file_is_whole_or_left_as_it_was(self):
    folder = self.create_tempdir().full_path
    path = os.path.join(folder, 'a.json')
    report.write_json(path, {'rows': _ROWS})
    with self.assertRaises(TypeError):
      report.write_json(path, {'rows': [1], 'settings': object()})
    with open(path, encoding='utf-8') as f:
      self.assertEqual({'rows': _ROWS}, json.load(f))
    report.write_json(path, {'rows': []})
    self.assertEqual(['a.json'], os.listdir(folder))

  def test_no_json_file_unless_asked_for(self):
    folder = self.create_tempdir().full_path
    self.addCleanup(os.chdir, os.getcwd())
    os.chdir(folder)
    report.write_json(None, {'rows': []})
    self.assertEmpty(os.listdir(folder))


if __name__ == '__main__':
  absltest.main()
