"""The launchers in bin/ and data_tools/ start their command from anywhere."""

import os
import pathlib
import shutil
import subprocess
import sys

from absl.testing import absltest
from absl.testing import parameterized

ROOT = pathlib.Path(__file__).parents[2]
LAUNCHERS = ('bin/train', 'bin/eval', 'bin/predict', 'bin/export',
             'bin/import_checkpoint', 'data_tools/create_lmdb',
             'data_tools/copy_lmdb', 'data_tools/render_lmdb',
             'data_tools/check_lmdb', 'data_tools/count_kinds',
             'data_tools/show_augmentation', 'data_tools/plot_metrics')

FAKE_PYTHON = '''#!/bin/sh
echo "$PYTHONPATH"
for argument; do echo "$argument"; done
'''


class LaunchersTest(parameterized.TestCase):

  def launch(self, path, *arguments):
    # Without a .venv in the checkout the launchers take python3 from PATH.
    bin_directory = self.create_tempdir().full_path
    python = pathlib.Path(bin_directory, 'python3')
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    environment = {**os.environ,
                   'PATH': bin_directory + os.pathsep + os.environ['PATH']}
    return subprocess.run(
        [str(path), *arguments], cwd=self.create_tempdir().full_path,
        env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, check=False)

  @parameterized.parameters(*LAUNCHERS)
  def test_help(self, launcher):
    done = self.launch(ROOT / launcher, '--help')
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertIn('--flagfile', done.stdout + done.stderr)

  @parameterized.parameters(*LAUNCHERS)
  def test_unknown_flag(self, launcher):
    done = self.launch(ROOT / launcher, '--no_such_flag_at_all')
    self.assertEqual(done.returncode, 2, done.stderr)
    self.assertIn('no_such_flag_at_all', done.stderr)
    self.assertNotIn('Traceback', done.stderr)

  @parameterized.parameters(*LAUNCHERS)
  def test_takes_the_python_of_the_checkout(self, launcher):
    checkout = pathlib.Path(self.create_tempdir().full_path, 'check out')
    for name in (launcher, 'tools/launch'):
      (checkout / name).parent.mkdir(parents=True)
      shutil.copy(ROOT / name, checkout / name)
    python = checkout / '.venv/bin/python'
    python.parent.mkdir(parents=True)
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    link = pathlib.Path(self.create_tempdir().full_path, 'link')
    link.symlink_to(checkout / launcher)

    done = self.launch(link, '--a=two words', '')
    self.assertEqual(done.returncode, 0, done.stderr)
    path, *arguments = done.stdout.split('\n')[:-1]
    self.assertEqual(path.split(os.pathsep)[0], str(checkout))
    self.assertEqual(
        arguments,
        ['-m', 'master.cli.' + launcher.split('/')[1], '--a=two words', ''])


if __name__ == '__main__':
  absltest.main()
