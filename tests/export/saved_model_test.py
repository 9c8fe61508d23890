"""Tests of master/export/saved_model.py."""

import dataclasses
import json
import os
import tempfile
from unittest import mock

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.export import predictor as predictor_lib
from master.export import saved_model
from master.models import folded_conv
from tests.support import commands
from tests.support import model_files
from tests.support import test_util

# Run where nothing of ours can be imported.
LOADER = '''
import json
import sys
import tensorflow as tf
path, image_files = sys.argv[1], sys.argv[2:]
signatures = tf.saved_model.load(path).signatures
contents = [open(name, 'rb').read() for name in image_files]
examples = []
for content in contents:
  example = tf.train.Example()
  example.features.feature['image/encoded'].bytes_list.value.append(content)
  examples.append(example.SerializeToString())
found = {
    'serving_default': signatures['serving_default'](
        image_bytes=tf.constant(contents)),
    'tf_example': signatures['tf_example'](examples=tf.constant(examples)),
    'decode': signatures['decode'](image=tf.zeros([2, 16, 20, 1]))}
assert not [name for name in sys.modules if name.startswith('master')]
print(json.dumps({
    name: {key: [str(value) for value in tensor.numpy().ravel()]
           for key, tensor in outputs.items()}
    for name, outputs in found.items()}))
'''


