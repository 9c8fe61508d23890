"""Tests of master/importing/conversion.py, against the originals in NumPy."""

import dataclasses
import logging

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master.importing import conversion
from master.importing import dialect
from master.importing import master_pytorch
from master.importing import master_tf
from tests.support import imported_models
from tests.support import original_models

Settings = original_models.Settings

_PYTORCH = (
    Settings(), Settings(heads=2, fusion='mul', channels=3, layers=3),
    Settings(heads=2, fusion='concat', share_parameter=True),
    Settings(height=32, width=16, share_parameter=True, layers=3,
             multiheads=11),
    Settings(fusion='concat', channels=3, layers=1, blocks=(2, 1, 3, 1)),
    Settings(fusion='mul', heads=8, channels=3, height=32, width=128,
             stages=(8, 16, 24, 32), multiheads=8))
_TF = (
    Settings(context_in_all=True), Settings(heads=2, fusion='mul', layers=1),
    Settings(fusion='concat', channels=3, context_in_all=True),
    Settings(fusion='concat', height=32, width=16, blocks=(1, 1, 1, 3)))


_SMALL = Settings()


def _pytorch(settings=_SMALL, both_names=True):
  return original_models.make_state(
      original_models.pytorch_shapes(settings, both_names))


def _plan(tensors, table=master_pytorch.DIALECT, settings=_SMALL, **more):
  return conversion.plan(imported_models.state_of(tensors), table,
                         {**imported_models.given(settings), **more})


class EqualityTest(tf.test.TestCase, parameterized.TestCase):

  def assert_equal(self, plan, expected, settings):
    got = imported_models.outputs(plan, *imported_models.inputs(settings))
    for name in ('memory', 'logits'):
      self.assertAllClose(expected[name], got[name], rtol=1e-4, atol=1e-4)
      self.assertGreater(np.ptp(expected[name]), 0.1)

  @parameterized.parameters(*_PYTORCH)
  def test_master_pytorch(self, settings):
    tensors = _pytorch(settings)
    plan = _plan(tensors, settings=settings)
    self.assert_equal(
        plan, original_models.pytorch_outputs(
            tensors, settings, *imported_models.inputs(settings)), settings)
    config = plan.settings.config
    self.assertEqual(
        (settings.heads, settings.fusion, settings.channels, settings.layers,
         settings.share_parameter, settings.stages, settings.blocks, 'first'),
        (config.gcb_heads, config.gcb_fusion, config.image_channels,
         config.num_layers, config.shared_layers, config.stage_channels,
         config.stage_blocks, config.gcb_placement))

  @parameterized.parameters(*_TF)
  def test_master_tf(self, settings):
    tensors = original_models.make_state(original_models.tf_shapes(settings))
    plan = _plan(tensors, master_tf.DIALECT, settings)
    self.assert_equal(
        plan, original_models.tf_outputs(
            tensors, settings, *imported_models.inputs(settings)), settings)
    config = plan.settings.config
    self.assertEqual(
        ('all' if settings.context_in_all else 'first', settings.layers,
         settings.fusion == 'concat', settings.heads),
        (config.gcb_placement, config.num_layers, config.gcb_join_norm,
         config.gcb_heads))

  def test_settings_make_a_difference(self):
    # Else the comparisons above might not see a setting that is not read.
    settings = Settings(heads=2)
    tensors = _pytorch(settings)
    right = original_models.pytorch_outputs(tensors, settings,
                                            *imported_models.inputs(settings))
    for changes in (dict(num_heads=11), dict(gcb_scale_mask=True),
                    dict(gcb_norm_epsilon=0.1), dict(layer_norm_epsilon=0.1),
                    dict(scale_embedding=False)):
      got = imported_models.outputs(
          _plan(tensors, settings=settings, **changes),
          *imported_models.inputs(settings))
      self.assertGreater(max(np.abs(right[name] - got[name]).max()
                             for name in ('memory', 'logits')), 1e-3, changes)


