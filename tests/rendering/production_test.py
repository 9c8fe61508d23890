"""Tests of master/rendering/production.py."""

import string

from absl.testing import absltest

from master import errors
from master.rendering import production

ALNUM = string.digits + string.ascii_letters


def produced(count, processes, **plan):
  plan = production.Plan(**{'seed': 1, 'characters': ALNUM, **plan})
  return list(production.records(plan, count, processes))


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
    labels = [record.label for record in produced(
        6, 1, words=['ab', 'cd', 'ef'], recase=False)]
    self.assertCountEqual(['ab', 'cd', 'ef'] * 2, labels)
    labels = {record.label for record in produced(30, 1, words=['ab'])}
    self.assertEqual({'ab', 'Ab', 'AB'}, labels)

  def test_made_up_words_keep_off_what_is_excluded(self):
    excluded = {r.label.casefold() for r in produced(60, 1, max_length=2)}
    labels = {r.label.casefold() for r in produced(
        60, 1, max_length=2, seed=2, excluded=frozenset(excluded))}
    self.assertEmpty(labels & excluded)
    self.assertNotEmpty(labels)

  def test_a_fault_of_another_process_arrives(self):
    with self.assertRaisesRegex(errors.InputError, '^--fonts: .*\u4e2d'):
      produced(60, 2, words=['\u4e2d'], recase=False)

  def test_counts_processors(self):
    self.assertGreaterEqual(production.num_cores(), 1)


if __name__ == '__main__':
  absltest.main()
