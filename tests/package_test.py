"""What a pip install puts on the path: `master` and the commands."""

import configparser
import importlib.util
import os
import pathlib
import shutil
import subprocess
import sys

from absl.testing import absltest

import master

ROOT = pathlib.Path(__file__).parents[1]


def _has_build_tool():
  if importlib.util.find_spec('setuptools') is None:
    return False
  import setuptools
  return int(setuptools.__version__.split('.')[0]) >= 71


class PackageTest(absltest.TestCase):

  @absltest.skipUnless(_has_build_tool(), 'Needs setuptools 71 or newer.')
  def test_installs_nothing_but_master(self):
    # Of a copy: building writes beside the sources.
    source = pathlib.Path(self.create_tempdir().full_path, 'source')
    source.mkdir()
    for name in ('setup.cfg', 'pyproject.toml'):
      shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / 'master', source / 'master',
                    ignore=shutil.ignore_patterns('__pycache__'))
    for name in ('tests', 'benchmarks', 'tools'):
      (source / name).mkdir()
      (source / name / '__init__.py').touch()
    target = self.create_tempdir().full_path
    done = subprocess.run(
        [sys.executable, '-m', 'pip', 'install', '--no-deps', '--no-index',
         '--no-build-isolation', '--target', target, str(source)],
        capture_output=True, text=True, check=False)
    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
    name = f'master_ocr-{master.__version__}.dist-info'
    self.assertCountEqual(os.listdir(target), ['bin', 'master', name])
    self.assertTrue(os.path.isfile(
        os.path.join(target, 'master/layers/attention.py')))
    self.assertIn('master-train', os.listdir(os.path.join(target, 'bin')))
    for name in ('py.typed', 'report/page.css', 'report/page.html',
                 'report/page.js'):
      self.assertTrue(os.path.isfile(
          os.path.join(target, 'master', name)), name)
    self.assertEqual(
        sorted(path.name for path in (ROOT / 'master/pretrained').iterdir()
               if path.name not in ('BUILD', '__pycache__')),
        sorted(name for name in os.listdir(
            os.path.join(target, 'master/pretrained'))
               if name != '__pycache__'))

  def test_every_command_has_its_module(self):
    setup = configparser.ConfigParser()
    setup.read(ROOT / 'setup.cfg', encoding='utf-8')
    lines = setup['options.entry_points']['console_scripts'].split('\n')
    scripts = dict(line.split(' = ') for line in lines if line)
    launchers = [*(ROOT / 'bin').iterdir(), *(ROOT / 'data_tools').iterdir()]
    commands = [path.name for path in launchers if not path.suffix]
    self.assertIn('train', commands)
    expected = {f'master-{name.replace("_", "-")}': f'master.cli.{name}:run'
                for name in commands if name != 'BUILD'}
    self.assertEqual(scripts, expected)
    for name in expected.values():
      module = name.split(':')[0].replace('.', '/') + '.py'
      self.assertIn('\ndef run(', (ROOT / module).read_text(encoding='utf-8'))


if __name__ == '__main__':
  absltest.main()
