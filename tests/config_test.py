"""Tests of master/config.py."""

import dataclasses
import json
import os

from absl.testing import absltest
from absl.testing import parameterized

from master import config
from master import errors

_PARTS = (config.ModelConfig, config.DataConfig, config.TrainConfig,
          config.AugmentConfig, config.DecodeConfig, config.ExportConfig)

_WRONG_MODEL = (
    ('image_height', dict(image_height=44)),
    ('image_height', dict(image_height=0)),
    ('image_height', dict(image_height=-8)),
    ('image_width', dict(image_width=158)),
    ('image_width', dict(image_width=0)),
    ('image_channels', dict(image_channels=2)),
    ('image_channels', dict(image_channels=4)),
    ('max_label_length', dict(max_label_length=0)),
    ('stem_channels', dict(stem_channels=(64,))),
    ('stem_channels', dict(stem_channels=(64, 0))),
    ('stage_channels', dict(stage_channels=(256, 512, 512))),
    ('stage_channels', dict(stage_channels=(-1, 256, 512, 512))),
    ('stage_blocks', dict(stage_blocks=(1, 2, 5, 0))),
    ('stage_blocks', dict(stage_blocks=(1, 2, 5, 3, 1))),
    ('batch_norm_decay', dict(batch_norm_decay=1.0)),
    ('batch_norm_decay', dict(batch_norm_decay=-0.1)),
    ('gcb_heads', dict(gcb_heads=0)),
    ('gcb_heads', dict(gcb_heads=3)),
    ('gcb_heads', dict(stage_channels=(256, 12, 512, 512))),
    ('gcb_ratio', dict(gcb_ratio=0)),
    ('gcb_ratio', dict(gcb_ratio=300)),
    ('gcb_fusion', dict(gcb_fusion='sum')),
    ('gcb_pooling', dict(gcb_pooling='max')),
    ('gcb_placement', dict(gcb_placement='last')),
    ('gcb_join_norm', dict(gcb_join_norm=True)),
    ('image_resize', dict(image_resize='left')),
    ('image_min_aspect', dict(image_min_aspect=-1.0)),
    ('image_min_aspect', dict(image_min_aspect=3.4)),  # 160 / 48 is less.
    ('image_min_aspect', dict(image_min_aspect=2.0, image_resize='stretch')),
    ('rotate_vertical', dict(rotate_vertical=0.5)),
    ('rotate_vertical', dict(rotate_vertical=-1.0)),
    ('hidden_size', dict(hidden_size=256)),
    ('hidden_size', dict(hidden_size=0)),
    ('hidden_size', dict(stage_channels=(8, 8, 8, 15), hidden_size=15,
                         gcb_heads=1, gcb_ratio=4, num_heads=3)),
    ('num_layers', dict(num_layers=0)),
    ('num_heads', dict(num_heads=0)),
    ('num_heads', dict(num_heads=7)),
    ('filter_size', dict(filter_size=0)),
    ('dropout_rate', dict(dropout_rate=1.0)),
    ('dropout_rate', dict(dropout_rate=-0.2)),
    ('dropout_rate', dict(dropout_rate=float('nan'))),
    ('batch_norm_epsilon', dict(batch_norm_epsilon=0.0)),
    ('gcb_norm_epsilon', dict(gcb_norm_epsilon=-1e-5)),
    ('layer_norm_epsilon', dict(layer_norm_epsilon=0.0)),
    ('output_norm_epsilon', dict(output_norm_epsilon=-1.0)),
)

_WRONG_DATA = (
    ('batch_size', dict(batch_size=0)),
    ('data_threads', dict(data_threads=-1)),
    ('prefetch_batches', dict(prefetch_batches=0)),
    ('unknown_chars', dict(unknown_chars='drop')),
    ('min_image_size', dict(min_image_size=0)),
    ('max_bad_fraction', dict(max_bad_fraction=1.5)),
    ('max_bad_fraction', dict(max_bad_fraction=-0.1)),
)

_WRONG_AUGMENT = (
    ('augment', dict(augment=-0.1)),
    ('augment', dict(augment=1.1)),
    ('augment', dict(augment=float('nan'))),
    ('augment_rotation', dict(augment_rotation=1.5)),
    ('augment_jpeg', dict(augment_jpeg=-1.0)),
)

