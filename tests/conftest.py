"""Lets the test cases of absl and TensorFlow run under pytest."""

import os
import shutil
import tempfile

from absl import flags

# absl's default is one directory for all processes, whose tests would then
# delete each other's files.
_DIRECTORY = tempfile.mkdtemp(prefix='master_test_')
os.environ['TEST_TMPDIR'] = _DIRECTORY


def pytest_configure():
  flags.FLAGS.mark_as_parsed()


def pytest_unconfigure():
  shutil.rmtree(_DIRECTORY, ignore_errors=True)
