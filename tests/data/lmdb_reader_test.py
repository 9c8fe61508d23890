"""Guards master/data/lmdb_reader.py."""

import os
import pickle
import shutil
import stat
import subprocess
import sys
import tempfile
import threading

from absl.testing import absltest
from absl.testing import parameterized
import lmdb

from master import errors
from master.data import lmdb_pages
from master.data import lmdb_reader
from tests.support import commands
from tests.support import pictures

# Another process that changes labels, or adds to a set, and says when.
_WRITER = """
import sys, lmdb
with lmdb.open(sys.argv[1], map_size=2**24) as environment:
  transaction = environment.begin(write=True)
  transaction.put(b'label-000000001', b'new')
  transaction.delete(b'label-000000002')
  print('writing', flush=True)
  sys.stdin.readline()
  transaction.commit()
  print('written', flush=True)
  sys.stdin.readline()
  environment.set_mapsize(2**26)
  with environment.begin(write=True) as transaction:
    transaction.put(b'z', bytes(2**25))
  print('grown', flush=True)
  sys.stdin.readline()
"""


class LmdbReaderTest(parameterized.TestCase):

  def _path(self) -> str:
    return os.path.join(self.create_tempdir().full_path, 'set')

  @parameterized.parameters(
      ('num-samples', 'image-%09d', 'label-%09d', 1, 'standard'),
      ('num-samples', 'image-%09d', 'label-%09d', 0, 'standard'),
      ('nSamples', 'image-%d', 'transcript-%d', 1, 'legacy'),
      ('nSamples', 'image-%d', 'transcript-%d', 0, 'legacy'),
      ('nSamples', 'image-%09d', 'label-%09d', 1, 'mixed'),
      ('num-samples', 'image-%d', 'label-%d', 1, 'mixed'),
      ('num-samples', 'image-%09d', 'transcript-%d', 0, 'mixed'),
      ('nSamples', 'image-%06d', 'label-%06d', 1, 'mixed'))
  def test_layouts(self, counter, image_key, label_key, first, name):
    items = {counter: b'13'}
    for i in range(13):
      items[image_key % (first + i)] = b'image %d' % i
      items[label_key % (first + i)] = b'label %d' % i
    reader = lmdb_reader.LmdbReader(
        pictures.write_items(self._path(), items))
    self.assertEqual(reader.layout, (name, counter, image_key, label_key,
                                     first))
    self.assertLen(reader, 13)
    for i in range(13):
      self.assertEqual(reader.number(i), first + i)
      self.assertEqual(reader.read(i), (b'image %d' % i, b'label %d' % i))

  def test_layout_is_found_without_the_first_record(self):
    items = {'num-samples': b'3', 'image-000000003': b'i',
             'label-000000002': b'l'}
    reader = lmdb_reader.LmdbReader(
        pictures.write_items(self._path(), items))
    self.assertEqual(reader.layout, lmdb_reader.STANDARD)
    self.assertEqual([reader.read(i) for i in range(3)],
                     [(None, None), (None, b'l'), (b'i', None)])

  def test_counter_larger_than_the_records(self):
    path = pictures.write_lmdb(self._path(), ['a', 'b'])
    pictures.change_lmdb(path, {'num-samples': b'5'})
    reader = lmdb_reader.LmdbReader(path)
    self.assertLen(reader, 5)
    self.assertEqual(reader.read(1).label, b'b')
    self.assertEqual(reader.read(2), (None, None))

  def test_counter_beyond_all_reason(self):
    path = pictures.write_lmdb(self._path(), ['a', 'b'])
    limit = lmdb_reader.MAX_MISSING
    pictures.change_lmdb(path, {'num-samples': b'%d' % (limit + 5)})
    self.assertLen(lmdb_reader.LmdbReader(path), limit + 5)
    pictures.change_lmdb(path, {'num-samples': b'%d' % (limit + 6)})
    with self.assertRaisesRegex(
        errors.InputError, f'^{path}: num-samples is {limit + 6}, but there '
        'are only 5 keys; data_tools/check_lmdb --fix '):
      lmdb_reader.LmdbReader(path)

  def test_counter_smaller_than_the_records(self):
    path = pictures.write_lmdb(self._path(), ['a', 'b', 'c'])
    pictures.change_lmdb(path, {'num-samples': b'2'})
    reader = lmdb_reader.LmdbReader(path)
    self.assertEqual([reader.read(i).label for i in range(len(reader))],
                     [b'a', b'b'])

  def test_no_record_beyond_the_counter(self):
    reader = lmdb_reader.LmdbReader(
        pictures.write_lmdb(self._path(), ['a', 'b']))
    for position in (-1, 2):
      with self.assertRaises(IndexError):
        reader.read(position)

  def test_empty_set(self):
    self.assertEmpty(lmdb_reader.LmdbReader(
        pictures.write_lmdb(self._path(), [])))

  def test_the_file_itself_can_be_named(self):
    path = pictures.write_lmdb(self._path(), ['a', 'b'])
    reader = lmdb_reader.LmdbReader(os.path.join(path, 'data.mdb'))
    self.assertEqual(reader.read(1).label, b'b')
    # Beside the folder that it is in, as a set to train and evaluate on.
    self.assertEqual(lmdb_reader.LmdbReader(path).read(1).label, b'b')
    other = os.path.join(path, 'words.lmdb')
    os.rename(os.path.join(path, 'data.mdb'), other)
    self.assertEqual(lmdb_reader.LmdbReader(other).read(0).label, b'a')

  def test_no_lock_is_needed_or_left(self):
    path = pictures.write_lmdb(self._path(), ['a', 'b'])
    self.assertEqual(lmdb_reader.LmdbReader(path).read(1).label, b'b')
    self.assertEqual(['data.mdb'], os.listdir(path))

  def test_removed_lock_file_is_not_taken_for_open(self):
    path = pictures.write_lmdb(self._path(), ['a', 'b'])
    pictures.change_lmdb(path, {'label-000000001': b'1'})
    reader = lmdb_reader.LmdbReader(path)
    self.assertEqual(reader.read(0).label, b'1')
    # The file system may give the inode of a removed file to the next one.
    other = self._path()
    os.mkdir(other)
    os.rename(os.path.join(path, 'lock.mdb'), os.path.join(other, 'data.mdb'))
    os.truncate(os.path.join(other, 'data.mdb'), 0)
    with lmdb.open(other, lock=False) as environment:
      self.assertEqual(environment.stat()['entries'], 0)

  def test_without_permission_to_write(self):
    folder = tempfile.mkdtemp()
    self.addCleanup(shutil.rmtree, folder)
    path = pictures.write_lmdb(os.path.join(folder, 'set'), ['a', 'b'])
    os.chmod(os.path.join(path, 'data.mdb'), 0o444)
    os.chmod(path, 0o555)
    os.chmod(folder, 0o555)
    # Root may write anywhere, so another user reads.
    process = commands.run('-c', (
        'import os, sys\n'
        'from master.data import lmdb_reader\n'
        'if not os.getuid(): os.setgid(65534), os.setuid(65534)\n'
        'print(lmdb_reader.LmdbReader(sys.argv[1]).read(1).label)\n'), path)
    self.assertEqual("b'b'\n", process.stdout, process.stderr)
    self.assertEqual(['data.mdb'], os.listdir(path))
    self.assertEqual(0o555, stat.S_IMODE(os.stat(path).st_mode))

  def test_beside_a_writer(self):
    path = pictures.write_lmdb(self._path(), ['a', 'b', 'c'])
    reader = lmdb_reader.LmdbReader(path)

    def labels():
      return [reader.read(i).label for i in range(len(reader))]

    with subprocess.Popen([sys.executable, '-c', _WRITER, path], text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE
                          ) as writer:
      def go_on():
        writer.stdin.write('\n')
        writer.stdin.flush()

      self.assertEqual('writing\n', writer.stdout.readline())
      self.assertEqual([b'a', b'b', b'c'], labels())
      # Opened amid its transaction, too.
      self.assertLen(lmdb_reader.LmdbReader(path), 3)
      go_on()
      self.assertEqual('written\n', writer.stdout.readline())
      self.assertEqual([b'new', None, b'c'], labels())
      go_on()
      self.assertEqual('grown\n', writer.stdout.readline())
      with self.assertRaisesRegex(
          errors.InputError, f'^{path}: grew while it was read; start again'):
        labels()
      go_on()

  def test_two_readers_of_one_set(self):
    path = pictures.write_lmdb(self._path(), ['a', 'b'])
    first, second = (lmdb_reader.LmdbReader(path) for _ in range(2))
    del first
    self.assertEqual(second.read(0).label, b'a')

  def test_reader_travels_to_another_process(self):
    reader = lmdb_reader.LmdbReader(
        pictures.write_lmdb(self._path(), ['a', 'b']))
    copy = pickle.loads(pickle.dumps(reader))
    self.assertEqual(copy.read(1), reader.read(1))

  def test_many_threads(self):
    reader = lmdb_reader.LmdbReader(
        pictures.write_lmdb(self._path(), [str(i) for i in range(23)]))
    wrong = []

    def read_all():
      for i in range(23):
        if reader.read(i).label != str(i).encode():
          wrong.append(i)

    threads = [threading.Thread(target=read_all) for _ in range(5)]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
    self.assertEmpty(wrong)

  @parameterized.parameters(100, 5000, 9000, -4096)
  def test_cut_short(self, size):
    path = pictures.write_lmdb(self._path(), ['a'] * 37)
    file = os.path.join(path, 'data.mdb')
    os.truncate(file, size if size > 0 else os.path.getsize(file) + size)
    with self.assertRaisesRegex(errors.InputError,
                                f'^{path}.*(cut short|no LMDB)[^\n]*$'):
      lmdb_reader.LmdbReader(path)

  @parameterized.parameters(1, 2)
  def test_damage_where_all_reads_pass(self, level):
    path = pictures.write_items(self._path(), {
        'num-samples': b'999', **{f'image-{i:09d}': b'x' * 99
                                  for i in range(1, 1000)}})
    pages = lmdb_pages.PageReader(path)
    page = pages.meta.root
    if level == 2:
      page = pages._page(page).children[7]
    with open(os.path.join(path, 'data.mdb'), 'r+b') as f:
      f.seek(page * pages.meta.page_size)
      f.write(bytes(pages.meta.page_size))
    with self.assertRaisesRegex(
        errors.InputError, rf'^{path}: damaged \(page {page}: [^\n]*$'):
      lmdb_reader.LmdbReader(path)

  def test_no_lmdb(self):
    folder = self.create_tempdir()
    with self.assertRaisesRegex(errors.InputError, 'no data.mdb'):
      lmdb_reader.LmdbReader(folder.full_path)
    with self.assertRaisesRegex(errors.InputError, 'does not exist'):
      lmdb_reader.LmdbReader(folder.full_path + '/nothing')
    for content in (b'', b'x', b'text' * 9999):
      folder.create_file('data.mdb', content, mode='wb')
      for path in (folder.full_path, folder.full_path + '/data.mdb'):
        with self.assertRaisesRegex(errors.InputError, f'^{path}: no LMDB'):
          lmdb_reader.LmdbReader(path)

  @parameterized.parameters(
      ({'other': b'3'}, 'no known layout .neither num-samples'),
      ({'num-samples': b'3'}, 'no known layout .num-samples is 3'),
      ({'num-samples': b'3', 'image-x': b''}, 'no known layout'),
      ({'num-samples': b'-3'}, 'num-samples is .*no decimal'),
      ({'nSamples': b'\x03\0\0\0'}, 'nSamples is .*no decimal'))
  def test_lmdb_of_something_else(self, items, message):
    path = pictures.write_items(self._path(), items)
    with self.assertRaisesRegex(errors.InputError, f'^{path}: .*{message}'):
      lmdb_reader.LmdbReader(path)


if __name__ == '__main__':
  absltest.main()
