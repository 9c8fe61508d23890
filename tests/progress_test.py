"""Tests of master/progress.py."""

import logging
from unittest import mock

from absl.testing import absltest

from master import progress


class ProgressTest(absltest.TestCase):

  def test_logs_count_and_rate_once_an_interval(self):
    now = 100.0
    with mock.patch('time.monotonic', lambda: now):
      done = progress.Progress('set', interval=10)
      with self.assertLogs(level=logging.INFO) as logs:
        for _ in range(6):
          now += 4
          done.add(2)
    self.assertEqual(12, done.count)
    self.assertEqual(['set: 6 images, 0.5 images/s',
                      'set: 12 images, 0.5 images/s'],
                     [record.getMessage() for record in logs.records])

  def test_logs_the_time_left_where_the_total_is_known(self):
    now = 100.0
    with mock.patch('time.monotonic', lambda: now):
      done = progress.Progress('set', interval=10, total=50)
      now += 10
      with self.assertLogs(level=logging.INFO) as logs:
        done.add(5)
    self.assertEqual(['set: 5 images, 0.5 images/s, 90 s left'],
                     [record.getMessage() for record in logs.records])

  def test_ends_with_a_remark(self):
    now = 100.0
    with mock.patch('time.monotonic', lambda: now):
      done = progress.Progress('set', interval=10, total=50)
      now += 10
      with self.assertLogs(level=logging.INFO) as logs:
        done.add(5, '80.0 % alnum_ci')
    self.assertEqual(
        ['set: 5 images, 0.5 images/s, 90 s left, 80.0 % alnum_ci'],
        [record.getMessage() for record in logs.records])

  def test_counts_what_it_is_told_to(self):
    now = 100.0
    with mock.patch('time.monotonic', lambda: now):
      done = progress.Progress('set', interval=10, unit='keys')
      now += 10
      with self.assertLogs(level=logging.INFO) as logs:
        done.add(5)
    self.assertEqual(['set: 5 keys, 0.5 keys/s'],
                     [record.getMessage() for record in logs.records])

  def test_seconds_run_from_the_start(self):
    now = 5.0
    with mock.patch('time.monotonic', lambda: now):
      done = progress.Progress('set')
      now = 7.5
      self.assertEqual(2.5, done.seconds)


if __name__ == '__main__':
  absltest.main()
