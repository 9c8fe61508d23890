"""Lets the test cases of absl and TensorFlow run under pytest."""

import importlib.util
import os
import shutil
import tempfile
import types

from absl import flags
import pytest

# absl's default is one directory for all processes, whose tests would then
# delete each other's files.
_DIRECTORY = tempfile.mkdtemp(prefix='master_test_')
os.environ['TEST_TMPDIR'] = _DIRECTORY

# What a test module imports to run commands and other processes, to build,
# train or load whole models, or to decode images: `--fast` leaves it out.
_SLOW_IMPORTS = frozenset((
    'subprocess', 'master.inputs.input_fn', 'master.model_fn',
    'master.models.backbone', 'master.models.decoder',
    'master.models.folded_conv', 'master.models.recognizer',
    'tests.support.browser', 'tests.support.commands',
    'tests.support.image_kinds',
    'tests.support.imported_models', 'tests.support.linear_model',
    'tests.support.model_files', 'tests.support.original_models',
    'tests.support.run_folders', 'tests.support.workers'))


def pytest_addoption(parser):
  parser.addoption('--extras_only', action='store_true',
                   help='run only what tests/support/extras.py marks')
  parser.addoption('--fast', action='store_true',
                   help='leave out tests that run commands, build whole '
                   'models or decode images')


def _needs_extra(item):
  return any(hasattr(part, 'needs_extra') for part in (item.function, item.cls))


def _is_slow(item):
  return any(value.__name__ in _SLOW_IMPORTS
             for value in vars(item.module).values()
             if isinstance(value, types.ModuleType))


def _is_left_out(config, item):
  if item.name == 'test_session':  # A method that tf.test.TestCase brings.
    return True
  if config.getoption('extras_only') and not _needs_extra(item):
    return True
  return config.getoption('fast') and _is_slow(item)


def pytest_collection_modifyitems(config, items):
  left_out = [item for item in items if _is_left_out(config, item)]
  config.hook.pytest_deselected(items=left_out)
  gone = set(left_out)
  items[:] = [item for item in items if item not in gone]


def pytest_configure(config):
  flags.FLAGS.mark_as_parsed()
  if config.getoption('fast'):
    # A module that was renamed would no longer keep its tests out.
    for name in _SLOW_IMPORTS:
      if not importlib.util.find_spec(name):
        raise pytest.UsageError(f'tests/conftest.py: there is no {name}')


def pytest_unconfigure():
  shutil.rmtree(_DIRECTORY, ignore_errors=True)
