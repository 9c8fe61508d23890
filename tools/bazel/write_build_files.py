#!/usr/bin/env python3
"""Writes the BUILD files of all Python packages from what they import.

  tools/bazel/write_build_files.py            writes them
  tools/bazel/write_build_files.py --check    only tells which are out of date

Visibility comes from tools/dependencies.py.
"""

import argparse
import ast
import pathlib
import sys
from typing import Iterable, Mapping

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

# Found by the line above where this file is run as a script.
from tools import dependencies  # noqa: E402

HEADER = '# Written by tools/bazel/write_build_files.py from the imports.\n'

# Top-level module -> name on the package index, where they differ.
PIP_NAMES = {'PIL': 'pillow', 'absl': 'absl-py', 'google': 'protobuf',
             'grpc': 'grpcio', 'tensorflow_serving': 'tensorflow-serving-api'}

# What imports do not tell: files that a module reads, and beginnings of the
# names of modules that it runs as processes.
LAUNCHERS = ('//bin:launchers', '//data_tools:launchers', '//tools:launch')
# A checkpoint's files are named by its step.
WEIGHTS = tuple(f':{path.name}' for path in sorted(
    (ROOT / 'master' / 'pretrained').glob('model.ckpt-*')))
DATA = {
    'benchmarks.finetune': ('//docs:fine_tuning', '//flags'),
    'benchmarks.peer_environment': ('//:packaging', ':peers.txt'),
    'master': (':py.typed',),
    'master.cli.quickstart': (*LAUNCHERS, '//flags'),
    'master.pretrained': (':README.md', ':checkpoint', ':config.json',
                          *WEIGHTS),
    'master.report.page': (':page.css', ':page.html', ':page.js'),
    'tests.bin.launchers_test': LAUNCHERS,
    'tests.charset_test': ('//flags',),
    'tests.docs.integration_test': ('//docs:integration',),
    'tests.docs.python_test': ('//docs:python',),
    'tests.docs.serving_test': ('//bin:launchers', '//docs:serving',
                                '//tools:launch'),
    'tests.flagfiles_test': ('//flags',),
    'tests.package_test': (*LAUNCHERS, '//:packaging'),
    'tests.tools.pretrained_backgrounds_test': (
        '//tools/pretrained_backgrounds',),
    'tests.tools.pretrained_fonts_test': ('//tools/pretrained_fonts',),
    'tests.tools.setup_venv_test': ('//:packaging', '//tools:setup_venv'),
}
MODULES = {
    'benchmarks.finetune': 'master.cli',
    'benchmarks.peers': 'master.cli',
    'master.cli.quickstart': 'master.cli',
    'tests.bin.launchers_test': 'master.cli',
    'tests.cli.import_checkpoint_test': 'master.cli',
    'tests.docs.python_test': 'master.reader',
    'tests.docs.serving_test': 'master.cli',
    'tests.flagfiles_test': 'master',
    'tests.imports_test': '',
    'tests.package_test': 'master',
    'tests.report.gallery_test': 'master.report.page',  # Reads page.js.
    'tools.long_training.commands': 'tools.long_training.flag_check',
    'tools.long_training.main': 'master.cli',
}

# Tests that take minutes: Bazel gives them 15, the others 5.
LARGE = ('tests.benchmarks.latency_test', 'tests.cli.import_checkpoint_test',
         'tests.cli.train_test', 'tests.docs.serving_test',
         'tests.export.onnx_model_test', 'tests.export.saved_model_test',
         'tests.importing.conversion_test',
         'tests.importing.original_models_test',
         'tests.tools.long_training.main_test',
         'tests.tools.long_training.supervisor_test',
         'tests.runs.training_test')

# Scripts that tests take as data.
EXPORTED = {'tools': ('launch', 'setup_venv')}


def label(module: str, package: str, known: Mapping[str, pathlib.Path]) -> str:
  """The label of a module's library, as written in a package's BUILD file.

  Args:
    module: dotted name.
    package: directory of the BUILD file, e.g. `master/layers`.
    known: from `dependencies.modules`.
  """
  path = known[module]
  directory = module.replace('.', '/')
  if path.name != '__init__.py':
    directory = directory.rpartition('/')[0]
  if directory == package:
    return ':' + path.stem
  if directory.endswith('/' + path.stem):
    return '//' + directory
  return f'//{directory}:{path.stem}'


def _in_order(labels: Iterable[str]) -> list[str]:
  """Labels in the order that buildifier asks for."""
  return sorted(labels, key=lambda item: (not item.startswith(':'),
                                          item.replace(':', '!')))


