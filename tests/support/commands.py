"""Runs the project's commands as processes of their own, for tests."""

import functools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from typing import Optional

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Commands that import TensorFlow; the others are to do without it.
_HEAVY = ('train', 'eval', 'predict', 'export', 'import_checkpoint',
          'show_augmentation', 'decode_speed', 'eval_speed', 'finetune',
          'input_speed', 'latency', 'peers', 'train_speed')
# As master/tensorflow_import.py sets them, which here comes after the import.
_IMPORT_ENVIRONMENT = {'TF_ENABLE_ONEDNN_OPTS': '1',
                       'TF_CPP_MIN_LOG_LEVEL': '3', 'GRPC_VERBOSITY': 'ERROR'}


def run(*command: str, stdin: bytes = b'', cwd: Optional[str] = None
        ) -> subprocess.CompletedProcess:
  """Runs Python with this checkout's modules.

  Args:
    *command: arguments of Python, as '-m', 'master.cli.eval', '--help'.
    stdin: what the process reads there.
    cwd: where it runs; in the directory of this process if None.

  Returns:
    The finished process; stdout and stderr are text.
  """
  if command[0] == '-m' and command[1].rpartition('.')[2] in _HEAVY:
    process = _run_in_fork(command, stdin, cwd)
  else:
    process = subprocess.run(
        [sys.executable, *command], input=stdin, capture_output=True,
        check=False, cwd=cwd, env=_environment())
  process.stdout = process.stdout.decode('utf-8', 'surrogateescape')
  process.stderr = process.stderr.decode('utf-8', 'replace')
  return process


def _environment() -> dict[str, str]:
  return {**os.environ, 'PYTHONPATH': str(ROOT)}


@functools.cache
def _server() -> subprocess.Popen:
  """The process of command_server.py; it ends with this one."""
  return subprocess.Popen(
      [sys.executable, '-m', 'tests.support.command_server'], text=True,
      stdin=subprocess.PIPE, stdout=subprocess.PIPE,
      stderr=subprocess.DEVNULL,
      env={**_IMPORT_ENVIRONMENT, **_environment()}, cwd=ROOT)


def _run_in_fork(command: tuple[str, ...], stdin: bytes, cwd: Optional[str]
                 ) -> subprocess.CompletedProcess:
  """`run` by command_server.py; stdout and stderr are bytes."""
  with tempfile.TemporaryDirectory() as folder:
    files = {name: pathlib.Path(folder, name)
             for name in ('stdin', 'stdout', 'stderr')}
    for file in files.values():
      file.write_bytes(stdin if file.name == 'stdin' else b'')
    request = {'arguments': command, 'directory': cwd or os.getcwd(),
               'environment': _environment(),
               **{name: str(file) for name, file in files.items()}}
    server = _server()
    print(json.dumps(request), file=server.stdin, flush=True)
    answer = server.stdout.readline()
    if not answer:
      raise RuntimeError('tests/support/command_server.py has ended.')
    return subprocess.CompletedProcess(
        command, int(answer), files['stdout'].read_bytes(),
        files['stderr'].read_bytes())


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
