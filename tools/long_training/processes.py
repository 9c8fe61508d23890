"""Processes that a long training starts: counted, never left behind.

Each carries the folder's path in its environment, so that a later start finds
those that a killed one could not end, whatever their ids. Linux only.
"""

import ctypes
import logging
import os
import pathlib
import signal
import subprocess
import time
from typing import Mapping, Optional, Sequence

_MARK = 'MASTER_LONG_TRAINING'
_AUTOGROUP = '/proc/self/autogroup'  # See man 7 sched.
_SET_PDEATHSIG = 1  # Of <sys/prctl.h>.
_TICKS = os.sysconf('SC_CLK_TCK')
_WAIT = 0.1  # Seconds between looks whether a process has ended.


def _set_session_priority():
  """Gives this process's session, which it began, the nice value it has.

  Linux shares the processors out among sessions first (autogroups, on by
  default), and there the nice value of a process counts only against those of
  its own session.
  """
  value = str(os.getpriority(os.PRIO_PROCESS, 0))
  for _ in range(20):
    try:
      pathlib.Path(_AUTOGROUP).write_text(value, 'ascii')
      return
    except BlockingIOError:  # Others than root: ten times a second in all.
      time.sleep(_WAIT)
    except OSError:
      return  # A kernel without autogroups.


def _libc() -> ctypes.CDLL:
  return ctypes.CDLL(None, use_errno=True)


def start(arguments: Sequence[str], folder: str, log: str, root: str,
          death_signal: int = signal.SIGTERM,
          environment: Optional[Mapping[str, str]] = None
          ) -> subprocess.Popen:
  """Starts a process with this one's nice value, in a session of its own.

  It gets `death_signal` should this process end before it; call this from the
  main thread, for the kernel counts the thread as the parent.

  Args:
    arguments: program and its arguments.
    folder: absolute path of the training's folder.
    log: file that stdout and stderr are appended to.
    root: of the checkout; where the process runs.
    death_signal: that it gets when this process ends.
    environment: beside that of this process.
  """
  libc, parent = _libc(), os.getpid()

  def prepare():
    libc.prctl(_SET_PDEATHSIG, int(death_signal))
    _set_session_priority()
    if os.getppid() != parent:  # It ended before prctl.
      os._exit(1)

  with open(log, 'ab') as output:
    return subprocess.Popen(
        arguments, cwd=root, stdin=subprocess.DEVNULL, stdout=output,
        stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=prepare,
        env={**os.environ, **(environment or {}), _MARK: folder,
             'PYTHONPATH': root, 'PYTHONUNBUFFERED': '1'})


class Child:
  """A process that was started, with what it cost.

  Attributes:
    kind: of its work: train, render or evaluate.
    log: file of its output.
    log_start: where in `log` its output begins.
    status: its exit status, below 0 for a signal; None while it runs.
    seconds: processor seconds, once it has ended.
  """

  def __init__(self, kind: str, arguments: Sequence[str], folder: str,
               log: str, root: str, death_signal: int = signal.SIGTERM):
    self.kind = kind
    self.log = log
    self.log_start = os.path.getsize(log) if os.path.exists(log) else 0
    self.status = None
    self.seconds = 0.0
    self._process = start(arguments, folder, log, root, death_signal)
    self._seen = 0.0

  @property
  def pid(self) -> int:
    return self._process.pid

  def poll(self) -> Optional[int]:
    """The exit status, if it has ended."""
    if self.status is None:
      pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
      if pid:
        self.status = os.waitstatus_to_exitcode(status)
        self._process.returncode = self.status
        self.seconds = max(usage.ru_utime + usage.ru_stime, self._seen)
        self.kill_group()  # What it may have started and not ended.
    return self.status

  def processor_seconds(self) -> float:
    """So far, with the processes of its group."""
    if self.status is None:
      self._seen = max(self._seen, _group_seconds(self._process.pid))
      return self._seen
    return self.seconds

  def send(self, number: int):
    # Popen's own way would take the status, and with it the cost, away.
    if self.status is None:
      os.kill(self._process.pid, number)

  def kill_group(self):
    try:
      os.killpg(self._process.pid, signal.SIGKILL)
    except ProcessLookupError:
      pass

  def end(self, number: int, patience: float):
    """Ends it by a signal; by SIGKILL where `patience` seconds pass."""
    self.send(number)
    deadline = time.monotonic() + patience
    while self.poll() is None:
      if time.monotonic() > deadline:
        self.kill_group()
      time.sleep(_WAIT)

  def last_words(self) -> str:
    """The line of its output that tells what went wrong."""
    try:
      with open(self.log, 'rb') as f:
        f.seek(max(self.log_start, os.path.getsize(self.log) - 2**16))
        lines = f.read().decode('utf-8', 'replace').splitlines()
    except OSError:
      return ''
    faults = [line for line in lines if 'error: ' in line]
    return (faults or [line for line in lines if line.strip()] or [''])[-1]


def _stat(pid: int) -> Optional[list[str]]:
  """Fields of /proc/PID/stat from the state on."""
  try:
    text = pathlib.Path(f'/proc/{pid}/stat').read_text('utf-8')
  except OSError:
    return None
  return text.rpartition(')')[2].split()


def _group_seconds(group: int) -> float:
  """Processor seconds of the processes in a group and their ended ones."""
  ticks = 0
  for entry in os.listdir('/proc'):
    fields = _stat(int(entry)) if entry.isdigit() else None
    if fields and int(fields[2]) == group:
      ticks += sum(map(int, fields[11:15]))
  return ticks / _TICKS


def marked(folder: str) -> list[int]:
  """Ids of the processes that were started for a folder and still run."""
  wanted = f'{_MARK}={folder}'.encode()
  found = []
  for entry in os.listdir('/proc'):
    if not entry.isdigit() or int(entry) == os.getpid():
      continue
    try:
      environment = pathlib.Path(f'/proc/{entry}/environ').read_bytes()
    except OSError:
      continue
    fields = _stat(int(entry))
    if wanted in environment.split(b'\0') and fields and fields[0] != 'Z':
      found.append(int(entry))
  return found


def end_marked(folder: str, patience: float):
  """Ends what a killed start left: SIGTERM, after `patience` s SIGKILL."""
  orphans = marked(folder)
  if not orphans:
    return
  logging.info('Ending %d processes that an earlier start left behind',
               len(orphans))
  number, deadline = signal.SIGTERM, time.monotonic() + patience
  asked = set()
  while True:
    orphans = marked(folder)
    if not orphans:
      return
    if time.monotonic() > deadline:
      number, asked = signal.SIGKILL, set()
    for pid in orphans:
      if pid not in asked:
        asked.add(pid)
        try:
          os.kill(pid, number)
        except ProcessLookupError:
          pass
    time.sleep(_WAIT)