def _strings(path: pathlib.Path) -> set[str]:
  """All string literals of a file."""
  return {node.value for node in ast.walk(ast.parse(path.read_text('utf-8')))
          if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _attribute(name: str, items: Iterable[str], pip: Iterable[str] = ()) -> str:
  """A list-valued attribute of a rule; nothing where the list is empty."""
  lines = [f'        "{item}",\n' for item in items]
  lines += [f'        # pip: {item}\n' for item in sorted(pip)]
  return f'    {name} = [\n{"".join(lines)}    ],\n' if lines else ''


def _rule(kind: str, name: str, *attributes: str) -> str:
  return f'{kind}(\n    name = "{name}",\n{"".join(attributes)})\n'


class Writer:
  """The BUILD files of one checkout."""

  def __init__(self, root: pathlib.Path):
    self._root = root
    self._known = dependencies.modules(root)
    self._imports = {name: dependencies.imports(path, self._known)
                     for name, path in self._known.items()}

  def files(self) -> dict[pathlib.Path, str]:
    """Path -> content of every BUILD file."""
    packages = {}
    for name, path in self._known.items():
      if path.name != 'conftest.py':  # pytest's alone
        packages.setdefault(path.parent, []).append(name)
    return {directory / 'BUILD': self._package(directory, sorted(names))
            for directory, names in packages.items()}

  def _package(self, directory: pathlib.Path, names: list[str]) -> str:
    package = directory.relative_to(self._root).as_posix()
    targets = [self._target(name, package) for name in names]
    rules = sorted({rule for target in targets
                    for rule in ('library', 'binary', 'test')
                    if f'master_py_{rule}(' in target})
    loads = ', '.join(f'"master_py_{rule}"' for rule in rules)
    parts = [HEADER + f'load("//tools/bazel:build_defs.bzl", {loads})\n']
    if package != 'master' and 'library' in rules:
      lines = ''.join(f'    "{group}",\n'
                      for group in self._visibility(names[0]))
      parts.append(f'package(default_visibility = [\n{lines}])\n')
    if package in EXPORTED:
      lines = ''.join(f'        "{name}",\n' for name in EXPORTED[package])
      parts.append(f'exports_files(\n    [\n{lines}    ],\n'
                   '    visibility = ["//visibility:public"],\n)\n')
    return '\n'.join(parts + targets)

  def _dependencies(self, name: str) -> tuple[set[str], set[str]]:
    """Modules of the checkout and pip packages that a module needs."""
    own, pip = set(), set()
    # What `master` imports when it is asked to depends on it.
    for i in self._imports[name] if name != 'master' else ():
      top = i.module.split('.')[0]
      if i.module in self._known:
        own.add(i.module)
      elif top not in sys.stdlib_module_names:
        pip.add(PIP_NAMES.get(top, top))
    package = name.rpartition('.')[0]
    if package.count('.') and not self._imports.get(package, True):
      own.add(package)  # Its __init__.py is empty but runs.
    if name.startswith('tests.'):
      # So a test names the modules that it runs as processes.
      own |= _strings(self._known[name]) & set(self._known)
    if name in MODULES:
      own |= {other for other in self._known
              if other.startswith(MODULES[name])
              and not other.endswith(('_test', '.conftest'))}
    if name.startswith('master'):
      own.discard('master')  # build_defs.bzl adds it.
    return own - {name}, pip

  def _target(self, name: str, package: str) -> str:
    own, pip = self._dependencies(name)
    deps = _attribute('deps', _in_order(
        label(module, package, self._known) for module in own), pip)
    path = self._known[name]
    data = self._data(name)
    if path.stem.endswith('_test'):
      size = '    size = "large",\n' if name in LARGE else ''
      return _rule('master_py_test', path.stem, size, data, deps)
    # Only `master` itself holds parts of different rank.
    visibility = _attribute(
        'visibility', self._visibility(name) if package == 'master' else ())
    testonly = '    testonly = True,\n' if package.startswith('tests') else ''
    text = _rule('master_py_library', path.stem, testonly, data, visibility,
                 deps)
    if package == 'master/cli' and '__name__' in path.read_text('utf-8'):
      text += '\n' + _rule(
          'master_py_binary', 'master-' + path.stem.replace('_', '-'),
          _attribute('data', ['//flags']), f'    module = "{path.stem}",\n')
    return text

  def _data(self, name: str) -> str:
    path = self._known[name]
    strings = _strings(path)
    data = set(DATA.get(name, ()))
    if name.startswith('tests.'):
      if any(text.split('/')[0] == 'flags' for text in strings):
        data.add('//flags')
      if 'testdata' in strings and (path.parent / 'testdata').is_dir():
        return '    data = glob(["testdata/**"]),\n'
    return _attribute('data', _in_order(data))

  def _visibility(self, name: str) -> list[str]:
    part = dependencies.part_of(name)
    if part in dependencies.LEAVES:
      return _in_order({f'//{part}:__subpackages__', '//tests:__subpackages__'})
    if name == 'master':
      return ['//:__subpackages__']
    labels = {f'//{leaf}:__subpackages__' for leaf in dependencies.LEAVES}
    for other, allowed in dependencies.ALLOWED.items():
      if other in self._known and (part in allowed or part == other):
        is_package = self._known[other].name == '__init__.py'
        labels.add(f'//{other.replace(".", "/")}:__subpackages__'
                   if is_package and other != 'master' else '//master:__pkg__')
    return _in_order(labels)


def main(arguments: Iterable[str]) -> int:
  """Writes or checks; returns the exit status."""
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument('--check', action='store_true',
                      help='write nothing; exit status 1 where a file is '
                      'out of date')
  parser.add_argument('--root', type=pathlib.Path, default=ROOT,
                      help='checkout to work on')
  options = parser.parse_args(list(arguments))
  stale = {path: text for path, text in Writer(options.root).files().items()
           if not path.exists() or path.read_text('utf-8') != text}
  for path, text in stale.items():
    if not options.check:
      path.write_text(text, 'utf-8')
    print(path.relative_to(options.root),
          'is out of date' if options.check else 'written')
  return 1 if stale and options.check else 0


if __name__ == '__main__':
  sys.exit(main(sys.argv[1:]))
