"""Tests of master/export/onnx_model.py. They need the extra `onnx`."""

import json
import os
import tempfile
from unittest import mock

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master.export import onnx_model
from master.export import predictor as predictor_lib
from master.models import folded_conv
from tests.support import extras
from tests.support import model_files
from tests.support import test_util

if extras.is_there('onnx'):
  import onnx
  import onnxruntime

_BYTES = [model_files.encoded_image(1), b'junk',
          model_files.encoded_image(2, form='JPEG')]


@extras.needs('onnx')
class OnnxModelTest(tf.test.TestCase, parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.prefix = model_files.write_tiny_model_dir(
        os.path.join(folder.name, 'model'))
    cls.original = predictor_lib.Predictor.from_checkpoint(cls.prefix)
    cls.addClassCleanup(cls.original.close)
    cls.export_dir = os.path.join(folder.name, 'export')
    cls.path = onnx_model.export_onnx(cls.original, cls.export_dir)

  def test_reads_as_the_model(self):
    images = test_util.formula_images(5)
    with onnx_model.OnnxPredictor.from_folder(self.export_dir) as exported:
      self.assertEqual(self.path, exported.name)
      self.assertEqual(test_util.TINY, exported.config.model)
      expected = self.original.run('decode', image=images)
      actual = exported.run('decode', image=images)
      self.assertAllEqual(expected['ids'], actual['ids'])
      self.assertAllClose(expected['logits'], actual['logits'], atol=1e-4)
      self.assertAllEqual(expected['text'], actual['text'])
      self.assertAllClose(expected['confidence'], actual['confidence'],
                          atol=1e-4)
      for one, other in zip(self.original.read_bytes(_BYTES),
                            exported.read_bytes(_BYTES)):
        self.assertEqual((one.text, one.valid), (other.text, other.valid))
        self.assertAllClose(one.confidence, other.confidence, atol=1e-4)
        self.assertAllClose(one.char_confidence, other.char_confidence,
                            atol=1e-4)
      read = exported.read_images(images, with_attention=True)
      in_session = self.original.read_images(images)
      self.assertEqual(in_session.texts, read.texts)
      self.assertAllClose(in_session.char_confidence, read.char_confidence,
                          atol=1e-4)
      self.assertIsNone(read.attention)
      self.assertEqual(['confidence'], list(exported.run(
          'decode', ('confidence',), image=images)))

  @parameterized.parameters(
      ('winograd', dict(gcb_fusion='concat')),
      ('direct', dict(gcb_fusion='mul', image_channels=3,
                      shared_layers=True)))
  def test_every_form_reads_as_the_original(self, convolution, changes):
    folder = self.create_tempdir().full_path
    prefix = model_files.write_tiny_model_dir(folder, **changes)
    with predictor_lib.Predictor.from_checkpoint(prefix) as original:
      with mock.patch.object(folded_conv, '_WINOGRAD_CHANNELS', 1):
        path = onnx_model.export_onnx(
            original, os.path.join(folder, 'export'), config_lib.ExportConfig(
                format='onnx', convolution=convolution))
      images = test_util.formula_images(4, original.config.model)
      expected = original.run('decode', image=images)
    with onnx_model.OnnxPredictor.from_folder(path) as exported:
      actual = exported.run('decode', image=images)
    self.assertAllEqual(expected['ids'], actual['ids'])
    self.assertAllClose(expected['logits'], actual['logits'], atol=1e-4)

  def test_the_file_explains_itself(self):
    file = os.path.join(self.path, 'model.onnx')
    proto = onnx.load(file)
    onnx.checker.check_model(proto, full_check=True)
    # What anyone who has ONNX Runtime and no code of ours sees.
    session = onnxruntime.InferenceSession(file)
    image, = session.get_inputs()
    self.assertEqual(('image', ['N', 16, 20, 1]), (image.name, image.shape))
    self.assertEqual(['ids', 'logits', 'confidence', 'char_confidence'],
                     [output.name for output in session.get_outputs()])
    found = session.get_modelmeta().custom_metadata_map
    self.assertEqual(['<PAD>', '<EOS>', '<SOS>', '<UNK>', *'abcdefg'],
                     json.loads(found['classes']))
    config = config_lib.read(self.path)
    self.assertEqual('onnx', config.export.format)
    self.assertEqual(json.loads(config.to_json()), json.loads(found['config']))
    self.assertEmpty([node.op_type for node in proto.graph.node
                      if node.op_type == 'BatchNormalization'])

  def test_ends_with_its_longest_text(self):
    """The loop inside stops by itself; it has no fixed number of turns."""
    loops = [node for node in onnx.load(
        os.path.join(self.path, 'model.onnx')).graph.node
             if node.op_type == 'Loop']
    self.assertLen(loops, 1)

  def test_a_file_that_reads_otherwise_is_not_published(self):
    export_dir = os.path.join(self.create_tempdir().full_path, 'export')
    values = self.original.variable_values()
    values['master/decoder/classes/bias'] += np.linspace(
        0, 0.1, test_util.TINY.num_classes, dtype=np.float32)
    with mock.patch.object(self.original, 'variable_values', lambda: values):
      with self.assertRaisesRegex(RuntimeError, 'differs.*not published'):
        onnx_model.export_onnx(self.original, export_dir)
    self.assertFalse(os.path.exists(export_dir))

  def test_faults_are_told(self):
    with self.assertRaisesRegex(errors.InputError, 'no attention maps'):
      with onnx_model.OnnxPredictor.from_folder(self.path) as exported:
        exported.read_bytes(_BYTES, with_attention=True)
    with predictor_lib.Predictor.from_checkpoint(
        self.prefix, {'beam_size': 2}) as beams:
      with self.assertRaisesRegex(errors.InputError, '--beam_size=2: .*greedy'):
        onnx_model.export_onnx(beams, self.export_dir)
    folder = self.create_tempdir().full_path
    with self.assertRaisesRegex(errors.InputError, 'holds no model.onnx'):
      onnx_model.OnnxPredictor.from_folder(folder)
    with open(os.path.join(self.path, 'model.onnx'), 'rb') as f:
      half = f.read()[:5000]
    model_files.write_files(folder, {
        'model.onnx': half,
        'config.json': config_lib.read(self.path).to_json().encode()})
    with self.assertRaisesRegex(errors.InputError, 'damaged ONNX file'):
      onnx_model.OnnxPredictor.from_folder(folder)
    with mock.patch.dict('sys.modules', {'tf2onnx': None}):
      with self.assertRaisesRegex(errors.InputError, r"'master-ocr\[onnx\]'"):
        onnx_model.export_onnx(self.original, folder)


if __name__ == '__main__':
  tf.test.main()
