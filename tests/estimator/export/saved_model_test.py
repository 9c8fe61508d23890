"""Export: reads back without our code, appears whole, versions rise."""

import json
import os

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master import estimator as estimator_lib
from tests.support import commands
from tests.support import linear_model

_LOAD = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
x = tf.constant(json.loads(sys.argv[2]))
out = {name: {k: v.numpy().tolist() for k, v in
              model.signatures[name](x=x).items()}
       for name in ('serving_default', 'only_y')}
assert not any(name.split('.')[0] == 'master' for name in sys.modules)
print(json.dumps(out))
"""


class SavedModelTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.runner = linear_model.estimator()
    cls.runner.train(linear_model.input_fn(4, repeat=True), max_steps=3)
    cls.receiver_fn = staticmethod(
        estimator_lib.build_raw_serving_input_receiver_fn(
            {'x': tf.TensorSpec([None, 3], tf.float32)}))

  def test_loads_with_tensorflow_alone(self):
    path = self.runner.export_saved_model(
        self.create_tempdir().full_path, self.receiver_fn)
    rows = linear_model.INPUTS[:2].tolist()
    process = commands.run('-c', _LOAD, path, json.dumps(rows))
    self.assertEqual(0, process.returncode, process.stderr)
    out = json.loads(process.stdout)
    expected = np.array([row['y'] for row in self.runner.predict(
        linear_model.input_fn(4))])[:2]
    self.assertAllClose(expected, out['serving_default']['y'])
    self.assertAllClose(2 * expected, out['serving_default']['double'])
    self.assertCountEqual(['y'], out['only_y'])
    self.assertAllClose(expected, out['only_y']['y'])

  def test_versions_rise(self):
    base = self.create_tempdir().full_path
    paths = [self.runner.export_saved_model(base, self.receiver_fn)
             for _ in range(3)]
    versions = [int(os.path.basename(path)) for path in paths]
    self.assertEqual(sorted(set(versions)), versions)
    self.assertCountEqual(map(str, versions), os.listdir(base))

  def test_failure_leaves_nothing(self):
    base = self.create_tempdir().full_path
    with self.assertRaises(tf.errors.NotFoundError):
      self.runner.export_saved_model(
          base, self.receiver_fn, assets_extra={'a.txt': base + '/missing'})
    self.assertEmpty(os.listdir(base))

  def test_extra_assets_and_text(self):
    asset = self.create_tempfile(content='hello').full_path
    path = self.runner.export_saved_model(
        self.create_tempdir().full_path, self.receiver_fn,
        assets_extra={'deep/a.txt': asset}, as_text=True)
    with open(f'{path}/assets.extra/deep/a.txt', encoding='utf-8') as f:
      self.assertEqual('hello', f.read())
    self.assertIn('saved_model.pbtxt', os.listdir(path))

  def test_no_checkpoint(self):
    with self.assertRaisesRegex(errors.InputError, 'no checkpoint'):
      linear_model.estimator().export_saved_model(
          self.create_tempdir().full_path, self.receiver_fn)


if __name__ == '__main__':
  tf.test.main()
