"""The BUILD files fit the sources and tools/dependencies.py."""

import pathlib
import shutil

from absl.testing import absltest
from absl.testing import parameterized

from tools.bazel import build_files

# Under Bazel too, the checkout: runfiles are links to it.
ROOT = pathlib.Path(__file__).resolve().parents[3]

BUILD_DEFS = 'tools/bazel/build_defs.bzl'
LOADS = '''\
load("@rules_python//python:defs.bzl", "py_binary", "py_library")
load("//tools/bazel:build_defs.bzl", "py_tests")
'''
FILES = {
    'BUILD': '''
package_group(
    name = "leaves",
    packages = ["//benchmarks/...", "//tests/...", "//tools/..."],
)
''',
    'master/__init__.py':
        'def load():\n  from master.layers import linear\n  return linear\n',
    'master/errors.py': 'import os\n',
    'master/BUILD': LOADS + '''
py_library(
    name = "__init__",
    srcs = ["__init__.py"],
    visibility = ["//:__subpackages__"],
)

py_library(
    name = "errors",
    srcs = ["errors.py"],
    visibility = ["//:leaves", "//master:__subpackages__"],
    deps = [":__init__"],
)
''',
    'master/layers/__init__.py': '',
    'master/layers/linear.py': 'from master.errors import InputError\n',
    'master/layers/dense.py': 'from master.layers import linear\n',
    'master/layers/BUILD': LOADS + '''
py_library(
    name = "layers",
    srcs = glob(["*.py"]),
    visibility = ["//:leaves"],
    deps = ["//master:__init__", "//master:errors"],
)
''',
    'master/cli/__init__.py': '',
    'master/cli/train.py':
        "from master import errors\nif __name__ == '__main__':\n  1\n",
    'master/cli/BUILD': LOADS + '''
py_library(
    name = "cli",
    srcs = glob(["*.py"]),
    visibility = ["//:leaves"],
    deps = ["//master:__init__", "//master:errors"],
)

py_binary(name = "master-train", srcs = ["train.py"], main = "train.py")
''',
    'tests/conftest.py': '',
    'tests/cli/train_test.py':
        "MODULE = 'master.cli.train'\nif __name__ == '__main__':\n  1\n",
    'tests/cli/BUILD': LOADS + '''
py_tests(
    large = ["train_test"],
    deps = ["//master/cli"],
)
''',
}


class BuildFilesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.root = pathlib.Path(self.create_tempdir().full_path)
    for name, text in FILES.items():
      self.write(name, text)
    (self.root / BUILD_DEFS).parent.mkdir(parents=True)
    shutil.copy(ROOT / BUILD_DEFS, self.root / BUILD_DEFS)

  def write(self, name, text):
    (self.root / name).parent.mkdir(parents=True, exist_ok=True)
    (self.root / name).write_text(text, encoding='utf-8')

  def faults(self):
    return build_files.BuildFiles(self.root).faults()

  def test_checkout(self):
    faults = build_files.BuildFiles(ROOT).faults()
    self.assertEmpty(faults, '\n'.join(['', *faults]))

  def test_small_checkout(self):
    self.assertEmpty(self.faults())

  @parameterized.parameters(
      ('master/layers/BUILD', 'glob(["*.py"])', '["__init__.py", "linear.py"]',
       'master/layers/dense.py is to be in the srcs of one library or test, '
       'and is in 0: []'),
      ('master/layers/BUILD', 'glob(["*.py"])', 'glob(["*.py"]) + ["conv.py"]',
       '//master/layers:layers has no master/layers/conv.py'),
      ('master/layers/BUILD', '"//master:__init__", ', '',
       '//master/layers:layers: deps lack "//master:__init__", which '
       'master/layers/linear.py needs'),
      ('master/BUILD', '[":__init__"]', '[":__init__", "//master/layers"]',
       '//master:errors: deps need no "//master/layers"'),
      ('tests/cli/BUILD', '["//master/cli"]', '[]',
       '//tests/cli:train_test: deps lack "//master/cli", which '
       'tests/cli/train_test.py needs'),
      ('master/layers/BUILD', '"//:leaves"', '"//:leaves", "//master:__pkg__"',
       '//master/layers:layers may not be visible to //master '
       '(tools/dependencies.py)'),
      ('master/BUILD', '"//master:__subpackages__"', '"//master/cli:__pkg__"',
       '//master:errors is to be visible to //master/layers '
       '(tools/dependencies.py)'),
      ('master/cli/BUILD', 'main = "train.py"', 'main = "eval.py"',
       'master/cli/train.py is a command without a py_binary'))
  def test_fault(self, name, old, new, fault):
    self.assertIn(old, FILES[name])
    self.write(name, FILES[name].replace(old, new))
    self.assertEqual(self.faults(), [fault])

  def test_new_module_and_new_import(self):
    self.write('master/layers/conv.py', '')
    self.assertEmpty(self.faults())
    self.write('master/layers/conv.py', 'from master.cli import train\n')
    self.assertEqual(self.faults(), [
        '//master/layers:layers: deps lack "//master/cli", which '
        'master/layers/conv.py needs'])

  def test_a_test_without_a_main_block(self):
    self.write('tests/cli/eval_test.py', 'from master.cli import train\n')
    self.assertEqual(self.faults(), [
        'tests/cli/eval_test.py runs no test under Bazel: it has no __main__ '
        'block'])

  def test_subpackage_with_a_build_file_of_its_own(self):
    recursive = FILES['master/layers/BUILD'].replace('*.py', '**/*.py')
    self.write('master/layers/BUILD', recursive)
    self.write('master/layers/inner/conv.py', '')
    self.assertEmpty(self.faults())
    self.write('master/layers/inner/BUILD', '')
    self.assertContainsSubset([
        'master/layers/inner/conv.py is to be in the srcs of one library or '
        'test, and is in 0: []',
        '//master/layers:layers is to be visible to //master/layers/inner '
        '(tools/dependencies.py)'], self.faults())

  def test_size_of_a_test_that_is_gone(self):
    (self.root / 'tests/cli/train_test.py').unlink()
    with self.assertRaisesRegex(
        ValueError, 'tests/cli/BUILD: large names no test: train_test'):
      self.faults()


if __name__ == '__main__':
  absltest.main()
