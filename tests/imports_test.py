"""The one-way dependencies, read from the source of every module."""

import ast
import pathlib
import re

from absl.testing import absltest

from tools import dependencies

ROOT = pathlib.Path(__file__).parents[1]

_PRIVATE_TENSORFLOW = re.compile(
    r'(^|\.)keras(\.|$)|^tensorflow\.python|^tensorflow_estimator')


def _attributes(path):
  """Dotted names used in a file, such as `tf.estimator.Estimator`."""
  for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
    if isinstance(node, ast.Attribute):
      yield ast.unparse(node), node.lineno


class ImportsTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.modules = dependencies.modules(ROOT)
    cls.imports = {name: dependencies.imports(path, cls.modules)
                   for name, path in cls.modules.items()}

  def own(self):
    """Modules outside the tests, with their path."""
    return {name: path for name, path in self.modules.items()
            if not name.startswith('tests')}

  def test_arrows(self):
    # Were the reading wrong, nothing would be found and nothing fail.
    self.assertIn('master.layers.linear',
                  [i.module for i in self.imports['master.layers.attention']])
    faults = [
        f'{name}:{i.line} imports {i.module}'
        for name, found in self.imports.items() for i in found
        if i.module in self.modules
        and not dependencies.may_import(name, i.module)]
    self.assertEmpty(faults)

  def test_no_test_is_imported(self):
    self.assertTrue(dependencies.may_import(
        'tests.a_test', 'tests.support.commands'))
    self.assertFalse(dependencies.may_import('tests.a_test', 'tests.b_test'))

  def test_every_part_has_its_rule(self):
    parts = {dependencies.part_of(name) for name in self.modules}
    self.assertContainsSubset(parts, {*dependencies.ALLOWED,
                                      *dependencies.LEAVES})
    self.assertContainsSubset(dependencies.ALLOWED, parts)

  def test_rules_have_no_cycle(self):
    below = {part: set(parts)
             for part, parts in dependencies.ALLOWED.items()}
    while below:
      free = [part for part, parts in below.items() if not parts & set(below)]
      self.assertNotEmpty(free, f'cycle among {sorted(below)}')
      for part in free:
        del below[part]

  def test_imports_are_absolute_and_of_modules(self):
    trees = ('', 'master', *dependencies.LEAVES)
    faults = [f'{name}:{i.line} imports {i.module}'
              for name, found in self.imports.items() for i in found
              if i.module.split('.')[0] in trees
              and i.module not in self.modules]
    self.assertEmpty(faults)

  def test_only_commands_touch_flags(self):
    faults = [f'{name}:{i.line} imports {i.module}'
              for name in self.own() for i in self.imports[name]
              if i.module in ('absl.flags', 'absl.app')
              and dependencies.part_of(name) not in ('master.cli',
                                                     'benchmarks')]
    self.assertEmpty(faults)

  def test_no_private_or_keras_api(self):
    faults = []
    for name, path in self.own().items():
      faults += [f'{name}:{i.line} imports {i.module}'
                 for i in self.imports[name]
                 if _PRIVATE_TENSORFLOW.search(i.module)]
      faults += [f'{name}:{line} uses {attribute}'
                 for attribute, line in _attributes(path)
                 if re.search(r'^tf\.(keras|layers|contrib|python)\b'
                              r'|^tf\.compat\.v\d\.(keras|layers)\b',
                              attribute)]
    self.assertEmpty(faults)

  def test_only_our_estimator_touches_the_original(self):
    faults = [f'{name}:{line} uses {attribute}'
              for name, path in self.own().items()
              for attribute, line in _attributes(path)
              if attribute.startswith('tf.estimator')
              and dependencies.part_of(name) != 'master.estimator']
    self.assertEmpty(faults)

  def test_tensorflow_is_imported_in_its_version_1_form(self):
    faults = [f'{name}:{i.line} imports {i.module}'
              for name in self.own() if name.startswith('master')
              for i in self.imports[name]
              if i.module.split('.')[0] == 'tensorflow'
              and i.module != 'tensorflow.compat.v1']
    self.assertEmpty(faults)

  def loaded_by(self, name, seen):
    """Modules that importing `name` imports, itself included."""
    if name in seen or name not in self.modules:
      seen.add(name)
      return seen
    seen.add(name)
    parts = name.split('.')
    for length in range(1, len(parts)):
      self.loaded_by('.'.join(parts[:length]), seen)
    for i in self.imports[name]:
      if not i.is_lazy:
        self.loaded_by(i.module, seen)
    return seen

  def test_tensorflow_free_modules(self):
    self.assertIn('tensorflow.compat.v1',
                  self.loaded_by('master.layers.linear', set()))
    faults = []
    for rule in dependencies.TENSORFLOW_FREE:
      names = [name for name in self.modules
               if name == rule or name.startswith(rule + '.')]
      self.assertNotEmpty(names, f'{rule} is no module')
      faults += [f'{name} loads {loaded}' for name in names
                 for loaded in self.loaded_by(name, set())
                 if loaded.split('.')[0] == 'tensorflow']
    self.assertEmpty(faults)


if __name__ == '__main__':
  absltest.main()
