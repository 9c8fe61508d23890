"""Tests of master/rendering/parallel_rendering.py."""

import collections
import os
import string
from unittest import mock

from absl.testing import absltest
from PIL import Image

from master import errors
from master import parallel
from master.rendering import parallel_rendering
from master.rendering import words

ALNUM = string.digits + string.ascii_letters


def produced(count, processes, **plan):
  plan = parallel_rendering.Plan(**{'seed': 1, 'characters': ALNUM, **plan})
  return list(parallel_rendering.records(plan, count, processes))


class ProductionTest(absltest.TestCase):

  def test_processes_do_not_change_the_records(self):
    alone = produced(113, 1)
    self.assertLen(alone, 113)
    self.assertEqual(alone, produced(113, 2))
    # A shorter run is the start of a longer one.
    self.assertEqual(alone[:7], produced(7, 0))

  def test_seeds_differ(self):
    self.assertNotEqual(produced(5, 1), produced(5, 1, seed=2))

  def test_words_of_a_list(self):
    keep = words.Mix(case_weights=(1, 0, 0, 0))
    labels = [record.label for record in produced(
        6, 1, words=['ab', 'cd', 'ef'], mix=keep)]
    self.assertCountEqual(['ab', 'cd', 'ef'] * 2, labels)
    labels = {record.label for record in produced(60, 1, words=['ab'])}
    self.assertEqual({'ab', 'Ab', 'AB'}, labels)
    labels = [record.label for record in produced(
        60, 1, words=['ab', 'cd'], weights=[1.0, 1e9], mix=keep)]
    self.assertEqual(['cd'] * 60, labels)

  def test_made_up_words_keep_off_what_is_excluded(self):
    mix = words.Mix(number_rate=0.3, random_rate=0.3, punctuation_rate=0.3)
    marked = ALNUM + string.punctuation
    excluded = {words.folded(r.label) for r in produced(
        60, 1, characters=marked, max_length=2, mix=mix)}
    labels = {words.folded(r.label) for r in produced(
        60, 1, characters=marked, max_length=2, mix=mix, seed=2,
        excluded=frozenset(excluded))}
    self.assertEmpty(labels & excluded)
    self.assertNotEmpty(labels)

  def test_a_fault_of_another_process_arrives(self):
    with self.assertRaisesRegex(errors.InputError, '^--fonts: .*\u4e2d'):
      produced(60, 2, characters=ALNUM + '\u4e2d', words=['\u4e2d'])

  def test_pictures_do_not_hang_on_processes_either(self):
    folder = self.create_tempdir().full_path
    paths = []
    for i in range(40):
      paths.append(os.path.join(folder, f'{i}.png'))
      Image.new('RGB', (90, 90), (6 * i, 255 - 6 * i, 128)).save(paths[-1])
    alone = produced(230, 1, backgrounds=paths)
    self.assertEqual(alone, produced(230, 2, backgrounds=paths))
    counts = collections.Counter(
        extra for record in alone for extra in record.rendering.extras)
    self.assertBetween(counts['background'], 138 - 23, 138 + 23)
    self.assertBetween(counts['fill'], 12, 60)
    self.assertNotIn('background', {
        extra for record in produced(50, 1)
        for extra in record.rendering.extras})

  def test_a_crash_is_told(self):
    def run(function, jobs, processes, setup):
      del function, processes, setup
      return (parallel.Outcome(job, None, True) for job in jobs)

    with mock.patch.object(parallel, 'run', run), (
        self.assertRaisesRegex(RuntimeError, '^Words 0 to 49 ended')):
      produced(113, 2)


if __name__ == '__main__':
  absltest.main()
