"""Tests of bin/predict, run as a process."""

import json
import os
import tempfile

from absl.testing import absltest
from PIL import Image

from tests.support import commands
from tests.support import model_files


def _predict(*arguments, stdin=b''):
  return commands.run('-m', 'master.cli.predict', *arguments, stdin=stdin)


class PredictTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.TemporaryDirectory()
    cls.addClassCleanup(folder.cleanup)
    cls.model_dir = os.path.join(folder.name, 'model')
    cls.prefix = model_files.write_tiny_model_dir(cls.model_dir)
    cls.images = os.path.join(folder.name, 'images')
    jpeg = model_files.encoded_image(2, form='JPEG')
    model_files.write_files(cls.images, {
        'b.png': model_files.encoded_image(1),
        'a.txt': b'no image',
        'c.jpg': jpeg[:len(jpeg) // 2],
        'deeper/tab\there.png': model_files.encoded_image(3)})

  def _path(self, name):
    return os.path.join(self.images, name)

  def test_a_folder_with_files_that_are_no_images(self):
    process = _predict(f'--model_dir={self.model_dir}', '--batch_size=3',
                       self.images)
    self.assertEqual(1, process.returncode, process.stderr)
    self.assertNotIn('Traceback', process.stderr)
    rows = [line.split('\t') for line in process.stdout.splitlines()]
    self.assertEqual([self._path(name) for name in
                      ('a.txt', 'b.png', 'c.jpg', 'deeper/tab\\there.png')],
                     [row[0] for row in rows])
    for row in (rows[0], rows[2]):
      self.assertEqual(['', '0.0000'], row[1:3])
      self.assertRegex(row[3], '^error: not a readable')
    for row in (rows[1], rows[3]):
      self.assertLen(row, 3)
      self.assertRegex(row[2], r'^0\.\d{4}$')
      self.assertGreater(float(row[2]), 0)

  def test_attention_is_drawn_for_what_was_read(self):
    folder = tempfile.TemporaryDirectory()
    self.addCleanup(folder.cleanup)
    drawn = os.path.join(folder.name, 'new', 'drawn')
    plain = _predict(f'--model_dir={self.model_dir}', self.images)
    process = _predict(f'--model_dir={self.model_dir}', self.images,
                       f'--attention_dir={drawn}')
    self.assertEqual((1, plain.stdout), (process.returncode, process.stdout),
                     process.stderr)
    names = sorted(os.listdir(drawn))
    self.assertLen(names, 2)
    self.assertRegex(names[0], r'^b\.png\.[0-9a-f]{8}\.png$')
    self.assertRegex(names[1], r'^tab_here\.png\.[0-9a-f]{8}\.png$')
    for name in names:
      with Image.open(os.path.join(drawn, name)) as picture:
        picture.load()
        self.assertEqual('RGB', picture.mode)

  def test_an_attention_dir_that_cannot_be_written_to_is_named(self):
    # A file, and a folder in which nobody may make files.
    for path in (self._path('b.png'), '/proc'):
      process = _predict(f'--model_dir={self.model_dir}', self.images,
                         f'--attention_dir={path}')
      self.assertEqual((2, ''), (process.returncode, process.stdout))
      self.assertRegex(process.stderr,
                       rf'^predict: error: --attention_dir={path}: cannot be '
                       r'made or written to .*; name another folder\.\n$')

  def test_images_of_one_name_have_pictures_of_their_own(self):
    folder = tempfile.TemporaryDirectory()
    self.addCleanup(folder.cleanup)
    drawn = os.path.join(folder.name, 'drawn')
    model_files.write_files(folder.name, {
        'in/a/word.png': model_files.encoded_image(1),
        'in/b/word.png': model_files.encoded_image(2)})
    process = _predict(f'--model_dir={self.model_dir}', '--batch_size=1',
                       os.path.join(folder.name, 'in'),
                       f'--attention_dir={drawn}')
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertLen(os.listdir(drawn), 2)

  def test_names_on_stdin_as_json_lines(self):
    names = [self._path('b.png'), '', self._path('absent.png'),
             self._path('deeper')]
    process = _predict(f'--checkpoint={self.prefix}', '--format=json', '-',
                       stdin='\n'.join(names).encode())
    self.assertEqual(1, process.returncode, process.stderr)
    rows = [json.loads(line) for line in process.stdout.splitlines()]
    self.assertEqual([names[0], names[2], self._path('deeper/tab\there.png')],
                     [row['path'] for row in rows])
    for row in rows:
      self.assertEqual(['path', 'text', 'confidence', 'error'], list(row))
    self.assertEqual([None, 'No such file or directory', None],
                     [row['error'] for row in rows])

  def test_candidates_of_a_beam(self):
    process = _predict(f'--model_dir={self.model_dir}', '--format=json',
                       '--beam_size=3', self._path('b.png'),
                       self._path('a.txt'))
    self.assertEqual(1, process.returncode, process.stderr)
    read, failed = map(json.loads, process.stdout.splitlines())
    self.assertLen(read['candidates'], 3)
    self.assertEqual(read['text'], read['candidates'][0]['text'])
    scores = [candidate['score'] for candidate in read['candidates']]
    self.assertEqual(sorted(scores, reverse=True), scores)
    self.assertNotIn('candidates', failed)

  def test_an_exported_model_searches_as_it_was_exported(self):
    export_dir = os.path.join(self.create_tempdir().full_path, 'export')
    process = commands.run('-m', 'master.cli.export', '--beam_size=2',
                           f'--model_dir={self.model_dir}',
                           f'--export_dir={export_dir}')
    self.assertEqual(0, process.returncode, process.stderr)
    process = _predict(f'--saved_model={export_dir}', '--format=json',
                       self._path('b.png'))
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertLen(json.loads(process.stdout)['candidates'], 2)
    process = _predict(f'--saved_model={export_dir}', '--beam_size=5',
                       self._path('b.png'))
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr, r'--beam_size=5: .* was exported with 2; '
                     r'export it again with --beam_size=5\.\n$')

  def test_a_wrong_model_is_one_line(self):
    process = _predict(f'--saved_model={self.images}', self._path('b.png'))
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(
        process.stderr,
        f'^predict: error: {self.images}: holds no SavedModel[^\n]*\n$')

  def test_needs_a_file(self):
    process = _predict(f'--model_dir={self.model_dir}')
    self.assertEqual(2, process.returncode)
    self.assertRegex(process.stderr, '^predict: error: FILE[^\n]*\n$')


if __name__ == '__main__':
  absltest.main()
