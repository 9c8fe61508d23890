"""Guards master/data/check_report.py; check_lmdb_test.py has whole reports."""

import collections
import types

from absl.testing import absltest
import numpy as np

from master.data import check_report
from master.data import lmdb_check
from master.data import lmdb_keys
from master.data import lmdb_reader


def _summary(max_listed=3, fixed=None, **changes):
  """Of a pass through an LMDB of ten records."""
  check = types.SimpleNamespace(
      pages=types.SimpleNamespace(path='/set', get=lambda key: key[-1:]),
      layout=lmdb_reader.STANDARD, count=10,
      keys=lmdb_keys.Keys(total=21, images=10, labels=10, extent=10),
      found=lmdb_check.Findings(
          records=10, hashes=np.arange(2, 12, dtype=np.uint64),
          label_hashes=np.arange(2, 12, dtype=np.uint32)),
      left_out_beyond=lmdb_check.Findings(), num_copied=7, seconds=2.0)
  for name, value in changes.items():
    part, field = name.split('__')
    setattr(getattr(check, part), field, value)
  return check_report.summary(check, '36', 'abc', max_listed, fixed)


def _lines(max_listed=3, **changes):
  return list(check_report.lines(_summary(max_listed, **changes), max_listed))


class CheckReportTest(absltest.TestCase):

  def test_characters_outside(self):
    counts = collections.Counter(
        {'a': 3, 'B': 1, '\u4e2d': 9, '\u00e9': 9, ' ': 2})
    found = _summary(found__characters=counts)
    self.assertEqual(['\u00e9', '\u4e2d', 'a', ' ', 'B'],
                     list(found['characters']))
    self.assertEqual({'\u00e9': 9, '\u4e2d': 9, ' ': 2},
                     found['outside_charset']['characters'])
    self.assertIn("  '\u00e9' 9  '\u4e2d' 9  'a' 3  ' ' 2  'B' 1",
                  _lines(found__characters=counts))

  def test_long_histograms_are_wrapped_between_entries(self):
    counts = collections.Counter(
        {chr(i): 1000 for i in range(0x4e00, 0x4e00 + 130)})
    lines = _lines(found__characters=counts)
    start = lines.index('characters: 130 kinds')
    stop = lines.index('  10 more; --json has all')
    for line in lines[start + 1:stop]:
      self.assertRegex(line, r"^(  '.' 1000)+$")
      self.assertLess(len(line), 80)
    self.assertLen(''.join(lines[start + 1:stop]).split('1000'), 121)

  def test_rate_and_median(self):
    found = _summary(found__heights=collections.Counter((4, 9)))
    self.assertEqual(5, found['records_per_second'])
    self.assertEqual({'min': 4, 'median': 6.5, 'max': 9},
                     found['images']['height'])
    self.assertIsNone(found['images']['width'])

  def test_what_is_beyond_and_other(self):
    lines = _lines(keys__beyond=np.array([10, 12]), keys__images=12,
                   keys__others=4, keys__other_examples=['x', 'y z'])
    self.assertContainsSubset([
        'records: num-samples is 10, but there are 12 image keys',
        'beyond num-samples: 2 records that are never read; --fix takes them '
        'in', 'keys of another kind: 4', "  'x'  'y z'"], lines)

  def test_gaps(self):
    hashes = np.array([1, 1, 5, 1, 6, 7, 1, 1, 1, 1], np.uint64)
    lines = _lines(2, found__hashes=hashes)
    place = lines.index('gaps: of 7 records there is nothing, in 3 stretches')
    self.assertEqual('  1-2  4', lines[place + 1])

  def test_duplicates(self):
    hashes = np.array([5, 5, 6, 7, 8, 9, 9, 9, 10, 11], np.uint64)
    found = _summary(found__hashes=hashes)
    self.assertEqual(
        {'images': 2, 'surplus_records': 3, 'with_different_labels': 2,
         'listed': [{'keys': ['image-000000001', 'image-000000002'],
                     'labels': ['1', '2']},
                    {'keys': ['image-000000006', 'image-000000007',
                              'image-000000008'], 'labels': ['6', '7', '8']}]},
        found['duplicates'])

  def test_copy(self):
    lines = _lines(
        fixed='/copy',
        found__unusable=collections.Counter(label_empty=3),
        left_out_beyond__unusable=collections.Counter(
            label_empty=1, missing_label=1))
    self.assertEqual('/copy: 7 records, left out label_empty 4, '
                     'missing_label 1', lines[-1])
    self.assertEqual('unusable records: 3', lines[-3])
    self.assertEqual('  3 not listed', lines[-2])


if __name__ == '__main__':
  absltest.main()
