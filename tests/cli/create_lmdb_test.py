"""Guards master/cli/create_lmdb.py."""

import os
import pathlib
import signal
import subprocess
import sys
import time
from unittest import mock

from absl import flags
from absl.testing import absltest
from absl.testing import parameterized

from master import parallel
from master.cli import bad_list
from master.cli import create_lmdb
from master.data import image_loading
from master.data import lmdb_reader
from master.data import lmdb_writer
from tests.support import commands
from tests.support import pictures


class CreateLmdbTest(parameterized.TestCase):

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

  def _run_source(self, source: str, *arguments: str):
    return commands.run(
        '-m', 'master.cli.create_lmdb', f'--source={source}',
        f'--images={self._images}', f'--output={self._output}', *arguments)

  def test_icdar(self):
    for i in (1, 2, 3):
      self._save(f'word_{i}.png', pictures.png(seed=i))
    self._folder.create_file('labels.txt', '''\ufeffword_1.png, "Ti, red"
word_2.png, "\\"a\\\\b\\""
word_4.png, "none"
word_3.png "no comma"
word_3.png, ""
word_3.png, plain'''.replace('\n', '\r\n'))
    process = self._run_source('icdar', f'--labels={self._labels}')
    self.assertEqual(process.returncode, 0, process.stderr)
    self.assertEqual(self._records(), [
        (pictures.png(seed=1), b'Ti, red'),
        (pictures.png(seed=2), b'"a\\b"'), (pictures.png(seed=3), b'plain')])
    self.assertEqual(process.stdout,
                     f'{self._output}: 3 records, 3 lines left out\n')
    self.assertIn(f'{self._labels}:3: word_4.png: No such file',
                  process.stderr)

  def test_mjsynth(self):
    path = '2425/1/115_Lube_45484.jpg'
    jpeg = pictures.encode(pictures.picture(31, 70), 'JPEG')
    self._save(path, jpeg)
    self._folder.create_file('labels.txt', f'./{path} 45484\n./{path}2 1\n')
    process = self._run_source('mjsynth', f'--labels={self._labels}')
    self.assertEqual(process.returncode, 0, process.stderr)
    self.assertEqual(self._records(), [(jpeg, b'Lube')])
    self.assertIn(f'{self._labels}:2: ./{path}2: No such file',
                  process.stderr)

  def test_folders(self):
    self._save('two words/b.png', pictures.png(seed=1))
    self._save('two words/a.png', pictures.png(seed=2))
    self._save('x/Straße/1.png', pictures.png(seed=3))
    self._save('x/Thumbs.db', b'no picture')
    self._save('top.png', pictures.png())
    listed = os.path.join(self._folder.full_path, 'bad.txt')
    process = self._run_source('folders', f'--bad_list={listed}')
    self.assertEqual(process.returncode, 0, process.stderr)
    self.assertEqual(self._records(), [
        (pictures.png(seed=2), b'two words'),
        (pictures.png(seed=1), b'two words'),
        (pictures.png(seed=3), 'Straße'.encode())])
    self.assertEqual(process.stdout,
                     f'{self._output}: 3 records, 2 files left out\n')
    bad = [f'{self._images}/top.png: in no folder that names its word',
           f'{self._images}/x/Thumbs.db: not an image']
    self.assertEqual(bad, [line for line in process.stderr.splitlines()
                           if line.startswith('/')])
    self.assertEqual(
        f'{self._images}/top.png\tlabel_empty\t'
        'in no folder that names its word\n'
        f'{self._images}/x/Thumbs.db\tundecodable_image\tnot an image\n',
        pathlib.Path(listed).read_text())

  def test_bad_lines_are_counted_by_reason_and_listed(self):
    self._save('good.png', pictures.png())
    self._save('text.png', b'no picture')
    listed = os.path.join(self._folder.full_path, 'bad.txt')
    process = self._run(
        b'good.png\ta\nnone.png\ta\ntext.png\ta\nnone.png\ta\nno tab\n'
        b'good.png\t\n', f'--bad_list={listed}')
    self.assertIn('5 lines were left out: 1 label_empty, 1 malformed_line, '
                  '2 missing_image, 1 undecodable_image', process.stderr)
    self.assertEqual(
        ['2\tmissing_image\tnone.png: No such file or directory',
         '3\tundecodable_image\ttext.png: not an image',
         '4\tmissing_image\tnone.png: No such file or directory',
         '5\tmalformed_line\tno tab between path and text',
         '6\tlabel_empty\tno text behind the tab'],
        [line.removeprefix(f'{self._labels}:') for line in
         pathlib.Path(listed).read_text().splitlines()])

  def test_no_processes_change_the_result(self):
    for i in range(7):
      self._save(f'{i}.png', pictures.png(height=7 + i, seed=i))
    self._save('large.bmp', pictures.encode(pictures.picture(900, 900), 'BMP'))
    self._save('text.png', b'no picture')
    # Among others images that come alone, being large.
    names = ['large.bmp' if i % 50 == 9 else 'text.png' if i % 11 == 10 else
             f'{i % 7}.png' for i in range(300)]
    labels = ''.join(f'{name}\t{i}\n' for i, name in enumerate(names))
    found = []
    for processes in (1, 3):
      process = self._run(labels.encode(), f'--processes={processes}')
      self.assertEqual(process.returncode, 0, process.stderr)
      found.append((pathlib.Path(self._output, 'data.mdb').read_bytes(),
                    [line for line in process.stderr.splitlines()
                     if line.startswith('/')]))
      self.assertEqual(
          [str(i).encode() for i in range(300) if i % 11 != 10 or i % 50 == 9],
          [record.label for record in self._records()])
      os.rename(self._output, self._output + str(processes))
    self.assertEqual(found[0], found[1])

  @parameterized.parameters(
      (['--source=tsv'], '--labels: required'),
      (['--source=icdar'], '--labels: required'),
      (['--source=folders', '--labels=x'], '--labels: --source=folders has'),
      (['--source=folders'], r'--images=\S+: none of its 1 files can be used'),
      (['--source=mjsynth', '--labels=/absent'],
       '--labels=/absent: no such file'),
      (['--source=folders', '--bad_list=/absent/x'],
       '--bad_list=/absent/x: cannot be written'),
      (['--source=x'], '--source=x: '),
      (['--processes=-1'], '--processes=-1: '))
  def test_bad_flags_are_one_line(self, arguments, message):
    self._save('top.png', pictures.png())
    process = self._run_source('tsv', *arguments)
    self._assert_bad_input(process, message)
    self.assertEqual(['images'], os.listdir(self._folder.full_path))

  def test_full_disk_under_the_bad_list(self):
    if not os.path.exists('/dev/full'):
      self.skipTest('Needs /dev/full.')
    self._save('good.png', pictures.png())
    self._assert_bad_input(
        self._run(b'good.png\ta\nno tab\n', '--bad_list=/dev/full'),
        '--bad_list=/dev/full: cannot be written .No space left')

  def test_help_needs_no_tensorflow(self):
    process = commands.run(
        '-X', 'importtime', '-m', 'master.cli.create_lmdb', '--help')
    self.assertEqual(0, process.returncode)
    self.assertIn('--source', process.stdout)
    self.assertNotRegex(process.stderr, r'\| *tensorflow')

  def _packing(self):
    values = flags.FlagValues()
    for name, value in (
        ('images', self._images), ('labels', self._labels),
        ('source', 'tsv')):
      flags.DEFINE_string(name, value, '', flag_values=values)
    flags.DEFINE_integer('processes', 1, '', flag_values=values)
    values.mark_as_parsed()
    return create_lmdb._Packing(values)

  def test_crashes_are_narrowed_down(self):
    self._save('good.png', pictures.png())
    self._folder.create_file(
        'labels.txt', ''.join(f'good.png\t{i}\n' for i in range(300)))
    asked = []

    def run(function, jobs, processes):
      del processes
      for job in jobs:
        lines = {item.number for item in job.items}
        asked.append(lines)
        crashed = bool({8, 151} & lines)
        yield parallel.Outcome(job, None if crashed else function(job),
                               crashed)

    packing = self._packing()
    with mock.patch.object(parallel, 'run', run):
      with lmdb_writer.LmdbWriter(self._output) as writer:
        packing.run(writer, bad_list.BadList(None))
    self.assertEqual({image_loading.CRASH: 2}, packing.counts)
    self.assertEqual([str(i).encode() for i in range(300)
                      if i not in (7, 150)],
                     [record.label for record in self._records()])
    self.assertIn({8}, asked)
    self.assertIn({151}, asked)

  def test_few_large_images_are_held_at_a_time(self):
    self._save('large.bmp', pictures.encode(pictures.picture(600, 600), 'BMP'))
    self._save('small.png', pictures.png())
    self._folder.create_file(
        'labels.txt', 'large.bmp\tx\n' * 40 + 'small.png\ty\n' * 3000)
    sizes = []

    def run(function, jobs, processes):
      del processes
      for job in jobs:
        sizes.append(len(job.items))
        yield parallel.Outcome(job, function(job))

    with mock.patch.object(parallel, 'run', run):
      with lmdb_writer.LmdbWriter(self._output) as writer:
        self._packing().run(writer, bad_list.BadList(None))
    self.assertLess(max(sizes[:6]), 9)
    self.assertEqual(64, max(sizes))
    self.assertLen(self._records(), 3040)

  def _start(self):
    """Starts a long run as a process group; waits until it writes."""
    self._save('good.png', pictures.png())
    self._folder.create_file('labels.txt', 'good.png\tx\n' * 3000000)
    process = subprocess.Popen(
        [sys.executable, '-m', 'master.cli.create_lmdb', '--processes=2',
         f'--images={self._images}', f'--labels={self._labels}',
         f'--output={self._output}'],
        stderr=subprocess.PIPE, start_new_session=True,
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not any(
        path.stat().st_size > 2**20 for path in
        pathlib.Path(self._folder.full_path).glob('.set.*.tmp/data.mdb')):
      time.sleep(0.1)
    self.assertGreater(len(commands.processes_of(process.pid)), 2)
    return process

  def _check_all_left(self, process):
    deadline = time.monotonic() + 60
    while commands.processes_of(process.pid) and time.monotonic() < deadline:
      time.sleep(0.1)
    self.assertEmpty(commands.processes_of(process.pid))
    self.assertFalse(os.path.exists(self._output))

  @absltest.skipUnless(os.path.isdir('/proc'), 'Looks for processes in /proc.')
  def test_killed_leaves_no_output_and_no_processes(self):
    process = self._start()
    process.kill()
    process.communicate()
    self._check_all_left(process)
    done = self._run(b'good.png\ta\n')
    self.assertEqual(0, done.returncode, done.stderr)
    self.assertRegex(done.stderr, r'removed \S+/\.set\.\w+\.tmp')
    self.assertCountEqual(['images', 'labels.txt', 'set'],
                          os.listdir(self._folder.full_path))

  @absltest.skipUnless(os.path.isdir('/proc'), 'Looks for processes in /proc.')
  def test_interrupted_tidies_up(self):
    process = self._start()
    # As a terminal does: to all of them.
    os.killpg(process.pid, signal.SIGINT)
    _, log = process.communicate()
    self._check_all_left(process)
    self.assertEqual(130, process.returncode)
    self.assertEqual('create_lmdb: interrupted',
                     log.decode().splitlines()[-1])
    self.assertNotIn('Traceback', log.decode())
    self.assertCountEqual(['images', 'labels.txt'],
                          os.listdir(self._folder.full_path))


if __name__ == '__main__':
  absltest.main()
