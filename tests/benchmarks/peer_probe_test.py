"""Tests of benchmarks/peer_probe.py.

That rapidocr itself reads so is tested where .venv-peers, the environment
that benchmarks/peers makes, is there or PEER_VENV names one.
"""

import json
import os
import pathlib
import subprocess
import unittest

from absl.testing import absltest
import numpy as np

from benchmarks import peer_environment
from benchmarks import peer_probe
from tests.support import commands
from tests.support import extras
from tests.support import model_files
from tests.support import stub_rapidocr

_VENV = os.environ.get('PEER_VENV', os.path.join(commands.ROOT, '.venv-peers'))

# What rapidocr's own call reads in each picture of a folder, one at a time.
_PUBLIC_CALL = '''
import json, os, sys
import rapidocr
folder, params, turn_tall = json.loads(sys.argv[1])
params['Rec.ocr_version'] = rapidocr.OCRVersion(params['Rec.ocr_version'])
params['Rec.model_type'] = rapidocr.ModelType(params['Rec.model_type'])
engine = rapidocr.RapidOCR(params=params)
found = []
for name in sorted(os.listdir(folder)):
  with open(os.path.join(folder, name), 'rb') as f:
    read = engine(f.read(), use_det=False, use_cls=False)
  found.append([read.txts[0], read.scores[0]])
print(json.dumps(found))
'''


def _words(folder):
  """Pictures of words, of which one is tall, one grey and one see-through."""
  from PIL import Image
  from PIL import ImageDraw
  from PIL import ImageFont
  os.makedirs(folder)
  font = ImageFont.load_default(40)
  for i, (word, mode) in enumerate((
      ('Coffee', 'RGB'), ('OPEN', 'L'), ('42', 'RGB'), ('Boulevard', 'RGBA'),
      ('counterrevolutionary', 'RGB'))):
    image = Image.new(mode, (int(font.getlength(word)) + 16, 60), 'white')
    ImageDraw.Draw(image).text((8, 4), word, 'black', font)
    image.save(os.path.join(folder, f'{i}.png'))


class StubTest(absltest.TestCase):
  """A stand-in for rapidocr tells what it was asked to do."""

  def _probe(self, pictures, **settings):
    folder = self.create_tempdir().full_path
    model_files.write_files(os.path.join(folder, 'pictures'), pictures)
    python = stub_rapidocr.write(os.path.join(folder, 'stub'))
    return self.enter_context(peer_probe.Probe('stub', python, {
        'reader': 'rapidocr', 'pictures': os.path.join(folder, 'pictures'),
        'model': '/a.onnx', 'characters': None, 'version': 'PP-OCRv6',
        'size': 'tiny', 'turn_tall': False, 'threads': 1, 'batch_size': 3,
        **settings}))

  def test_reads_what_is_asked_for(self):
    probe = self._probe({f'{i}.png': model_files.encoded_image(i, (10 + i, 9))
                         for i in range(4)})
    self.assertEqual('rapidocr 3.0, onnxruntime 1.0', probe.versions)
    # The stand-in reads sizes, and how many it was given with each.
    self.assertEqual(
        [('9x13 of 3', 0.5), ('9x10 of 3', 0.5), ('9x12 of 3', 0.5),
         ('9x11 of 1', 0.5)], probe.read([3, 0, 2, 1], 3))
    self.assertEqual([('9x10 of 1', 0.5)] * 2, probe.read([0, 0], 1))

  def test_settings_are_given_on(self):
    probe = self._probe({'a.png': stub_rapidocr.TELL}, characters='/a.txt')
    [(told, _)] = probe.read([0], 1)
    self.assertEqual({
        'Global.log_level': 'critical', 'Rec.ocr_version': 'PP-OCRv6',
        'Rec.model_type': 'tiny', 'Rec.model_path': '/a.onnx',
        'Rec.rec_keys_path': '/a.txt', 'Rec.rec_batch_num': 3,
        'EngineConfig.onnxruntime.intra_op_num_threads': 1},
                     json.loads(told))

  def test_no_image_has_no_text_and_costs_no_other_its_own(self):
    probe = self._probe({
        'a': b'no image', 'b': model_files.encoded_image(0, (12, 9)),
        'c': b'no image'})
    self.assertEqual([None, ('9x12 of 1', 0.5), None],
                     probe.read([0, 1, 2], 3))
    self.assertEqual([None], probe.read([2], 3))

  def test_tall_words_are_turned_if_wanted(self):
    pictures = {'a': model_files.encoded_image(0, (20, 30)),
                'b': model_files.encoded_image(0, (20, 29))}
    for turn_tall, first in ((False, '30x20 of 1'), (True, '20x30 of 1')):
      probe = self._probe(pictures, turn_tall=turn_tall)
      self.assertEqual([(first, 0.5), ('29x20 of 1', 0.5)],
                       probe.read([0, 1], 1))

  def test_gets_no_more_cpus_than_threads(self):
    if not hasattr(os, 'sched_getaffinity'):
      self.skipTest('CPUs are assigned on Linux only.')
    probe = self._probe({'a': stub_rapidocr.CPUS})
    self.assertEqual([('1', 0.5)], probe.read([0], 1))

  def test_what_ends_it_is_told(self):
    probe = self._probe({'a': stub_rapidocr.CRASH})
    with self.assertRaisesRegex(
        RuntimeError, '(?s)stub: the process .* exit status 1:.*out of order'):
      probe.read([0], 1)
    with self.assertRaisesRegex(RuntimeError, 'exit status 1'):
      probe.read([0], 1)

  def test_a_model_that_does_not_load(self):
    with self.assertRaisesRegex(RuntimeError, '(?s)exit status 1.*PP-OCRv0'):
      self._probe({'a': b''}, version='PP-OCRv0')


