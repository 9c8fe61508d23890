"""Tests of master/cli/flags_file.py."""

import dataclasses
import os

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized

from master import charset as charset_lib
from master import config as config_lib
from master.cli import config_flags
from master.cli import flags_file
from tests.support import flag_registry
from tests.support import test_util

_NAMES = [field.name for field in dataclasses.fields(config_lib.ModelConfig)]


class FlagsFileTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    flag_registry.isolate(self)
    config_flags.define(config_lib.ModelConfig)
    flags.DEFINE_string('note', None, 'A flag of no model.')
    self.folder = self.create_tempdir().full_path

  def write(self, config, *arguments, names=_NAMES, **more):
    flags.FLAGS(['command', *arguments])
    flags_file.write(self.folder, flags.FLAGS, names, config, **more)
    with open(os.path.join(self.folder, 'flags.txt'), encoding='utf-8') as f:
      return f.read()

  def read(self):
    """What a process makes of the file that starts elsewhere."""
    self.addCleanup(os.chdir, os.getcwd())
    os.chdir('/')
    flags.FLAGS(['command', f'--flagfile={self.folder}/flags.txt'])
    return config_flags.from_flags(config_lib.ModelConfig, flags.FLAGS)

  @parameterized.parameters(
      {}, {'charset': charset_lib.NAMED_CHARSETS['95']},
      {'charset': 'b #日ä'}, {'gcb_scale_mask': True, 'dropout_rate': 0.125},
      {'scale_embedding': False, 'gcb_fusion': 'concat'})
  def test_gives_the_model_back(self, **changes):
    config = test_util.tiny_config(**changes)
    self.write(config)
    self.assertEqual(config, self.read())

  def test_flags_stay_as_they_are(self):
    self.write(test_util.TINY, '--gcb_heads=4')
    self.assertEqual(4, flags.FLAGS.gcb_heads)
    self.assertEqual(config_lib.ModelConfig(gcb_heads=4),
                     config_flags.from_flags(config_lib.ModelConfig,
                                             flags.FLAGS))

  def test_lines(self):
    text = self.write(
        config_lib.ModelConfig(charset=charset_lib.NAMED_CHARSETS['36']),
        '--note=two words', names=['stage_blocks', 'charset', 'note'])
    self.assertEqual(
        ['--stage_blocks=1,2,5,3', '--charset=36', '--note=two words'],
        text.splitlines()[1:])
    self.assertStartsWith(text, '# ')
    self.assertEqual(['flags.txt'], os.listdir(self.folder))

  def test_flags_without_a_value_are_left_out(self):
    self.assertNotIn('note', self.write(test_util.TINY,
                                        names=['image_width', 'note']))

  def test_charset_without_a_name(self):
    text = self.write(test_util.TINY, names=['charset'])
    self.assertIn(f'\n--charset={self.folder}/charset.txt\n', text)
    with open(os.path.join(self.folder, 'charset.txt'),
              encoding='utf-8') as f:
      self.assertEqual('a\nb\nc\nd\ne\nf\ng\n', f.read())
    self.assertCountEqual(['flags.txt', 'charset.txt'],
                          os.listdir(self.folder))

  def test_path_is_absolute(self):
    self.addCleanup(os.chdir, os.getcwd())
    os.chdir(self.folder)
    flags.FLAGS(['command'])
    flags_file.write('.', flags.FLAGS, ['charset'], test_util.TINY)
    with open('flags.txt', encoding='utf-8') as f:
      self.assertIn(f'--charset={os.getcwd()}/charset.txt\n', f.read())

  def test_directory_that_is_moved_later(self):
    text = self.write(test_util.TINY, names=['charset'],
                      final_dir='/models/moved')
    self.assertIn('--charset=/models/moved/charset.txt\n', text)
    self.assertTrue(os.path.exists(os.path.join(self.folder, 'charset.txt')))


if __name__ == '__main__':
  absltest.main()