_WRONG_TRAIN = (
    ('train_steps', dict(train_steps=0)),
    ('save_steps', dict(save_steps=0)),
    ('keep_checkpoints', dict(keep_checkpoints=0)),
    ('log_steps', dict(log_steps=0)),
    ('eval_steps', dict(eval_steps=0)),
    ('optimizer', dict(optimizer='sgd')),
    ('schedule', dict(schedule='linear')),
    ('schedule', dict(schedule='inverse_sqrt')),
    ('learning_rate', dict(learning_rate=0.0)),
    ('learning_rate', dict(learning_rate=-1e-3)),
    ('adam_epsilon', dict(adam_epsilon=0.0)),
    ('adam_beta1', dict(adam_beta1=1.0)),
    ('adam_beta2', dict(adam_beta2=1.0)),
    ('momentum', dict(momentum=-0.1)),
    ('label_smoothing', dict(label_smoothing=1.0)),
    ('clip_norm', dict(clip_norm=-1.0)),
    ('warmup_steps', dict(warmup_steps=-1)),
    ('warmup_steps', dict(train_steps=10, warmup_steps=11)),
    ('schedule_steps', dict(schedule_steps=-1)),
    ('cooldown_steps', dict(cooldown_steps=-1)),
    ('cooldown_steps', dict(schedule_steps=10, warmup_steps=4,
                            cooldown_steps=7)),
    ('warmup_steps', dict(schedule_steps=10, warmup_steps=11)),
)


def _full_config() -> config.Config:
  """Every field differs from its default where it can."""
  return config.Config(
      model=config.ModelConfig(
          image_height=32, image_width=96, image_channels=3, charset='aé日"\\',
          max_label_length=7, stem_channels=(3, 5),
          stage_channels=(6, 8, 12, 16), stage_blocks=(1, 1, 2, 1),
          batch_norm_decay=0.5, batch_norm_epsilon=1e-3, gcb_heads=4,
          gcb_ratio=2, gcb_fusion='concat', gcb_pooling='average',
          gcb_scale_mask=True, gcb_placement='all', gcb_norm_epsilon=1e-4,
          gcb_join_norm=True, image_resize='letterbox', rotate_vertical=1.5,
          shared_layers=True,
          hidden_size=16, num_layers=1, num_heads=2, filter_size=11,
          dropout_rate=0.1, shared_layer_norm=True, layer_norm_epsilon=1e-5,
          output_norm_epsilon=1e-4, scale_embedding=False),
      decode=config.DecodeConfig(beam_size=3, length_penalty=1.0,
                                 early_stop=False),
      data=config.DataConfig(batch_size=3, shuffle=False, data_threads=2,
                             prefetch_batches=1, unknown_chars='strip',
                             min_image_size=4, max_bad_fraction=0.9),
      train=config.TrainConfig(
          train_steps=70, seed=5, session_threads=3,
          precision='bfloat16', xla=True,
          optimizer='momentum', learning_rate=0.1,
          schedule='inverse_sqrt', schedule_steps=11, warmup_steps=9,
          cooldown_steps=2,
          momentum=0.5,
          nesterov=True, weight_decay=0.01, weight_decay_exclude=('a$', 'b'),
          freeze=('c',), learning_rate_factors=('d=0.5',), clip_norm=1.5,
          accumulate_steps=7, towers=2, average_decay=0.75,
          label_smoothing=0.1, max_loss_rise=3.0, save_steps=11,
          keep_checkpoints=2, log_steps=13, eval_steps=17,
          eval_minutes=1.5, eval_limit=19, best_metric='Val/loss', keep_best=2,
          early_stop_evals=3),
      augment=config.AugmentConfig(
          augment=0.5, augment_rotation=0.11, augment_shear=0.12,
          augment_perspective=0.13, augment_curve=0.14, augment_crop=0.15,
          augment_blur=0.16, augment_motion=0.17, augment_noise=0.18,
          augment_contrast=0.19, augment_colour=0.21, augment_invert=0.22,
          augment_jpeg=0.23))


