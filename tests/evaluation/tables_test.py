"""Tests of master/evaluation/tables.py."""

from absl.testing import absltest

from master.evaluation import results
from master.evaluation import tables
from master.metrics import counts as counts_lib


def _found(sets, names=('alnum_ci', 'case_sensitive', 'exact'), **more):
  filled = {}
  for name, (pairs, fields) in sets.items():
    filled[name] = results.SetResult.of(names, **fields)
    for i, (label, text) in enumerate(pairs):
      filled[name].add(counts_lib.Sample(i, label, text, None, (10, 20)))
  return results.to_dict('m', '', filled, {'batch_size': 8}, **more)


class TableTest(absltest.TestCase):

  def test_names_protocols_parts_and_what_is_left_out(self):
    lines = tables.table(_found({
        'One': ([('a', 'a'), ('b', 'B'), ('!', '.')],
                dict(skipped={'missing_label': 7}, seconds=1.0)),
        'Two': ([('a', 'x')], dict(seconds=1.0))})).split('\n')
    self.assertEqual(['alnum_ci', 'case_sensitive', 'exact'],
                     lines[0].split())
    self.assertEqual(
        ['One', '3', '7', '3.0', '100.00', '34.2-100.0', '100.00', '50.00',
         '9.5-90.5', '50.00', '33.33', '6.1-79.2', '33.33'],
        lines[2].split())
    self.assertEqual(['One+Two', '4', '7', '2.0', '66.67'],
                     lines[4].split()[:5])
    self.assertLen({len(line) for line in lines[:5]}, 1)
    self.assertIn('One: 7 skipped: missing_label', lines)
    self.assertIn('One: 1 not in alnum_ci: empty_label', lines)
    self.assertIn('a>x 1', lines[-1])

  def test_parts_of_a_long_name_stand_below(self):
    names = [f'set_{i}_of_many' for i in range(3)]
    lines = tables.table(_found({name: ([('a', 'a')], {}) for name in names})
                         ).split('\n')
    self.assertEqual(['combined', '1', '3'], lines[5].split()[:3])
    self.assertIn(f'combined 1: {"+".join(names)}', lines)

  def test_one_set_has_no_combined_row(self):
    self.assertLen(tables.table(_found({'A': ([('a', 'a')], {})})
                                ).split('\n'), 3)

  def test_a_protocol_without_samples_shows_no_percentage(self):
    text = tables.table(_found({'A': ([('!', '!')], {})}))
    self.assertEqual(['-'] * 6 + ['100.00', '20.7-100.0', '100.00'],
                     text.split('\n')[2].split()[4:])

  def test_more_protocols_stand_below(self):
    names = ('alnum_ci', 'case_sensitive', 'exact', 'dtrb', 'mmocr')
    lines = tables.table(_found({'A': ([('a', 'a')], {})}, names)).split('\n')
    self.assertEqual(['dtrb', 'mmocr'], lines[4].split())
    self.assertLen({len(line) for line in lines[4:7]}, 1)

  def test_partial_results_are_marked(self):
    text = tables.table(_found({'A': ([('a', 'a')], dict(is_partial=True))},
                               is_partial=True))
    self.assertIn('\nA*  ', text)
    self.assertIn('* partial', text)

  def test_notes_stand_below(self):
    text = tables.table(_found({'A': ([('a', 'a')], {})},
                               notes=['A is odd']))
    self.assertIn('\nA is odd', text)

  def test_a_comparison(self):
    counts = {'samples': 9, 'both_correct': 4, 'gained': 3, 'lost': 0,
              'both_wrong': 2, 'p_value': 0.25}
    text = tables.table(_found(
        {'A': ([('a', 'a')], {})}, comparison={
            'with': 'old', 'model': 'M', 'sets': {'A': {
                'common': 9, 'only_here': 0, 'only_there': 2,
                'protocols': {'alnum_ci': counts}}}}))
    self.assertIn('against M (old):', text)
    self.assertIn(['A', 'alnum_ci', '9', '4', '3', '0', '2', '0.25'],
                  [line.split() for line in text.split('\n')])
    self.assertIn('A: 2 samples are in the other one alone', text)


if __name__ == '__main__':
  absltest.main()
