"""Tests of benchmarks/peer_environment.py; nothing is installed."""

import contextlib
import hashlib
import io
import os
import pathlib
import re
from unittest import mock

from absl.testing import absltest

from benchmarks import peer_environment
from master import errors
from tests.support import commands

# Makes environments of itself, and notes what it is asked to do.
_FAKE_PYTHON = '''#!/bin/sh
echo "$*" >>{calls}
case "$*" in
  '-m venv'*) mkdir -p "$4/bin" && cp "$0" "$4/bin/python"
              touch "$4/pyvenv.cfg" ;;
  '-c'*) echo /packages ;;
  *) echo 'ERROR: no such index'; echo done; exit {status} ;;
esac
'''


class MakeTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.venv = str(self.folder / 'venv')
    self.calls = self.folder / 'calls'

  def _python(self, status=0):
    path = self.folder / 'python'
    path.write_text(_FAKE_PYTHON.format(calls=self.calls, status=status))
    path.chmod(0o755)
    return str(path)

  def _make(self, python):
    with contextlib.redirect_stderr(io.StringIO()):
      return peer_environment.make(self.venv, python)

  def test_installs_the_pinned_packages_once(self):
    python = self._python()
    own = self._make(python)
    self.assertEqual(os.path.join(self.venv, 'bin', 'python'), own)
    install = (f'-m pip install --no-input --no-deps -r '
               f'{commands.ROOT}/benchmarks/peers.txt '
               f'-c {commands.ROOT}/constraints.txt')
    wanted = [f'-m venv --clear {self.venv}', install]
    self.assertEqual(wanted, self.calls.read_text().splitlines())
    self.assertEqual(own, self._make(python))
    self.assertEqual(wanted, self.calls.read_text().splitlines())
    self.assertEqual('/packages', peer_environment.packages_folder(own))

  def test_other_ways_to_one_interpreter_are_the_same(self):
    python = self._python()
    self._make(python)
    link = self.folder / 'link'
    link.symlink_to(python)
    self._make(str(link))
    self.assertLen(self.calls.read_text().splitlines(), 2)

  def test_installs_anew_where_pins_have_changed(self):
    python = self._python()
    self._make(python)
    pins = self.folder / 'pins'
    pins.write_text('rapidocr==4\n')
    with mock.patch.object(peer_environment, '_PINS', (str(pins),) * 2):
      self._make(python)
    self.assertLen(self.calls.read_text().splitlines(), 4)

  def test_a_failed_installation_is_told_and_tried_again(self):
    for _ in range(2):
      with self.assertRaisesRegex(
          errors.InputError, f'--peer_venv={self.venv}: .*ERROR: no such index'
          f'.*{self.venv}.log'):
        self._make(self._python(status=1))
    self.assertLen(self.calls.read_text().splitlines(), 4)

  def test_a_folder_of_something_else_is_left_alone(self):
    os.mkdir(self.venv)
    kept = pathlib.Path(self.venv, 'mine')
    kept.write_text('a')
    with self.assertRaisesRegex(errors.InputError, 'holds something else'):
      self._make(self._python())
    self.assertEqual('a', kept.read_text())
    self.assertFalse(self.calls.exists())

  def test_a_folder_that_cannot_be_made(self):
    path = self.folder / 'file'
    path.write_text('')
    self.venv = str(path / 'venv')
    with self.assertRaisesRegex(errors.InputError, '--peer_venv=.*cannot be'):
      self._make(self._python())

  def test_every_package_is_pinned(self):
    # Without its version a package would be another one next year.
    constraints = pathlib.Path(commands.ROOT, 'constraints.txt').read_text()
    pinned = set(re.findall('^([^=\n]+)==', constraints, re.MULTILINE))
    lines = pathlib.Path(commands.ROOT, 'benchmarks', 'peers.txt').read_text()
    names = [line for line in lines.splitlines() if not line.startswith('#')]
    self.assertContainsSubset(['onnxruntime', 'rapidocr==3.10.0'], names)
    self.assertEmpty([name for name in names
                      if '==' not in name and name not in pinned])


class FindTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.packages, self.own = (self.create_tempdir().full_path
                               for _ in range(2))
    digest = {content: hashlib.sha256(content).hexdigest()
              for content in (b'small', b'other')}
    peers = {'a': peer_environment.Peer('PP-OCRv0', 'small', (
        peer_environment.File('first/a.onnx', digest[b'small']),
        peer_environment.File('second/rec.onnx', digest[b'other'],
                              'second/dict.txt')))}
    self.enter_context(mock.patch.object(peer_environment, 'PEERS', peers))

  def _write(self, folder, name, content):
    path = pathlib.Path(folder, name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return str(path)

  def _find(self, own=None):
    return peer_environment.find(['a'], self.packages, own)['a']

  def test_the_first_that_is_there(self):
    other = self._write(self.packages, 'second/rec.onnx', b'other')
    self.assertEqual((other, f'{self.packages}/second/dict.txt'), self._find())
    small = self._write(self.packages, 'first/a.onnx', b'small')
    self.assertEqual((small, None), self._find())
    # A folder without the file is none to complain of.
    self.assertEqual((small, None), self._find(self.own))
    own = self._write(self.own, 'a.onnx', b'small')
    self.assertEqual((own, None), self._find(self.own))

  def test_another_file_under_that_name(self):
    for folder, name in ((self.packages, 'second/rec.onnx'),
                         (self.own, 'a.onnx')):
      path = self._write(folder, name, b'torn')
      with self.assertRaisesRegex(
          errors.InputError, f'{path}: its SHA-256 is .*, not .*; bring'):
        self._find(self.own)

  def test_no_file(self):
    for own, where in ((None, 'a folder and give --peer_models=that folder'),
                       (self.own, f'{self.own} and give --peer_models='
                        f'{self.own}')):
      with self.assertRaisesRegex(
          errors.InputError, r'^--peers: a needs a.onnx \(SHA-256 \w{64}\), .*'
          f'put it into {where}, or leave a out of --peers'):
        self._find(own)


if __name__ == '__main__':
  absltest.main()
