"""Workers of a training as processes on this machine, for tests."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from typing import Sequence

from tests.support import commands


def free_ports(count: int) -> list[int]:
  """Ports that nobody listens at."""
  with contextlib.ExitStack() as stack:
    probes = [stack.enter_context(socket.socket()) for _ in range(count)]
    for probe in probes:
      probe.bind(('localhost', 0))
    return [probe.getsockname()[1] for probe in probes]


def tf_config(ports: Sequence[int], index: int) -> str:
  """TF_CONFIG of one of the workers that listen at these ports."""
  return json.dumps({
      'cluster': {'worker': [f'localhost:{port}' for port in ports]},
      'task': {'type': 'worker', 'index': index}})


def start(count: int, *command: str) -> list[subprocess.Popen]:
  """Starts Python `count` times, each as another worker; the chief first.

  Args:
    count: of the workers.
    *command: arguments of Python.
  """
  ports = free_ports(count)
  return [subprocess.Popen(
      [sys.executable, *command], stdout=subprocess.PIPE,
      stderr=subprocess.PIPE, text=True,
      env={**os.environ, 'PYTHONPATH': str(commands.ROOT),
           'TF_CONFIG': tf_config(ports, index)}) for index in range(count)]


def finish(processes: Sequence[subprocess.Popen], seconds: float = 240
           ) -> list[tuple[int, str, str]]:
  """(Exit status, stdout, stderr) of each, killed if it takes too long."""
  results = []
  try:
    for process in processes:
      out, err = process.communicate(timeout=seconds)
      results.append((process.returncode, out, err))
  finally:
    for process in processes:
      if process.poll() is None:
        process.kill()
        process.communicate()
  return results