class SavedModelTest(tf.test.TestCase, parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.prefix = model_files.write_tiny_model_dir(
        os.path.join(folder.name, 'model'))
    cls.original = predictor_lib.Predictor.from_checkpoint(cls.prefix)
    cls.addClassCleanup(cls.original.close)
    cls.export_dir = os.path.join(folder.name, 'new', 'export')
    cls.path = saved_model.export_model(cls.original, cls.export_dir)

  def test_writes_one_whole_version(self):
    version, = os.listdir(self.export_dir)
    self.assertEqual(os.path.join(self.export_dir, version), self.path)
    self.assertGreater(int(version), 1_600_000_000)
    self.assertCountEqual(['saved_model.pb', 'variables', 'assets.extra'],
                          os.listdir(self.path))
    self.assertCountEqual(
        ['config.json', 'tf_serving_warmup_requests'],
        os.listdir(os.path.join(self.path, 'assets.extra')))
    # TensorFlow Serving may run as another user.
    self.assertEqual(os.stat(self.export_dir).st_mode,
                     os.stat(self.path).st_mode)

  def test_carries_the_configuration(self):
    config = config_lib.read(os.path.join(self.path, 'assets.extra'))
    self.assertEqual(config_lib.ExportConfig(), config.export)
    self.assertEqual(self.original.config,
                     dataclasses.replace(config, export=None))

  def test_exported_is_in_session(self):
    with predictor_lib.Predictor.from_saved_model(self.path) as exported:
      for name, inputs in (
          ('decode', {'image': test_util.formula_images(5)}),
          ('serving_default', {'image_bytes': [
              model_files.encoded_image(1), b'junk',
              model_files.encoded_image(2, form='JPEG')]})):
        expected, actual = (model.run(name, **inputs)
                            for model in (self.original, exported))
        self.assertCountEqual(expected, actual)
        for key, value in expected.items():
          with self.subTest(f'{name} {key}'):
            if value.dtype == np.float32:
              self.assertAllClose(value, actual[key], atol=1e-4)
            else:
              self.assertAllEqual(value, actual[key])

  @parameterized.product(
      convolution=config_lib.CONVOLUTIONS,
      changes=({}, dict(gcb_fusion='concat'), dict(gcb_fusion='mul')))
  def test_every_form_reads_as_the_original(self, convolution, changes):
    folder = self.create_tempdir().full_path
    prefix = model_files.write_tiny_model_dir(folder, **changes)
    images = test_util.formula_images(5)
    with mock.patch.object(folded_conv, '_WINOGRAD_CHANNELS', 1):
      with predictor_lib.Predictor.from_checkpoint(prefix) as original:
        path = saved_model.export_model(
            original, os.path.join(folder, 'export'),
            config_lib.ExportConfig(convolution=convolution))
        expected = original.run('decode', image=images)
    with predictor_lib.Predictor.from_saved_model(path) as exported:
      actual = exported.run('decode', image=images)
      kernel, = [v for v in exported.session.graph.get_collection('variables')
                 if v.op.name == 'master/backbone/conv2/kernel']
      self.assertLen(kernel.shape, 3 if convolution == 'winograd' else 4)
    self.assertAllEqual(expected['ids'], actual['ids'])
    self.assertAllClose(expected['logits'], actual['logits'], atol=1e-4)

  @parameterized.parameters('bfloat16', 'float16')
  def test_half_the_width_reads_almost_the_same(self, dtype):
    folder = self.create_tempdir().full_path
    # Else the formula's decoder blows small differences up.
    prefix = model_files.write_tiny_model_dir(folder, scale_embedding=False)
    images = test_util.formula_images(5)
    with predictor_lib.Predictor.from_checkpoint(prefix) as original:
      path = saved_model.export_model(
          original, os.path.join(folder, 'export'),
          config_lib.ExportConfig(convolution='direct', dtype=dtype))
      expected = original.run('decode', image=images)
    with predictor_lib.Predictor.from_saved_model(path) as exported:
      actual = exported.run('decode', image=images)
      types = {v.op.name: v.dtype.base_dtype.name for v
               in exported.session.graph.get_collection('variables')}
    self.assertEqual(dtype, types['master/backbone/conv2/kernel'])
    self.assertEqual('float32', types['master/decoder/classes/kernel'])
    self.assertEqual(np.float32, actual['logits'].dtype)
    self.assertAllClose(expected['logits'][:, 0], actual['logits'][:, 0],
                        atol=0.2)

  def test_compiled_by_xla_it_reads_the_same(self):
    images = test_util.formula_images(2)
    path = saved_model.export_model(
        self.original, self.create_tempdir().full_path,
        config_lib.ExportConfig(jit_compile=True))
    expected = self.original.run('decode', image=images)
    with predictor_lib.Predictor.from_saved_model(path) as exported:
      actual = exported.run('decode', image=images)
      functions = exported.session.graph.as_graph_def().library.function
    self.assertTrue(any(
        function.attr['_XlaMustCompile'].b for function in functions))
    self.assertAllEqual(expected['ids'], actual['ids'])
    self.assertAllClose(expected['logits'], actual['logits'], atol=1e-4)

  def test_loads_where_there_is_tensorflow_alone(self):
    folder = self.create_tempdir().full_path
    model_files.write_files(folder, {
        'a.png': model_files.encoded_image(1),
        'b.txt': b'no image',
        'c.jpg': model_files.encoded_image(2, form='JPEG')})
    script = self.create_tempfile('load.py', LOADER).full_path
    # -I leaves PYTHONPATH and the working directory out of account.
    process = commands.run('-I', script, self.path, *(
        os.path.join(folder, name) for name in sorted(os.listdir(folder))))
    self.assertEqual(0, process.returncode, process.stderr)
    found = json.loads(process.stdout)
    served = found['serving_default']
    self.assertCountEqual(['text', 'confidence', 'char_confidence', 'valid'],
                          served)
    self.assertEqual(served, found['tf_example'])
    self.assertEqual(['True', 'False', 'True'], served['valid'])
    self.assertEqual("b''", served['text'][1])
    self.assertEqual('0.0', served['confidence'][1])
    readings = self.original.read_bytes([
        model_files.encoded_image(1),
        model_files.encoded_image(2, form='JPEG')])
    self.assertEqual([repr(r.text.encode()) for r in readings],
                     [served['text'][0], served['text'][2]])
    self.assertCountEqual(
        ['ids', 'logits', 'text', 'confidence', 'char_confidence'],
        found['decode'])
    self.assertLen(found['decode']['ids'], 2 * test_util.TINY.num_steps)


if __name__ == '__main__':
  tf.test.main()
