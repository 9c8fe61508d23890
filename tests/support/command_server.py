"""Runs commands in forks of a process that has imported TensorFlow already.

Importing it takes seconds, more than most commands of the tests need for
everything else. A fork is a process like any other: it has its own flags,
logs, files and exit status, and imports this project's modules itself.

Reads requests from stdin, one JSON object a line: `arguments` as Python's own
(`-m`, module, ...), `directory` to run in, `environment`, and the files
`stdin`, `stdout`, `stderr`. Answers each with a line: the exit status,
negative for the signal that ended the process. Used by
tests/support/commands.py.
"""

import importlib
import json
import os
import runpy
import sys

_PRELOADED = ('lmdb', 'numpy', 'PIL.Image', 'tensorflow.compat.v1')


def _become(request: dict):
  """Makes the forked process the one that was asked for."""
  for descriptor, name, mode in (
      (0, 'stdin', os.O_RDONLY), (1, 'stdout', os.O_WRONLY),
      (2, 'stderr', os.O_WRONLY)):
    file = os.open(request[name], mode)
    os.dup2(file, descriptor)
    os.close(file)
  os.chdir(request['directory'])
  os.environ.clear()
  os.environ.update(request['environment'])
  # Of Python's own start: what `python -m` finds first, and a fresh stdin.
  sys.path.insert(0, request['directory'])
  sys.stdin = open(0, encoding='utf-8', closefd=False)


def _serve() -> list[str]:
  """Answers requests; in a fork, returns the arguments it is to run."""
  answers = os.fdopen(os.dup(1), 'w')
  while line := sys.stdin.readline():
    request = json.loads(line)
    child = os.fork()
    if not child:
      answers.close()
      _become(request)
      return request['arguments']
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(status, file=answers, flush=True)
  sys.exit(0)


def main():
  for name in _PRELOADED:
    importlib.import_module(name)
  _, module, *arguments = _serve()
  sys.argv = [module, *arguments]
  runpy.run_module(module, run_name='__main__', alter_sys=True)


if __name__ == '__main__':
  main()
