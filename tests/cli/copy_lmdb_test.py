"""Guards master/cli/copy_lmdb.py, run as processes."""

import os
import pathlib
import re
import subprocess
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized

from master.data import lmdb_reader
from tests.support import commands
from tests.support import pictures


class CopyLmdbTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = pathlib.Path(self.create_tempdir().full_path)

  def _path(self, *names: str) -> str:
    return ','.join(str(self._folder / name) for name in names)

  def _write(self, name: str, *labels: str):
    pictures.write_lmdb(self._path(name), labels)

  def _run(self, *arguments: str):
    return commands.run('-m', 'master.cli.copy_lmdb', *arguments)

  def _copy(self, *arguments: str):
    process = self._run(*arguments)
    self.assertEqual(process.returncode, 0, process.stderr)
    return process

  def _records(self, name: str):
    reader = lmdb_reader.LmdbReader(self._path(name))
    self.assertEqual(lmdb_reader.STANDARD, reader.layout)
    return [reader.read(i) for i in range(len(reader))]

  def _labels(self, name: str):
    return [record.label.decode() for record in self._records(name)]

  def test_merges_any_layout_byte_for_byte(self):
    self._write('a', 'one', 'Straße')
    image = pictures.png(seed=9)
    # No image to be checked: nobody looks at it.
    pictures.write_items(self._path('b'), {
        'nSamples': b'2', 'image-1': image, 'transcript-1': b'three',
        'image-2': b'no picture', 'transcript-2': b' 4 '})
    pictures.write_items(self._path('c'), {
        'num-samples': b'1', 'image-0': image, 'label-0': b'five'})
    process = self._copy(f'--input={self._path("a", "b", "c")}',
                         f'--output={self._path("out")}')
    self.assertEqual(process.stdout, f'{self._path("out")}: 5 records\n')
    self.assertEqual(process.stderr, '')
    self.assertEqual(self._records('out'), [
        (pictures.png(seed=0), b'one'),
        (pictures.png(seed=1), 'Straße'.encode()), (image, b'three'),
        (b'no picture', b' 4 '), (image, b'five')])

  def test_what_is_missing_is_counted(self):
    self._write('a', 'one', 'two', 'three', '', 'five', 'six')
    pictures.change_lmdb(self._path('a'), {
        'image-%09d' % 1: None, 'label-%09d' % 3: None,
        'label-%09d' % 5: b'\xff', 'num-samples': b'8'})
    process = self._copy(f'--input={self._path("a")}',
                         f'--output={self._path("out")}')
    self.assertIn('6 records were left out: 1 label_empty, 1 label_not_utf8, '
                  '3 missing_image, 1 missing_label', process.stderr)
    self.assertEqual(['two', 'six'], self._labels('out'))

  def test_filters(self):
    self._write('a', 'one', 'TWO', 'three', 'a b', 'four', 'x', '')
    self._write('b', 'Four', 'else')
    process = self._copy(
        f'--input={self._path("a")}', f'--output={self._path("out")}',
        '--charset=36', '--min_label_length=2', '--max_label_length=4',
        f'--exclude={self._path("b")}')
    self.assertEqual(['one', 'TWO'], self._labels('out'))
    self.assertIn(
        '5 records were left out: 1 label_empty, 1 label_excluded, '
        '1 label_outside_charset, 1 label_too_long, 1 label_too_short',
        process.stderr)
    self._copy(f'--input={self._path("a")}', f'--output={self._path("all")}',
               '--min_label_length=0')
    self.assertLen(self._labels('all'), 7)

  def test_samples(self):
    self._write('a', *(f'a{i}' for i in range(50)))
    self._write('b', *(f'b{i}' for i in range(50)))
    drawn = []
    for name, seed in (('one', 1), ('same', 1), ('other', 2)):
      self._copy(f'--input={self._path("a", "b")}', f'--seed={seed}',
                 f'--output={self._path(name)}', '--sample=20',
                 '--charset=36')
      drawn.append(self._labels(name))
      self.assertLen(set(drawn[-1]), 20)
    self.assertEqual(drawn[0], drawn[1])
    self.assertNotEqual(drawn[0], drawn[2])
    self.assertEqual({'a', 'b'}, {label[0] for label in drawn[0]})

  def test_samples_of_what_the_filters_leave(self):
    self._write('a', *(str(i) for i in range(50)))
    self._copy(f'--input={self._path("a")}', '--sample=10',
               '--max_label_length=1', f'--output={self._path("out")}')
    self.assertCountEqual([str(i) for i in range(10)], self._labels('out'))
    self._check_fault(
        '--sample=11: there are only 10 records to copy (left out: 40 '
        'label_too_long); ask for no more.',
        f'--input={self._path("a")}', '--sample=11', '--max_label_length=1',
        output='more')

  def test_splits(self):
    self._write('a', *(str(i) for i in range(150)))
    process = self._copy(
        f'--input={self._path("a")}', '--split=0.8,.2',
        f'--output={self._path("train", "test")}')
    self.assertEqual(process.stdout, f'{self._path("train")}: 120 records\n'
                     f'{self._path("test")}: 30 records\n')
    train, test = self._labels('train'), self._labels('test')
    self.assertCountEqual([str(i) for i in range(150)], train + test)
    self.assertNotEqual([str(i) for i in range(120)], train)
    self._copy(f'--input={self._path("a")}', '--split=0.5,0.5', '--sample=40',
               f'--output={self._path("x", "y")}', '--seed=7')
    self.assertLen(set(self._labels('x') + self._labels('y')), 40)
    self.assertLen(self._labels('x'), 20)

  def _check_fault(self, message: str, *arguments: str, output: str = 'out'):
    process = self._run(f'--output={self._path(output)}', *arguments)
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr,
                     f'^copy_lmdb: error: {re.escape(message)}[^\n]*\n$')
    self.assertNotIn(output, os.listdir(self._folder))
    self.assertEmpty([name for name in os.listdir(self._folder)
                      if name.startswith('.')])

  @parameterized.parameters(
      (['--input='], '--input: names no LMDB'),
      (['--input=,'], '--input: names no LMDB'),
      ([], '--input: required'),
      (['--input=/absent'], '--input: /absent: does not exist'),
      (['--split=0.5,0.5'], '--output: takes as many folders'),
      (['--split=0.5,0.6'], '--split: takes numbers'),
      (['--split=1.5,-0.5'], '--split: takes numbers'),
      (['--split=nan'], '--split: takes numbers'),
      (['--split=half'], '--split: takes numbers'),
      (['--output=a,./a', '--split=0.5,0.5'], '--output: names a folder'),
      (['--output='], '--output: takes as many'),
      (['--sample=0'], '--sample=0: '),
      (['--sample=4'], '--sample=4: there are only 3 records to copy; ask'),
      (['--charset=7'], '--charset=7: '),
      (['--exclude=/absent'], '--exclude: /absent: '),
      (['--max_label_length=2', '--min_label_length=3'],
       '--max_label_length: '))
  def test_bad_flags_are_one_line(self, arguments, message):
    self._write('a', 'one', 'two', 'three')
    if '--input: required' != message:
      arguments = [f'--input={self._path("a")}', *arguments]
    self._check_fault(message, *arguments)

  def test_nothing_left(self):
    self._write('a', 'one', 'two', 'three')
    self._check_fault(
        f'--output={self._path("out")}: no record is left for it '
        '(3 label_too_short)', f'--input={self._path("a")}',
        '--min_label_length=9')
    # The other output could be written, but it is all or nothing.
    process = self._run(f'--input={self._path("a")}', '--split=0.9,0.1',
                        f'--output={self._path("x", "y")}')
    self.assertEqual(2, process.returncode)
    self.assertIn(f'--output={self._path("y")}: no record is left for it '
                  '(of 3)', process.stderr)
    self.assertEqual(['a'], os.listdir(self._folder))

  def test_output_that_is_there(self):
    self._write('a', 'one', 'two', 'three')
    process = self._run(f'--input={self._path("a")}',
                        f'--output={self._path("a")}')
    self.assertEqual(2, process.returncode)
    self.assertRegex(process.stderr, r'--output=\S*/a: is there and not empty')
    self.assertEqual(['one', 'two', 'three'], self._labels('a'))

  def test_killed_leaves_no_output(self):
    self._write('a', *(str(i) for i in range(1000)))
    process = subprocess.Popen(
        [sys.executable, '-m', 'master.cli.copy_lmdb',
         '--input=' + self._path(*['a'] * 300),
         f'--output={self._path("x", "y")}', '--split=0.5,0.5'],
        stderr=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    with process:
      deadline = time.monotonic() + 60
      while time.monotonic() < deadline and not all(
          list(self._folder.glob(f'.{name}.*.tmp/data.mdb'))
          for name in 'xy'):
        time.sleep(0.01)
      process.kill()
      process.communicate()
    self.assertLen(list(self._folder.glob('.*.tmp')), 2)
    self.assertCountEqual(['a'], [name for name in os.listdir(self._folder)
                                  if not name.startswith('.')])
    self._copy(f'--input={self._path("a")}', '--split=0.5,0.5',
               f'--output={self._path("x", "y")}')
    self.assertCountEqual(['a', 'x', 'y'], os.listdir(self._folder))

  def test_help_needs_no_tensorflow(self):
    process = commands.run(
        '-X', 'importtime', '-m', 'master.cli.copy_lmdb', '--help')
    self.assertEqual(0, process.returncode)
    self.assertIn('--split', process.stdout)
    self.assertNotRegex(process.stderr, r'\| *tensorflow')


if __name__ == '__main__':
  absltest.main()
