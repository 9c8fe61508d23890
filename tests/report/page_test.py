"""Tests of the page as bytes; browser_test.py looks at it."""

import base64
import hashlib
import html.parser
import json
import os
import re
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master import errors
from master.report import page
from tests.support import reports

_BUDGET = 14 << 20


def _script(content, name):
  found = re.search(rb'<script type="application/json" id="%s">(.*?)</script>'
                    % name.encode(), content, re.DOTALL)
  return json.loads(found.group(1))


class _Balance(html.parser.HTMLParser):
  """Follows the open elements."""
  VOID = ('meta', 'link', 'input', 'img', 'br', 'wbr')

  def __init__(self):
    super().__init__()
    self.open = []
    self.ids = []

  def handle_starttag(self, tag, attrs):
    self.ids += [value for name, value in attrs if name == 'id']
    if tag not in self.VOID:
      self.open.append(tag)

  def handle_endtag(self, tag):
    assert self.open and self.open[-1] == tag, (tag, self.open, self.getpos())
    self.open.pop()


class RenderTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.items = [known.item for known in reports.known(60)]
    cls.results = reports.evaluation(cls.items, compared=reports.comparison())
    cls.page = page.render(cls.results, cls.items, _BUDGET)

  def notices(self, content):
    return re.findall(r'<p class="notice">(To .*?)</p>', content.decode())

  def test_is_well_formed(self):
    parser = _Balance()
    parser.feed(self.page.decode())
    self.assertEmpty(parser.open)
    self.assertLen(set(parser.ids), len(parser.ids))
    self.assertEmpty(self.notices(self.page))

  def test_has_all_samples_and_pictures(self):
    rows = _script(self.page, 'rows')
    self.assertEqual([row[2] for row in rows],
                     [item.label for item in self.items])
    for picture in _script(self.page, 'pictures'):
      self.assertStartsWith(base64.b64decode(picture), b'RIFF')

  def test_forbids_the_network(self):
    policy = re.search(rb'Content-Security-Policy" content="(.*?)"',
                       self.page).group(1).decode()
    self.assertStartsWith(policy, "default-src 'none'; img-src data:;")
    for tag in ('style', 'script'):
      inline = re.search(rf'<{tag}>(.*?)</{tag}>'.encode(), self.page,
                         re.DOTALL).group(1)
      digest = base64.b64encode(hashlib.sha256(inline).digest()).decode()
      self.assertIn(f"{tag}-src 'sha256-{digest}'", policy)
    self.assertNotIn(b'http:', self.page.replace(b'http://www.w3.org/', b''))
    self.assertNotIn(b'https:', self.page)

  def test_hostile_names(self):
    name = '</title></script><img src=x>$style\u202e\udc80'
    results = reports.evaluation([], sets=[name])
    results['model'] = name
    item = reports.item(name, name[:-1], set_name=name)
    found = page.render(results, [item], _BUDGET)
    self.assertNotIn(b'<img', found)
    self.assertEqual(found.count(b'</script>'), 4)
    self.assertIn(b'<title>Evaluation of &lt;/title', found)
    self.assertEqual(_script(found, 'rows')[0][2], name)

  def test_nothing_was_read(self):
    results = {**self.results, 'sets': {}, 'combined': [], 'comparison': None}
    found = page.render(results, [], _BUDGET)
    self.assertIn(b'No set was evaluated.', found)
    self.assertEqual(_script(found, 'rows'), [])

  def test_no_mistakes(self):
    found = page.render(reports.evaluation([]), [], _BUDGET)
    self.assertIn(b'No character is confused.', found)

  def test_partial_is_told(self):
    self.assertNotIn(b'class="banner"', self.page)
    found = page.render(reports.evaluation([], partial=True), [], _BUDGET)
    self.assertIn(b'class="banner"', found)

  def test_comparison_is_there_where_one_is(self):
    self.assertIn(b'id="comparison"', self.page)
    found = page.render(reports.evaluation([]), [], _BUDGET)
    self.assertNotIn(b'comparison"', found)

  def test_progress(self):
    numbers = []
    page.render(self.results, self.items[:3], _BUDGET, numbers.append)
    self.assertEqual(numbers, [1, 2, 3])

  def bare(self):
    """Bytes of the page without a gallery, and of all its rows."""
    rows, shown = (
        len(re.search(rb'id="%s">\[(.*?)\]</script>' % name, self.page,
                      re.DOTALL).group(1)) for name in (b'rows', b'pictures'))
    return len(self.page) - rows - shown + 1024, rows + 4 * len(self.items)

  def test_pictures_become_smaller(self):
    rng = np.random.default_rng(0)
    items = [item._replace(picture=b'', canvas=rng.integers(
        0, 255, [48, 100, 3], np.uint8)) for item in self.items]
    bare, rows = self.bare()
    sizes = []
    for room in (300000, 100000):
      found = page.render(self.results, items, bare + rows + room)
      self.assertEmpty(self.notices(found))
      sizes.append(len(found))
      self.assertLess(len(found), bare + rows + room)
    self.assertLess(sizes[1], sizes[0])

  def test_pictures_are_left_out(self):
    bare, rows = self.bare()
    budget = bare + rows + 5000
    found = page.render(self.results, self.items, budget)
    self.assertLessEqual(len(found), budget)
    shown = _script(found, 'pictures')
    self.assertLen(shown, 60)
    self.assertBetween(shown.count(''), 1, 59)
    self.assertEqual(self.notices(found), [
        f'To keep the page small {shown.count("")} samples are shown without '
        'their pictures.'])

  def test_attention_is_left_out(self):
    bare, rows = self.bare()
    budget = bare + rows - 100
    found = page.render(self.results, self.items, budget)
    self.assertLessEqual(len(found), budget)
    self.assertEqual({row[-1] for row in _script(found, 'rows')}, {''})
    self.assertEqual(self.notices(found)[0],
                     'To keep the page small it has no attention.')

  @parameterized.parameters(0, 1, 500, 3000)
  def test_samples_are_left_out(self, room):
    bare, _ = self.bare()
    found = page.render(self.results, self.items, bare + room)
    self.assertLessEqual(len(found), bare + room)
    rows = _script(found, 'rows')
    self.assertLess(len(rows), 60)
    self.assertEqual(bool(rows), room >= 500)
    self.assertIn(f'To keep the page small the last {60 - len(rows)} samples '
                  'of the gallery are left out.', self.notices(found))

  def test_the_tables_are_whole_without_room_for_a_gallery(self):
    found = page.render(self.results, self.items, 1000)
    bare = page.render(self.results, [], 1 << 20)
    self.assertBetween(len(found), len(bare), len(bare) + page._NOTICES)
    self.assertIn(b'samples of the gallery are left out', found)


