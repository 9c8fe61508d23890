"""Tests of master/reader.py, and of what `master` makes of it."""

import io
import json
import os
import pathlib
import tempfile
import threading

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

import master
from master import errors
from master import reader as reader_lib
from master.export import onnx_model
from master.export import reading
from master.export import saved_model
from tests.support import commands
from tests.support import extras
from tests.support import model_files
from tests.support import pictures

_QUIET = '''
import os
import sys
for name in ('TF_CPP_MIN_LOG_LEVEL', 'TF_ENABLE_ONEDNN_OPTS'):
  os.environ.pop(name, None)
import master
loaded = [name for name in ('tensorflow', 'numpy', 'PIL', 'absl')
          if name in sys.modules]
texts = []
for path in sys.argv[2:]:
  with master.load(path) as reader:
    texts.append(reader.read(sys.argv[1]).text)
print(loaded, *texts, sep='\\n')
'''


def _in_all_modes():
  """Pillow pictures of many modes and sizes."""
  for i, mode in enumerate(('RGB', 'RGBA', 'L', 'LA', 'I;16', 'P', '1')):
    for height, width in ((19, 37), (1, 1), (64, 23), (5, 301)):
      yield pictures.picture(height, width, mode, seed=i)


def _png(picture):
  file = io.BytesIO()
  picture.save(file, 'PNG')
  return file.getvalue()


class ReaderTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.model_dir = os.path.join(folder.name, 'model')
    cls.prefix = model_files.write_tiny_model_dir(cls.model_dir)
    cls.images = os.path.join(folder.name, 'images')
    model_files.write_files(cls.images, {
        'a.png': model_files.encoded_image(1), 'b.txt': b'no image',
        'c.jpg': model_files.encoded_image(2, form='JPEG')})
    cls.reader = master.load(cls.model_dir)
    cls.addClassCleanup(cls.reader.close)
    cls.versions = os.path.join(folder.name, 'export')
    cls.version = saved_model.export_model(cls.reader.predictor, cls.versions)

  def _path(self, name):
    return os.path.join(self.images, name)

  def assert_same(self, expected, actual):
    self.assertEqual([(r.text, r.valid, r.error) for r in expected],
                     [(r.text, r.valid, r.error) for r in actual])
    for one, other in zip(expected, actual):
      self.assertAlmostEqual(one.confidence, other.confidence, places=5)
      np.testing.assert_allclose(one.char_confidence, other.char_confidence,
                                 atol=1e-5)

  def test_one_picture_gives_one_reading(self):
    path = self._path('a.png')
    found = self.reader.read(path)
    self.assertIsInstance(found, master.Reading)
    self.assertTrue(found.valid)
    self.assertNotEmpty(found.text)
    self.assertLen(found.char_confidence, len(found.text))
    self.assertBetween(found.confidence, 1e-9, 1)
    content = pathlib.Path(path).read_bytes()
    with Image.open(path) as picture:
      array = np.asarray(picture)
      self.assert_same([found] * 5, [
          self.reader.read(form) for form in (
              pathlib.Path(path), content, bytearray(content), picture,
              array)])
    # Blue first is another picture.
    self.assertNotAlmostEqual(
        found.confidence, self.reader.read(array[:, :, ::-1]).confidence, 7)

  def test_pixels_read_as_the_same_picture_in_a_file(self):
    images = list(_in_all_modes())
    expected = self.reader.read([_png(image) for image in images])
    self.assertTrue(all(r.valid for r in expected))
    self.assertGreater(len({r.text for r in expected}), 3)
    self.assert_same(expected, self.reader.read(images))
    arrays = [(image, np.asarray(image)) for image in images
              if image.mode in ('L', 'RGB', 'RGBA')]
    self.assert_same(self.reader.read([image for image, _ in arrays]),
                     self.reader.read([array for _, array in arrays]))

  def test_orientation_is_not_applied_in_any_form(self):
    upright = pictures.picture(19, 37)
    exif = Image.Exif()
    exif[0x0112] = 6  # To be turned by 90 degrees.
    file = io.BytesIO()
    upright.save(file, 'PNG', exif=exif)
    self.assert_same(
        [self.reader.read(upright)] * 2,
        self.reader.read([file.getvalue(), Image.open(file)]))

  def test_several_in_order_whatever_the_batch(self):
    images = [model_files.encoded_image(i) for i in range(7)]
    expected = [self.reader.read(image) for image in images]
    self.assertGreater(len({r.text for r in expected}), 2)
    for many in (images, tuple(images), iter(images),
                 np.array(images, object).tolist()):
      self.assert_same(expected, self.reader.read(many, batch_size=3))
    self.assertEqual([], self.reader.read([]))
    self.assertEqual([], self.reader.read(iter(())))
    found, = self.reader.read([self._path('a.png')])
    self.assertTrue(found.valid)

  def test_a_generator_is_taken_one_batch_at_a_time(self):
    taken = []

    def images():
      for i in range(7):
        taken.append(i)
        yield model_files.encoded_image(i)

    readings = self.reader.stream(images(), batch_size=3)
    self.assertEmpty(taken)
    next(readings)
    self.assertEqual([0, 1, 2], taken)
    self.assertLen(list(readings), 6)
    self.assertLen(list(self.reader.stream(self._path('a.png'))), 1)

  def test_what_is_no_image_is_told_and_stops_nothing(self):
    found = self.reader.read([
        self._path('absent'), self._path('b.txt'), b'', self.images,
        np.zeros([0, 3], np.uint8), self._path('a.png')])
    self.assertEqual([False] * 5 + [True], [r.valid for r in found])
    self.assertEqual(
        ['No such file or directory', reading.NO_IMAGE, reading.NO_IMAGE,
         'a folder, not a file', '0 x 3 pixels: there is nothing in it', ''],
        [r.error for r in found])
    for r in found[:5]:
      self.assertEqual(('', 0, 0),
                       (r.text, r.confidence, len(r.char_confidence)))

  def test_faults_of_the_call_are_raised(self):
    with self.assertRaisesRegex(errors.InputError, 'float64.*uint8'):
      self.reader.read(np.zeros([3, 5]))
    with self.assertRaisesRegex(TypeError, 'NoneType'):
      self.reader.read([self._path('a.png'), None])
    with self.assertRaisesRegex(TypeError, 'not iterable'):
      self.reader.read(None)
    with self.assertRaisesRegex(errors.InputError, 'batch_size=0'):
      self.reader.read([], batch_size=0)

  def test_attention_is_of_the_symbols(self):
    read, failed = self.reader.read([self._path('a.png'), b'none'],
                                    with_attention=True)
    count = len(read.attention.maps)
    self.assertBetween(count, len(read.text), len(read.text) + 1)
    np.testing.assert_allclose(np.ones(count),
                               read.attention.maps.sum((1, 2)), atol=1e-4)
    self.assertIsNone(failed.attention)
    self.assertIsNone(self.reader.read(self._path('a.png')).attention)

  def test_reads_as_predict_does(self):
    paths = [self._path(name) for name in ('a.png', 'absent', 'b.txt',
                                           'c.jpg')]
    process = commands.run('-m', 'master.cli.predict', '--format=json',
                           f'--model_dir={self.model_dir}', *paths)
    self.assertEqual(1, process.returncode, process.stderr)
    lines = list(map(json.loads, process.stdout.splitlines()))
    found = self.reader.read(paths)
    self.assertEqual([(line['text'], line['error'] or '') for line in lines],
                     [(r.text, r.error) for r in found])
    for line, r in zip(lines, found):
      self.assertAlmostEqual(line['confidence'], r.confidence, places=5)

  def test_threads_share_a_reader(self):
    images = [model_files.encoded_image(i) for i in range(8)]
    expected = self.reader.read(images)
    found = {}

    def read(i):
      found[i] = [self.reader.read(images[i]) for _ in range(5)]

    threads = [threading.Thread(target=read, args=(i,)) for i in range(8)]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
    for i, r in enumerate(expected):
      self.assert_same([r] * 5, found[i])

  def test_every_form_is_found_by_looking(self):
    expected = [self.reader.read(self._path('a.png'))]
    for path, name in (
        (self.model_dir, self.prefix),
        (pathlib.Path(self.model_dir), self.prefix),
        (self.prefix, self.prefix), (self.version, self.version),
        (self.versions, self.version)):
      with master.load(path) as reader:
        self.assertEqual(name, reader.name)
        self.assert_same(expected, [reader.read(self._path('a.png'))])
    with self.assertRaisesRegex(RuntimeError, 'closed'):
      reader.read(self._path('a.png'))

  @extras.needs('onnx')
  def test_onnx_files_are_found_by_looking(self):
    versions = os.path.join(self.create_tempdir().full_path, 'export')
    version = onnx_model.export_onnx(self.reader.predictor, versions)
    expected = self.reader.read(self._path('a.png'))
    for path in (versions, version, os.path.join(version, onnx_model.FILE)):
      with master.load(path) as reader:
        self.assertEqual(version, reader.name)
        self.assertEqual(expected.text, reader.read(self._path('a.png')).text)

  def test_how_a_model_searches(self):
    with master.load(self.model_dir, beam_size=3) as reader:
      found = reader.read(self._path('a.png'))
    self.assertLen(found.candidates, 3)
    self.assertEqual(found.text, found.candidates[0][0])
    with self.assertRaisesRegex(
        errors.InputError, '--beam_size=3: .* was exported with 1; export'):
      master.load(self.version, beam_size=3)

  def test_a_wrong_path_says_what_was_looked_for(self):
    empty = self.create_tempdir().full_path
    for path in (empty, os.path.join(empty, 'absent'), self._path('a.png'),
                 os.path.join(self.model_dir, 'model.ckpt-7')):
      with self.assertRaisesRegex(
          errors.InputError,
          f'^{path}: no model; looked for .*config.json.*saved_model.pb'
          rf'.*model.onnx.*{path}\.index'):
        master.load(path)
    with self.assertRaisesRegex(errors.InputError, 'path: is empty'):
      master.load('')
    with self.assertRaisesRegex(errors.InputError, "form='onnx': must be"):
      master.load(self.version, form='onnx')
    with self.assertRaisesRegex(errors.InputError, 'holds no SavedModel'):
      master.load(self.model_dir, form='saved_model')

  def test_importing_is_light_and_loading_is_silent(self):
    process = commands.run('-c', _QUIET, self._path('a.png'), self.model_dir,
                           self.version)
    self.assertEqual((0, ''), (process.returncode, process.stderr))
    text = self.reader.read(self._path('a.png')).text
    self.assertEqual(['[]', text, text], process.stdout.splitlines())


class FaceTest(absltest.TestCase):

  def test_names(self):
    self.assertIs(reader_lib.load, master.load)
    self.assertIs(reader_lib.Reader, master.Reader)
    self.assertIs(reader_lib.Reading, master.Reading)
    with self.assertRaisesRegex(AttributeError, "'master' has no .*'read'"):
      self.assertIsNone(master.read)


if __name__ == '__main__':
  absltest.main()
