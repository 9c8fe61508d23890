"""Guards master/parallel.py."""

import os
import signal
import threading
import time

from absl.testing import absltest

from master import errors
from master import parallel


def work(job):
  """What the tests have done in other processes."""
  if job == 'raise':
    raise errors.InputError('job: is bad.')
  if job == 'crash':
    os.kill(os.getpid(), signal.SIGKILL)
  if job == 'exit':
    os._exit(3)
  if job == 'pid':
    return os.getpid()
  if isinstance(job, float):
    time.sleep(job)
  return ['done', job]


class ParallelTest(absltest.TestCase):

  def outcomes(self, jobs, processes=2):
    return list(parallel.run(work, jobs, processes))

  def test_in_order(self):
    # Jobs that take unequal time.
    jobs = [0.2, 0.0, 0.1, *range(31)]
    for processes in (1, 3):
      self.assertEqual([(job, ['done', job], False) for job in jobs],
                       self.outcomes(jobs, processes))

  def test_no_jobs(self):
    self.assertEqual([], self.outcomes([]))

  def test_in_other_processes(self):
    pids = {outcome.result for outcome in self.outcomes(['pid'] * 5, 1)}
    self.assertLen(pids, 1)
    self.assertNotIn(os.getpid(), pids)

  def test_jobs_are_taken_as_they_are_needed(self):
    taken = []

    def jobs():
      for i in range(1000):
        taken.append(i)
        yield i

    for outcome in parallel.run(work, jobs(), 1):
      self.assertLess(len(taken), outcome.job + 20)
      if outcome.job == 50:
        break

  def test_crashes_are_told_and_the_rest_is_done(self):
    jobs = [1, 'crash', 2, 3, 'exit', *range(4, 40), 'crash']
    for processes in (1, 2):
      outcomes = self.outcomes(jobs, processes)
      self.assertEqual(jobs, [outcome.job for outcome in outcomes])
      for job, result, crashed in outcomes:
        is_crash = job in ('crash', 'exit')
        self.assertEqual(is_crash, crashed)
        self.assertEqual(None if is_crash else ['done', job], result)

  def test_a_fault_arrives(self):
    outcomes = parallel.run(work, [1, 'raise', 2], 2)
    self.assertEqual(1, next(outcomes).job)
    with self.assertRaisesRegex(errors.InputError, '^job: is bad.$'):
      next(outcomes)

  def test_a_fault_arrives_beside_a_crash(self):
    outcomes = parallel.run(work, ['crash', 'raise', 2], 2)
    self.assertTrue(next(outcomes).crashed)
    with self.assertRaises(errors.InputError):
      next(outcomes)

  def test_interrupt_arrives_between_jobs(self):
    # The tests themselves may run where it is ignored.
    self.addCleanup(signal.signal, signal.SIGINT, signal.signal(
        signal.SIGINT, signal.default_int_handler))
    outcomes = parallel.run(work, range(10000), 2)
    next(outcomes)
    os.kill(os.getpid(), signal.SIGINT)
    with self.assertRaises(KeyboardInterrupt):
      for _ in outcomes:
        pass
    self.assertIs(signal.default_int_handler, signal.getsignal(signal.SIGINT))

  def test_in_a_thread(self):
    found = []
    thread = threading.Thread(
        target=lambda: found.extend(self.outcomes([1, 2])))
    thread.start()
    thread.join()
    self.assertLen(found, 2)

  def test_number_of_processes(self):
    self.assertEqual(3, parallel.num_processes(3))
    self.assertGreaterEqual(parallel.num_processes(0), 1)


if __name__ == '__main__':
  absltest.main()
