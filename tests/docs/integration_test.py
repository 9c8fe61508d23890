"""Runs docs/integration/with_tf_estimator.py under the real tf.estimator.

Where TensorFlow has it (2.15); the checkpoints are also trained on with
bin/train under another TensorFlow, that of MASTER_OTHER_PYTHON, else of the
checkout's .venv.
"""

import importlib.util
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from absl.testing import absltest
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.estimator import compat
from master.export import predictor as predictor_lib
from master.inputs import resume
from master.runs import training
from tests.support import commands
from tests.support import model_files
from tests.support import test_util
from tests.support import word_sets

EXAMPLE = commands.ROOT / 'docs/integration/with_tf_estimator.py'
PAGE = commands.ROOT / 'docs/integration.md'
OTHER_PYTHON = pathlib.Path(os.environ.get(
    'MASTER_OTHER_PYTHON', commands.ROOT / '.venv/bin/python'))

_BATCH = 2
_SESSION = tf.ConfigProto(device_count={'CPU': 2}, allow_soft_placement=True)

# On import, for it must come before the first use of TensorFlow by any test
# of this process.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices('CPU')[0],
    [tf.config.LogicalDeviceConfiguration()] * 2)


def _example():
  spec = importlib.util.spec_from_file_location('with_tf_estimator', EXAMPLE)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


def _values(model_dir):
  reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(model_dir))
  return {name: reader.get_tensor(name)
          for name in reader.get_variable_to_shape_map()}


@unittest.skipIf(compat.ESTIMATOR is None,
                 'This TensorFlow has no tf.estimator: run make '
                 'test-tf-estimator.')
class IntegrationTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.folder = folder.name
    cls.words = word_sets.write_words(
        os.path.join(cls.folder, 'words'), ['abc', 'de', 'gaf', 'b'])
    cls.example = _example()
    # Two steps by our own runner, from which the others go on.
    cls.begun = os.path.join(cls.folder, 'begun')
    cls._train(cls.begun, 2)

  @classmethod
  def _train(cls, model_dir, steps):
    """Trains with our own runner."""
    config = config_lib.Config(
        test_util.tiny_config(stage_blocks=(1, 1, 1, 1), num_layers=1),
        data=config_lib.DataConfig(batch_size=_BATCH),
        train=config_lib.TrainConfig(train_steps=steps, save_steps=2,
                                     learning_rate=1e-3))
    config_lib.write(config, model_dir)
    training.TrainingRun(config, model_dir, [cls.words], {}).train()

  def _copy(self, name):
    model_dir = os.path.join(self.folder, name)
    shutil.copytree(self.begun, model_dir)
    return model_dir

  def _train_by_original(self, model_dir, steps, **run_config):
    return self.example.train_and_evaluate(
        model_dir, [self.words], self.words,
        self.example.configuration(model_dir, steps),
        session_config=_SESSION, **run_config)[0]

  def test_learns_as_our_runner_and_exports_the_best(self):
    real, ours = self._copy('real'), self._copy('ours')
    metrics = self._train_by_original(real, 4)
    self.assertEqual(4, metrics['global_step'])
    self._train(ours, 4)
    expected, actual = _values(ours), _values(real)
    self.assertCountEqual(expected, actual)
    for name, value in expected.items():
      self.assertAllClose(value, actual[name], atol=1e-4, msg=name)

    version, = os.listdir(os.path.join(real, 'export', 'best'))
    images = [model_files.encoded_image(1), b'junk']
    with tf.Graph().as_default(), tf.Session() as session:
      signature = tf.saved_model.load(
          session, ['serve'], os.path.join(real, 'export', 'best', version)
          ).signature_def['serving_default']
      fed = signature.inputs['image_bytes'].name
      text, confidence = session.run(
          [signature.outputs[name].name for name in ('text', 'confidence')],
          {fed: images})
    with predictor_lib.Predictor.from_checkpoint(
        os.path.join(real, 'model.ckpt-4')) as model:
      readings = model.read_bytes(images)
    self.assertEqual([r.text.encode() for r in readings], list(text))
    self.assertAllClose([r.confidence for r in readings], confidence)

  @unittest.skipUnless(
      OTHER_PYTHON.is_file(),
      f'There is no {OTHER_PYTHON}; MASTER_OTHER_PYTHON names another Python.')
  def test_goes_on_under_another_tensorflow_and_back(self):
    model_dir = self._copy('moving')
    self._train_by_original(
        model_dir, 4, train_distribute=tf.distribute.MirroredStrategy(
            ['/cpu:0', '/cpu:1'], tf.distribute.ReductionToOneDevice()))
    done = subprocess.run(
        [OTHER_PYTHON, '-m', 'master.cli.train', f'--model_dir={model_dir}',
         f'--train_lmdb={self.words}', f'--batch_size={_BATCH}',
         '--train_steps=6', '--save_steps=2'],
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)},
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    self.assertEqual(0, done.returncode, done.stderr)
    self.assertIn('from step 4 to 6', done.stderr)
    self.assertNotIn('WARNING', done.stderr)
    metrics = self._train_by_original(model_dir, 8)
    self.assertEqual(8, metrics['global_step'])
    # The data went on too.
    self.assertEqual(8 * _BATCH, _values(model_dir)[resume.NAME][0])


class PageTest(absltest.TestCase):

  def test_tells_of_the_example(self):
    page = PAGE.read_text(encoding='utf-8')
    self.assertIn('(integration/with_tf_estimator.py)', page)
    for name in ('model_fn_builder', 'make_train_input_fn',
                 'make_eval_input_fn', 'image_bytes_receiver_fn'):
      self.assertIn(f'`{name}`', page)
      self.assertIn(f'.{name}(', EXAMPLE.read_text(encoding='utf-8'))


if __name__ == '__main__':
  absltest.main()
