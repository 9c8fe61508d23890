"""Learning curves: what is drawn, and where."""

from xml.etree import ElementTree

from absl.testing import absltest
from absl.testing import parameterized

from master.training import curves

_SVG = '{http://www.w3.org/2000/svg}'


def _record(kind, step, values, set_name=None):
  found = {'kind': kind, 'step': step, 'values': values}
  return {**found, 'set': set_name} if set_name else found


RECORDS = [
    _record('train', 10, {'loss': 4.0, 'learning_rate': 0.5}),
    _record('eval', 10, {'ned': 0.25}, 'Val'),
    _record('best', 10, {'metric': 'Val/ned', 'value': 0.25}, 'Val'),
    _record('train', 20, {'loss': None, 'learning_rate': 0.5}),
    _record('eval', 20, {'ned': 0.75}, 'Val'),
    _record('best', 20, {'metric': 'Val/ned', 'value': 0.75}, 'Val'),
    _record('eval', 30, {'ned': 0.5}, 'Val'),
    _record('eval', 30, {'ned': 0.1}, 'Val'),  # The whole set, at the end.
    _record('eval', 30, {'ned': 0.5}, 'A&B'),
    _record('train', 30, {'loss': 2.0, 'learning_rate': 0.5})]


class CurvesTest(parameterized.TestCase):

  def test_panels(self):
    loss, rate, ned = curves.panels(RECORDS, ['ned', 'absent'])
    self.assertEqual('training loss', loss.title)
    self.assertEqual([(10, 4.0), (30, 2.0)], loss.lines[0].points)
    self.assertLen(rate.lines[0].points, 3)
    self.assertEqual([
        curves.Line('Val', [(10, 0.25), (20, 0.75), (30, 0.5)], [(20, 0.75)]),
        curves.Line('A&B', [(30, 0.5)], [])], ned.lines)
    self.assertEmpty(curves.panels([_record('resume', 3, {})]))

  @parameterized.parameters(
      (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (3, 3, [3]),
      (0, 400000, [0, 100000, 200000, 300000, 400000]),
      (-0.7, 0.4, [-0.5, 0]))
  def test_ticks(self, low, high, expected):
    self.assertSequenceAlmostEqual(expected, curves.ticks(low, high))

  def test_picture(self):
    root = ElementTree.fromstring(
        curves.svg(curves.panels(RECORDS, ['ned']), 'runs/<a>'))
    self.assertEqual('runs/<a>', root.findtext(f'{_SVG}title'))
    lines = [[tuple(map(float, point.split(',')))
              for point in line.get('points').split()]
             for line in root.iter(f'{_SVG}polyline')]
    self.assertEqual([2, 3, 3, 1], list(map(len, lines)))
    # Steps go right, higher values up, and the extremes fill the axes.
    (left, top), (right, bottom) = lines[0]
    self.assertLess(left, right)
    self.assertLess(top, bottom)
    xs, ys = zip(*lines[2])
    self.assertAlmostEqual(xs[1], (xs[0] + xs[2]) / 2, delta=0.1)
    self.assertAlmostEqual(ys[2], (ys[0] + ys[1]) / 2, delta=0.1)
    # The best is marked, a curve of one point is seen, the legend tells.
    self.assertLen(list(root.iter(f'{_SVG}circle')), 2)
    texts = [text.text for text in root.iter(f'{_SVG}text')]
    self.assertIn('Val, best 0.75 at 20', texts)
    self.assertIn('A&B', texts)

  def test_equal_values_and_one_step(self):
    root = ElementTree.fromstring(curves.svg([curves.Panel(
        'zero', [curves.Line('a', [(5, 0.0)])])]))
    self.assertLen(list(root.iter(f'{_SVG}circle')), 1)


if __name__ == '__main__':
  absltest.main()
