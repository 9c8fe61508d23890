"""Tests of master/importing/settings.py; see conversion_test.py too."""

from absl.testing import absltest
from absl.testing import parameterized

from master import config as config_lib
from master import errors
from master.importing import master_pytorch
from master.importing import master_tf
from master.importing import settings

PYTORCH, TF = master_pytorch.DIALECT, master_tf.DIALECT

# A model as narrow as its own checks allow.
_FOUND = {'stage_channels': (8, 8, 16, 16), 'hidden_size': 16, 'gcb_heads': 2,
          'gcb_ratio': 2, 'num_layers': 2, 'shared_layers': False}


def _resolve(found=(), in_file=(), given=(), table=PYTORCH):
  return settings.resolve('FILE', table, {**_FOUND, **dict(found)},
                          dict(in_file), {'charset': 'ab', **dict(given)})


class ResolveTest(parameterized.TestCase):

  def test_where_each_setting_comes_from(self):
    config, sources = _resolve(
        in_file={'dropout_rate': 0.3, 'num_heads': 4, 'gcb_heads': 8},
        given={'dropout_rate': 0.1, 'output_norm_epsilon': 0.5})
    self.assertEqual(
        (2, 'the file'), (config.gcb_heads, sources['gcb_heads']))
    self.assertEqual((0.1, 'flag'),
                     (config.dropout_rate, sources['dropout_rate']))
    self.assertEqual((4, 'configuration in the file'),
                     (config.num_heads, sources['num_heads']))
    self.assertEqual((0.5, 'flag'), (config.output_norm_epsilon,
                                     sources['output_norm_epsilon']))
    self.assertEqual(
        ('right_square', 'MASTER-pytorch'),
        (config.image_resize, sources['image_resize']))
    self.assertEqual((48, 'default'),
                     (config.image_height, sources['image_height']))

  def test_what_the_originals_are_known_for(self):
    pytorch, tf = _resolve().config, _resolve(table=TF).config
    self.assertEqual(
        (True, 1e-6, 1e-6, 1e-5, True, False),
        (pytorch.shared_layer_norm, pytorch.layer_norm_epsilon,
         pytorch.output_norm_epsilon, pytorch.gcb_norm_epsilon,
         pytorch.scale_embedding, pytorch.gcb_scale_mask))
    self.assertEqual(
        (False, 1e-6, 1e-3, 1e-3, False, 'letterbox'),
        (tf.shared_layer_norm, tf.layer_norm_epsilon, tf.output_norm_epsilon,
         tf.gcb_norm_epsilon, tf.scale_embedding, tf.image_resize))

  @parameterized.parameters(({}, {}, 3, True), ({'num_layers': 5}, {}, 5, True),
                            ({'num_layers': 1}, {}, 1, False),
                            ({}, {'num_layers': 4}, 4, True),
                            ({'num_layers': 2}, {'num_layers': 4}, 2, True))
  def test_weights_of_one_layer(self, given, in_file, layers, shared):
    found = {name: value for name, value in _FOUND.items()
             if name not in ('num_layers', 'shared_layers')}
    config = settings.resolve('FILE', PYTORCH, found, in_file,
                              {'charset': 'ab', **given}).config
    self.assertEqual((layers, shared),
                     (config.num_layers, config.shared_layers))

  def test_contradictions(self):
    with self.assertRaisesRegex(
        errors.InputError, '--num_layers=3: FILE says 2; leave the flag out'):
      _resolve(given={'num_layers': 3})
    with self.assertRaisesRegex(errors.InputError, '^--num_heads=3: must div'):
      _resolve(given={'num_heads': 3})
    with self.assertRaisesRegex(errors.InputError, 'make no model .--num_hea'):
      _resolve(found={'stage_channels': (8, 8, 16, 18), 'hidden_size': 18})

  def test_every_setting_has_its_source(self):
    config, sources = _resolve()
    self.assertIsInstance(config, config_lib.ModelConfig)
    self.assertCountEqual(config_lib.ModelConfig.__dataclass_fields__, sources)


class CharsetTest(absltest.TestCase):

  def test_sizes(self):
    config = config_lib.ModelConfig()
    settings.check_charset('FILE', config, 66)
    settings.check_charset('FILE', config, 0)
    for classes, words in ((40, '36 characters .*--charset=36 is one'),
                           (98, '--charset=94 is'), (99, '--charset=95 is'),
                           (70, 'has 70 classes, .*66 characters .*give a')):
      with self.assertRaisesRegex(errors.InputError, words):
        settings.check_charset('FILE', config, classes)


if __name__ == '__main__':
  absltest.main()
