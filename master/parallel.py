"""Jobs in several processes: results in order, crashes isolated."""

import collections
from concurrent import futures
from concurrent.futures import process as process_lib
import contextlib
import multiprocessing
import os
import signal
import threading
from typing import Any, Callable, Iterable, Iterator, NamedTuple, Optional

_JOBS_AHEAD = 4  # For each process.
# Crashes after which a job is given up as a whole, as to find the one item
# takes a few crashes more.
_MAX_SPLITS = 50

_Setup = Optional[Callable[[], Any]]


class Outcome(NamedTuple):
  """What became of a job.

  Attributes:
    job: as it was given.
    result: of the function; None if it crashed.
    crashed: whether the job's process ended amid it, as by a signal.
  """
  job: Any
  result: Any
  crashed: bool = False


def num_processes(wanted: int) -> int:
  """`wanted`, or for 0 the number of processors this process may use."""
  if wanted:
    return wanted
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


def run(function: Callable[[Any], Any], jobs: Iterable[Any], processes: int,
        setup: _Setup = None) -> Iterator[Outcome]:
  """Calls a function on jobs, in processes of their own.

  A job that ends its process is tried once more alone, as another may have
  ended the process that both waited for; the processes are then started anew.

  Args:
    function: of a module, so that another process finds it by name.
    jobs: its arguments; taken as they are needed.
    processes: how many; 0 for one per processor.
    setup: called first in each process; such that it can be pickled.

  Yields:
    An outcome per job, in the order of the jobs.

  Raises:
    Whatever the function raises, at the job's turn.
  """
  count = num_processes(processes)
  jobs = iter(jobs)
  with _interrupts_between_jobs() as check:
    pending = collections.deque()
    while True:
      with _pool(count, setup) as pool:
        try:
          yield from _go_through(pool, function, jobs, pending,
                                 count * _JOBS_AHEAD, check)
          return
        except process_lib.BrokenProcessPool:
          pass
      while pending:
        check()
        job, future = pending[0]
        yield _settled(function, job, future, setup)
        pending.popleft()


class Narrowing:
  """`run` for jobs of many items, where those that crash are split.

  A job has its number of items as `size`, and two smaller ones as `halves()`.
  """

  def __init__(self, function: Callable[[Any], Any], processes: int):
    """Keeps what `run` is to be called with.

    Args:
      function: of a job.
      processes: how many; 0 for one per processor.
    """
    self._function = function
    self._processes = processes
    self._num_splits = 0

  def run(self, jobs: Iterable[Any]) -> Iterator[Outcome]:
    """As `run`; a crashed outcome is of one item, or of a job given up."""
    for outcome in run(self._function, jobs, self._processes):
      if (not outcome.crashed or outcome.job.size == 1
          or self._num_splits == _MAX_SPLITS):
        yield outcome
      else:
        self._num_splits += 1
        yield from self.run(outcome.job.halves())


def _go_through(pool, function, jobs, pending, ahead, check):
  """Keeps `pending`, pairs of job and future, filled; yields outcomes."""
  for job in jobs:
    pending.append((job, None))  # Not lost, should submitting it fail.
    pending[-1] = (job, _submit(pool, function, job))
    if len(pending) >= ahead:
      yield _first(pending)
    check()
  while pending:
    yield _first(pending)
    check()


def _first(pending) -> Outcome:
  job, future = pending[0]
  outcome = Outcome(job, future.result())
  pending.popleft()
  return outcome


def _settled(function, job, future: Optional[futures.Future],
             setup: _Setup) -> Outcome:
  """The outcome of a job that was pending when a process ended."""
  try:
    if future is not None and not future.cancelled():
      return Outcome(job, future.result())
  except process_lib.BrokenProcessPool:
    pass
  with _pool(1, setup) as pool:
    try:
      return Outcome(job, _submit(pool, function, job).result())
    except process_lib.BrokenProcessPool:
      return Outcome(job, None, crashed=True)


@contextlib.contextmanager
def _pool(processes: int, setup: _Setup
          ) -> Iterator[futures.ProcessPoolExecutor]:
  # A forked copy of a process with threads may hang; a fresh one cannot.
  pool = futures.ProcessPoolExecutor(
      processes, multiprocessing.get_context('spawn'), _start_worker,
      (setup,))
  try:
    yield pool
  finally:
    pool.shutdown(cancel_futures=True)


def _submit(pool, function, job) -> futures.Future:
  with _interrupts_blocked():
    return pool.submit(function, job)


@contextlib.contextmanager
def _interrupts_between_jobs():
  """Gives a function that raises KeyboardInterrupt if there was Ctrl-C.

  Raised at any other point it could strike while a process is being started,
  which would then complain of a parent that left.
  """
  if threading.current_thread() is not threading.main_thread():
    yield lambda: None  # Signals reach the main thread alone.
    return
  interrupted = []

  def check():
    if interrupted:
      raise KeyboardInterrupt

  before = signal.signal(signal.SIGINT, lambda *_: interrupted.append(True))
  try:
    yield check
  finally:
    signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _interrupts_blocked():
  """Processes started within do not receive Ctrl-C.

  A terminal sends it to all of them, but it is for the parent to end the
  others. A new process takes over what is blocked here.
  """
  before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
  try:
    yield
  finally:
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(setup: _Setup):
  threading.Thread(target=_leave_with_parent, daemon=True).start()
  if setup:
    setup()


def _leave_with_parent():
  """Ends this process when its parent is killed; else it would wait on."""
  multiprocessing.parent_process().join()
  os._exit(1)
