"""Tests of the report's tables."""

import re
from xml.etree import ElementTree

from absl.testing import absltest

from master.report import sections
from tests.support import reports


def _rows(table):
  """Text of the cells of a table, row by row."""
  # HTML knows one empty element that XML does not.
  tree = ElementTree.fromstring(re.sub('<wbr>', '', f'<div>{table}</div>'))
  return [[''.join(cell.itertext()) for cell in row]
          for row in tree.iter('tr')]


class SectionsTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.items = [known.item for known in reports.known(60)]
    cls.results = reports.evaluation(cls.items,
                                     compared=reports.comparison())

  def test_accuracies(self):
    top, head, first, second, both = _rows(
        sections.accuracy_table(self.results))
    self.assertEqual(top[1:], ['alnum_ci', 'case_sensitive', 'exact'])
    self.assertLen(head, 14)
    self.assertEqual([row[0] for row in (first, second, both)],
                     [*reports.SETS, '+'.join(reports.SETS)])
    scores = self.results['sets'][reports.SETS[1]]['protocols']['exact']
    low, high = scores['word_accuracy_interval']
    self.assertEqual(second[-4:], [
        f'{100 * scores["word_accuracy"]:.2f}',
        f'{100 * low:.1f}\u2013{100 * high:.1f}', f'{100 * scores["ned"]:.2f}',
        str(scores['samples'] - scores['correct'])])

  def test_links_to_the_gallery(self):
    self.assertIn(
        'href="#set=%E9%9B%86%E5%90%88&amp;under=exact"',
        sections.accuracy_table(self.results))
    self.assertIn(
        'href="#set=A+%26+%3Cb%3E%22x%22%3C%2Fb%3E%23%3D&amp;change=gained"',
        sections.comparison(self.results))

  def test_protocol_without_samples(self):
    empty = reports.evaluation([], sets=['A'])
    empty['sets']['A']['protocols']['exact']['samples'] = 0
    row = _rows(sections.accuracy_table(empty))[-1]
    self.assertEqual(row[-4:], ['\u2013'] * 4)

  def test_missing_combined(self):
    found = reports.evaluation(self.items)
    del found['combined']
    self.assertLen(_rows(sections.accuracy_table(found)), 4)

  def test_partial_is_told(self):
    found = reports.evaluation(self.items)
    found['sets'][reports.SETS[1]]['partial'] = True
    rows = _rows(sections.accuracy_table(found))
    self.assertEqual(rows[3][0], f'{reports.SETS[1]} partial')

  def test_omissions(self):
    rows = _rows(sections.omissions(reports.evaluation(
        [reports.item('!', '?')], sets=reports.SETS[:1])))
    self.assertEqual(rows[1:], [
        [reports.SETS[0], 'skipped: not read at all', 'undecodable image',
         '2'],
        [reports.SETS[0], 'left out under alnum_ci', 'empty label', '1'],
        [reports.SETS[0], 'left out under case_sensitive', 'empty label',
         '1']])

  def test_no_omissions(self):
    found = reports.evaluation([], sets=['A'])
    found['sets']['A']['skipped'] = {}
    self.assertIn('No record was skipped', sections.omissions(found))

  def test_notes(self):
    self.assertIn('A note &amp; &lt;i&gt;more&lt;/i&gt;',
                  sections.notes(self.results))
    self.assertEqual(sections.notes({'notes': []}), '')

  def test_speed(self):
    found = reports.evaluation([], sets=['A', 'B'])
    found['sets']['B']['latency'] = None
    self.assertEqual(_rows(sections.speed(found))[1:], [
        ['A', '100.0', '4', '2', '300.0', '345.0'],
        ['B', '100.0', *['\u2013'] * 4]])

  def test_settings(self):
    rows = dict(_rows(sections.settings(self.results)))
    self.assertEqual(rows['model'], 'runs/<a>/model.ckpt-8')
    self.assertEqual(rows['limit'], 'none')
    self.assertEqual(rows['batch size'], '4')
    self.assertStartsWith(rows['characters'], '36: 0123')
    self.assertStartsWith(rows[f'set {reports.SETS[1]}'], '/data/1, ')

  def test_comparison(self):
    rows = _rows(sections.comparison(self.results))
    self.assertLen(rows, 7)
    self.assertEqual(rows[1], [
        reports.SETS[0], 'alnum_ci', '90', '50', '7', '9', '24', '0.804',
        'worse, may be chance'])
    self.assertIn('2 samples are in this evaluation alone',
                  sections.comparison(self.results))

  def test_verdicts(self):
    found = reports.comparison(['A'])
    found['sets']['A']['protocols'] = {
        str(i): {'samples': 9, 'both_correct': 1, 'both_wrong': 1,
                 'gained': gained, 'lost': lost, 'p_value': p}
        for i, (gained, lost, p) in enumerate(
            [(9, 1, 0.01), (1, 9, 0.049), (5, 4, 0.05), (3, 3, 1)])}
    rows = _rows(sections.comparison({'comparison': found}))[1:]
    self.assertEqual([row[-1] for row in rows], [
        'better', 'worse', 'better, may be chance', 'as many'])

  def test_no_comparison(self):
    self.assertEqual(sections.comparison({'comparison': None}), '')

  def test_lead(self):
    scores = {'samples': 1234, 'word_accuracy': 0.5,
              'word_accuracy_interval': [0.4, 0.6]}
    found = sections.lead('A+B', 'exact', scores)
    self.assertIn('<strong>50.00 %</strong> of 1,234 words', found)
    self.assertIn('40.0\u201360.0', found)
    self.assertEqual(sections.lead('A', 'exact', {'samples': 0}), '')


if __name__ == '__main__':
  absltest.main()