class NamesTest(tf.test.TestCase, parameterized.TestCase):

  def values(self, tensors, table=master_pytorch.DIALECT):
    return dict(conversion.values(_plan(tensors, table)))

  def assert_same_values(self, expected, got):
    self.assertCountEqual(expected, got)
    for name, value in expected.items():
      self.assertAllEqual(value, got[name])

  def test_either_name_and_wrappers(self):
    both = _pytorch()
    first = _pytorch(both_names=False)
    second = {name: value for name, value in both.items()
              if name not in first}
    # Some by the first name, some by the second.
    mixed = {name if i % 2 else next(
        other for other in second if original_models.first_name(other) == name):
             value for i, (name, value) in enumerate(first.items())}
    expected = self.values(both)
    for tensors in (first, second, mixed):
      self.assertLen(tensors, len(both) // 2)
      self.assert_same_values(expected, self.values(tensors))
    for wrapper in ('module.', '_orig_mod.', 'module._orig_mod.'):
      self.assert_same_values(expected, self.values(
          {wrapper + name: value for name, value in both.items()}))

  def test_unused_tensors_are_counted_and_may_be_absent(self):
    tensors = _pytorch(both_names=False)
    plan = _plan(tensors)
    self.assertEqual(
        {name.split('.')[0] if 'pe' in name.split('.') or
         name.startswith('encoder') else 'counter' for name in plan.unused},
        {'encoder', 'decoder', 'counter'})
    lean = {name: value for name, value in tensors.items()
            if name not in plan.unused}
    self.assert_same_values(self.values(tensors), self.values(lean))

  def test_a_checkpoint_of_the_model_alone_and_of_a_training(self):
    tensors = original_models.make_state(original_models.tf_shapes(Settings()))
    expected = self.values(tensors, master_tf.DIALECT)
    bare = {name.removeprefix('model/'): value
            for name, value in tensors.items()}
    self.assert_same_values(expected, self.values(bare, master_tf.DIALECT))
    trained = {
        **tensors, 'save_counter': np.int64(3), 'step': np.int32(3),
        'epoch': np.int32(1), 'best_score': np.float32(0.8),
        '_CHECKPOINTABLE_OBJECT_GRAPH': np.array(b'x'),
        'optimizer/iter': np.int64(3),
        'model/linear/bias/.OPTIMIZER_SLOT/optimizer/m': np.zeros(11)}
    self.assert_same_values(expected, self.values(trained, master_tf.DIALECT))

  def test_missing_projections_are_identities(self):
    values = self.values(original_models.make_state(original_models.tf_shapes(
        Settings())), master_tf.DIALECT)
    for part in ('query', 'key', 'value'):
      name = f'decoder/layer2/memory_attention/{part}'
      self.assertAllEqual(np.eye(22), values[f'{name}/kernel'])
      self.assertAllEqual(np.zeros(22), values[f'{name}/bias'])

  def test_projections_that_are_there_are_used_all_or_none(self):
    tensors = original_models.make_state(original_models.tf_shapes(Settings()))
    for i in range(2):
      for attention in ('self_attn', 'src_attn'):
        for j in range(3):
          name = f'model/decoder/layers/{i}/{attention}/linears/{j}'
          tensors[f'{name}/kernel'] = np.full([22, 22], i + j, np.float32)
          tensors[f'{name}/bias'] = np.full([22], 7, np.float32)
    values = self.values(tensors, master_tf.DIALECT)
    self.assertAllEqual(np.full([22, 22], 3),
                        values['decoder/layer2/self_attention/value/kernel'])
    del tensors['model/decoder/layers/1/src_attn/linears/0/bias']
    with self.assertRaisesRegex(errors.InputError,
                                'layers/1/src_attn/linears/0/bias .22. is mis'):
      _plan(tensors, master_tf.DIALECT)


class FaultsTest(tf.test.TestCase, parameterized.TestCase):

  def message(self, tensors, table=master_pytorch.DIALECT, **more):
    with self.assertRaises(errors.InputError) as raised:
      dict(conversion.values(_plan(tensors, table, **more)))
    return str(raised.exception)

  def test_every_tensor_is_missed(self):
    """Whichever is removed, the message names it, and nothing else."""
    whole = _pytorch(both_names=False)
    unused = set(_plan(whole).unused)
    for name in set(whole) - unused:
      tensors = dict(whole)
      shape = list(tensors.pop(name).shape)
      self.assertEqual(
          f'--input=FILE: is no MASTER of MASTER-pytorch, 1 fault: {name} '
          f'{shape} is missing. Nothing was written.', self.message(tensors))

  def test_every_tensor_is_missed_of_master_tf(self):
    whole = original_models.make_state(original_models.tf_shapes(
        Settings(context_in_all=True, fusion='concat')))
    for name in whole:
      tensors = dict(whole)
      shape = list(tensors.pop(name).shape)
      self.assertIn(
          f'1 fault: {name.removeprefix("model/")} {shape} is missing.',
          self.message(tensors, master_tf.DIALECT))

  def test_every_wrong_shape_is_named(self):
    whole = _pytorch(both_names=False)
    unused = set(_plan(whole).unused)
    for name in set(whole) - unused:
      shape = list(whole[name].shape)
      wrong = [shape[0] + 1, *shape[1:]]
      message = self.message({**whole, name: np.zeros(wrong, np.float32)})
      self.assertIn(f'1 fault: {name} has shape {wrong}, must have {shape}.',
                    message)
      message = self.message({**whole, name: whole[name][None]})
      self.assertIn(f'1 fault: {name} has shape {[1, *shape]}, must have '
                    f'{shape}.', message)

  def test_a_renamed_tensor(self):
    tensors = _pytorch(both_names=False)
    tensors['decoder.embed.weight'] = tensors.pop('decoder.embedding.weight')
    self.assertIn('2 faults: decoder.embedding.weight [11, 22] is missing; '
                  'decoder.embed.weight [11, 22] is unknown. Nothing',
                  self.message(tensors))

  def test_one_of_two_names(self):
    first, second = ('decoder.embedding.weight',
                     'decode_stage.0.embedding.weight')
    for gone, there in ((first, second), (second, first)):
      for wrapper in ('', 'module.'):
        tensors = {wrapper + name: value
                   for name, value in _pytorch().items() if name != gone}
        self.assertIn(f'1 fault: {gone} is missing, though {wrapper}{there}, '
                      'the same tensor, is there', self.message(tensors))
    tensors = _pytorch()
    name, other = 'generator.fc.bias', 'decode_stage.1.fc.bias'
    tensors[other] = tensors[other] + 1
    self.assertIn(f'{name} and {other} are one tensor but differ',
                  self.message(tensors))
    tensors[other] = np.zeros([3], np.float32)
    self.assertIn(f'{name} and {other} are one tensor but have shapes [11] '
                  'and [3]', self.message(tensors))

  def test_many_faults_are_listed_in_the_log(self):
    tensors = {name: value for name, value in _pytorch(
        both_names=False).items() if '.layer3.' not in name}
    with self.assertLogs(level=logging.ERROR) as logs:
      message = self.message(tensors)
    self.assertRegex(message, r'2\d faults: .*; and \d+ more, listed above')
    count = int(message.split(' faults')[0].split()[-1])
    self.assertLen(logs.records, count)

  def test_numbers_that_are_none(self):
    tensors = _pytorch()
    tensors['generator.fc.bias'][3] = np.nan
    tensors['decode_stage.1.fc.bias'][3] = np.nan
    self.assertIn('generator.fc.bias holds values that are no finite numbers',
                  self.message(tensors))

  def test_another_model(self):
    self.assertIn('none of its 1 tensors has a name of that model (the first '
                  'is fc.weight)',
                  self.message({'fc.weight': np.zeros([2, 3])}))
    self.assertIn('is no MASTER of MASTER-TF', self.message(
        _pytorch(), master_tf.DIALECT))
    self.assertIn('(the first is none)', self.message({}))

  def test_charset_of_another_size(self):
    self.assertIn(
        '--charset: holds 3 characters, but FILE has 11 classes, which is 7 '
        'characters and 4 special ones; give a file', self.message(
            _pytorch(), charset='abc'))
    tensors = _pytorch(Settings(classes=99))
    self.assertIn('--charset=95 is one of that size', self.message(tensors))

  def test_flags_that_contradict_the_file(self):
    self.assertIn('--gcb_heads=2: FILE says 1; leave the flag out.',
                  self.message(_pytorch(), gcb_heads=2))
    self.assertIn('--shared_layer_norm=False: FILE says True',
                  self.message(_pytorch(), shared_layer_norm=False))
    self.assertIn('--stage_channels=7,10,14,20: FILE says 7,10,14,22',
                  self.message(_pytorch(), stage_channels=(7, 10, 14, 20)))

  def test_another_position_code_is_said(self):
    tensors = _pytorch()
    with self.assertNoLogs(level=logging.WARNING):
      _plan(tensors)
    table = tensors['decoder.position.pe']
    for other in (table + 1, table[0], table[..., :20], np.float32(0)):
      tensors['decoder.position.pe'] = other
      tensors['decode_stage.0.position.pe'] = other
      with self.assertLogs(level=logging.WARNING) as logs:
        _plan(tensors)
      self.assertLen(logs.output, 1)
      self.assertIn('decoder.position.pe is not the sinusoidal',
                    logs.output[0])


class TablesTest(tf.test.TestCase):

  def test_every_field_is_of_the_configuration(self):
    fields = {field.name for field in dataclasses.fields(
        config_lib.ModelConfig)}
    for table in (master_pytorch.DIALECT, master_tf.DIALECT):
      self.assertIsInstance(table, dialect.Dialect)
      self.assertContainsSubset({*table.fixed, *table.usual}, fields)
      self.assertEmpty(table.fixed.keys() & table.usual.keys())


if __name__ == '__main__':
  tf.test.main()
