"""A process that a benchmark asks for answers, a line for a line.

What loads or measures in it has a process to itself, and maybe another
environment, so this imports nothing that is not Python's own.
"""

import json
import os
import subprocess
import sys
import tempfile
from typing import Any, Optional, Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def files(folder: str) -> list[bytes]:
  """What the files of a folder hold, in the order of their names."""
  contents = []
  for name in sorted(os.listdir(folder)):
    with open(os.path.join(folder, name), 'rb') as f:
      contents.append(f.read())
  return contents


class ProbeProcess:
  """Such a process. A context manager that ends it.

  Attributes:
    name: for messages.
  """

  def __init__(self, name: str, work: str, module: str,
               arguments: Sequence[str] = (), python: Optional[str] = None,
               folder: Optional[str] = None):
    """Starts it.

    Args:
      name: for messages.
      work: what it does, for messages.
      module: that it runs.
      arguments: of the module.
      python: interpreter of another environment; None for this one's.
      folder: that it runs in; None for this process's.
    """
    self.name = name
    self._work = work
    # Packages found by that variable are of our environment, not of another.
    path = ROOT if python else os.pathsep.join(
        filter(None, [ROOT, os.environ.get('PYTHONPATH')]))
    self._log = tempfile.TemporaryFile()
    self._process = subprocess.Popen(
        [python or sys.executable, '-m', module, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
        cwd=folder, text=True, encoding='utf-8',
        env={**os.environ, 'PYTHONPATH': path})

  def say(self, line: str):
    """Sends a line."""
    try:
      print(line, file=self._process.stdin, flush=True)
    except BrokenPipeError:
      pass  # It has ended; the answer says of what.

  def answer(self) -> dict[str, Any]:
    """Waits for the next line of the process, a JSON object.

    Raises:
      RuntimeError: if it ends, with all that it said.
    """
    line = self._process.stdout.readline()
    if not line:
      status = self._process.wait()
      self._log.seek(0)
      raise RuntimeError(
          f'{self.name}: the process that {self._work} ended with exit status '
          f'{status}:\n' + self._log.read().decode('utf-8', 'replace'))
    return json.loads(line)

  def __enter__(self) -> 'ProbeProcess':
    return self

  def __exit__(self, *unused_exception):
    self._process.kill()
    self._process.communicate()
    self._log.close()
