"""What tools/setup_venv does when it works and what it says when it cannot."""

import os
import pathlib
import shutil
import subprocess
import sys

from absl.testing import absltest

ROOT = pathlib.Path(__file__).parents[2]

# Answers as an interpreter does, and notes what pip is asked to do.
FAKE_PYTHON = '''#!/bin/sh
case "$*" in
  -c*) echo {version} ;;
  '-m venv'*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
  *) echo "$*" >>{calls}; echo '{output}'; exit {status} ;;
esac
'''


class SetupVenvTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.directory = pathlib.Path(self.create_tempdir().full_path)
    self.venv = self.directory / 'venv'
    self.log = self.directory / 'venv.log'
    self.calls = self.directory / 'calls'

  def fake_python(self, version='3.11', output='', status=0):
    path = self.directory / 'python'
    path.write_text(FAKE_PYTHON.format(
        version=version, calls=self.calls, output=output, status=status))
    path.chmod(0o755)
    return str(path)

  def run_setup(self, script=ROOT / 'tools/setup_venv', **environment):
    return subprocess.run(
        [str(script), str(self.venv)], env={**os.environ, **environment},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

  def assert_fails_in_one_line(self, done, *words):
    self.assertEqual(done.returncode, 1, done.stderr)
    self.assertEqual(done.stdout, '')
    *progress, line = done.stderr.splitlines()
    self.assertLessEqual(len(progress), 1, done.stderr)
    for word in words:
      self.assertIn(word, line)
    self.assertFalse(self.venv.exists())

  def test_wrong_python_version(self):
    done = self.run_setup(PYTHON=self.fake_python('3.8'))
    self.assert_fails_in_one_line(done, 'is Python 3.8', '3.10 to 3.13')

  def test_no_such_python(self):
    done = self.run_setup(PYTHON=str(self.directory / 'absent'))
    self.assert_fails_in_one_line(done, 'absent', '3.10 to 3.13')

  def test_no_room_on_disk(self):
    done = self.run_setup(PYTHON=sys.executable, SETUP_VENV_MB='1000000000')
    self.assert_fails_in_one_line(done, 'no room on disk', '1000000000 MiB')

  def test_disk_fills_while_installing(self):
    done = self.run_setup(PYTHON=self.fake_python(
        output='ERROR: [Errno 28] No space left on device', status=1))
    self.assert_fails_in_one_line(done, 'no room on disk', str(self.log))

  def test_no_package_index(self):
    done = self.run_setup(
        PYTHON=sys.executable, PIP_INDEX_URL='http://127.0.0.1:9/simple',
        PIP_EXTRA_INDEX_URL='', PIP_FIND_LINKS='', PIP_NO_CACHE_DIR='1',
        PIP_RETRIES='0', PIP_CONFIG_FILE=os.devnull)
    self.assert_fails_in_one_line(done, 'package index', 'network',
                                  str(self.log))
    self.assertIn('setuptools', self.log.read_text())

  def test_other_failures_are_quoted(self):
    done = self.run_setup(PYTHON=self.fake_python(
        output='ERROR: the wheel is square', status=1))
    self.assert_fails_in_one_line(done, 'the wheel is square', str(self.log))

  def test_installs_once_and_again_after_a_change(self):
    checkout = self.directory / 'check out'
    (checkout / 'tools').mkdir(parents=True)
    for name in ('tools/setup_venv', 'constraints.txt', 'setup.cfg',
                 'pyproject.toml'):
      shutil.copy(ROOT / name, checkout / name)
    script = checkout / 'tools/setup_venv'
    python = self.fake_python()

    done = self.run_setup(script, PYTHON=python)
    self.assertEqual(done.returncode, 0, done.stderr)
    self.assertIn('-e ' + str(checkout), self.calls.read_text())

    self.calls.unlink()
    done = self.run_setup(script, PYTHON=python)
    self.assertEqual((done.returncode, done.stderr), (0, ''))
    self.assertFalse(self.calls.exists())

    with open(checkout / 'constraints.txt', 'a', encoding='utf-8') as f:
      f.write('another==1\n')
    self.run_setup(script, PYTHON=python)
    self.assertTrue(self.calls.exists())

  def test_keeps_the_python_it_has_where_none_is_named(self):
    self.run_setup(PYTHON=self.fake_python())
    before = self.calls.read_text()
    done = self.run_setup(PYTHON='')
    self.assertEqual((done.returncode, done.stderr), (0, ''))
    self.assertEqual(self.calls.read_text(), before)

  def test_another_python_version_makes_the_environment_anew(self):
    self.run_setup(PYTHON=self.fake_python('3.11'))
    done = self.run_setup(PYTHON=self.fake_python('3.12'))
    self.assertEqual(done.returncode, 0, done.stderr)
    version = subprocess.run([str(self.venv / 'bin/python'), '-c', ''],
                             capture_output=True, text=True, check=True)
    self.assertEqual(version.stdout, '3.12\n')


if __name__ == '__main__':
  absltest.main()