_WRONG_DECODE = (
    ('beam_size', dict(beam_size=0)),
    ('length_penalty', dict(length_penalty=-0.1)),
)

_WRONG_EXPORT = (
    ('format', dict(format='tflite')),
    ('convolution', dict(convolution='fft')),
    ('dtype', dict(dtype='int8')),
    ('dtype', dict(dtype='float16', format='onnx')),
)

# What a choice needs beside it.
_NEEDED = {
    'adamw': dict(weight_decay=0.1),
    'step': dict(decay_boundaries=(5,)), 'inverse_sqrt': dict(warmup_steps=1)}


class ConfigTest(parameterized.TestCase):

  @parameterized.parameters(*[(config.ModelConfig, *c) for c in _WRONG_MODEL],
                            *[(config.DataConfig, *c) for c in _WRONG_DATA],
                            *[(config.TrainConfig, *c) for c in _WRONG_TRAIN],
                            *[(config.DecodeConfig, *c)
                              for c in _WRONG_DECODE],
                            *[(config.AugmentConfig, *c)
                              for c in _WRONG_AUGMENT],
                            *[(config.ExportConfig, *c)
                              for c in _WRONG_EXPORT])
  def test_wrong_values_are_one_line_naming_the_flag(self, cls, flag, values):
    with self.assertRaises(errors.InputError) as caught:
      cls(**values)
    message = str(caught.exception)
    self.assertRegex(message, f'^--{flag}=')
    self.assertNotIn('\n', message)
    self.assertEqual('.', message[-1])

  @parameterized.parameters(*_PARTS)
  def test_each_field_describes_itself(self, cls):
    for field in dataclasses.fields(cls):
      self.assertRegex(field.metadata['help'], r'(?s)^\w.{8,}\.$',
                       field.name)

  def test_each_choice_is_accepted_and_no_other(self):
    checked = 0
    for cls in _PARTS:
      for field in dataclasses.fields(cls):
        choices = field.metadata['choices'] or ()
        for choice in choices:
          value = cls(**{field.name: choice, **_NEEDED.get(choice, {})})
          self.assertEqual(choice, getattr(value, field.name))
        if choices:
          checked += 1
          with self.assertRaisesRegex(
              errors.InputError, f'--{field.name}=other: must be one of '
              f'{", ".join(choices)}\\.'):
            cls(**{field.name: 'other'})
    self.assertGreater(checked, 9)

  def test_what_may_change_are_settings_of_the_model(self):
    self.assertContainsSubset(
        config.CHANGEABLE,
        [field.name for field in dataclasses.fields(config.ModelConfig)])

  @parameterized.parameters(('', 'empty'), ('aba', "'a' more than once"))
  def test_wrong_charset(self, charset, message):
    with self.assertRaisesRegex(errors.InputError, message):
      config.ModelConfig(charset=charset)

  def test_values_at_the_limits_are_right(self):
    model = config.ModelConfig(
        image_height=8, image_width=4, max_label_length=1, charset='a',
        stem_channels=(1, 1), stage_channels=(1, 1, 1, 2),
        stage_blocks=(1, 1, 1, 1), batch_norm_decay=0.0, gcb_heads=1,
        gcb_ratio=1, hidden_size=2, num_heads=1, dropout_rate=0.0)
    train = config.TrainConfig(
        train_steps=1, warmup_steps=1, clip_norm=0.0, label_smoothing=0.0,
        schedule='inverse_sqrt')
    augment = config.AugmentConfig(
        augment=1.0, augment_rotation=0.0, augment_jpeg=1.0)
    self.assertEqual((1, 1), model.memory_shape)
    # A file may hold them too.
    full = config.Config(model, train=train, augment=augment)
    self.assertEqual(full, config.from_json(full.to_json(), 'here'))

  def test_sizes_that_follow(self):
    model = config.ModelConfig()
    self.assertEqual(66, model.num_classes)
    self.assertEqual(51, model.num_steps)
    self.assertEqual((6, 40), model.memory_shape)

  def test_configurations_do_not_change(self):
    for part in (config.ModelConfig(), config.DataConfig(),
                 config.TrainConfig(), config.DecodeConfig(),
                 config.AugmentConfig()):
      for field in dataclasses.fields(part):
        with self.assertRaises(dataclasses.FrozenInstanceError):
          setattr(part, field.name, field.default)


