"""Guards master/inputs/lmdb_writer.py."""

import os
import signal
import subprocess
import sys

from absl.testing import absltest
import numpy as np

from master import errors
from master.inputs import lmdb_reader
from master.inputs import lmdb_writer
from tests import commands

# Adds records until it is killed, and says when the first are in the file.
_ENDLESS = '''
import sys
from master.inputs import lmdb_writer
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
from master.inputs import lmdb_writer
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2**22, 2**22))
with lmdb_writer.LmdbWriter(sys.argv[1]) as writer:
  for _ in range(3):
    writer.add(bytes(10**7), 'x')
'''


class LmdbWriterTest(absltest.TestCase):

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


if __name__ == '__main__':
  absltest.main()
