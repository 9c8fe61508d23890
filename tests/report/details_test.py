"""Tests of the curves and confusions of a set."""

import re

from absl.testing import absltest

from master.report import details
from tests.support import reports


class DetailsTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.items = [known.item for known in reports.known(60)]
    cls.results = reports.evaluation(cls.items)

  def test_main_row_is_of_all_sets(self):
    self.assertEqual(details.main_row(self.results), '+'.join(reports.SETS))

  def test_main_row_of_one_set(self):
    self.assertEqual(details.main_row(
        reports.evaluation(self.items[:5], sets=reports.SETS[:1])),
        reports.SETS[0])
    self.assertEqual(details.main_row({'sets': {}}), '')

  def test_main_row_without_combined(self):
    found = {'sets': {'A': {'samples': 5}, 'B': {'samples': 7}},
             'combined': []}
    self.assertEqual(details.main_row(found), 'B')

  def test_four_curves_and_their_numbers(self):
    values = self.results['sets'][reports.SETS[0]]
    found = details.curves(reports.SETS[0], values)
    self.assertEqual(found.count('<svg'), 4)
    self.assertEqual(found.count('<table'), 4)
    self.assertEqual(found.count('case_sensitive %'), 3)
    error = values['protocols']['alnum_ci']['calibration']['ece']
    self.assertIn(f'expected calibration error {100 * error:.2f} %', found)

  def test_a_bin_that_a_protocol_does_not_have(self):
    values = self.results['sets'][reports.SETS[0]]
    self.assertNotIn('>16-25</th>', details.curves('A', values))
    more = reports.evaluation([*self.items, reports.item('!' * 16, '?')])
    found = details.curves('A', more['sets'][reports.SETS[0]])
    self.assertIn(
        '>16-25</th>' + '<td class="n">\u2013</td>' * 4
        + '<td class="n">0.0</td>', found)

  def test_bins_of_all_protocols_are_in_order(self):
    # Under the headline the first label is of 2 characters, under others 1.
    items = [reports.item('\u00bd', '?'), reports.item('abc', 'x')]
    values = reports.evaluation(items, sets=reports.SETS[:1])
    found = details.curves('A', values['sets'][reports.SETS[0]])
    lengths = re.findall(r'<th scope="row">(\d+)</th>', found)
    self.assertEqual(lengths, ['1', '2', '3', '5'])

  def test_no_confidences(self):
    found = reports.evaluation([], has_confidence=False, sets=['A'])
    values = found['sets']['A']
    values['protocols']['alnum_ci']['calibration'] = None
    self.assertIn('there are no confidences', details.curves('A', values))

  def test_no_sample_judged(self):
    values = reports.evaluation([], sets=['A'])['sets']['A']
    values['protocols']['alnum_ci']['samples'] = 0
    self.assertEqual(details.curves('A', values),
                     '<p>No sample is scored.</p>')

  def test_confusions_have_a_text_for_those_who_cannot_see(self):
    values = self.results['sets'][reports.SETS[0]]
    found = details.confusions('A', values, '')
    label, text, _ = values['protocols']['alnum_ci']['confusions'][0]
    told = f'{label} read as {text}' if label and text else 'added'
    name = found[found.index('aria-label="Confusion matrix of A'):]
    self.assertIn(told, name[:name.index('>')])

  def test_no_confusions(self):
    values = reports.evaluation([], sets=['A'])['sets']['A']
    self.assertEqual(details.confusions('A', values, ''),
                     '<p>No character is confused.</p>')

  def test_other_rows(self):
    found = details.others(self.results)
    self.assertEqual(found.count('<details class="set">'), 2)
    self.assertEqual(details.others(
        reports.evaluation([], sets=['A'])), '')


if __name__ == '__main__':
  absltest.main()
