"""The BUILD files that tools/bazel/write_build_files.py writes."""

import contextlib
import io
import pathlib

from absl.testing import absltest

from tools import dependencies
from tools.bazel import write_build_files

FILES = {
    'master/__init__.py': '',
    'master/errors.py': 'import os\n',
    'master/layers/__init__.py': '',
    'master/layers/linear.py':
        'import tensorflow.compat.v1 as tf\nfrom master import errors\n',
    'master/layers/dense.py':
        'from absl import logging\nfrom master.layers import linear\n'
        'from master.errors import InputError\n',
    'master/cli/__init__.py': '',
    'master/cli/train.py':
        "from master.layers import dense\nif __name__ == '__main__':\n  1\n",
    'tests/conftest.py': '',
    'tests/support/test_util.py': '',
    'tests/cli/train_test.py':
        "from tests import test_util\nMODULE = 'master.cli.train'\n"
        "FLAGFILE = 'flags/model/tiny.flags'\n",
}

LAYERS = '''\
# Written by tools/bazel/write_build_files.py from the imports.
load("//tools/bazel:build_defs.bzl", "master_py_library")

package(default_visibility = [
    "//benchmarks:__subpackages__",
    "//master/layers:__subpackages__",
    "//tests:__subpackages__",
    "//tools:__subpackages__",
])

master_py_library(
    name = "__init__",
)

master_py_library(
    name = "dense",
    deps = [
        ":__init__",
        ":linear",
        "//master:errors",
        # pip: absl-py
    ],
)

master_py_library(
    name = "linear",
    deps = [
        ":__init__",
        "//master:errors",
        # pip: tensorflow
    ],
)
'''

CLI_TEST = '''\
# Written by tools/bazel/write_build_files.py from the imports.
load("//tools/bazel:build_defs.bzl", "master_py_test")

master_py_test(
    name = "train_test",
    size = "large",
    data = [
        "//flags",
    ],
    deps = [
        "//master/cli:train",
        "//tests:test_util",
    ],
)
'''


class WriteBuildFilesTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    for name, text in FILES.items():
      (self.root / name).parent.mkdir(parents=True, exist_ok=True)
      (self.root / name).write_text(text, encoding='utf-8')

  def run_main(self, *arguments):
    """Exit status and the lines printed."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
      status = write_build_files.main(['--root', str(self.root), *arguments])
    return status, output.getvalue().splitlines()

  def build_file(self, package):
    return (self.root / package / 'BUILD').read_text(encoding='utf-8')

  def test_dependencies_and_visibility(self):
    self.assertEqual(self.run_main()[0], 0)
    self.assertEqual(self.build_file('master/layers'), LAYERS)

  def test_every_tree_that_may_import_all_may_see_all(self):
    self.run_main()
    for package in ('master', 'master/layers', 'master/cli'):
      for leaf in dependencies.LEAVES:
        self.assertIn(f'"//{leaf}:__subpackages__"', self.build_file(package))

  def test_tests_name_modules_they_run_flagfiles_and_size(self):
    self.run_main()
    self.assertEqual(self.build_file('tests/cli'), CLI_TEST)

  def test_commands_become_binaries(self):
    self.run_main()
    self.assertIn('master_py_binary(\n    name = "master-train",\n',
                  self.build_file('master/cli'))

  def test_conftest_is_left_to_pytest(self):
    self.run_main()
    self.assertNotIn('conftest', self.build_file('tests'))

  def test_check_tells_what_is_out_of_date(self):
    self.run_main()
    self.assertEqual(self.run_main('--check'), (0, []))
    (self.root / 'master/layers/linear.py').write_text('', encoding='utf-8')
    before = self.build_file('master/layers')
    self.assertEqual(self.run_main('--check'),
                     (1, ['master/layers/BUILD is out of date']))
    self.assertEqual(self.build_file('master/layers'), before)


if __name__ == '__main__':
  absltest.main()
