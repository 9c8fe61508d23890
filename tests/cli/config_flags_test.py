"""Tests of master/cli/config_flags.py."""

import dataclasses

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized

from master import config
from master import errors
from master.cli import config_flags
from tests.support import flag_registry

_GROUPS = (config.ModelConfig, config.DataConfig, config.TrainConfig,
           config.DecodeConfig, config.AugmentConfig, config.ExportConfig)
_FIELDS = [(cls, field) for cls in _GROUPS for field in dataclasses.fields(cls)]
# What absl calls the types of fields.
_TYPES = {int: 'int', float: 'float', bool: 'bool', str: 'string',
          tuple[int, ...]: 'comma separated list of strings',
          tuple[str, ...]: 'comma separated list of strings'}


class CommonFlagsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.known = flag_registry.isolate(self)

  def parse(self, *arguments: str) -> flags.FlagValues:
    flags.FLAGS(['command', *arguments])
    return flags.FLAGS

  def define_all(self):
    for cls in _GROUPS:
      config_flags.define(cls)

  def own_flags(self) -> set[str]:
    return set(flags.FLAGS) - self.known

  @parameterized.parameters(*_GROUPS)
  def test_each_field_has_one_flag_and_its_default(self, cls):
    config_flags.define(cls)
    # A yes-or-no flag is one entry; absl makes no extra one for --no.
    self.assertEqual({field.name for field in dataclasses.fields(cls)},
                     self.own_flags())
    self.assertEqual(cls(), config_flags.from_flags(cls, self.parse()))

  def test_flags_are_of_the_type_of_their_fields(self):
    self.define_all()
    for _, field in _FIELDS:
      flag = flags.FLAGS[field.name]
      if field.metadata['choices']:
        self.assertEqual('string enum', flag.flag_type())
        self.assertSequenceEqual(field.metadata['choices'],
                                 flag.parser.enum_values)
      else:
        self.assertEqual(_TYPES[field.type], flag.flag_type(), field.name)

  def test_groups_do_not_clash(self):
    self.define_all()
    fields = [field.name for _, field in _FIELDS]
    self.assertLen(set(fields), len(fields))
    self.assertEqual(set(fields), self.own_flags())

  def test_each_flag_explains_itself(self):
    self.define_all()
    for name in self.own_flags():
      self.assertRegex(flags.FLAGS[name].help, r'(?s)^[A-Z0-9<].{10,}\.$',
                       name)

  def test_help_tells_the_bounds(self):
    self.define_all()
    self.assertEndsWith(flags.FLAGS['dropout_rate'].help,
                        'Must be in [0, 1).')
    self.assertNotIn('Must be', flags.FLAGS['seed'].help)

  def test_unset_flags_are_judged_where_they_are_given(self):
    config_flags.define_unset(config.DecodeConfig, ('beam_size',), 'Else 7.')
    self.assertEqual({'beam_size'}, self.own_flags())
    self.assertEndsWith(flags.FLAGS['beam_size'].help,
                        'Must be at least 1. Else 7.')
    self.assertIsNone(self.parse().beam_size)
    self.assertEqual(3, self.parse('--beam_size=3').beam_size)
    with self.assertRaisesRegex(flags.IllegalFlagValueError,
                                '--beam_size=0: must be at least 1'):
      self.parse('--beam_size=0')

  def test_given_flags_are_not_judged(self):
    config_flags.define(config.ModelConfig, validate=False)
    values = self.parse('--hidden_size=3', '--stem_channels=1,2',
                        '--noscale_embedding', '--charset=36')
    self.assertEqual(
        {'hidden_size': 3, 'stem_channels': (1, 2), 'scale_embedding': False,
         'charset': '0123456789abcdefghijklmnopqrstuvwxyz'},
        config_flags.given(config.ModelConfig, values))

  def test_values_reach_their_fields(self):
    self.define_all()
    values = self.parse(
        '--image_height=32', '--image_width=96', '--charset=36',
        '--stem_channels=3,5', '--stage_channels=6,8,12,16',
        '--stage_blocks=1, 1, 2, 1', '--gcb_heads=4', '--gcb_ratio=2',
        '--gcb_fusion=concat', '--gcb_scale_mask', '--hidden_size=16',
        '--num_heads=2', '--noscale_embedding', '--batch_size=7',
        '--noshuffle', '--optimizer=momentum', '--learning_rate=0.25',
        '--noearly_stop', '--augment=0.5', '--augment_curve=0',
        '--augment_jpeg=1')
    model = config_flags.from_flags(config.ModelConfig, values)
    self.assertEqual(
        config.ModelConfig(
            image_height=32, image_width=96,
            charset='0123456789abcdefghijklmnopqrstuvwxyz',
            stem_channels=(3, 5), stage_channels=(6, 8, 12, 16),
            stage_blocks=(1, 1, 2, 1), gcb_heads=4, gcb_ratio=2,
            gcb_fusion='concat', gcb_scale_mask=True, hidden_size=16,
            num_heads=2, scale_embedding=False), model)
    self.assertEqual(config.DataConfig(batch_size=7, shuffle=False),
                     config_flags.from_flags(config.DataConfig, values))
    self.assertEqual(
        config.TrainConfig(optimizer='momentum', learning_rate=0.25),
        config_flags.from_flags(config.TrainConfig, values))
    self.assertEqual(
        config.AugmentConfig(augment=0.5, augment_curve=0.0,
                             augment_jpeg=1.0),
        config_flags.from_flags(config.AugmentConfig, values))
    self.assertEqual(config.DecodeConfig(early_stop=False),
                     config_flags.from_flags(config.DecodeConfig, values))

  def test_later_lists_replace_earlier_ones(self):
    # As when a flagfile is followed by a flag of one's own.
    self.define_all()
    values = self.parse('--stem_channels=3,5', '--stem_channels=7,11')
    self.assertEqual(
        (7, 11),
        config_flags.from_flags(config.ModelConfig, values).stem_channels)

  def test_charset_file(self):
    path = self.create_tempfile(content='b\na\n日\n').full_path
    config_flags.define(config.ModelConfig)
    values = self.parse(f'--charset={path}')
    self.assertEqual(
        'ba日', config_flags.from_flags(config.ModelConfig, values).charset)

  @parameterized.parameters(
      '--image_height=44', '--image_height=high', '--image_width=2',
      '--image_channels=2', '--max_label_length=0', '--charset=63',
      '--charset=/no/such/file', '--stem_channels=64',
      '--stem_channels=64,wide', '--stage_channels=256,256,512,511',
      '--stage_blocks=', '--stage_blocks=1,2,5,3.5', '--batch_norm_decay=1',
      '--gcb_heads=3', '--gcb_ratio=0', '--gcb_fusion=sum',
      '--gcb_pooling=max', '--gcb_placement=last', '--gcb_scale_mask=maybe',
      '--hidden_size=256', '--num_heads=7', '--dropout_rate=1',
      '--batch_size=0', '--data_threads=-1', '--prefetch_batches=0',
      '--train_steps=0', '--warmup_steps=500000', '--optimizer=sgd',
      '--schedule=inverse_sqrt', '--schedule=linear', '--learning_rate=0',
      '--learning_rate=fast', '--label_smoothing=1', '--clip_norm=-1',
      '--seed=x', '--early_stop=never', '--augment=2', '--augment=-0.1',
      '--augment_rotation=1.1', '--augment_jpeg=some')
  def test_wrong_values_die_when_parsed_naming_the_flag(self, argument):
    self.define_all()
    with self.assertRaises(flags.Error) as caught:
      self.parse(argument)
    self.assertIn(argument.split('=')[0].strip('-'),
                  str(caught.exception).splitlines()[-1])

  def test_rule_over_two_flags_judges_them_together(self):
    self.define_all()
    values = self.parse('--warmup_steps=9', '--schedule=inverse_sqrt')
    self.assertEqual('inverse_sqrt', values.schedule)
    with self.assertRaisesRegex(flags.IllegalFlagValueError,
                                '--warmup_steps=9.*--train_steps=8'):
      self.parse('--warmup_steps=9', '--train_steps=8')

  def test_charset_flag_alone(self):
    config_flags.define_charset_flag()
    self.assertEqual({'charset'}, self.own_flags())

  def test_configuration_from_a_dict(self):
    values = dataclasses.asdict(config.DataConfig(batch_size=3))
    self.assertEqual(config.DataConfig(batch_size=3),
                     config_flags.from_flags(config.DataConfig, values))
    with self.assertRaisesRegex(errors.InputError, '--batch_size=0'):
      config_flags.from_flags(config.DataConfig,
                              {**values, 'batch_size': 0})


class NamedPathsTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    flags.DEFINE_list('sets', None, 'Sets.')
    self.addCleanup(delattr, flags.FLAGS, 'sets')
    self.addCleanup(flags.FLAGS.mark_as_parsed)
    config_flags.validate_named_paths('sets')

  def test_pairs_in_order(self):
    flags.FLAGS(['command', '--sets=b=/data/b,a=/data/x=y'])
    paths = config_flags.named_paths('sets', flags.FLAGS.sets)
    self.assertEqual([('b', '/data/b'), ('a', '/data/x=y')],
                     list(paths.items()))

  def test_none(self):
    flags.FLAGS(['command'])
    self.assertEqual({}, config_flags.named_paths('sets', flags.FLAGS.sets))

  @parameterized.parameters(
      ('/data/b', '--sets=/data/b: write NAME=PATH'),
      ('a=/x,/data/b', '--sets=/data/b: write NAME=PATH'),
      ('a=', '--sets=a=: write NAME=PATH'),
      ('=/x', '--sets==/x: write NAME=PATH'),
      ('a=/x,a=/y', '--sets: the name a stands twice'))
  def test_wrong_pairs_die_when_parsed(self, value, message):
    with self.assertRaisesRegex(flags.IllegalFlagValueError, message):
      flags.FLAGS(['command', f'--sets={value}'])
    with self.assertRaisesRegex(errors.InputError, message) as caught:
      config_flags.named_paths('sets', value.split(','))
    self.assertNotIn('\n', str(caught.exception))


if __name__ == '__main__':
  absltest.main()