@unittest.skipUnless(
    os.path.exists(os.path.join(_VENV, 'bin', 'python')),
    'Needs .venv-peers, which benchmarks/peers sets up.')
class RapidOcrTest(absltest.TestCase):

  def test_reads_as_its_public_call(self):
    python = os.path.join(_VENV, 'bin', 'python')
    name = 'ppocrv6_small'
    files = peer_environment.find(
        [name], peer_environment.packages_folder(python), None)[name]
    peer = peer_environment.PEERS[name]
    pictures = os.path.join(self.create_tempdir().full_path, 'pictures')
    _words(pictures)
    public = json.loads(subprocess.run(
        [python, '-c', _PUBLIC_CALL, json.dumps([pictures, {
            'Global.log_level': 'critical',
            'Global.use_preprocess_img': False,
            'Rec.ocr_version': peer.version, 'Rec.model_type': peer.size,
            'Rec.model_path': files.model}, False])],
        check=True, capture_output=True, text=True).stdout)
    with peer_probe.Probe(name, python, {
        'reader': 'rapidocr', 'pictures': pictures, 'model': files.model,
        'characters': files.characters, 'version': peer.version,
        'size': peer.size, 'turn_tall': False, 'threads': 1,
        'batch_size': 8}) as probe:
      found = probe.read(range(len(public)), 1)
      together = probe.read(range(len(public)), 8)
    self.assertEqual([tuple(reading) for reading in public], found)
    # It sorts what it is given; texts must come back in the order asked for.
    self.assertEqual([text for text, _ in found],
                     [text for text, _ in together])
    self.assertEqual(['Coffee', 'OPEN', '42'],
                     [text for text, _ in found[:3]])


@extras.needs('onnx')
class OursTest(absltest.TestCase):

  def test_reads_as_the_model(self):
    from master.export import onnx_model
    from master.export import predictor
    folder = pathlib.Path(self.create_tempdir().full_path)
    pictures = {f'{i}.png': model_files.encoded_image(i) for i in range(3)}
    pictures['3.png'] = b'no image'
    model_files.write_files(str(folder / 'pictures'), pictures)
    model_files.write_tiny_model_dir(str(folder / 'model'))
    with predictor.Predictor.from_model_dir(str(folder / 'model')) as model:
      exported = onnx_model.export_onnx(model, str(folder / 'onnx'))
      wanted = model.run('serving_default', image_bytes=np.array(
          list(pictures.values()), object))
    with peer_probe.Probe('ours', None, {
        'reader': 'ours', 'pictures': str(folder / 'pictures'),
        'model': exported, 'threads': 1, 'batch_size': 2}) as probe:
      *found, last = probe.read(range(4), 2)
      self.assertRegex(probe.versions, r'^tensorflow 2\.\S+, onnxruntime \d')
    self.assertIsNone(last)
    self.assertEqual([text.decode() for text in wanted['text'][:3]],
                     [text for text, _ in found])
    np.testing.assert_allclose(
        [confidence for _, confidence in found], wanted['confidence'][:3],
        rtol=1e-4)


if __name__ == '__main__':
  absltest.main()
