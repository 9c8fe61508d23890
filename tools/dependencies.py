"""Allowed imports between the parts of the project.

The one table behind tests/imports_test.py and the BUILD files' visibility
(tools/bazel/build_files.py). Standard library only.
"""

import ast
import pathlib
from typing import NamedTuple

_FOUNDATIONS = (
    'master.errors', 'master.files', 'master.charset', 'master.config')

# Part -> the parts of `master` it may import beside itself.
ALLOWED = {
    'master': ('master.reader',),
    'master.errors': (),
    'master.tensorflow_import': (),
    'master.parallel': (),
    'master.progress': (),
    'master.hardware': (),
    'master.files': ('master.errors',),
    'master.charset': ('master.errors',),
    'master.config': ('master.errors', 'master.files', 'master.charset'),
    'master.layers': _FOUNDATIONS,
    'master.decoding': _FOUNDATIONS,
    'master.models': (*_FOUNDATIONS, 'master.layers', 'master.decoding'),
    'master.images': _FOUNDATIONS,
    'master.data': (*_FOUNDATIONS, 'master.images'),
    'master.inputs': (*_FOUNDATIONS, 'master.data', 'master.images'),
    'master.metrics': _FOUNDATIONS,
    'master.evaluation': (*_FOUNDATIONS, 'master.metrics'),
    'master.estimator': ('master.errors',),
    'master.training': (*_FOUNDATIONS, 'master.images', 'master.estimator'),
    'master.model_fn': (
        *_FOUNDATIONS, 'master.decoding', 'master.inputs', 'master.layers',
        'master.models', 'master.metrics', 'master.training',
        'master.estimator'),
    'master.pretrained': ('master.errors', 'master.config'),
    'master.importing': (
        *_FOUNDATIONS, 'master.layers', 'master.models', 'master.estimator'),
    'master.export': (
        *_FOUNDATIONS, 'master.images', 'master.layers', 'master.models',
        'master.model_fn', 'master.estimator'),
    'master.reader': (
        *_FOUNDATIONS, 'master.pretrained', 'master.tensorflow_import',
        'master.images', 'master.export'),
    'master.rendering': ('master.errors', 'master.files', 'master.parallel'),
    'master.report': (*_FOUNDATIONS, 'master.images', 'master.metrics',
                      'master.evaluation', 'master.rendering'),
    'master.runs': (
        *_FOUNDATIONS, 'master.progress', 'master.images', 'master.data',
        'master.inputs', 'master.metrics', 'master.evaluation',
        'master.estimator', 'master.training', 'master.model_fn',
        'master.export', 'master.report'),
    'master.cli': (
        'master', *_FOUNDATIONS, 'master.parallel', 'master.progress',
        'master.hardware', 'master.tensorflow_import', 'master.images',
        'master.data', 'master.inputs', 'master.models', 'master.metrics',
        'master.evaluation', 'master.training', 'master.rendering',
        'master.estimator', 'master.model_fn', 'master.runs', 'master.export',
        'master.report', 'master.importing', 'master.pretrained',
        'master.reader'),
}

# Trees that may import all of `master`, and that nothing imports but they
# themselves and the tests.
LEAVES = ('benchmarks', 'tests', 'tools')

# Modules, or whole packages, that must start without TensorFlow: commands
# answer --help at once, and reader processes stay small.
TENSORFLOW_FREE = (
    'master.errors', 'master.charset', 'master.config', 'master.files',
    'master.parallel', 'master.progress', 'master.data', 'master.evaluation',
    *(f'master.metrics.{name}' for name in (
        'bins', 'calibration', 'counts', 'edit_distance', 'protocols',
        'significance')),
    'master.tensorflow_import', 'master.images.encode',
    'master.export.reading', 'master.pretrained', 'master.reader',
    'master.rendering', 'master.report',
    'master.training.curves', 'master.training.metrics_log',
    'master.cli.app', 'master.cli.config_flags', 'master.cli.check_lmdb',
    'master.cli.copy_lmdb', 'master.cli.count_kinds', 'master.cli.create_lmdb',
    'master.cli.plot_metrics', 'master.cli.render_lmdb')


class Import(NamedTuple):
  """One import statement's module, e.g. `master.config` or `numpy`."""
  module: str
  line: int
  is_lazy: bool  # Inside a function, or for type checkers: it need not run.


def modules(root: pathlib.Path) -> dict[str, pathlib.Path]:
  """All modules of the checkout: dotted name -> path. Packages included."""
  found = {}
  for tree in ('master', *LEAVES):
    for path in sorted((root / tree).rglob('*.py')):
      parts = path.relative_to(root).with_suffix('').parts
      if parts[-1] == '__init__':
        parts = parts[:-1]
      found['.'.join(parts)] = path
  return found


def _need_not_run(node: ast.AST) -> bool:
  if isinstance(node, ast.If):
    return ast.unparse(node.test) == 'TYPE_CHECKING'
  return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))


def _walk(node: ast.AST, is_lazy: bool):
  for child in ast.iter_child_nodes(node):
    yield child, is_lazy
    yield from _walk(child, is_lazy or _need_not_run(child))


def imports(path: pathlib.Path, known: dict[str, pathlib.Path]
            ) -> list[Import]:
  """What a file imports, in order of appearance.

  Args:
    path: a Python file.
    known: from `modules`; tells `from package import module` from
      `from module import name`.

  Returns:
    One entry per imported name, as its module where it is a name within a
    module of the checkout. A relative import begins with a dot.
  """
  found = []
  for node, is_lazy in _walk(ast.parse(path.read_text(encoding='utf-8')),
                             False):
    if isinstance(node, ast.Import):
      names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
      base = '.' if node.level else node.module
      inner = [f'{base}.{alias.name}' for alias in node.names]
      names = [base if base in known and name not in known else name
               for name in inner]
    else:
      continue
    found += [Import(name, node.lineno, is_lazy) for name in names]
  return found


def part_of(module: str) -> str:
  """The key of ALLOWED or the tree of LEAVES that a module belongs to."""
  parts = module.split('.')
  return '.'.join(parts[:2]) if parts[0] == 'master' else parts[0]


def may_import(importer: str, imported: str) -> bool:
  """Whether one module of the checkout may import another."""
  importing, part = part_of(importer), part_of(imported)
  if imported.endswith('_test'):
    # Each test is a target of its own that none but its runner may see; what
    # tests share lies beside them, as in tests/support/commands.py.
    return False
  if importing == part or importing == 'tests':
    return True
  if part in LEAVES:
    return False
  return importing in LEAVES or part in ALLOWED.get(importing, ())
