"""Tests of texts and tables as HTML."""

from xml.etree import ElementTree

from absl.testing import absltest
from absl.testing import parameterized

from master.report import markup


class TextTest(parameterized.TestCase):

  @parameterized.parameters(
      ('</script><b>', '&lt;/script&gt;&lt;b&gt;'),
      ('"\'&', '&quot;&#x27;&amp;'),
      ('a b', 'a b'),
      ('a\u00a0b', 'a<span class="mark">U+00A0</span>b'),
      ('\u202e', '<span class="mark">U+202E</span>'),
      ('\u200b\x00', '<span class="mark">U+200B</span>'
                     '<span class="mark">U+0000</span>'),
      ('\udc80', '<span class="mark">U+DC80</span>'),
      ('\u3164\ufe0f', '<span class="mark">U+3164</span>'
                       '<span class="mark">U+FE0F</span>'),
      ('\u05d0\u0301', '\u05d0\u0301'),
      (3, '3'))
  def test_text(self, value, expected):
    self.assertEqual(markup.text(value), expected)

  def test_plain(self):
    self.assertEqual(markup.plain('a b\n\U000e0001'), 'a b[U+000A][U+E0001]')

  @parameterized.parameters(
      (' ', '<bdi>\u2423</bdi>'), ('<', '<bdi>&lt;</bdi>'),
      ('\u0301', '<bdi>\u25cc\u0301</bdi>'),
      ('\u00ad', '<bdi class="mark">U+00AD</bdi>'),
      ('', '<span class="nothing">nothing</span>'))
  def test_symbol(self, character, expected):
    self.assertEqual(markup.symbol(character), expected)

  def test_numbers(self):
    self.assertEqual(markup.count(12345), '12,345')
    self.assertEqual(markup.percent(0.12345, 2), '12.35')
    self.assertEqual(markup.interval([0.5, 0.625]), '50.0\u201362.5')
    self.assertEqual(markup.interval(None), markup.NOTHING)


class TableTest(parameterized.TestCase):

  @parameterized.parameters(2, 7)
  def test_is_accessible(self, num_columns):
    columns = [markup.Column('name', False),
               *[markup.Column('n')] * (num_columns - 1)]
    tree = ElementTree.fromstring(markup.table(
        'Caption', columns, [['a', *'1' * (num_columns - 1)]]))
    self.assertEqual(tree.findtext('table/caption'), 'Caption')
    heads = tree.findall('table/thead/tr/th')
    self.assertEqual([head.get('scope') for head in heads],
                     ['col'] * num_columns)
    row = tree.find('table/tbody/tr')
    self.assertEqual([cell.tag for cell in row],
                     ['th', *['td'] * (num_columns - 1)])
    self.assertEqual(row[0].get('scope'), 'row')
    self.assertEqual(row[1].get('class'), 'n')
    # Only a wide one scrolls, and then the keyboard gets there.
    self.assertEqual(tree.get('tabindex'), '0' if num_columns > 6 else None)


if __name__ == '__main__':
  absltest.main()
