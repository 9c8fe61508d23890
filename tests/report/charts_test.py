"""Tests of the curves."""

from xml.etree import ElementTree

from absl.testing import absltest

from master.metrics import significance
from master.report import charts

_SVG = '{http://www.w3.org/2000/svg}'
_BINS = {'1': {'samples': 10, 'correct': 9}, '2': {'samples': 1, 'correct': 0},
         '11-15': {'samples': 54321, 'correct': 54321}}


def _texts(tree):
  return [element.text for element in tree.iter(f'{_SVG}text')]


class AccuraciesTest(absltest.TestCase):

  def tree(self, bins=None, is_ordered=True):
    return ElementTree.fromstring(charts.accuracies(
        _BINS if bins is None else bins, 'length', '<Name> & \x00',
        is_ordered))

  def test_names_itself(self):
    tree = self.tree()
    self.assertEqual(tree.get('role'), 'img')
    self.assertEqual(tree.get('aria-label'), '<Name> & [U+0000]')

  def test_points_lie_at_their_share(self):
    tree = self.tree()
    ys = [float(dot.get('cy')) for dot in tree.iter(f'{_SVG}circle')]
    top, bottom = ys[2], ys[1]
    self.assertAlmostEqual(ys[0], bottom - 0.9 * (bottom - top), delta=0.06)
    ends = [(float(line.get('y1')), float(line.get('y2')))
            for line in tree.iter(f'{_SVG}line')
            if line.get('class') == 'interval']
    low, high = significance.wilson_interval(9, 10)
    self.assertAlmostEqual(ends[0][0], bottom - low * (bottom - top),
                           delta=0.06)
    self.assertAlmostEqual(ends[0][1], bottom - high * (bottom - top),
                           delta=0.06)

  def test_writes_bins_and_samples(self):
    texts = _texts(self.tree())
    for expected in ('1', '2', '11\u201315', '10', '54.3k', '100'):
      self.assertIn(expected, texts)

  def test_only_bins_in_order_are_joined(self):
    lines = [len(list(self.tree(is_ordered=is_ordered).iter(
        f'{_SVG}polyline'))) for is_ordered in (True, False)]
    self.assertEqual(lines, [1, 0])

  def test_no_bins(self):
    self.assertEmpty(list(self.tree(bins={}).iter(f'{_SVG}circle')))


class ReliabilityTest(absltest.TestCase):

  def test_draws_bins(self):
    bins = [{'low': 0.0, 'high': 0.1, 'samples': 3, 'confidence': 0.05,
             'accuracy': 0.0},
            {'low': 0.9, 'high': 1.0, 'samples': 12, 'confidence': 0.95,
             'accuracy': 1.0}]
    tree = ElementTree.fromstring(
        charts.reliability({'ece': 0.05, 'bins': bins}, 'name'))
    dots = list(tree.iter(f'{_SVG}circle'))
    self.assertGreater(float(dots[0].get('cy')), float(dots[1].get('cy')))
    self.assertIn('12 samples', dots[1].findtext(f'{_SVG}title'))
    heights = [float(bar.get('height')) for bar in tree.iter(f'{_SVG}rect')]
    self.assertAlmostEqual(heights[1] / heights[0], 4, delta=0.02)


class WordsTest(absltest.TestCase):

  def test_best_and_worst(self):
    self.assertEqual(charts.best_and_worst(_BINS),
                     'highest 100.0 % at 11-15, lowest 0.0 % at 2')
    self.assertIsNone(charts.best_and_worst({'1': _BINS['1']}))


if __name__ == '__main__':
  absltest.main()
