"""Tests of tools/pretrained_fonts."""

import json
import os
import pathlib
import shutil
import subprocess

from absl.testing import absltest

from master.rendering import fonts

FOLDER = pathlib.Path(__file__).parents[2] / 'tools' / 'pretrained_fonts'
# What `collect` runs, beside npm and dpkg-query.
_PROGRAMS = ('sh', 'dirname', 'readlink', 'cp', 'find', 'rm', 'mkdir', 'ln',
             'wc')
STYLES = ('text', 'display', 'script', 'blackletter', 'pixel')


def _rows():
  lines = (FOLDER / 'fonts.txt').read_text(encoding='utf-8').splitlines()
  return [line.split('\t') for line in lines]


class ListsTest(absltest.TestCase):

  def test_each_font_has_a_name_and_a_package(self):
    names, files, styles = zip(*_rows())
    self.assertGreater(len(names), 1079)
    self.assertLen(set(names), len(names))
    self.assertLen(set(files), len(names))
    self.assertEqual(set(STYLES), set(styles))
    packages = json.loads((FOLDER / 'package.json').read_text())[
        'dependencies']
    found = set()
    for file in files:
      if not file.startswith('/'):
        scope = 2 if file.startswith('@') else 1
        found.add('/'.join(file.split('/')[:scope]))
    self.assertCountEqual(found, packages)
    for version in packages.values():
      self.assertRegex(version, r'^\d+\.\d+\.\d+$')

  def test_wrong_glyphs_are_of_fonts_in_the_list(self):
    names = {row[0] for row in _rows()}
    lines = (FOLDER / fonts.WRONG_GLYPHS).read_text().splitlines()
    for line in lines:
      name, characters = line.split('\t')
      self.assertIn(name, names)
      self.assertNotEmpty(characters)
      self.assertLen(set(characters), len(characters), name)
    self.assertLen({line.split('\t')[0] for line in lines}, len(lines))


class CollectTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = self.create_tempdir().full_path
    for name in _PROGRAMS:
      os.symlink(shutil.which(name), os.path.join(self.path, name))
    self.target = os.path.join(self.create_tempdir().full_path, 'new')

  def program(self, name, body):
    path = os.path.join(self.path, name)
    with open(path, 'w', encoding='utf-8') as f:
      f.write(f'#!/bin/sh\n{body}\n')
    os.chmod(path, 0o755)

  def collect(self, *arguments):
    return subprocess.run(
        [str(FOLDER / 'collect'), *arguments], text=True, check=False,
        capture_output=True, env={'PATH': self.path})

  def assert_refused(self, process, text):
    self.assertEqual(2, process.returncode, process.stderr)
    self.assertRegex(process.stderr, f'^collect: {text}[^\n]*\n$')
    self.assertFalse(os.path.exists(self.target))

  def test_wrong_use_is_one_line(self):
    self.assert_refused(self.collect(), 'FOLDER')
    self.assert_refused(self.collect('a', 'b'), 'FOLDER')

  def test_without_npm(self):
    self.assert_refused(self.collect(self.target), 'npm: not found')

  def test_names_the_packages_that_are_missing(self):
    self.program('npm', 'exit 1')
    self.program('dpkg-query',
                 'case $4 in fonts-play) exit 1;; *) echo installed;; esac')
    process = self.collect(self.target)
    self.assert_refused(process, 'fonts are missing')
    self.assertEndsWith(process.stderr,
                        '--no-install-recommends fonts-play\n')

  def test_links_every_font_or_says_which_is_not_there(self):
    # An npm that writes what the list names, all but the last.
    files = [row[1] for row in _rows() if not row[1].startswith('/')]
    listed = os.path.join(self.path, 'files')
    with open(listed, 'w', encoding='utf-8') as f:
      f.writelines(file + '\n' for file in files[:-1])
    self.program('npm', 'while read -r file; do\n'
                 'mkdir -p "node_modules/${file%/*}"\n'
                 ': > "node_modules/$file"\n'
                 f'done < {listed}')
    self.program('dpkg-query', 'echo installed')
    process = self.collect(self.target)
    self.assertEqual(2, process.returncode)
    self.assertRegex(process.stderr, '^collect: .*: not there')


if __name__ == '__main__':
  absltest.main()
