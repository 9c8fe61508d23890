"""The project's commands, run one after the other."""

import json
import os
import shlex
import subprocess
import sys
from typing import Any

from master import errors
from master.evaluation import results as results_lib

# Of the checkout, or of what the package was installed into.
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))


def run(command: str, *arguments: str) -> str:
  """Runs one of the commands in ROOT; its progress goes to stderr.

  Args:
    command: as in `bin/train`; its name alone decides.
    *arguments: of the command.

  Returns:
    Its stdout, which is also shown on stderr.

  Raises:
    InputError: if it failed; its own message stands above on stderr.
  """
  line = shlex.join([command, *arguments])
  print(f'\n$ {line}', file=sys.stderr, flush=True)
  module = 'master.cli.' + os.path.basename(command)
  path = os.pathsep.join(
      filter(None, [ROOT, os.environ.get('PYTHONPATH')]))
  done = subprocess.run(
      [sys.executable, '-m', module, *arguments], cwd=ROOT, text=True,
      stdout=subprocess.PIPE, env={**os.environ, 'PYTHONPATH': path},
      check=False)
  sys.stderr.write(done.stdout)
  if done.returncode:
    raise errors.InputError(
        f'{command} ended with exit status {done.returncode}; mend what it '
        'says above and start again.')
  return done.stdout


def results(output_dir: str, set_name: str) -> dict[str, Any]:
  """What `bin/eval --output_dir` wrote of one set into results.json."""
  path = os.path.join(output_dir, results_lib.RESULTS_FILE)
  with open(path, encoding='utf-8') as f:
    return json.load(f)['sets'][set_name]