class JsonTest(parameterized.TestCase):

  def write_text(self, text: str) -> str:
    directory = self.create_tempdir()
    directory.create_file('config.json', content=text)
    return directory.full_path

  def test_the_example_has_no_default_left(self):
    full = _full_config()
    # Those that its optimizer, its schedule and its way of resizing do not
    # read must keep theirs.
    unread = {'image_min_aspect', 'adam_beta1', 'adam_beta2', 'adam_epsilon',
              'decay_boundaries', 'decay_factor', 'cosine_floor'}
    for part in (full.model, full.decode, full.data, full.train,
                 full.augment):
      same = [field.name for field in dataclasses.fields(part)
              if getattr(part, field.name) == field.default]
      self.assertEmpty(set(same) - unread)

  def test_round_trip(self):
    directory = os.path.join(self.create_tempdir().full_path, 'new', 'model')
    config.write(_full_config(), directory)
    self.assertEqual(_full_config(), config.read(directory))
    self.assertEqual(['config.json'], os.listdir(directory))
    # Tuples again, or the configuration could not be hashed.
    self.assertIsInstance(hash(config.read(directory)), int)

  def test_writing_again_replaces(self):
    directory = self.create_tempdir().full_path
    config.write(_full_config(), directory)
    config.write(config.Config(model=config.ModelConfig()), directory)
    self.assertEqual(config.Config(model=config.ModelConfig()),
                     config.read(directory))

  def test_parts_that_are_not_known_stay_none(self):
    imported = config.Config(model=config.ModelConfig(charset='ab'))
    read = config.from_json(imported.to_json(), 'here')
    self.assertEqual(imported, read)
    self.assertIsNone(read.train)

  def test_fields_left_out_take_their_default(self):
    # An older version's file stays readable when a field is added.
    read = config.from_json('{"model": {"max_label_length": 3}}', 'here')
    self.assertEqual(config.ModelConfig(max_label_length=3), read.model)
    self.assertEqual(config.DecodeConfig(), read.decode)
    self.assertEqual(config.AugmentConfig(augment=0.0), read.augment)

  @parameterized.parameters(
      ('{"model": {"shear": 1}}', 'shear.*newer version'),
      ('{"model": {}, "train": {"shear": 1}}', 'shear.*newer version'),
      ('{"model": {}, "server": {}}', 'server'),
      ('{"model": {"image_hei', 'not a configuration'),
      ('', 'not a configuration'),
      ('[]', 'not a configuration'),
      ('{}', 'not a configuration'),
      ('{"model": 3}', 'not a configuration'),
      ('{"model": {"image_height": "48"}}', 'not a configuration'),
      ('{"model": {"stem_channels": 3}}', 'not a configuration'),
      ('{"model": {"image_height": 47}}', '--image_height=47'),
      ('{"model": {}, "train": {"optimizer": "sgd"}}', '--optimizer=sgd'))
  def test_faulty_file_is_one_line_naming_it(self, text, message):
    directory = self.write_text(text)
    with self.assertRaisesRegex(errors.InputError, message) as caught:
      config.read(directory)
    self.assertNotIn('\n', str(caught.exception))
    self.assertIn(os.path.join(directory, 'config.json'),
                  str(caught.exception))

  def test_bytes_that_are_no_text_are_no_configuration(self):
    directory = self.create_tempdir()
    directory.create_file('config.json', content=b'\xff\xfe{}', mode='wb')
    with self.assertRaisesRegex(errors.InputError, 'config.json: not a conf'):
      config.read(directory.full_path)

  def test_directory_without_a_file(self):
    directory = self.create_tempdir().full_path
    with self.assertRaisesRegex(errors.InputError, f'{directory}: no config'):
      config.read(directory)
    with self.assertRaisesRegex(errors.InputError, 'no config.json'):
      config.read(os.path.join(directory, 'missing'))

  def test_json_is_readable_text(self):
    text = _full_config().to_json()
    self.assertIn('日', text)
    self.assertEqual([6, 8, 12, 16],
                     json.loads(text)['model']['stage_channels'])


if __name__ == '__main__':
  absltest.main()
