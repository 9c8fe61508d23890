"""Guards master/cli/create_lmdb.py."""

import os

from absl.testing import absltest

from master.inputs import lmdb_reader
from tests import commands
from tests.inputs import pictures


class CreateLmdbTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = self.create_tempdir()
    self._output = os.path.join(self._folder.full_path, 'set')
    self._labels = os.path.join(self._folder.full_path, 'labels.txt')
    self._images = os.path.join(self._folder.full_path, 'images')

  def _save(self, path: str, encoded: bytes):
    self._folder.create_file(f'images/{path}', encoded, mode='wb')

  def _run(self, labels: bytes, *flags: str):
    self._folder.create_file('labels.txt', labels, mode='wb')
    return commands.run(
        '-m', 'master.cli.create_lmdb', f'--images={self._images}',
        f'--labels={self._labels}', f'--output={self._output}', *flags)

  def _records(self):
    reader = lmdb_reader.LmdbReader(self._output)
    return [reader.read(i) for i in range(len(reader))]

  def _assert_bad_input(self, process, message: str):
    self.assertEqual(process.returncode, 2, process.stderr)
    last = process.stderr.splitlines()[-1]
    self.assertRegex(last, f'^create_lmdb: error: .*{message}')
    self.assertNotIn('Traceback', process.stderr)
    self.assertFalse(os.path.exists(self._output))

  def test_packs_all_formats_byte_for_byte(self):
    encoded = {name: pictures.encode(pictures.picture(7, 11), name)
               for name in ('JPEG', 'PNG', 'BMP', 'GIF')}
    for name, content in encoded.items():
      self._save(f'deep/{name}', content)
    # A byte order mark, an inner space, Windows' line ends, a blank line and
    # no line end at the end.
    process = self._run(
        '\ufeffdeep/JPEG\tone two\r\ndeep/PNG\tStraße\n\ndeep/BMP\t3\n'
        'deep/GIF\t4'.encode())
    self.assertEqual(process.returncode, 0, process.stderr)
    self.assertEqual(process.stdout,
                     f'{self._output}: 4 records, 0 lines left out\n')
    self.assertEqual(self._records(), list(zip(
        encoded.values(),
        [b'one two', 'Straße'.encode(), b'3', b'4'])))

  def test_bad_lines_are_named_and_left_out(self):
    self._save('good.png', pictures.png())
    self._save('cut.png', pictures.png(100, 100)[:99])
    self._save('text.png', b'no picture')
    self._save('empty.png', b'')
    self._save('tiff.png', pictures.encode(pictures.picture(7, 11), 'TIFF'))
    process = self._run(
        b'good.png\tfirst\ncut.png\ta\ntext.png\ta\nempty.png\ta\n'
        b'tiff.png\ta\nnone.png\ta\ngood.png\ngood.png\t\ngood.png\t\xff\n'
        b'no\0path\ta\ngood.png\tlast\n')
    self.assertEqual(process.returncode, 0, process.stderr)
    self.assertEqual(process.stdout,
                     f'{self._output}: 2 records, 9 lines left out\n')
    self.assertEqual([record.label for record in self._records()],
                     [b'first', b'last'])
    for line, reason in (
        (2, 'cut.png: damaged'), (3, 'text.png: not an image'),
        (4, 'empty.png: empty'), (5, 'tiff.png: TIFF, not JPEG'),
        (6, 'none.png: No such file'), (7, 'no tab'), (8, 'no text'),
        (9, 'not UTF-8'), (10, 'no\0path: embedded null')):
      self.assertRegex(process.stderr, f'(?m)^{self._labels}:{line}: {reason}')

  def test_all_lines_bad(self):
    self._save('text.png', b'no picture')
    self._assert_bad_input(
        self._run(b'text.png\ta\nnone.png\ta\n'),
        f'--labels={self._labels}: none of its 2 lines')
    self._assert_bad_input(self._run(b''), 'none of its 0 lines')
    self.assertCountEqual(os.listdir(self._folder.full_path),
                          ['images', 'labels.txt'])

  def test_missing_inputs(self):
    self._assert_bad_input(self._run(b''), f'--images={self._images}: no such')
    self._save('good.png', pictures.png())
    self._assert_bad_input(self._run(b'', '--labels=/nowhere'),
                           '--labels=/nowhere: no such file')
    self._assert_bad_input(
        commands.run('-m', 'master.cli.create_lmdb'), '--images')

  def test_output_that_is_there(self):
    self._save('good.png', pictures.png())
    self.assertEqual(self._run(b'good.png\ta\n').returncode, 0)
    process = self._run(b'good.png\tb\n')
    self.assertEqual(process.returncode, 2)
    self.assertRegex(process.stderr, r'--output=\S*/set: is there and not')
    self.assertEqual(self._records()[0].label, b'a')


if __name__ == '__main__':
  absltest.main()
