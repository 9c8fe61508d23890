"""Tests of the gallery's rows."""

import json
import pathlib
import re

from absl.testing import absltest
from absl.testing import parameterized

from master.report import gallery
from tests.support import reports

_PAGE_JS = pathlib.Path(gallery.__file__).with_name('page.js')


def _row(item):
  known = gallery.names([item], reports.SETS, ['alnum_ci'])
  return gallery.row(item, known)


class RowTest(parameterized.TestCase):

  def test_values(self):
    item = reports.item(
        'Abc', 'ab-', set_name=reports.SETS[1], index=12,
        confidence=0.12345678, char_confidence=[1, 0.5, 0.1234], extent=1 / 3,
        attention=b'\x00\xff', change='lost', other_text='abc')
    known = gallery.names([item], reports.SETS, ['alnum_ci'])
    self.assertEqual(known.protocols, ['alnum_ci', 'case_sensitive', 'exact'])
    self.assertEqual(gallery.row(item, known), [
        1, 12, 'Abc', 'ab-', 0.123457, 0, 7, 2, 2, 'abc', 'u.m', 'u.u',
        [1000, 500, 123], 0.3333, 'AP8='])

  def test_unknown_values(self):
    item = reports.item('a', 'b', confidence=None, char_confidence=[],
                        attention=b'')
    row = _row(item)
    self.assertIsNone(row[4])
    self.assertEqual(row[12:], [[], 0.5, ''])

  @parameterized.parameters(
      ('abc', 'axc', 1), ('abc', 'ac', 2), ('abc', 'abxc', 4), ('abc', '', 8),
      ('abcd', 'xbcde', 5), ('abc', 'abc', 0), ('Abc', 'abc', 1),
      ('A-bc', 'abxc', 4))
  def test_mistakes(self, label, text, expected):
    self.assertEqual(_row(reports.item(label, text))[7], expected)

  @parameterized.parameters(*range(6))
  def test_mistakes_are_as_they_were_made(self, seed):
    for known in reports.known(60, seed):
      bits = _row(known.item)[7]
      found = {name for i, name in enumerate(gallery.MISTAKES)
               if bits >> i & 1}
      self.assertEqual(found, known.mistakes, known.item)

  def test_page_reads_the_same_fields(self):
    source = _PAGE_JS.read_text('utf-8')
    fields, mistakes, changes = (
        re.findall(r"'(\w*)'", re.search(rf'{name} = \[(.*?)\]', source,
                                         re.DOTALL).group(1))
        for name in ('FIELDS', 'MISTAKES', 'CHANGES'))
    self.assertLen(_row(reports.item('a', 'b')), len(fields))
    self.assertEqual(tuple(mistakes), gallery.MISTAKES)
    self.assertEqual(tuple(changes), gallery.CHANGES)


class NamesTest(absltest.TestCase):

  def test_unknown_ones_come_last(self):
    items = [reports.item('a', 'b', set_name='new', kind='odd',
                          wrong_under=('dtrb',)),
             reports.item('1', '2', kind='digits')]
    self.assertEqual(
        gallery.names(items, reports.SETS, ['exact']),
        ([*reports.SETS, 'new', reports.SETS[0]][:3],
         ['exact', 'dtrb', 'alnum_ci', 'case_sensitive'],
         ['digits', 'odd']))


class JsonTest(parameterized.TestCase):

  @parameterized.parameters('</script><b>', '<!--', '\u2028\x00\x1b',
                            '\U0001f600', '"\\', '\u202e\u0301')
  def test_comes_back(self, text):
    found = gallery.to_json([text])
    self.assertNotIn(b'<', found)
    self.assertEqual(json.loads(found), [text])

  def test_lone_surrogates_are_escaped(self):
    self.assertEqual(gallery.to_json('\udc80'), b'"\\udc80"')


if __name__ == '__main__':
  absltest.main()
