"""Guards master/data/lmdb_writer.py."""

import os
import shutil
import signal
import subprocess
import sys
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import lmdb
import numpy as np

from master import errors
from master.data import lmdb_reader
from master.data import lmdb_writer
from tests.support import commands

# Adds records until it is killed, and says when the first are in the file.
_ENDLESS = '''
import sys
from master.data import lmdb_writer
with lmdb_writer.LmdbWriter(sys.argv[1]) as writer:
  for i in range(10**9):
    writer.add(bytes(100000), 'x')
    if i == 200:
      print('writing', flush=True)
'''

_LIMITED = '''
import resource
import signal
import sys
from master.data import lmdb_writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2**22, 2**22))
with lmdb_writer.LmdbWriter(sys.argv[1]) as writer:
  for _ in range(3):
    writer.add(bytes(10**7), 'x')
'''


# Kills itself before or after the nth call of a function.
_SUICIDAL = '''
import os
import signal
import sys
from master.data import lmdb_writer
path, name, when, calls = sys.argv[1:]
def dying(function, calls=[int(calls)]):
  def called(*arguments, **keywords):
    calls[0] -= 1
    if not calls[0] and when == 'before':
      os.kill(os.getpid(), signal.SIGKILL)
    result = function(*arguments, **keywords)
    if not calls[0] and when == 'after':
      os.kill(os.getpid(), signal.SIGKILL)
    return result
  return called
owner, _, attribute = name.rpartition('.')
for part in owner.split('.'):
  owner = lmdb_writer if part == 'lmdb_writer' else getattr(owner, part)
setattr(owner, attribute, dying(getattr(owner, attribute)))
with lmdb_writer.LmdbWriter(path) as writer:
  for i in range(5):
    writer.add(bytes(3 * 10**6), str(i))
'''

_CLAIM = 'files.claim'
_SYNC = 'files._sync'


class LmdbWriterTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self._parent = self.create_tempdir().full_path
    self._output = os.path.join(self._parent, 'set')

  def test_reads_back(self):
    records = [(b'\0\1\0', 'a'), (b'', 'Straße 7'), (bytes(9001), '')]
    with lmdb_writer.LmdbWriter(self._output) as writer:
      for image, label in records:
        writer.add(image, label)
      self.assertFalse(os.path.exists(self._output))
    self.assertEqual(writer.count, 3)
    reader = lmdb_reader.LmdbReader(self._output)
    self.assertEqual(reader.layout, lmdb_reader.STANDARD)
    self.assertEqual([reader.read(i) for i in range(len(reader))],
                     [(image, label.encode()) for image, label in records])
    self.assertEqual(os.listdir(self._parent), ['set'])

  def test_grows_beyond_its_first_map(self):
    rng = np.random.RandomState(0)
    images = [rng.bytes(3_000_017) for _ in range(11)]
    with lmdb_writer.LmdbWriter(self._output) as writer:
      for image in images:
        writer.add(image, 'x')
    reader = lmdb_reader.LmdbReader(self._output)
    self.assertEqual([reader.read(i).image for i in range(11)], images)

  def test_folder_as_others_make_it(self):
    with lmdb_writer.LmdbWriter(self._output):
      pass
    usual = os.path.join(self._parent, 'usual')
    os.mkdir(usual)
    self.assertEqual(os.stat(self._output).st_mode, os.stat(usual).st_mode)

  def test_parents_are_made_and_an_empty_folder_is_replaced(self):
    output = os.path.join(self._parent, 'a', 'b') + '/'
    os.makedirs(output)
    with lmdb_writer.LmdbWriter(output) as writer:
      writer.add(b'i', 'l')
    self.assertLen(lmdb_reader.LmdbReader(output), 1)

  def test_nothing_is_left_of_a_failure(self):
    with self.assertRaisesRegex(ValueError, 'mine'):
      with lmdb_writer.LmdbWriter(self._output) as writer:
        writer.add(bytes(10**7), 'x')
        raise ValueError('mine')
    self.assertEmpty(os.listdir(self._parent))

  def test_killed_writer_leaves_no_output(self):
    process = subprocess.Popen(
        [sys.executable, '-c', _ENDLESS, self._output],
        stdout=subprocess.PIPE,
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    with process:
      self.assertEqual(process.stdout.readline(), b'writing\n')
      process.kill()
    self.assertEqual(process.returncode, -signal.SIGKILL)
    self.assertFalse(os.path.exists(self._output))
    self._write_over_leftovers()

  def _write_over_leftovers(self):
    """Writes the same output; nothing but it stays."""
    with self.assertLogs(level='INFO') as logs:
      with lmdb_writer.LmdbWriter(self._output) as writer:
        writer.add(b'mine', 'l')
    self.assertRegex(logs.output[0], r'removed .*/\.set\.[0-9a-f]+\.tmp')
    self.assertLen(logs.output, 1)
    self.assertEqual(os.listdir(self._parent), ['set'])
    self.assertLen(lmdb_reader.LmdbReader(self._output), 1)

  @parameterized.product(
      call=(('os.mkdir', 2), (_CLAIM, 1), ('tempfile.TemporaryFile', 1),
            ('lmdb.open', 1), ('LmdbWriter._flush', 1),
            ('LmdbWriter._flush', 2), ('LmdbWriter.finish', 1), (_SYNC, 1),
            ('os.rename', 1), (_SYNC, 2), ('shutil.rmtree', 1)),
      when=('before', 'after'))
  def test_killed_at_any_point(self, call, when):
    name, calls = call
    process = commands.run('-c', _SUICIDAL, self._output,
                           f'lmdb_writer.{name}', when, str(calls))
    self.assertEqual(process.returncode, -signal.SIGKILL, process.stderr)
    is_renamed = (name, calls, when) in (
        ('os.rename', 1, 'after'), (_SYNC, 2, 'before'),
        (_SYNC, 2, 'after'), ('shutil.rmtree', 1, 'before'),
        ('shutil.rmtree', 1, 'after'))
    if is_renamed:
      reader = lmdb_reader.LmdbReader(self._output)
      self.assertEqual([(bytes(3 * 10**6), str(i).encode()) for i in range(5)],
                       [reader.read(i) for i in range(len(reader))])
      self.assertEqual(os.listdir(self._parent), ['set'])
    elif os.listdir(self._parent):
      self.assertNotIn('set', os.listdir(self._parent))
      self._write_over_leftovers()
    else:
      self.assertEqual((name, when), ('os.mkdir', 'before'))

  def test_those_that_still_run_are_left_alone(self):
    other = os.path.join(self._parent, '.set.mine')
    os.mkdir(other)
    with lmdb_writer.LmdbWriter(self._output) as first:
      first.add(b'first', '1')
      with self.assertRaisesRegex(ValueError, 'mine'):
        with self.assertNoLogs():
          with lmdb_writer.LmdbWriter(self._output) as second:
            second.add(b'second', '2')
            raise ValueError('mine')
      self.assertLen(os.listdir(self._parent), 2)
    self.assertEqual(b'first', lmdb_reader.LmdbReader(self._output).read(0)[0])
    self.assertCountEqual(os.listdir(self._parent), ['set', '.set.mine'])

  def test_finished_before_the_end(self):
    with self.assertRaisesRegex(ValueError, 'mine'):
      with lmdb_writer.LmdbWriter(self._output) as writer:
        writer.add(b'i', 'l')
        writer.finish()
        raise ValueError('mine')
    self.assertEmpty(os.listdir(self._parent))
    with lmdb_writer.LmdbWriter(self._output) as writer:
      writer.add(b'i', 'l')
      writer.finish()
      self.assertFalse(os.path.exists(self._output))
    self.assertEqual((b'i', b'l'),
                     lmdb_reader.LmdbReader(self._output).read(0))

  def test_leaves_no_gaps(self):
    rng = np.random.RandomState(0)
    with lmdb_writer.LmdbWriter(self._output) as writer:
      for i in range(20000):
        writer.add(rng.bytes(700), f'word {i}')
    reader = lmdb_reader.LmdbReader(self._output)
    for i in (0, 9999, 19999):
      self.assertEqual(f'word {i}'.encode(), reader.read(i).label)
    size = os.path.getsize(os.path.join(self._output, 'data.mdb'))
    # Five images a page of 4096 bytes, and the labels; half empty pages would
    # take twice that.
    self.assertLess(size, 20000 * (4096 / 5 + 80))

  def test_output_that_is_there(self):
    os.mkdir(self._output)
    with open(os.path.join(self._output, 'mine'), 'w'):
      pass
    with self.assertRaisesRegex(errors.InputError, '--output=.*not empty'):
      lmdb_writer.LmdbWriter(self._output)
    with self.assertRaisesRegex(errors.InputError, '--output=.*is a file'):
      lmdb_writer.LmdbWriter(os.path.join(self._output, 'mine'))

  def test_output_that_comes_up_meanwhile_stays(self):
    with self.assertRaisesRegex(errors.InputError, 'cannot be written'):
      with lmdb_writer.LmdbWriter(self._output) as writer:
        writer.add(b'i', 'l')
        os.makedirs(os.path.join(self._output, 'of another process'))
    self.assertEqual(os.listdir(self._output), ['of another process'])
    self.assertEqual(os.listdir(self._parent), ['set'])

  def test_parent_that_cannot_be_written(self):
    with open(os.path.join(self._parent, 'file'), 'w'):
      pass
    output = os.path.join(self._parent, 'file', 'set')
    with self.assertRaisesRegex(errors.InputError, 'cannot be written'):
      with lmdb_writer.LmdbWriter(output):
        pass

  def test_full_disk_leaves_nothing(self):
    # A limit on the size of files is the disk that a test can fill.
    process = commands.run('-c', _LIMITED, self._output)
    self.assertRegex(process.stderr, r'InputError: --output=\S+: cannot be '
                     'written .*make room')
    self.assertEmpty(os.listdir(self._parent))

  def test_full_disk_is_called_that(self):
    # A disk that takes a part of the last write.
    usage = mock.Mock(free=4096)
    with mock.patch.object(shutil, 'disk_usage', return_value=usage):
      with mock.patch.object(
          lmdb_writer.lmdb, 'open',
          side_effect=lmdb.Error('mdb_txn_commit: Input/output error')):
        with self.assertRaisesRegex(
            errors.InputError, r'--output=\S+/set: cannot be written '
            r'\(No space left on device\); make room'):
          with lmdb_writer.LmdbWriter(self._output):
            pass
    self.assertEmpty(os.listdir(self._parent))


if __name__ == '__main__':
  absltest.main()
