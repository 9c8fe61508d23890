"""Tests of tools/pretrained_backgrounds."""

import hashlib
import os
import pathlib
import shutil
import subprocess

from absl.testing import absltest
from absl.testing import parameterized

FOLDER = (pathlib.Path(__file__).parents[2] / 'tools'
          / 'pretrained_backgrounds')
# What `collect` runs, beside apt-get, dpkg-deb and unzip.
_PROGRAMS = ('sh', 'dirname', 'readlink', 'mkdir', 'mv', 'rm', 'ln', 'ls',
             'wc', 'sha256sum', 'basename')


class ListsTest(absltest.TestCase):

  def test_each_picture_has_a_checksum_a_licence_and_a_package(self):
    lines = (FOLDER / 'pictures.txt').read_text(encoding='utf-8').splitlines()
    names, sums, licences, packages, _ = zip(*(line.split('\t')
                                               for line in lines))
    self.assertLen(set(names), 67)
    self.assertLen(set(sums), 67)
    for value in sums:
      self.assertRegex(value, '^[0-9a-f]{64}$')
    self.assertContainsSubset(
        ['CC0-1.0', 'CC-BY-4.0', 'CC-BY-SA-3.0', 'CC-BY-SA-4.0', 'GPL-2+',
         'LGPL-3'], licences)
    self.assertLen(set(licences), 6)
    pinned = (FOLDER / 'debian.txt').read_text().split()
    self.assertCountEqual(set(packages), [p.split('=')[0] for p in pinned])
    for package in pinned:
      self.assertRegex(package, r'^[a-z0-9.+-]+=[0-9][^=]*$')


class CollectTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.path = self.create_tempdir().full_path
    for name in _PROGRAMS:
      os.symlink(shutil.which(name), os.path.join(self.path, name))
    # Packages of one picture each, the second in an archive.
    self.program('apt-get', ': > "${3%%=*}_1_all.deb"')
    self.program('dpkg-deb', 'mkdir -p "$3/usr"\n'
                 'printf %s "$3" > "$3/usr/a.jpg"\n: > "$3/usr/b.jar"')
    self.program('unzip', 'printf %s "$3"')
    self.tool = pathlib.Path(self.create_tempdir().full_path)
    shutil.copy(FOLDER / 'collect', self.tool)
    (self.tool / 'debian.txt').write_text('one=1:2\ntwo=3\n')
    self.list('one.part', 'in/b.jpg')
    self.target = os.path.join(self.create_tempdir().full_path, 'new')

  def list(self, *contents):
    """Writes pictures.txt for two pictures of some contents."""
    sums = [hashlib.sha256(text.encode()).hexdigest() for text in contents]
    (self.tool / 'pictures.txt').write_text(
        f'A.jpg\t{sums[0]}\tCC0-1.0\tone\tusr/a.jpg\n'
        f'B.jpg\t{sums[1]}\tGPL-2+\ttwo\tusr/b.jar!in/b.jpg\n')

  def program(self, name, body):
    path = os.path.join(self.path, name)
    with open(path, 'w', encoding='utf-8') as f:
      f.write(f'#!/bin/sh\n{body}\n')
    os.chmod(path, 0o755)

  def collect(self, *arguments):
    return subprocess.run(
        [str(self.tool / 'collect'), *arguments], text=True, check=False,
        capture_output=True, env={'PATH': self.path})

  def assert_refused(self, process, text):
    self.assertEqual(2, process.returncode, process.stderr)
    self.assertRegex(process.stderr, f'^collect: {text}[^\n]*\n$')

  def test_wrong_use_is_one_line(self):
    self.assert_refused(self.collect(), 'FOLDER')
    self.assert_refused(self.collect('a', 'b'), 'FOLDER')

  @parameterized.parameters('apt-get', 'dpkg-deb', 'unzip', 'sha256sum')
  def test_without_a_program(self, name):
    os.remove(os.path.join(self.path, name))
    self.assert_refused(self.collect(self.target), f'{name}: not found')
    self.assertFalse(os.path.exists(self.target))

  def test_gathers_all_and_again_fetches_nothing(self):
    process = self.collect(self.target)
    self.assertEqual((0, '2\n'), (process.returncode, process.stdout),
                     process.stderr)
    pictures = pathlib.Path(self.target) / 'backgrounds'
    self.assertEqual('one.part', (pictures / 'A.jpg').read_text())
    self.assertEqual('in/b.jpg', (pictures / 'B.jpg').read_text())
    self.program('apt-get', 'exit 1')
    self.assertEqual(0, self.collect(self.target).returncode)

  def test_a_package_that_cannot_be_fetched(self):
    self.program('apt-get', 'case $3 in two*) exit 100;; esac\n'
                 ': > "${3%%=*}_1_all.deb"')
    self.assert_refused(self.collect(self.target), 'two=3: cannot be fetched')

  def test_a_picture_that_is_another(self):
    self.list('one.part', 'other')
    self.assert_refused(self.collect(self.target),
                        '.*B.jpg: not the picture of pictures.txt')

  def test_a_picture_that_is_not_there(self):
    (self.tool / 'pictures.txt').write_text(f'A\t{"0" * 64}\tX\tone\tno.jpg\n')
    self.assert_refused(self.collect(self.target), '.*one/no.jpg: not there')


if __name__ == '__main__':
  absltest.main()
