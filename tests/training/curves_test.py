"""Tests of master/training/curves.py."""

from xml.etree import ElementTree

from absl.testing import absltest
from matplotlib import figure

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


class CurvesTest(absltest.TestCase):

  def test_panels(self):
    loss, rate, ned = curves.panels(RECORDS, ['ned', 'absent'])
    self.assertEqual('training loss', loss.title)
    self.assertEqual([(10, 4.0), (30, 2.0)], loss.lines[0].points)
    self.assertLen(rate.lines[0].points, 3)
    self.assertEqual([
        curves.Line('Val', [(10, 0.25), (20, 0.75), (30, 0.5)], [(20, 0.75)]),
        curves.Line('A&B', [(30, 0.5)], [])], ned.lines)
    self.assertEmpty(curves.panels([_record('resume', 3, {})]))

  def _picture(self, found, title='runs/a'):
    path = self.create_tempfile().full_path
    curves.write(found, path, 'svg', title)
    return ElementTree.parse(path).getroot()

  def test_picture(self):
    root = self._picture(curves.panels(RECORDS, ['ned']), 'runs/<a> $_b$')
    texts = [text.text for text in root.iter(f'{_SVG}text')]
    for text in ('runs/<a> $_b$', 'training loss', 'learning rate', 'ned',
                 'Val, best 0.75 at 20', 'A&B'):
      self.assertIn(text, texts)

  def test_lines_and_marks(self):
    found = curves.panels(RECORDS, ['ned'])[-1]
    axes = figure.Figure().subplots()
    curves.draw(axes, found)
    curve, best, single, only = axes.get_lines()
    self.assertEqual([(10, 0.25), (20, 0.75), (30, 0.5)],
                     list(map(tuple, curve.get_xydata().tolist())))
    self.assertEqual([[20, 0.75]], best.get_xydata().tolist())
    # A curve of one point would not be seen.
    self.assertEqual(['-', 'None'], [single.get_linestyle(),
                                     only.get_linestyle()])
    self.assertEqual([[30, 0.5]], only.get_xydata().tolist())
    self.assertEqual('o', only.get_marker())
    self.assertEqual(single.get_color(), only.get_color())


if __name__ == '__main__':
  absltest.main()
