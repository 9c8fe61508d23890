"""Tests of master/export/saved_model.py."""

import json
import os
import tempfile
from unittest import mock

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master.export import predictor as predictor_lib
from master.export import saved_model
from tests import commands
from tests import model_files
from tests import test_util

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


class SavedModelTest(tf.test.TestCase):

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
    # TensorFlow Serving may run as another user.
    self.assertEqual(os.stat(self.export_dir).st_mode,
                     os.stat(self.path).st_mode)

  def test_carries_the_configuration(self):
    config = config_lib.read(os.path.join(self.path, 'assets.extra'))
    self.assertEqual(self.original.config, config)

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
              self.assertAllClose(value, actual[key])
            else:
              self.assertAllEqual(value, actual[key])

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
    self.assertCountEqual(['ids', 'logits', 'text', 'confidence'],
                          found['decode'])
    self.assertLen(found['decode']['ids'], 2 * test_util.TINY.num_steps)

  def test_a_taken_version_makes_way(self):
    export_dir = self.create_tempdir().full_path
    model_files.write_files(export_dir, {'1000/kept': b''})
    with mock.patch('time.time', lambda: 1000.5):
      path = saved_model.export_model(self.original, export_dir)
    self.assertEqual(os.path.join(export_dir, '1001'), path)
    self.assertEqual(['kept'], os.listdir(os.path.join(export_dir, '1000')))

  def test_refuses_a_model_that_reads_otherwise(self):
    with predictor_lib.Predictor.from_checkpoint(self.prefix) as other:
      saved_model.verify(self.original, other)
      with other.session.graph.as_default():
        bias, = [v for v in tf.global_variables()
                 if v.op.name == 'master/decoder/classes/bias']
        other.session.run(bias.assign_add(
            np.linspace(0, 0.1, bias.shape[0], dtype=np.float32)))
      with self.assertRaisesRegex(RuntimeError, 'differs.*not published'):
        saved_model.verify(self.original, other)

  def test_a_failure_leaves_nothing_behind(self):
    folder = self.create_tempdir().full_path
    export_dir = os.path.join(folder, 'export')
    with mock.patch.object(saved_model, 'verify',
                           side_effect=RuntimeError('differs')):
      with self.assertRaisesRegex(RuntimeError, 'differs'):
        saved_model.export_model(self.original, export_dir)
    self.assertEmpty(os.listdir(folder))

  def test_an_export_dir_that_is_a_file_is_named(self):
    path = self.create_tempfile('taken').full_path
    with self.assertRaisesRegex(errors.InputError, '--export_dir=.*taken'):
      saved_model.export_model(self.original, path)


if __name__ == '__main__':
  tf.test.main()
