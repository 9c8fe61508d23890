"""Runs the project's commands as processes of their own, for tests."""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run(*command: str, stdin: bytes = b'') -> subprocess.CompletedProcess:
  """Runs Python with this checkout's modules.

  Args:
    *command: arguments of Python, as '-m', 'master.cli.eval', '--help'.
    stdin: what the process reads there.

  Returns:
    The finished process; stdout and stderr are text.
  """
  process = subprocess.run(
      [sys.executable, *command], input=stdin, capture_output=True,
      check=False, env={**os.environ, 'PYTHONPATH': str(ROOT)})
  process.stdout = process.stdout.decode('utf-8', 'surrogateescape')
  process.stderr = process.stderr.decode('utf-8', 'replace')
  return process


def processes_of(group: int) -> list[int]:
  """Ids of the processes in a process group, by Linux's /proc."""
  found = []
  for entry in pathlib.Path('/proc').glob('[0-9]*/stat'):
    try:
      fields = entry.read_text().rpartition(')')[2].split()
    except OSError:
      continue
    if int(fields[2]) == group and fields[0] != 'Z':
      found.append(int(entry.parent.name))
  return found
