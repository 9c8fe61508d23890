"""Tests of master/runs/evaluation.py."""

import os
import threading
import time

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master import errors
from master.export import predictor as predictor_lib
from master.runs import duplicates
from master.runs import evaluation
from tests.support import model_files
from tests.support import pictures
from tests.support import test_util
from tests.support import word_sets

PROTOCOLS = ('alnum_ci', 'exact')


def _lengths(lists):
  return {name: len(of_set) for name, of_set in lists.items()}


class EvaluationRunTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = self.create_tempdir().full_path

  def _sets(self, batch_size=4, limit=None, with_bytes=False, **sets):
    """EvalSets of (labels, number of broken records) by name."""
    paths = {name: word_sets.write_words(os.path.join(self._folder, name),
                                         labels, broken)
             for name, (labels, broken) in sets.items()}
    return evaluation.EvalSets(paths, test_util.TINY, batch_size, limit,
                               with_bytes)

  def _run(self, sets, read, num_threads=1, is_over=lambda: False):
    return evaluation.Run(sets, read, PROTOCOLS, num_threads, is_over)

  def _echo(self, features):
    """Reads set and number of each image."""
    return predictor_lib.ImageReadings(
        [f'{source} {index}' for source, index in zip(
            features['source'], features['index'])],
        np.full([len(features['index'])], 0.5))

  @parameterized.parameters(1, 3)
  def test_rows_come_in_order_whatever_the_threads(self, num_threads):
    sets = self._sets(A=(['a'] * 9, 2), B=(['0', '1 2', '1 3'], 0))
    first = threading.Event()

    def read(features):
      # The first batch is the last to be read, where that can be.
      if not first.is_set():
        first.set()
        time.sleep(0.2)
      return self._echo(features)

    with self._run(sets, read, num_threads) as run:
      rows = list(run.rows())
    self.assertEqual([*(f'0 {i}' for i in range(1, 10)), '1 1', '1 2', '1 3'],
                     [row.sample.text for row in rows])
    self.assertEqual(['A'] * 9 + ['B'] * 3, [row.set_name for row in rows])
    self.assertEqual((37, 19), rows[0].sample.size[::-1])
    a, b = run.results['A'], run.results['B']
    self.assertEqual((9, 11, 3, 3),
                     (a.samples, a.records, b.samples, b.records))
    self.assertEqual([{'alnum_ci': right, 'exact': right}
                      for right in (False, True, True)],
                     [row.correct for row in rows[9:]])
    self.assertFalse(run.is_partial or a.is_partial or b.is_partial)
    self.assertGreater(a.seconds, b.seconds)
    # Two whole batches are of A alone, the third is of both.
    self.assertEqual([4, 4], [count for count, _ in a.batch_seconds])

  def test_skipped_records_are_of_their_sets(self):
    sets = self._sets(A=(['a'], 2), B=(['b'], 1))
    with self._run(sets, self._echo) as run:
      list(run.rows())
      self.assertEqual(
          [('A', 'image-000000002', 'undecodable_image'),
           ('A', 'image-000000003', 'undecodable_image'),
           ('B', 'image-000000002', 'undecodable_image')],
          list(run.skipped()))
    self.assertEqual({'undecodable_image': 2}, run.results['A'].skipped)

  def test_limit_is_of_each_set(self):
    sets = self._sets(limit=2, A=(['a'] * 3, 0), B=(['b'] * 5, 0))
    with self._run(sets, self._echo) as run:
      self.assertEqual(['0 1', '0 2', '1 1', '1 2'],
                       [row.sample.text for row in run.rows()])
    self.assertEqual([2, 2], [r.records for r in run.results.values()])

  def test_a_set_without_an_image_ends_the_run_at_its_place(self):
    sets = self._sets(batch_size=1, A=(['a'], 0), Bad=([], 2), B=(['b'], 0))
    with self._run(sets, self._echo) as run:
      with self.assertRaisesRegex(errors.InputError, 'Bad: not one usable'):
        list(run.rows())
      self.assertEqual(['Bad', 'B'], run.not_begun())
      self.assertTrue(run.is_partial)
      self.assertFalse(run.results['A'].is_partial)

  def test_what_a_reader_raises_reaches_the_caller(self):
    def read(unused_features):
      raise ValueError('broken model')

    with self._run(self._sets(A=(['a'], 0)), read) as run:
      with self.assertRaisesRegex(ValueError, 'broken model'):
        list(run.rows())

  def test_ends_when_it_is_told_to(self):
    sets = self._sets(batch_size=1, A=(['a'] * 50, 0), B=(['b'], 1))
    seen = []
    with self._run(sets, self._echo, is_over=lambda: len(seen) == 3) as run:
      for row in run.rows():
        seen.append(row)
      self.assertEqual(['B'], run.not_begun())
      self.assertEmpty(list(run.skipped()))
    self.assertLen(seen, 3)
    self.assertTrue(run.is_partial and run.results['A'].is_partial)
    self.assertEqual((3, 50), (run.results['A'].samples,
                               run.results['A'].records))
    self.assertEqual({'A': 3}, _lengths(run.digests()))

  def test_skipped_records_behind_the_last_row_are_not_told(self):
    path = word_sets.write_words(os.path.join(self._folder, 'first'), ['a'],
                                 broken=1)
    both = {'A': path, 'B': word_sets.write_words(
        os.path.join(self._folder, 'second'), ['b'] * 5, broken=2)}
    sets = evaluation.EvalSets(both, test_util.TINY, 1)
    seen = []
    with self._run(sets, self._echo, is_over=lambda: len(seen) == 3) as run:
      for row in run.rows():
        seen.append(row)
      self.assertEqual([('A', 'image-000000002', 'undecodable_image')],
                       list(run.skipped()))
      self.assertEqual({'A': 2, 'B': 2}, _lengths(run.digests()))

  def test_digests_are_of_all_pictures_that_records_have(self):
    path = word_sets.write_words(os.path.join(self._folder, 'first'),
                                 ['a', 'b'], broken=2)
    pictures.change_lmdb(
        path, {'image-000000002': b'', 'label-000000003': None})
    both = {'A': path, 'B': word_sets.write_words(
        os.path.join(self._folder, 'second'), ['c'])}
    with self._run(evaluation.EvalSets(both, test_util.TINY, 4),
                   self._echo) as run:
      list(run.rows())
    # Pictures go by the number of their record, whatever the label.
    first = duplicates.digest(model_files.encoded_image(0))
    junk = duplicates.digest(b'no image')
    self.assertEqual(['A', 'B'], list(run.digests()))
    self.assertCountEqual([first, junk, junk], run.digests()['A'])
    self.assertEqual([first], run.digests()['B'])

  def test_rows_have_the_image_files(self):
    sets = self._sets(batch_size=3, with_bytes=True, A=(['a', 'b'], 1),
                      B=(['c'] * 3, 0))
    with self._run(sets, self._echo) as run:
      rows = list(run.rows())
    self.assertEqual([model_files.encoded_image(i) for i in (0, 1, 0, 1, 2)],
                     [row.image_bytes for row in rows])

  def test_image_files_are_left_out_unless_asked_for(self):
    with self._run(self._sets(A=(['a', 'b'], 0)), self._echo) as run:
      self.assertEqual([None, None], [row.image_bytes for row in run.rows()])

  def test_no_thread_is_left(self):
    before = threading.active_count()
    with self._run(self._sets(batch_size=1, A=(['a'] * 20, 0)), self._echo,
                   num_threads=2) as run:
      next(run.rows())
    self.assertEqual(before, threading.active_count())


if __name__ == '__main__':
  absltest.main()
