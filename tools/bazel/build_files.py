"""Check of the BUILD files against the sources, without Bazel.

BUILD files and tools/bazel/build_defs.bzl are read by running them as Python,
of which their language is a part, with rules that only take notes. Each
library states its own `visibility`.
"""

import ast
import pathlib
import types
from typing import Collection, Iterable, Iterator, Mapping, NamedTuple

from tools import dependencies

_RULES = ('exports_files', 'filegroup', 'package_group', 'py_binary',
          'py_library', 'py_test')
_BUILD_DEFS = 'tools/bazel/build_defs.bzl'
# `master/__init__.py`, which importing any module below it runs.
_ROOT_LIBRARY = '//master:__init__'


class Target(NamedTuple):
  """One call of a rule in a BUILD file."""
  rule: str
  package: str  # Directory of the BUILD file, e.g. `master/layers`.
  attributes: Mapping[str, object]

  @property
  def label(self) -> str:
    return f'//{self.package}:{self.attributes["name"]}'

  def labels(self, attribute: str) -> set[str]:
    """A list of labels, each in its full form `//package:name`."""
    return {_full(label, self.package)
            for label in self.attributes.get(attribute, ())}

  def sources(self) -> list[str]:
    """Paths of `srcs` from the root of the checkout."""
    return [(pathlib.PurePath(self.package) / path).as_posix()
            for path in self.attributes.get('srcs', ())]


def _full(label: str, package: str) -> str:
  if label.startswith(':'):
    return f'//{package}{label}'
  return label if ':' in label else f'{label}:{label.rpartition("/")[2]}'


def _short(label: str) -> str:
  package, _, name = label.partition(':')
  return package if package.rpartition('/')[2] == name else label


def _read(root: pathlib.Path, package: str) -> list[Target]:
  """What one BUILD file defines."""
  directory, found = root / package, []

  def glob(include, exclude=()):
    names = {path.relative_to(directory).as_posix()
             for pattern in include for path in directory.glob(pattern)
             if path.is_file() and not any(
                 (parent / 'BUILD').exists() for parent in path.parents
                 if directory in parent.parents)}
    return sorted(names.difference(*(
        [path.relative_to(directory).as_posix()
         for path in directory.glob(pattern)] for pattern in exclude)))

  def fail(message):
    raise ValueError(f'{package}/BUILD: {message}')

  def rule(name):
    def note(*unused_files, **attributes):
      if 'name' in attributes:
        found.append(Target(name, package, attributes))
    return note

  def run(path, scope):
    exec(compile(path.read_text('utf-8'), str(path), 'exec'), scope)
    return scope

  rules = {name: rule(name) for name in _RULES}
  rules |= {'glob': glob, 'load': lambda *names: None}
  macros = run(root / _BUILD_DEFS, {
      **rules, 'fail': fail, 'native': types.SimpleNamespace(glob=glob)})
  run(directory / 'BUILD', {**macros, **rules})
  return found


