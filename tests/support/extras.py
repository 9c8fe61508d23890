"""Marks tests that need an optional package.

`make test` skips them where the package is missing; `make test-extras`
installs the packages and runs these tests alone (tests/conftest.py).
"""

import importlib.util
from typing import Any, Callable
import unittest

# Extra of setup.cfg -> modules that it brings.
MODULES = {
    'browser': ('selenium',),
    'onnx': ('onnx', 'onnxruntime', 'tf2onnx'),
    'pytorch': ('torch',),
    'serving': ('grpc', 'tensorflow_serving'),
}


def is_there(extra: str) -> bool:
  """Whether all modules of an extra can be imported."""
  return all(importlib.util.find_spec(name) for name in MODULES[extra])


def needs(extra: str) -> Callable[[Any], Any]:
  """A decorator of a test class or method.

  Args:
    extra: its name in setup.cfg.
  """

  def mark(test):
    # conftest.py selects by it, for `make test-extras`.
    test.needs_extra = extra
    return unittest.skipUnless(
        is_there(extra),
        f'Needs the extra {extra}: run make test-extras.')(test)

  return mark
