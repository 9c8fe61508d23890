"""Tests of master/export/predictor.py."""

import io
import os
import shutil
import tempfile

from absl.testing import parameterized
import numpy as np
from PIL import Image
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master.estimator import moving_averages
from master.export import predictor as predictor_lib
from master.export import reading as reading_lib
from master.export import saved_model
from tests.support import model_files
from tests.support import test_util

Predictor = predictor_lib.Predictor

IMAGES = [model_files.encoded_image(0), b'junk\0',
          model_files.encoded_image(1, form='JPEG'),
          model_files.encoded_image(2, form='BMP')]


class PredictorTest(tf.test.TestCase, parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.model_dir = os.path.join(folder.name, 'model')
    cls.prefix = model_files.write_tiny_model_dir(cls.model_dir, step=3)
    cls.export_dir = os.path.join(folder.name, 'export')
    with Predictor.from_model_dir(cls.model_dir) as model:
      cls.version = saved_model.export_model(model, cls.export_dir)

  def test_candidates_come_once_and_the_best_first(self):
    with Predictor.from_model_dir(self.model_dir) as model:
      self.assertEqual([()] * 4, [r.candidates
                                  for r in model.read_bytes(IMAGES)])
    with Predictor.from_checkpoint(self.prefix, {'beam_size': 6}) as model:
      self.assertEqual(6, model.config.decode.beam_size)
      readings = model.read_bytes(IMAGES)
    self.assertEqual((), readings[1].candidates)
    for reading in (readings[0], *readings[2:]):
      texts, scores = zip(*reading.candidates)
      self.assertEqual(reading.text, texts[0])
      self.assertLen(set(texts), len(texts))
      self.assertEqual(sorted(scores, reverse=True), list(scores))

  def test_all_sources_read_the_same(self):
    images = test_util.formula_images(3)
    found = []
    for make, path, name in (
        (Predictor.from_model_dir, self.model_dir, self.prefix),
        (Predictor.from_checkpoint, self.prefix, self.prefix),
        (Predictor.from_saved_model, self.export_dir, self.version)):
      with make(path) as predictor:
        self.assertEqual(test_util.TINY, predictor.config.model)
        self.assertEqual(name, predictor.name)
        found.append((predictor.read_bytes(IMAGES),
                      predictor.read_images(images, with_attention=True)))
    readings, read = found[0]
    self.assertEqual([True, False, True, True], [r.valid for r in readings])
    self.assertEqual(('', 0.0), (readings[1].text, readings[1].confidence))
    self.assertEqual(['', reading_lib.NO_IMAGE, '', ''],
                     [r.error for r in readings])
    self.assertGreater(len({*read.texts, *(r.text for r in readings)}), 2)
    for r in readings:
      self.assertLen(r.char_confidence, len(r.text))
    for other_readings, other in found[1:]:
      self.assertEqual([r.text for r in readings],
                       [r.text for r in other_readings])
      self.assertAllClose([r.confidence for r in readings],
                          [r.confidence for r in other_readings])
      self.assertEqual(read.texts, other.texts)
      for field in ('confidence', 'char_confidence', 'attention'):
        self.assertAllClose(getattr(read, field), getattr(other, field),
                            atol=1e-5, rtol=1e-5)

  def test_images_and_bytes_are_explained_alike(self):
    with Predictor.from_saved_model(self.version) as predictor:
      readings = predictor.read_bytes(IMAGES[:3], with_attention=True)
      self.assertIsNone(readings[1].attention)
      readings = [readings[0], readings[2]]
      images = np.stack([r.attention.image for r in readings])
      read = predictor.read_images(images, with_attention=True)
      self.assertIsNone(predictor.read_images(images).attention)
    self.assertEqual([r.text for r in readings], read.texts)
    for i, r in enumerate(readings):
      count = len(r.attention.maps)
      # Each symbol up to the end has a map.
      self.assertEqual(min(len(r.text) + 1, test_util.TINY.num_steps), count)
      self.assertAllClose(r.attention.maps, read.attention[i, :count])
      self.assertAllClose(r.attention.symbol_confidence,
                          read.char_confidence[i, :count])
      self.assertAllClose(r.char_confidence,
                          read.char_confidence[i, :len(r.text)])
    self.assertAllEqual(read.char_confidence > 0,
                        read.attention.any(axis=(2, 3)))

  def test_an_older_saved_model_tells_less_of_images(self):
    images = test_util.formula_images(3)
    with Predictor.from_saved_model(self.version) as predictor:
      expected = predictor.read_images(images)
      del predictor.signatures['decode_attention']
      del predictor.signatures['decode'].outputs['char_confidence']
      self.assertFalse(predictor.tells_attention)
      actual = predictor.read_images(images, with_attention=True)
    self.assertEqual(expected.texts, actual.texts)
    self.assertAllEqual(expected.confidence, actual.confidence)
    self.assertIsNone(actual.char_confidence)
    self.assertIsNone(actual.attention)

  @parameterized.parameters('from_checkpoint', 'from_saved_model')
  def test_reads_on_the_device_named(self, make):
    path = self.prefix if make == 'from_checkpoint' else self.version
    with getattr(Predictor, make)(path, device='/cpu:0') as predictor:
      devices = {op.device for op in predictor.session.graph.get_operations()
                 if op.type in ('MatMul', 'BatchMatMulV2', 'Conv2D')}
    self.assertEqual({'/device:CPU:0'}, devices)

  def _with_averages(self):
    """A model directory whose averages are the weights of `prefix`."""
    folder = self._copy(self.model_dir)
    reader = tf.train.load_checkpoint(self.prefix)
    values = {name: reader.get_tensor(name)
              for name in reader.get_variable_to_shape_map()}
    # Statistics of batch norms have no averages.
    weights = {name: value for name, value in values.items()
               if 'moving_' not in name and name != 'global_step'}
    values.update({name + moving_averages.SUFFIX: value
                   for name, value in weights.items()})
    values.update({name: -value for name, value in weights.items()})
    with test_util.graph_session() as session:
      saved = {name: tf.Variable(value, name=f'v{i}')
               for i, (name, value) in enumerate(values.items())}
      session.run(tf.global_variables_initializer())
      tf.train.Saver(saved).save(session, os.path.join(
          folder, os.path.basename(self.prefix)), write_meta_graph=False)
    return folder

  def test_reads_by_the_averages(self):
    images = test_util.formula_images(3)
    folder = self._with_averages()
    with Predictor.from_model_dir(self.model_dir) as plain:
      expected = plain.read_images(images)
    with Predictor.from_model_dir(folder) as model:
      actual = model.read_images(images)
    self.assertEqual(expected.texts, actual.texts)
    self.assertAllEqual(expected.confidence, actual.confidence)
    with Predictor.from_model_dir(folder, use_average=False) as model:
      self.assertNotAllClose(expected.confidence,
                             model.read_images(images).confidence)

  def test_reads_no_image_at_all(self):
    with Predictor.from_saved_model(self.version) as predictor:
      self.assertEqual([], predictor.read_bytes([]))

  def test_takes_the_newest_version_by_number(self):
    folder = self.create_tempdir().full_path
    for version in ('9', '10', 'x11'):
      shutil.copytree(self.version, os.path.join(folder, version))
    os.mkdir(os.path.join(folder, '12'))
    with Predictor.from_saved_model(folder) as predictor:
      self.assertEqual(os.path.join(folder, '10'), predictor.name)

  def _copy(self, source):
    path = os.path.join(self.create_tempdir().full_path, 'copy')
    return shutil.copytree(source, path)

  def test_refuses_what_is_no_saved_model(self):
    folder = self.create_tempdir().full_path
    with self.assertRaisesRegex(errors.InputError, 'absent: no such'):
      Predictor.from_saved_model(os.path.join(folder, 'absent'))
    with self.assertRaisesRegex(errors.InputError,
                                f'{folder}: holds no SavedModel'):
      Predictor.from_saved_model(folder)

  def test_refuses_the_saved_model_of_others(self):
    folder = self._copy(self.version)
    shutil.rmtree(os.path.join(folder, 'assets.extra'))
    with self.assertRaisesRegex(errors.InputError,
                                f'{folder}: not exported by this project'):
      Predictor.from_saved_model(folder)

  def test_calls_a_torn_saved_model_damaged(self):
    for name in ('saved_model.pb', 'variables/variables.index',
                 'variables/variables.data-00000-of-00001'):
      folder = self._copy(self.version)
      path = os.path.join(folder, name)
      os.truncate(path, os.path.getsize(path) // 2)
      with self.subTest(name), self.assertRaisesRegex(
          errors.InputError, f'{folder}: damaged') as raised:
        Predictor.from_saved_model(folder)
      self.assertNotIn('\n', str(raised.exception))

  def test_a_config_of_another_model_is_named(self):
    folder = self._copy(self.model_dir)
    config_lib.write(config_lib.Config(test_util.tiny_config(filter_size=17)),
                     folder)
    with self.assertRaisesRegex(
        errors.InputError, f'^{folder}: model.ckpt-3 does not fit'):
      Predictor.from_model_dir(folder)

  def test_refuses_what_is_no_model_dir(self):
    folder = self.create_tempdir().full_path
    with self.assertRaisesRegex(errors.InputError, f'{folder}: no config'):
      Predictor.from_model_dir(folder)
    shutil.copy(os.path.join(self.model_dir, 'config.json'), folder)
    with self.assertRaisesRegex(errors.InputError, f'{folder}: no check'):
      Predictor.from_model_dir(folder)

  def test_refuses_what_is_no_checkpoint(self):
    with self.assertRaisesRegex(errors.InputError, 'use --model_dir'):
      Predictor.from_checkpoint(self.model_dir)
    with self.assertRaisesRegex(errors.InputError, 'ckpt-9: no such'):
      Predictor.from_checkpoint(os.path.join(self.model_dir, 'model.ckpt-9'))
    folder = self._copy(self.model_dir)
    os.remove(os.path.join(folder, 'config.json'))
    with self.assertRaisesRegex(errors.InputError, f'{folder}: no config'):
      Predictor.from_checkpoint(os.path.join(folder, 'model.ckpt-3'))

  def test_calls_a_torn_checkpoint_damaged(self):
    for ending in ('.index', '.data-00000-of-00001'):
      folder = self._copy(self.model_dir)
      path = os.path.join(folder, 'model.ckpt-3' + ending)
      os.truncate(path, os.path.getsize(path) // 2)
      with self.subTest(ending), self.assertRaisesRegex(
          errors.InputError,
          f'^{folder}/model.ckpt-3: (damaged|not a readable)') as raised:
        Predictor.from_model_dir(folder)
      self.assertNotIn('\n', str(raised.exception))
      with self.subTest(f'{ending} by name'), self.assertRaisesRegex(
          errors.InputError,
          f'^{folder}/model.ckpt-3: (damaged|not a readable)'):
        Predictor.from_checkpoint(f'{folder}/model.ckpt-3')

  def test_images_keep_zeros_at_their_end(self):
    """BMP ends in pixels, which NumPy's own strings would cut."""
    file = io.BytesIO()
    Image.new('L', (8, 8)).save(file, 'BMP')
    self.assertTrue(file.getvalue().endswith(bytes(8)))
    with Predictor.from_saved_model(self.version) as predictor:
      reading, = predictor.read_bytes([file.getvalue()])
    self.assertTrue(reading.valid)


if __name__ == '__main__':
  tf.test.main()
