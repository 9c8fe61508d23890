"""The parts of benchmarks/stress; the whole is for its user."""

import os
import signal
import sys

from absl.testing import absltest

from benchmarks import stress

_SLOW = """
import sys, time
for step in range(1, 1000):
  print(f'INFO step {step}/1000, loss 1', file=sys.stderr, flush=True)
  time.sleep(0.01)
"""


class StressTest(absltest.TestCase):

  def test_plan(self):
    kills = stress.plan(30, 600, seed=1)
    self.assertLen(kills, 30)
    self.assertEqual(15, sum(k.number == signal.SIGTERM for k in kills))
    saving = [k for k in kills if k.lines is None]
    self.assertEqual([signal.SIGKILL] * 3, [k.number for k in saving])
    self.assertBetween(max(k.lines for k in kills if k.lines is not None),
                       20, 30)
    self.assertEqual(kills, stress.plan(30, 600, seed=1))
    self.assertNotEqual(kills, stress.plan(30, 600, seed=2))

  def test_kills_after_so_many_lines(self):
    run = stress.Run([sys.executable, '-c', _SLOW], '/nonexistent')
    self.assertTrue(run.kill(stress.Kill(signal.SIGKILL, 5)))
    self.assertBetween(run.last_step, 5, 999)

  def test_kills_while_a_checkpoint_is_written(self):
    folder = self.create_tempdir()
    folder.create_file('model.ckpt-3.meta.tmp1')  # Of a kill before.
    run = stress.Run([sys.executable, '-c', _SLOW + f"""
  if step == 7:
    open({folder.full_path!r} + '/model.ckpt-7.meta.tmp123', 'w').close()
"""], folder.full_path)
    self.assertTrue(run.kill(stress.Kill(signal.SIGTERM, None)))
    self.assertBetween(run.last_step, 7, 999)
    self.assertLen(os.listdir(folder.full_path), 2)

  def test_a_run_that_ends_or_fails_by_itself(self):
    kill = stress.Kill(signal.SIGKILL, 5)
    self.assertFalse(
        stress.Run([sys.executable, '-c', ''], '/nonexistent').kill(kill))
    with self.assertRaisesRegex(RuntimeError, 'ended with 3: told'):
      stress.Run([sys.executable, '-c', 'import sys; print("told", '
                  'file=sys.stderr); sys.exit(3)'], '/nonexistent').kill(kill)

  def test_compared(self):
    found = stress.compared({1: 4.0, 2: 2.0, 3: 1.0}, {1: 4.0, 2: 2.5, 3: 1.0})
    self.assertEqual((3, 2, 0.25), (
        found['losses_compared'], found['losses_equal'],
        found['largest_relative_difference']))


if __name__ == '__main__':
  absltest.main()