class WriteTest(absltest.TestCase):

  def test_writes_the_page(self):
    folder = self.create_tempdir().full_path
    path = os.path.join(folder, 'report.html')
    results = reports.evaluation([])
    page.write(path, results, [])
    with open(path, 'rb') as f:
      self.assertEqual(f.read(), page.render(results, [], _BUDGET))
    self.assertEqual(os.listdir(folder), ['report.html'])

  def test_folder_that_is_not_there(self):
    path = os.path.join(self.create_tempdir().full_path, 'no', 'report.html')
    with self.assertRaisesRegex(errors.InputError,
                                'report.html: cannot be written'):
      page.write(path, reports.evaluation([]), [])

  def test_old_page_stays_until_the_new_one_is_whole(self):
    folder = self.create_tempdir()
    folder.create_file('report.html', content='old')
    path = os.path.join(folder.full_path, 'report.html')
    with mock.patch.object(os, 'replace', side_effect=OSError(28, 'No room')):
      with self.assertRaisesRegex(errors.InputError, 'No room'):
        page.write(path, reports.evaluation([]), [])
    with open(path, encoding='utf-8') as f:
      self.assertEqual(f.read(), 'old')
    self.assertEqual(os.listdir(folder.full_path), ['report.html'])


if __name__ == '__main__':
  absltest.main()
