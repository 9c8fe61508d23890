"""Lets the test cases of absl and TensorFlow run under pytest."""

import os
import shutil
import tempfile

from absl import flags

# absl's default is one directory for all processes, whose tests would then
# delete each other's files.
_DIRECTORY = tempfile.mkdtemp(prefix='master_test_')
os.environ['TEST_TMPDIR'] = _DIRECTORY


def pytest_addoption(parser):
  parser.addoption('--extras_only', action='store_true',
                   help='run only what tests/support/extras.py marks')


def pytest_collection_modifyitems(config, items):
  if not config.getoption('extras_only'):
    return
  chosen = [item for item in items
            if any(hasattr(part, 'needs_extra')
                   for part in (item.function, item.cls))]
  config.hook.pytest_deselected(
      items=[item for item in items if item not in chosen])
  items[:] = chosen


def pytest_configure():
  flags.FLAGS.mark_as_parsed()


def pytest_unconfigure():
  shutil.rmtree(_DIRECTORY, ignore_errors=True)
