"""Import of TensorFlow without what it writes to stderr."""

import contextlib
import importlib
import logging
import os
from typing import Iterator

_LOG_LEVEL = 'TF_CPP_MIN_LOG_LEVEL'
_ENVIRONMENT = {
    # TensorFlow leaves oneDNN off on some processors that it makes more than
    # twice as fast; RESULTS.md has the figures.
    'TF_ENABLE_ONEDNN_OPTS': '1',
    # 3 hides the C++ side's errors too; those that matter arrive as Python
    # exceptions, the others speak of absent accelerators.
    _LOG_LEVEL: '3',
    'GRPC_VERBOSITY': 'ERROR',
}


def set_environment():
  """Sets the variables that TensorFlow reads, except those already set."""
  for variable, value in _ENVIRONMENT.items():
    os.environ.setdefault(variable, value)


def import_quietly():
  """Imports TensorFlow without what its C++ side writes meanwhile.

  Some of its first log lines heed no setting; nor does the one about a machine
  without an accelerator, written when devices are first asked for. Whoever
  sets TF_CPP_MIN_LOG_LEVEL lower sees them all.
  """
  set_environment()
  if os.environ[_LOG_LEVEL] != _ENVIRONMENT[_LOG_LEVEL]:
    return
  stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
  os.dup2(null, 2)
  try:
    importlib.import_module('tensorflow').config.list_physical_devices()
  finally:
    os.dup2(stderr, 2)
    os.close(stderr)
    os.close(null)


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
  """Mutes TensorFlow's Python logger, within the context alone.

  The graph-mode API that this project uses is deprecated throughout.
  """
  # TensorFlow's own way to it: the first call sets its level.
  logger = importlib.import_module('tensorflow').get_logger()
  level = logger.level
  logger.setLevel(logging.ERROR)
  try:
    yield
  finally:
    logger.setLevel(level)
