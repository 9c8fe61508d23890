"""Tests that flagfiles parse, and that no setting goes unread."""

import ast
import dataclasses
import os
import pathlib

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized

from master import config as config_lib
from master.cli import config_flags
from master.cli import render_lmdb
from master.cli import train
from tests.support import flag_registry

ROOT = pathlib.Path(__file__).resolve().parents[1]
FLAGFILES = sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / 'flags').rglob('*.flags'))
# Those of flags/rendering are for render_lmdb, all others for training.
RENDERING = [path for path in FLAGFILES if 'flags/rendering/' in path]
TRAINING = [path for path in FLAGFILES if path not in RENDERING]
GROUPS = (config_lib.ModelConfig, config_lib.DataConfig,
          config_lib.TrainConfig, config_lib.DecodeConfig,
          config_lib.AugmentConfig)


def _attributes_read() -> set[str]:
  """Names read as `something.name` in the modules that use a configuration."""
  names = set()
  for path in (ROOT / 'master').rglob('*.py'):
    if path.name == 'config.py' or path.parent.name == 'cli':
      continue
    names |= {node.attr for node in ast.walk(ast.parse(path.read_text()))
              if isinstance(node, ast.Attribute)}
  return names


class FlagfilesTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    flag_registry.isolate(self)
    # Nested --flagfile paths are relative to the working directory.
    self.addCleanup(os.chdir, os.getcwd())
    os.chdir(ROOT)

  def _parse(self, path: str) -> list:
    train.define_flags()
    flags.FLAGS(['train', f'--flagfile={path}', '--model_dir=m',
                 '--train_lmdb=a'])
    return [config_flags.from_flags(group, flags.FLAGS) for group in GROUPS]

  def test_there_are_flagfiles(self):
    self.assertContainsSubset(
        {f'flags/model/{name}.flags' for name in ('base', 'small', 'tiny')},
        FLAGFILES)

  @parameterized.parameters(*TRAINING)
  def test_parses_and_says_what_it_is(self, path):
    self._parse(path)
    self.assertRegex((ROOT / path).read_text(), r'^# [A-Z].{20,}')

  @parameterized.parameters(*zip(RENDERING))
  def test_flags_of_rendering_parse_and_say_what_they_are(self, path):
    render_lmdb.define_flags()
    flags.FLAGS(['render_lmdb', f'--flagfile={path}', '--output=o',
                 '--count=1'])
    self.assertRegex((ROOT / path).read_text(), r'^# [A-Z].{20,}')

  def test_base_is_the_default_model(self):
    self.assertEqual(config_lib.ModelConfig(),
                     self._parse('flags/model/base.flags')[0])

  @parameterized.parameters('small', 'tiny')
  def test_presets_are_the_base_graph_narrower(self, name):
    model = self._parse(f'flags/model/{name}.flags')[0]
    base = config_lib.ModelConfig()
    self.assertEqual((base.stage_blocks, base.num_layers, base.charset),
                     (model.stage_blocks, model.num_layers, model.charset))
    self.assertLess(model.hidden_size, base.hidden_size)

  def test_no_setting_goes_unread(self):
    fields = {field.name for group in GROUPS
              for field in dataclasses.fields(group)}
    self.assertEmpty(fields - _attributes_read())


if __name__ == '__main__':
  absltest.main()