class BuildFiles:
  """The BUILD files of one checkout."""

  def __init__(self, root: pathlib.Path):
    self._root = root
    self._known = dependencies.modules(root)
    self._names = {path.relative_to(root).as_posix(): name
                   for name, path in self._known.items()}
    self._packages = ['', *sorted(
        path.parent.relative_to(root).as_posix()
        for tree in ('master', *dependencies.LEAVES)
        for path in (root / tree).rglob('BUILD'))]
    self._targets = [target for package in self._packages
                     for target in _read(root, package)]
    self._owners = {}  # Module -> labels of libraries and tests.
    for target in self._targets:
      if target.rule in ('py_library', 'py_test'):
        for path in target.sources():
          if path in self._names:
            self._owners.setdefault(self._names[path], []).append(target.label)

  def faults(self) -> list[str]:
    """One line for each thing that is missing or too much."""
    return [*self._source_faults(), *self._dependency_faults(),
            *self._visibility_faults(), *self._command_faults()]

  def _is_program(self, path: str) -> bool:
    return '__main__' in (self._root / path).read_text('utf-8')

  def _source_faults(self) -> Iterator[str]:
    for path, name in self._names.items():
      owners = self._owners.get(name, [])
      if len(owners) != 1 and not path.endswith('conftest.py'):  # pytest's
        yield (f'{path} is to be in the srcs of one library or test, '
               f'and is in {len(owners)}: {owners}')
    for target in self._targets:
      for path in target.sources():
        if not (self._root / path).exists():
          yield f'{target.label} has no {path}'
        elif target.rule == 'py_test' and not self._is_program(path):
          yield f'{path} runs no test under Bazel: it has no __main__ block'

  def _needed(self, target: Target) -> dict[str, str]:
    """Label of each library that a target imports -> file that does."""
    needed = {}
    for path in target.sources():
      if path not in self._names:
        continue
      name, text = self._names[path], (self._root / path).read_text('utf-8')
      modules = {i.module
                 for i in dependencies.imports(self._root / path, self._known)
                 # What `master` loads when asked to depends on `master`.
                 if not (name == 'master' and i.is_lazy)}
      if target.rule == 'py_test':  # So it names what it runs as a process.
        modules |= {node.value for node in ast.walk(ast.parse(text))
                    if isinstance(node, ast.Constant)
                    and isinstance(node.value, str) and '.' in node.value}
      for module in modules:
        for label in self._owners.get(module, ()):
          needed[label] = path
      if name.startswith('master.'):
        needed[_ROOT_LIBRARY] = path
    needed.pop(target.label, None)
    return needed

  def _dependency_faults(self) -> Iterator[str]:
    for target in self._targets:
      if target.rule not in ('py_library', 'py_test') or not target.sources():
        continue
      needed, given = self._needed(target), target.labels('deps')
      for label in sorted(set(needed) - given):
        yield (f'{target.label}: deps lack "{_short(label)}", which '
               f'{needed[label]} needs')
      if target.rule == 'py_library':  # Tests may need more than they import.
        for label in sorted(given - set(needed)):
          yield f'{target.label}: deps need no "{_short(label)}"'

  def _below(self, trees: Collection[str]) -> set[str]:
    """The packages of some folders."""
    return {package for package in self._packages for tree in trees
            if package == tree or package.startswith(tree + '/')}

  def _visible(self, labels: Iterable[str]) -> set[str]:
    """The packages that a list of labels gives sight to."""
    groups = {target.label: target.attributes['packages']
              for target in self._targets if target.rule == 'package_group'}
    packages = set()
    for label in labels:
      tree, _, kind = label.removeprefix('//').partition(':')
      if label in ('//:__subpackages__', '//visibility:public'):
        packages |= set(self._packages)
      elif kind == '__pkg__':
        packages.add(tree)
      elif kind == '__subpackages__':
        packages |= self._below([tree])
      else:
        packages |= self._below([pattern.removeprefix('//').removesuffix('/...')
                                 for pattern in groups.get(label, ())])
    return packages

  def _allowed(self, part: str) -> set[str]:
    """The packages that tools/dependencies.py lets import a part."""
    if part == 'master':
      return set(self._packages)
    if part in dependencies.LEAVES:
      return self._below([part, 'tests'])
    folders = [name.replace('.', '/')
               for name, parts in dependencies.ALLOWED.items()
               if name == part or part in parts]
    # A module of `master` itself, as master/config.py, has no BUILD file.
    modules = [folder for folder in folders
               if folder == 'master' or (self._root / f'{folder}.py').exists()]
    return (self._below([*dependencies.LEAVES, *set(folders) - set(modules)])
            | ({'master'} if modules else set()))

  def _visibility_faults(self) -> Iterator[str]:
    for target in self._targets:
      if target.rule != 'py_library':
        continue
      visible = self._visible(target.attributes.get('visibility', ()))
      parts = {dependencies.part_of(self._names[path])
               for path in target.sources() if path in self._names}
      for part in sorted(parts):
        allowed = self._allowed(part)
        for verb, packages in (('is to', allowed - visible),
                               ('may not', visible - allowed)):
          packages.discard(target.package)  # It always sees itself.
          if packages:
            yield (f'{target.label} {verb} be visible to '
                   f'{", ".join("//" + name for name in sorted(packages))} '
                   '(tools/dependencies.py)')

  def _command_faults(self) -> Iterator[str]:
    mains = {f'{target.package}/{target.attributes["main"]}'
             for target in self._targets if target.rule == 'py_binary'}
    for path, name in self._names.items():
      if (name.startswith('master.cli.') and path not in mains
          and self._is_program(path)):
        yield f'{path} is a command without a py_binary'
