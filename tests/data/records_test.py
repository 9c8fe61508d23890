"""Guards master/data/records.py."""

import os
import threading

from absl.testing import absltest
from absl.testing import parameterized

from master import charset as charset_lib
from master import errors
from master.data import lmdb_reader
from master.data import records
from tests.support import pictures


class SkipCounterTest(parameterized.TestCase):

  def test_counts_by_reason(self):
    counter = records.SkipCounter()
    self.assertEqual(counter.summary(), 'skipped none')
    for i in range(7):
      counter.add(records.LABEL_EMPTY, i, f'image-{i}')
    counter.add(records.MISSING_IMAGE, 7, 'image-7')
    self.assertEqual(counter.counts, {'label_empty': 7, 'missing_image': 1})
    self.assertEqual(counter.total, 8)
    self.assertEqual(counter.examples,
                     {'label_empty': [f'image-{i}' for i in range(5)],
                      'missing_image': ['image-7']})
    self.assertEqual(
        counter.summary(),
        'skipped 7 label_empty (image-0, ...), 1 missing_image (image-7)')

  def test_remembers_all_where_it_is_to(self):
    counter = records.SkipCounter(keeps_all=True)
    for position in (9, 3, 9):
      counter.add(records.LABEL_EMPTY, position, f'image-{position}')
    counter.add(records.MISSING_IMAGE, 5, 'image-5')
    self.assertEqual(
        [(9, 'image-9', 'label_empty'), (3, 'image-3', 'label_empty'),
         (5, 'image-5', 'missing_image')], counter.records())

  def test_altered_records_are_not_skipped(self):
    counter = records.SkipCounter()
    counter.add(records.LABEL_STRIPPED, 3, 'image-3')
    self.assertEqual(counter.total, 0)
    self.assertEqual(counter.altered, {'label_stripped': 1})
    self.assertEqual(counter.summary(), 'altered 1 label_stripped (image-3)')
    counter.add(records.LABEL_EMPTY, 4, 'image-4')
    self.assertEqual(counter.summary(), 'skipped 1 label_empty (image-4); '
                     'altered 1 label_stripped (image-3)')

  def test_a_record_counts_once(self):
    counter = records.SkipCounter()
    for position in (0, 7, 8, 16_000_000, 9) * 3:
      counter.add(records.LABEL_EMPTY, position, f'image-{position}')
    self.assertEqual(counter.total, 5)

  def test_threads_share_it(self):
    counter = records.SkipCounter()

    def add(first):
      for i in range(500):
        counter.add(records.LABEL_EMPTY, first + i, 'image')
        counter.draw(2, 1)

    threads = [threading.Thread(target=add, args=[500 * n]) for n in range(5)]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
    self.assertEqual(counter.total, 2500)
    self.assertEqual((counter.num_drawn, counter.num_bad), (5000, 2500))

  @parameterized.parameters((999, 999, 0.1), (1000, 500, 0.5), (2000, 0, 0.0))
  def test_bad_fraction_is_borne_up_to_the_limit(self, drawn, bad, limit):
    counter = records.SkipCounter()
    counter.add(records.LABEL_EMPTY, 0, 'image-0')
    counter.draw(drawn, bad)
    counter.check_bad_fraction(limit, 'set')
    counter.draw(1, 1)
    with self.assertRaises(errors.InputError):
      counter.check_bad_fraction(limit, 'set')

  def test_a_limit_of_one_bears_all(self):
    counter = records.SkipCounter()
    counter.add(records.LABEL_EMPTY, 0, 'image-0')
    counter.draw(5000, 5000)
    counter.check_bad_fraction(1.0, 'set')
    with self.assertRaises(errors.InputError):
      counter.check_bad_fraction(0.999, 'set')

  def test_bad_fraction_names_the_worst_reason(self):
    counter = records.SkipCounter()
    counter.add(records.LABEL_EMPTY, 0, 'image-0')
    for i in range(1, 600):
      counter.add(records.LABEL_TOO_LONG, i, f'image-{i}')
    counter.draw(1000, 600)
    with self.assertRaisesRegex(
        errors.InputError, '^set: 600 of the first 1000 records cannot be '
        r'used, most for label_too_long \(as image-1\); .*'
        '--max_bad_fraction=0.5'):
      counter.check_bad_fraction(0.5, 'set')


class RecordsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = self.create_tempdir().full_path

  def _path(self, name: str) -> str:
    return os.path.join(self._folder, name)

  def test_one_after_the_other(self):
    first = pictures.write_lmdb(self._path('first'), ['a', 'b', 'c'])
    second = pictures.write_items(self._path('second'), {
        'nSamples': b'2', 'image-0': b'i0', 'transcript-0': b'd',
        'image-1': b'i1', 'transcript-1': b'e'})
    both = records.Records([first, second])
    self.assertLen(both, 5)
    self.assertEqual([both.read(i).label for i in range(5)],
                     [b'a', b'b', b'c', b'd', b'e'])
    self.assertEqual([both.number(i) for i in range(5)], [1, 2, 3, 0, 1])
    self.assertEqual(both.name(2), f'{first}:image-000000003')
    self.assertEqual(both.name(3), f'{second}:image-0')
    self.assertEqual(both.paths(), f'{first}, {second}')
    self.assertEqual(both.sizes, [3, 2])

  def test_one_set_needs_no_path_in_names(self):
    path = pictures.write_lmdb(self._path('set'), ['a'])
    self.assertEqual(records.Records([path]).name(0), 'image-000000001')

  def test_empty_set(self):
    paths = [pictures.write_lmdb(self._path('full'), ['a']),
             pictures.write_lmdb(self._path('empty'), [])]
    with self.assertRaisesRegex(errors.InputError,
                                '^[^ ]*/empty: its num-samples is 0'):
      records.Records(paths)


class FaultTest(parameterized.TestCase):

  @parameterized.parameters(
      (b'i', b'Word7', None),
      (b'', b'seven77', None),
      (None, b'word', 'missing_image'),
      (None, None, 'missing_image'),
      (b'i', None, 'missing_label'),
      (b'i', b'caf\xe9', 'label_not_utf8'),
      (b'i', b'', 'label_empty'),
      (b'i', b'eight888', 'label_too_long'),
      (b'i', 'ééééééé'.encode(), 'label_outside_charset'),
      (b'i', 'éééééééé'.encode(), 'label_too_long'),
      (b'i', b'a b', 'label_outside_charset'))
  def test_reasons(self, image, label, reason):
    charset = charset_lib.Charset(charset_lib.NAMED_CHARSETS['62'])
    record = lmdb_reader.Record(image, label)
    self.assertEqual(records.fault(record, charset, 7), reason)

  @parameterized.parameters(
      # label, what becomes of unknown characters, reason, text, change
      ('Word', 'strip', None, 'Word', None),
      ("it's", 'strip', None, 'its', 'label_stripped'),
      ("it's", 'unk', None, "it's", 'label_with_unk'),
      ("it's", 'skip', 'label_outside_charset', None, None),
      ('seven77!', 'strip', None, 'seven77', 'label_stripped'),
      ('seven77!', 'unk', 'label_too_long', None, None),
      ('!?', 'strip', 'label_outside_charset', None, None),
      ('!?', 'unk', None, '!?', 'label_with_unk'))
  def test_characters_outside_the_charset(self, label, unknown_chars, reason,
                                          text, change):
    charset = charset_lib.Charset(charset_lib.NAMED_CHARSETS['62'])
    record = lmdb_reader.Record(b'i', label.encode())
    self.assertEqual(records.fault(record, charset, 7, unknown_chars), reason)
    if reason is None:
      self.assertEqual(records.learned_text(label, charset, unknown_chars),
                       (text, change))

  def test_the_other_case_is_no_fault(self):
    charset = charset_lib.Charset(charset_lib.NAMED_CHARSETS['36'])
    record = lmdb_reader.Record(b'i', b'Word')
    self.assertIsNone(records.fault(record, charset, 7))


if __name__ == '__main__':
  absltest.main()
