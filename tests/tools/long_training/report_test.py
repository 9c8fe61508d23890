"""Tests of tools/long_training/report.py."""

from absl.testing import absltest

from tools.long_training import report

_RECORD = {
    'time': '2026-01-02T03:04:05+00:00', 'step': 100, 'samples': 6400,
    'stage_name': 'easy', 'seconds': 3600.0,
    'processor_seconds': {'train': 3000.0, 'render': 600.0},
    'words_per_second': 1.5, 'loss': 0.12345, 'learning_rate': 0.001,
    'sets': {'A': {'alnum_ci': {'word_accuracy': 0.5},
                   'case_sensitive': {'word_accuracy': 0.25}}}}


class ReportTest(absltest.TestCase):

  def test_a_line_for_each_evaluation(self):
    # The set B came later, and the loss is not known.
    later = {**_RECORD, 'step': 200, 'samples': 14400, 'seconds': 7200.0,
             'loss': None,
             'sets': {'B': _RECORD['sets']['A'], **_RECORD['sets']}}
    lines = report.evaluations([_RECORD, later]).splitlines()
    self.assertEqual('A alnum_ci  A case_sensitive  B alnum_ci  '
                     'B case_sensitive', lines[0].partition('rate  ')[2])
    self.assertEqual(['2026-01-02T03:04', '100', '6400', 'easy', '1.00',
                      '1.00', '1.5', '0.1235', '0.001', '50.00', '25.00', '-',
                      '-'], lines[1].split())
    self.assertEqual(['-', '0.001', '50.00', '25.00', '50.00', '25.00'],
                     lines[2].split()[-6:])
    self.assertEqual('2.0 samples/s over all 2.00 hours', lines[-1])

  def test_nothing_yet(self):
    self.assertEqual('No evaluation yet.', report.evaluations([]))


if __name__ == '__main__':
  absltest.main()
