"""Tests of the confusion matrix."""

from xml.etree import ElementTree

from absl.testing import absltest

from master.report import confusion

_SVG = '{http://www.w3.org/2000/svg}'
_JUDGED = {'confusions': [['o', '0', 1234], ['', '<', 3], ['e', '', 2],
                          ['\u00a0', 'o', 1]],
           'characters': {'o': 12340, 'e': 8, '\u00a0': 1}}


def _parse(svg):
  return ElementTree.fromstring(svg)


class MatrixTest(absltest.TestCase):

  def test_characters_are_in_order_of_the_charset(self):
    found = confusion.matrix(_JUDGED, '0eo')
    self.assertEqual(found.characters, ['0', 'e', 'o', '<', '\u00a0'])
    self.assertEqual(found.counts['o', '0'], 1234)
    self.assertEqual(found.num_hidden, 0)

  def test_shows_those_that_are_confused_most(self):
    many = [chr(0x4e00 + i) for i in range(confusion.MAX_CHARACTERS + 5)]
    scores = {'confusions': [[c, '', 1000 - i] for i, c in enumerate(many)],
              'characters': {}}
    found = confusion.matrix(scores, '')
    self.assertEqual(found.characters, many[:confusion.MAX_CHARACTERS])
    self.assertEqual(found.num_hidden, 5)
    self.assertLen(found.counts, confusion.MAX_CHARACTERS)

  def test_draws_each_confusion(self):
    tree = _parse(confusion.svg(confusion.matrix(_JUDGED, '0eo'),
                                _JUDGED['characters'], 'Most: <'))
    self.assertEqual(tree.get('aria-label'), 'Most: <')
    cells = list(tree.iter(f'{_SVG}g'))
    self.assertEqual([cell.findtext(f'{_SVG}title') for cell in cells], [
        'o read as 0 1,234 times, 10.0 % of 12,340', '< added 3 times',
        'e left out 2 times, 25.0 % of 8',
        'U+00A0 read as o 1 time, 100.0 % of 1'])
    self.assertEqual([cell.findtext(f'{_SVG}text') for cell in cells],
                     ['1k', '3', '2', '1'])

  def test_rows_are_labels_and_columns_texts(self):
    tree = _parse(confusion.svg(confusion.matrix(_JUDGED, '0eo'), {}, ''))
    read_as_0, added, left_out, _ = (cell.find(f'{_SVG}rect')
                                     for cell in tree.iter(f'{_SVG}g'))
    # In the order 0 e o < U+00A0 nothing.
    x, y = (float(left_out.get(side)) for side in 'xy')
    self.assertEqual(x - float(read_as_0.get('x')), 5 * 20)
    self.assertEqual(float(read_as_0.get('y')) - y, 20)
    self.assertEqual(float(added.get('y')) - y, 4 * 20)

  def test_the_largest_is_darkest(self):
    tree = _parse(confusion.svg(confusion.matrix(_JUDGED, ''), {}, ''))
    self.assertEqual([cell.get('class') for cell in tree.iter(f'{_SVG}g')],
                     ['c4', 'c1', 'c1', 'c1'])

  def test_one_of_each(self):
    scores = {'confusions': [['a', 'b', 1]], 'characters': {'a': 1}}
    tree = _parse(confusion.svg(confusion.matrix(scores, ''), {}, ''))
    self.assertLen(list(tree.iter(f'{_SVG}g')), 1)


class ListTest(absltest.TestCase):

  def test_table(self):
    tree = _parse(confusion.listed(_JUDGED, 'Caption'))
    rows = [[''.join(cell.itertext()) for cell in row]
            for row in tree.iter('tr')]
    self.assertEqual(rows[1:], [
        ['o', '0', '1,234', '10.0'], ['nothing', '<', '3', '\u2013'],
        ['e', 'nothing', '2', '25.0'], ['U+00A0', 'o', '1', '100.0']])

  def test_summary(self):
    self.assertEqual(
        confusion.summary(_JUDGED, 2),
        'o read as 0 1,234 times, 10.0 % of 12,340; < added 3 times')


if __name__ == '__main__':
  absltest.main()
