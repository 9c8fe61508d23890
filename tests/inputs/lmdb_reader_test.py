"""Guards master/inputs/lmdb_reader.py."""

import os
import pickle
import threading

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from master.inputs import lmdb_reader
from tests.inputs import pictures


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
    self.assertEqual(reader.count_images(), 13)

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
    self.assertEqual(reader.count_images(), 2)

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
