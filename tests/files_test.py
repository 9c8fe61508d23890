"""Tests of master/files.py."""

import errno
import fcntl
import os
from unittest import mock

from absl.testing import absltest

from master import files as files_lib


class WritingTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = self.create_tempdir().full_path
    self._path = os.path.join(self._folder, 'file')

  def _content(self) -> bytes:
    self.assertEqual(['file'], os.listdir(self._folder))
    with open(self._path, 'rb') as f:
      return f.read()

  def test_text_and_bytes_take_the_place_of_older_ones(self):
    for content, expected in (('a\né', b'a\n\xc3\xa9'), (b'\x00\r\n',) * 2):
      files_lib.write(self._path, content)
      self.assertEqual(expected, self._content())

  def test_on_disk_before_it_has_its_name(self):
    synced = []

    def sync(descriptor):
      synced.append(os.path.samestat(os.fstat(descriptor), os.stat(
          files_lib.pending(self._path))))

    with mock.patch.object(os, 'fsync', sync):
      files_lib.write(self._path, 'whole')
    self.assertEqual([True], synced)
    self.assertEqual(b'whole', self._content())

  def test_what_fails_leaves_the_older_one(self):
    files_lib.write(self._path, 'old')
    for error in (KeyboardInterrupt, OSError):
      with self.assertRaises(error):
        with files_lib.writing(self._path) as pending:
          files_lib.write(pending, 'new')
          raise error
      self.assertEqual(b'old', self._content())

  def test_a_disk_that_is_full_in_the_end(self):
    files_lib.write(self._path, 'old')
    with mock.patch.object(os, 'fsync', side_effect=OSError(
        errno.ENOSPC, os.strerror(errno.ENOSPC))):
      with self.assertRaisesRegex(OSError, 'No space left'):
        files_lib.write(self._path, 'new')
    self.assertEqual(b'old', self._content())

  def test_what_a_killed_process_left_is_no_hindrance(self):
    source = self.create_tempfile(content='linked').full_path
    with open(files_lib.pending(self._path), 'w', encoding='utf-8') as f:
      f.write('half')
    with files_lib.writing(self._path) as pending:
      os.link(source, pending)
    self.assertEqual(b'linked', self._content())

  def test_no_such_folder(self):
    with self.assertRaises(FileNotFoundError):
      files_lib.write(os.path.join(self._folder, 'none', 'file'), 'text')


class PendingFolderTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._parent = self.create_tempdir().full_path
    self._output = os.path.join(self._parent, 'out')

  def _make(self) -> files_lib.PendingFolder:
    folder = files_lib.PendingFolder(self._output, 'file')
    self.addCleanup(folder.close)
    folder.make()
    return folder

  def _leave(self, name: str, *files: str) -> str:
    """A folder as a killed process leaves it."""
    path = os.path.join(self._parent, name)
    os.mkdir(path)
    for file in files:
      with open(os.path.join(path, file), 'w', encoding='utf-8'):
        pass
    return path

  def test_published(self):
    folder = self._make()
    self.assertEqual(['file'], os.listdir(folder.path))
    with open(os.path.join(folder.path, 'file'), 'w', encoding='utf-8') as f:
      f.write('whole')
    self.assertRegex(os.path.basename(folder.path),
                     r'^\.out\.[0-9a-f]{32}\.tmp$')
    self.assertFalse(os.path.exists(self._output))
    folder.publish()
    folder.close()
    self.assertEqual(['out'], os.listdir(self._parent))
    with open(os.path.join(self._output, 'file'), encoding='utf-8') as f:
      self.assertEqual('whole', f.read())

  def test_without_a_lock(self):
    self._leave(f'.out.{"0f" * 16}.tmp')  # It may be in use.
    folder = files_lib.PendingFolder(self._output)
    folder.make()
    self.assertEmpty(os.listdir(folder.path))
    folder.publish()
    folder.close()
    self.assertCountEqual([f'.out.{"0f" * 16}.tmp', 'out'],
                          os.listdir(self._parent))

  def test_given_up(self):
    self._make().close()
    self.assertEmpty(os.listdir(self._parent))
    # Nothing was made.
    files_lib.PendingFolder(self._output, 'file').close()

  def test_something_came_up_meanwhile(self):
    folder = self._make()
    self._leave('out', 'of another process')
    with self.assertRaises(OSError):
      folder.publish()
    folder.close()
    self.assertEqual(['out'], os.listdir(self._parent))
    self.assertEqual(['of another process'], os.listdir(self._output))

  def test_leftovers_of_this_output_alone_are_removed(self):
    left = f'.out.{"0f" * 16}.tmp'
    self._leave(left, 'file', 'other')
    self._leave(f'.out.{"1f" * 16}.tmp')  # Killed before the file was made.
    others = (f'.other.{"0f" * 16}.tmp', '.out.tmp', f'.out.{"0f" * 15}.tmp',
              f'.out.{"0f" * 16}.tmp2', f'x.out.{"0f" * 16}.tmp')
    for name in others:
      self._leave(name, 'file')
    with self.assertLogs(level='INFO') as logs:
      folder = self._make()
    self.assertLen(logs.output, 2)
    self.assertIn(f'removed {os.path.join(self._parent, left)}',
                  ' '.join(sorted(logs.output)))
    self.assertCountEqual([*others, os.path.basename(folder.path)],
                          os.listdir(self._parent))

  def test_a_name_that_is_a_pattern(self):
    self._output = os.path.join(self._parent, 'o.t')
    name = f'.out.{"0f" * 16}.tmp'
    self._leave(name, 'file')
    self._make().close()
    self.assertEqual([name], os.listdir(self._parent))

  def test_those_in_use_are_left_alone(self):
    first = self._make()
    with self.assertNoLogs():
      self._make().close()
    first.publish()
    self.assertEqual(['out'], os.listdir(self._parent))

  def test_file_system_without_locks(self):
    with mock.patch.object(fcntl, 'flock', side_effect=OSError(
        errno.ENOLCK, os.strerror(errno.ENOLCK))):
      first = self._make()
      # It may still be in use.
      self._make().close()
    first.publish()
    self.assertEqual(['out'], os.listdir(self._parent))

  def test_disk_full_at_the_lock(self):
    with mock.patch.object(os, 'open', side_effect=OSError(
        errno.ENOSPC, os.strerror(errno.ENOSPC))):
      with self.assertRaisesRegex(OSError, 'No space left'):
        self._make()

  def test_taken_for_a_leftover_before_it_is_locked(self):
    claim = files_lib.claim
    claimed = []

    def claim_late(path):
      if not claimed:
        claimed.append(path)
        other = files_lib.PendingFolder(self._output, 'file')
        other.remove_leftovers()
      return claim(path)

    with mock.patch.object(files_lib, 'claim', claim_late):
      folder = self._make()
    self.assertFalse(os.path.exists(os.path.dirname(claimed[0])))
    self.assertEqual([os.path.basename(folder.path)],
                     os.listdir(self._parent))

  def test_locked_by_whoever_removes_it(self):
    path = os.path.join(self._leave(f'.out.{"0f" * 16}.tmp'), 'file')
    lock = files_lib.claim(path)
    self.assertIsNone(files_lib.claim(path))
    flock = fcntl.flock

    def flock_late(descriptor, how):
      # The other is done between opening and locking.
      os.remove(path)
      os.close(lock)
      flock(descriptor, how)

    with mock.patch.object(fcntl, 'flock', flock_late):
      self.assertIsNone(files_lib.claim(path))


if __name__ == '__main__':
  absltest.main()
