"""Tests of master/evaluation/known_sets.py: spellings, sizes, overlaps."""

import itertools
import random

from absl.testing import absltest
from absl.testing import parameterized

from master.evaluation import known_sets


class RecogniseTest(parameterized.TestCase):

  @parameterized.parameters(
      *((name, 3000, 'IIIT5K') for name in (
          'IIIT5K', 'iiit5k', 'IIIT5k-Words', 'IIIT5KWords', 'iiit5k_3000',
          'IIIT_5K_test', 'IIIT', 'IIIT5kWordsTest')),
      *((name, 647, 'SVT') for name in (
          'SVT', 'svt-test', 'SVT647', 'data/SVT', 'svt_lmdb', 'SVT_eval')),
      *((name, 645, 'SVTP') for name in (
          'SVTP', 'SVT-P', 'svt_p', 'SVT-Perspective', 'svtperspective',
          'SVT Perspective_645')),
      *((name, 867, 'IC03') for name in ('IC03', 'IC03_867', 'ICDAR2003')),
      *((name, 1015, 'IC13') for name in (
          'IC13', 'IC13_1015', 'ICDAR13', 'icdar-2013', 'IC_13', 'IC131015',
          'test/IC13', 'IC2013')),
      *((name, 2077, 'IC15') for name in (
          'IC15', 'ic15_2077', 'ICDAR 2015', 'ic15test2077', 'IC15_val')),
      *((name, 288, 'CUTE80') for name in (
          'CUTE', 'CUTE80', 'cute_80', 'CUTE80_288', 'cute288')))
  def test_spellings(self, name, num_records, family):
    known = known_sets.recognise(name, num_records)
    self.assertEqual((family, 'test', None),
                     (known.family, known.part, known.remark))
    self.assertIn(num_records, known.sizes)

  @parameterized.parameters(
      ('mysvtset', 647), ('svtx', 647), ('xsvt', 647), ('ésvt', 647),
      ('cutest', 288), ('execute', 288), ('acute80', 288), ('music13', 857),
      ('IC130', 857), ('IC1', 857), ('IC17', 857), ('IC', 857),
      ('IC13+SVT', 1504), ('SVT_SVTP', 1292), ('COCO-Text', 9825),
      ('Test', 647), ('', 647))
  def test_other_names(self, name, num_records):
    self.assertIsNone(known_sets.recognise(name, num_records))

  def test_a_name_that_says_more_counts_with_a_usual_size_alone(self):
    self.assertEqual('IC15',
                     known_sets.recognise('my_IC15', 1811).family)
    self.assertIsNone(known_sets.recognise('IC15_blurred', 1800))

  @parameterized.parameters(
      ('IIIT5K_train', 2000), ('svt_training', 257), ('train/IC13', 848),
      ('IC15train', 4468), ('IC15_val', 100), ('IC03_train', 1156),
      ('IC13 validation', 848), ('IC13_trainval', 700))
  def test_training_splits(self, name, num_records):
    known = known_sets.recognise(name, num_records)
    self.assertEqual(('train', None), (known.part, known.remark))

  @parameterized.parameters('latest_SVT', 'contrast_SVT', 'trains_SVT')
  def test_parts_are_whole_words(self, name):
    self.assertEqual('test', known_sets.recognise(name, 647).part)

  @parameterized.parameters(
      ('IC15', 1922, 'IC15: 1922 records; the field uses 1811 or 2077, so '
       'this figure compares to neither'),
      ('my/SVT', 640, None),
      ('SVT', 640, 'SVT: 640 records; the field uses 647, so this figure does '
       'not compare'),
      ('ic13', 0, 'ic13: 0 records; the field uses 857, 1015 or 1095, so this '
       'figure compares to none'),
      ('IC13_857', 1015, 'IC13_857: 1015 records, though its name says 857'),
      ('SVT_257', 647, 'SVT_257: 647 records, though its name says 257'),
      ('IC13_857', 857, None), ('IC15_2', 1811, None),
      ('IC15_train', 2077, 'IC15_train: 2077 records; the field trains on '
       '4468, so this figure does not compare'),
      ('IIIT5K', 2000, 'IIIT5K: 2000 records, as the training split has; the '
       'field tests on 3000'))
  def test_remarks(self, name, num_records, remark):
    known = known_sets.recognise(name, num_records)
    self.assertEqual(remark, known and known.remark)


class OverlapTest(parameterized.TestCase):

  @parameterized.parameters(
      ('IC13_857', 857, 'IC13_1015', 1015, True),
      ('IC13_857', 857, 'IC03', 867, True),
      ('IC03_train', 1156, 'IC13', 857, True),
      ('IC13', 857, 'IC13_train', 848, False),
      ('IC13', 857, 'IC15', 1811, False),
      ('SVT', 647, 'SVTP', 645, False),
      ('IIIT5K', 3000, 'IIIT5K_b', 2000, False),
      ('IIIT5K_a', 2000, 'IIIT5K_train', 2000, True))
  def test_pairs(self, a, size_a, b, size_b, overlap):
    self.assertEqual(overlap, known_sets.overlap(
        known_sets.recognise(a, size_a), known_sets.recognise(b, size_b)))
    self.assertEqual(
        [(a, b)] if overlap else [],
        known_sets.overlapping_pairs({a: size_a, 'other': 3, b: size_b}))

  def test_unknown_sets_do_not_overlap(self):
    self.assertEmpty(known_sets.overlapping_pairs({'A': 5, 'B': 5}))


class SelectionsTest(parameterized.TestCase):

  @parameterized.parameters(
      ([], [], []),
      (['A2'], [], []),
      (['B3', 'A2'], [], [('B3', 'A2')]),
      # Only in the larger or in the smaller; what does not overlap in both.
      (['X9', 'A2', 'B3'], [('A2', 'B3')], [('X9', 'A2'), ('X9', 'B3')]),
      (['A2', 'B3'], [('B3', 'A2')], []),
      # Of equal size: one row, with the first.
      (['X9', 'A3', 'B3'], [('B3', 'A3')], [('X9', 'A3')]),
      # A chain: its middle overlaps both ends.
      (['A2', 'B5', 'C3'], [('A2', 'B5'), ('B5', 'C3')], [('A2', 'C3')]),
      (['A4', 'B2', 'C5', 'D9'], [('A4', 'B2'), ('B2', 'C5')],
       [('B2', 'D9'), ('A4', 'C5', 'D9')]),
      # Of sets that are not there.
      (['A2', 'B3'], [('A2', 'Z1'), ('A2', 'A2')], [('A2', 'B3')]))
  def test_hand_cases(self, names, overlapping, rows):
    sizes = {name: int(name[1:]) for name in names}
    self.assertEqual(rows, known_sets.selections(names, overlapping, sizes))

  def test_rows_are_free_of_overlaps_and_whole(self):
    rng = random.Random(11)
    for _ in range(200):
      names = [f'S{i}' for i in range(rng.randint(3, 7))]
      sizes = {name: rng.randint(1, 4) for name in names}
      pairs = [pair for pair in itertools.combinations(names, 2)
               if rng.random() < 0.3]
      clash = {frozenset(pair) for pair in pairs}
      for row in known_sets.selections(names, pairs, sizes):
        self.assertEqual(sorted(row), list(row))
        self.assertFalse(any(frozenset(pair) in clash
                             for pair in itertools.combinations(row, 2)))
        for name in set(names).difference(row):
          self.assertTrue(any({name, taken} in clash for taken in row))


if __name__ == '__main__':
  absltest.main()
