"""Guards master/data/lmdb_header.py."""

import os
import pickle
import shutil
import struct
import sys
import tempfile

from absl.testing import absltest

from master import errors
from master.data import lmdb_header
from master.data import lmdb_pages
from tests.support import commands
from tests.support import pictures


class HeadTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.path = os.path.join(self.create_tempdir().full_path, 'set')
    self.file = os.path.join(self.path, 'data.mdb')

  def write(self, size=1):
    """A set whose value is so large; returns the file's bytes."""
    pictures.write_items(self.path, {'a': b'1' * size})
    with open(self.file, 'rb') as f:
      return f.read()

  def check_fault(self, fault, path=None):
    path = path or self.path
    with self.assertRaisesRegex(errors.InputError,
                                f'^{path}[^\n]*{fault}[^\n]*$'):
      lmdb_pages.PageReader(path)

  def write_file(self, content):
    os.makedirs(self.path, exist_ok=True)
    with open(self.file, 'wb') as f:
      f.write(content)

  def test_what_is_no_lmdb(self):
    self.check_fault('does not exist; name a folder')
    os.mkdir(self.path)
    self.check_fault('no LMDB .no data.mdb in it')
    os.mkdir(self.file)
    self.check_fault('no LMDB .no data.mdb in it')
    os.rmdir(self.file)
    os.mkfifo(self.file)
    self.check_fault('no LMDB .no data.mdb in it')
    self.check_fault('no LMDB .no data.mdb in it', self.file)
    os.remove(self.file)
    self.write_file(b'')
    self.check_fault('no LMDB .data.mdb is empty')
    for content in (b'a', b'text\n' * 5000, bytes(9999)):
      self.write_file(content)
      self.check_fault('no LMDB .data.mdb does not begin as one')
    self.check_fault('does not exist', self.file + '/below/it')

  def test_of_other_machines_and_versions(self):
    whole = self.write()
    other = 'little' if sys.byteorder == 'big' else 'big'
    magic = 0xbeefc0de
    for content, fault in (
        (whole[:16] + magic.to_bytes(4, other) + whole[20:],
         f'written on a 64-bit {other}-endian machine; mdb_dump'),
        (whole[4:], f'written on a 32-bit {sys.byteorder}-endian machine'),
        (whole[:20] + (2).to_bytes(4, sys.byteorder) + whole[24:],
         'of format 2, not 1'),
        (whole[:20] + (999).to_bytes(4, sys.byteorder) + whole[24:],
         'of format 999, not 1')):
      self.write_file(content)
      self.check_fault(fault)

  def test_damaged_meta_pages(self):
    whole = self.write()
    page_size = os.sysconf('SC_PAGE_SIZE')
    for offset, content, fault in (
        (40, struct.pack('=I', 3), 'page 0: pages of 3 bytes'),
        (page_size, bytes(page_size), 'page 1: no meta page'),
        (page_size + 94, struct.pack('=H', 77), 'page 1: impossible'),
        (page_size + 128, struct.pack('=Q', 2**40), 'page 1: impossible')):
      self.write_file(whole[:offset] + content
                      + whole[offset + len(content):])
      self.check_fault(fault)

  def test_cut_anywhere(self):
    whole = self.write(99999)
    page_size = os.sysconf('SC_PAGE_SIZE')
    for size in (1, 20, 100, 150, 200, page_size, page_size + 100,
                 2 * page_size, 2 * page_size + 1, len(whole) // 2,
                 len(whole) - page_size, len(whole) - 1):
      with self.subTest(size):
        self.write_file(whole[:size])
        self.check_fault('(no LMDB|cut short)')

  def test_keys_of_other_flags(self):
    whole = self.write()
    # Of the newer meta page, which is the second one.
    place = os.sysconf('SC_PAGE_SIZE') + 92
    self.write_file(whole[:place] + struct.pack('=H', 4) + whole[place + 2:])
    self.check_fault('no known layout .its keys have flags 4')

  def test_newer_meta_page_holds(self):
    self.write()
    before = lmdb_pages.PageReader(self.path).meta
    pictures.change_lmdb(self.path, {'b': b'2'})
    after = lmdb_pages.PageReader(self.path).meta
    self.assertEqual(before.transaction + 1, after.transaction)
    self.assertEqual((1, 2), (before.num_keys, after.num_keys))
    self.assertEqual(os.sysconf('SC_PAGE_SIZE'), after.page_size)

  def test_fault_travels_to_another_process(self):
    error = lmdb_header.PageError('/a', 7, 'is bad')
    copy = pickle.loads(pickle.dumps(error))
    self.assertEqual((str(error), 7, 'page 7: is bad'),
                     (str(copy), copy.page, copy.fault))

  def test_without_permission(self):
    folder = tempfile.mkdtemp()
    self.addCleanup(shutil.rmtree, folder)
    os.chmod(folder, 0o755)
    self.path = os.path.join(folder, 'set')
    self.file = os.path.join(self.path, 'data.mdb')
    self.write()
    # Root may read all, so another user looks.
    script = (
        'import os, sys\n'
        'from master.data import lmdb_pages\n'
        'from master import errors\n'
        'if not os.getuid(): os.setgid(65534), os.setuid(65534)\n'
        'try: lmdb_pages.PageReader(sys.argv[1])\n'
        'except errors.InputError as e: print(e)\n')
    for target, mode in ((self.file, 0o200), (self.path, 0o600)):
      before = os.stat(target).st_mode
      os.chmod(target, mode)
      process = commands.run('-c', script, self.path)
      os.chmod(target, before)
      self.assertEqual(0, process.returncode, process.stderr)
      self.assertRegex(process.stdout,
                       f'^{self.path}[^\n]*: cannot be read .Permission '
                       'denied.; mend its permissions[^\n]*\n$')


if __name__ == '__main__':
  absltest.main()
