"""Tests of the page in a browser."""

import os
import re
import time
from urllib import parse

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.report import gallery
from master.report import page
from tests.support import browser as browser_lib
from tests.support import extras
from tests.support import reports

_NUMBER = 60
# Contrast of all texts with what is behind them, each [ratio, text]; of large
# and of small ones alike.
_CONTRASTS = '''
const canvas = document.createElement('canvas').getContext('2d',
  {willReadFrequently: true});
const rgb = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return Array.from(canvas.getImageData(0, 0, 1, 1).data);
};
const light = (colour) => rgb(colour).slice(0, 3).map((v) => v / 255)
  .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const behind = (element) => {
  const rect = element.closest('g')?.querySelector('rect');
  if (rect) return getComputedStyle(rect).fill;
  for (let e = element; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (rgb(colour)[3] === 255) return colour;
  }
};
return Array.from(document.querySelectorAll('body *'))
  .filter((e) => e.checkVisibility() && !e.closest('.unseen, .skip') &&
    Array.from(e.childNodes).some((n) => n.nodeType === 3 && n.data.trim()))
  .filter((e) => !['title', 'SCRIPT', 'NOSCRIPT'].includes(e.tagName))
  .map((e) => {
    const style = getComputedStyle(e);
    const pair = [e.closest('svg') ? style.fill : style.color, behind(e)]
      .map(light).sort((a, b) => b - a);
    return [(pair[0] + 0.05) / (pair[1] + 0.05), e.textContent];
  });
'''


def _under(protocol):
  return lambda known: protocol in known.item.wrong_under


def _confidence(low, high):
  return lambda known: (known.item.confidence is not None
                        and low <= 100 * known.item.confidence <= high)


# Values of the filters -> what they let through.
_VIEWS = {
    'all': ({}, lambda known: True),
    'first set': ({'set': reports.SETS[0]},
                  lambda known: known.item.set_name == reports.SETS[0]),
    'second set': ({'set': reports.SETS[1]},
                   lambda known: known.item.set_name == reports.SETS[1]),
    **{protocol: ({'under': protocol}, _under(protocol))
       for protocol in ('alnum_ci', 'case_sensitive', 'exact')},
    **{kind: ({'kind': kind}, lambda known, kind=kind:
              known.item.kind == kind)
       for kind in ('letters', 'punctuation')},
    **{mistake: ({'mistake': mistake}, lambda known, mistake=mistake:
                 mistake in known.mistakes) for mistake in gallery.MISTAKES},
    **{change: ({'change': change}, lambda known, change=change:
                known.item.change == change)
       for change in gallery.CHANGES[1:]},
    'length': ({'minlen': '3', 'maxlen': '5'},
               lambda known: 3 <= len(known.item.label) <= 5),
    'at least': ({'minlen': '7'}, lambda known: len(known.item.label) >= 7),
    'confidence': ({'minconf': '20', 'maxconf': '70.5'},
                   _confidence(20, 70.5)),
    'search': ({'q': 'A'}, lambda known: 'a' in known.item.label
               or 'a' in known.item.text.lower()),
    'dot': ({'q': '.'}, lambda known: False),
    'together': (
        {'set': reports.SETS[1], 'under': 'exact', 'minlen': '4', 'q': 'e'},
        lambda known: known.item.set_name == reports.SETS[1]
        and 'exact' in known.item.wrong_under and len(known.item.label) >= 4
        and ('e' in known.item.label or 'e' in known.item.text.lower())),
}


@extras.needs('browser')
@absltest.skipUnless(browser_lib.executables(),
                     'Needs Chromium and chromedriver on the PATH (Debian: '
                     'chromium-driver).')
class BrowserTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.folder = absltest.get_default_test_tmpdir()
    cls.browser = browser_lib.Browser(
        os.path.join(cls.folder, f'profile{os.getpid()}'))
    cls.addClassCleanup(cls.browser.driver.quit)
    cls.known = reports.known(_NUMBER)
    cls.path = cls.write('known', [known.item for known in cls.known])

  @classmethod
  def write(cls, name, items, sets=reports.SETS):
    path = os.path.join(cls.folder, f'{name}{os.getpid()}.html')
    page.write(path, reports.evaluation(
        items, sets, compared=reports.comparison(sets)), items)
    cls.addClassCleanup(os.remove, path)
    return path

  def setUp(self):
    super().setUp()
    self.browser.look()
    self.browser.messages()
    self.browser.requests()
    self.browser.open(self.path)
    self.set(under='')

  def tearDown(self):
    self.assertEmpty(self.browser.messages())
    super().tearDown()

  def set(self, **values):
    """Sets filters as a user does, as far as the page can tell."""
    self.browser.js('''
        for (const [name, value] of Object.entries(arguments[0])) {
          const control = document.getElementById(`f-${name}`);
          if (name === 'regex') control.checked = value;
          else control.value = value;
          control.dispatchEvent(new Event('input', {bubbles: true}));
        }''', values)

  def count(self):
    return self.browser.js(
        'return document.getElementById("count").textContent')

  def wait_for_count(self, start):
    """Of what the page does after an event and not in it."""
    from selenium.webdriver.support.wait import WebDriverWait
    WebDriverWait(self.browser.driver, 60).until(
        lambda _: self.count().startswith(start))

  def indices(self):
    """Numbers of the records of all cards, after showing them all."""
    return self.browser.js('''
        const more = document.getElementById('more');
        while (!more.hidden) more.click();
        return Array.from(document.querySelectorAll('.card h3'),
          (head) => Number(head.lastChild.data));''')

  def texts(self, selector):
    return self.browser.js('''
        return Array.from(document.querySelectorAll(arguments[0]),
          (element) => element.textContent);''', selector)

  def focused(self):
    return self.browser.js(
        'return document.activeElement.getAttribute("aria-label")')

  def test_asks_the_network_for_nothing(self):
    self.indices()
    addresses = self.browser.requests()
    self.assertIn('file', {parse.urlsplit(url).scheme for url in addresses})
    self.assertContainsSubset(
        {parse.urlsplit(url).scheme for url in addresses},
        {'file', 'data', 'about'})

  def test_begins_with_what_the_headline_calls_wrong(self):
    self.browser.open(self.path)
    self.assertCountEqual(
        [known.item.index for known in self.known
         if 'alnum_ci' in known.item.wrong_under], self.indices())
    right = [known.item for known in self.known
             if 'alnum_ci' not in known.item.wrong_under]
    self.browser.open(self.write('right', right))
    self.assertLen(self.indices(), len(right))

  def test_shows_pictures(self):
    self.indices()
    sizes = self.browser.driver.execute_async_script('''
        const done = arguments[0];
        const images = Array.from(document.images);
        Promise.all(images.map((image) => image.decode())).then(
          () => done(images.map((image) => image.naturalWidth)));''')
    self.assertLen(sizes, _NUMBER)
    self.assertGreater(min(sizes), 0)

  @parameterized.named_parameters(
      (name, *view) for name, view in _VIEWS.items())
  def test_filter(self, values, passes):
    self.set(sort='set', **values)
    expected = [known.item.index for known in self.known if passes(known)]
    self.assertEqual(
        self.count(), f'{len(expected)} of {_NUMBER} samples, '
                      f'{min(24, len(expected))} shown')
    self.assertEqual(self.indices(), expected)
    self.assertLen(expected, len(set(expected)))

  def test_options_tell_their_number(self):
    counts = {name: sum(map(passes, self.known))
              for name, (_, passes) in _VIEWS.items()}
    self.assertIn(f'alnum_ci ({counts["alnum_ci"]})',
                  self.texts('#f-under option'))
    self.assertIn(f'empty ({counts["empty"]})',
                  self.texts('#f-mistake option'))
    self.assertIn(f'gained ({counts["gained"]})',
                  self.texts('#f-change option'))

  def test_sorting(self):
    last = [known.item.index for known in self.known
            if known.item.confidence is None]
    rest = [known.item for known in self.known
            if known.item.confidence is not None]
    for sort, sign in (('', -1), ('least', 1)):
      self.set(sort=sort)
      expected = sorted(rest, key=lambda item: sign * item.confidence)
      self.assertEqual(self.indices(),
                       [*(item.index for item in expected), *last])

  def test_regular_expression(self):
    self.set(sort='set', q='^[A-M].*[n-z0]$', regex=True)
    expected = [known.item.index for known in self.known if any(
        re.search('^[A-M].*[n-z0]$', text, re.IGNORECASE)
        for text in (known.item.label, known.item.text))]
    self.assertNotEmpty(expected)
    self.assertEqual(self.indices(), expected)

  def test_bad_regular_expression_is_told(self):
    self.set(q='(', regex=True)
    self.assertStartsWith(self.count(), '0 of')
    self.assertStartsWith(self.texts('#search-error')[0],
                          'No regular expression')
    self.set(q='(', regex=False)
    self.assertEqual(self.texts('#search-error'), [''])

  def test_reset(self):
    self.set(q='a', set=reports.SETS[0], regex=True)
    self.browser.js('document.getElementById("reset").click()')
    self.wait_for_count(f'{_NUMBER} of')
    self.assertNotIn('=', self.browser.driver.current_url)

  def test_more_takes_the_focus_along(self):
    first = self.browser.js('''
        document.getElementById('more').click();
        const cards = Array.from(document.querySelectorAll('.card'));
        return cards.indexOf(document.activeElement);''')
    self.assertEqual(first, 24)

  def test_view_is_kept_in_the_address(self):
    values = {'q': 'e', 'set': reports.SETS[0], 'under': 'exact',
              'minconf': '10', 'sort': 'least'}
    self.set(**values)
    shown = self.indices()
    self.assertNotEmpty(shown)
    address = parse.urlsplit(self.browser.driver.current_url).fragment
    self.assertEqual(dict(parse.parse_qsl(address)), values)
    self.browser.open(self.path, f'#{address}')
    self.assertEqual(self.indices(), shown)
    self.assertEqual(self.browser.js(
        'return document.getElementById("f-set").value'), reports.SETS[0])

  def test_address_with_names_that_there_are_not(self):
    self.browser.open(self.path, '#set=none&under=none&minlen=x')
    self.assertStartsWith(self.count(), f'{_NUMBER} of')

  @parameterized.parameters(
      ('#comparison a', 'gained'), ('#comparison tr:nth-child(4) a', None))
  def test_tables_link_to_views(self, selector, change):
    name = reports.SETS[0] if change else reports.SETS[1]
    link = self.browser.driver.find_element('css selector', selector)
    link.click()
    expected = sum(known.item.set_name == name
                   and known.item.change == 'gained' for known in self.known)
    self.wait_for_count(f'{expected} of')

  def test_keyboard_reaches_each_symbol(self):
    from selenium.webdriver.common.keys import Keys
    self.set(sort='set', q=self.known[0].item.label)
    self.browser.js('document.getElementById("reset").focus()')
    self.browser.press(Keys.TAB)
    text = self.known[0].item.text
    self.assertStartsWith(self.focused(), f'{text[0]}, 1 of {len(text) + 1}; '
                                          '100.0 %; looks at 9 % across')
    self.browser.press(Keys.ARROW_RIGHT)
    self.assertStartsWith(self.focused(), f'{text[1]}, 2 of')
    self.assertEqual(self.texts('.where'), [self.focused()])
    self.browser.press(Keys.END)
    self.assertStartsWith(self.focused(), 'end of the text; ')
    self.browser.press(Keys.ARROW_RIGHT)
    self.assertStartsWith(self.focused(), 'end of the text; ')
    self.browser.press(Keys.HOME, Keys.ENTER)
    kept = self.focused()
    self.browser.press(Keys.ARROW_RIGHT, Keys.TAB)
    self.assertEqual(self.texts('.where'), [kept])
    self.assertLen(self.texts('[aria-pressed="true"]'), 1)
    self.browser.js('document.querySelector(".symbols button").focus()')
    self.browser.press(Keys.ESCAPE, Keys.TAB)
    self.assertEqual(self.texts('.where'), [''])
    self.assertEmpty(self.texts('.frame svg'))

  def test_attention_lies_over_the_picture(self):
    self.set(sort='set', q=self.known[0].item.label)
    frame, peak = self.browser.js('''
        document.querySelectorAll('.symbols button')[2].focus();
        return ['.frame img', '.frame .peak'].map((selector) => {
          const box = document.querySelector(selector)
            .getBoundingClientRect();
          return [box.left, box.top, box.width, box.height];
        });''')
    rows, columns = reports.GRID
    width = frame[2] / (columns * reports.EXTENT)
    for found, expected in zip(peak, (
        frame[0] + 2 * width, frame[1] + frame[3] / rows, width,
        frame[3] / rows)):
      self.assertAlmostEqual(found, expected, delta=0.1)

  def test_attention_lies_over_the_whole_canvas(self):
    canvas = np.zeros([6, 22, 1], np.uint8)
    path = self.write('canvas', [reports.item(
        'ab', 'c', picture=b'', canvas=canvas)])
    self.browser.open(path)
    box = self.browser.js('''
        document.querySelector('.symbols button').focus();
        return document.querySelector('.frame svg').getAttribute('viewBox');
        ''')
    self.assertEqual(box, '0 0 11 3')

  def test_mouse_shows_and_hides_attention(self):
    from selenium.webdriver.common.action_chains import ActionChains
    button = self.browser.driver.find_element('css selector',
                                              '.symbols button')
    ActionChains(self.browser.driver).move_to_element(button).perform()
    self.assertLen(self.texts('.frame svg'), 1)
    count = self.browser.driver.find_element('id', 'count')
    ActionChains(self.browser.driver).move_to_element(count).perform()
    self.assertEmpty(self.texts('.frame svg'))

  def test_everything_has_a_name(self):
    named = ('button', 'link', 'image', 'img', 'textbox', 'searchbox',
             'checkbox', 'spinbutton', 'combobox', 'toolbar', 'form',
             'navigation', 'region', 'table', 'heading')
    found = self.browser.names()
    roles = {role for role, _ in found}
    self.assertContainsSubset(
        {'button', 'link', 'searchbox', 'checkbox', 'spinbutton', 'combobox',
         'toolbar', 'form', 'navigation', 'main', 'table', 'status',
         'heading'}, roles)
    self.assertTrue({'image', 'img'} & roles)
    self.assertEmpty([role for role, name in found
                      if role in named and not name.strip()])

  def test_headings_leave_out_no_level(self):
    levels = [int(tag[1]) for tag in self.browser.js('''
        return Array.from(document.querySelectorAll('h1, h2, h3, h4'),
          (head) => head.tagName);''')]
    self.assertEqual(levels.count(1), 1)
    self.assertEqual(levels[0], 1)
    self.assertLessEqual(max(b - a for a, b in zip(levels, levels[1:])), 1)

  @parameterized.parameters('light', 'dark')
  def test_contrast(self, scheme):
    self.browser.look(scheme)
    page_colour = self.browser.js(
        'return getComputedStyle(document.body).backgroundColor')
    self.assertEqual(page_colour == 'rgb(255, 255, 255)', scheme == 'light')
    found = self.browser.js(_CONTRASTS)
    self.assertGreater(len(found), 300)
    self.assertEmpty([one for one in found if one[0] < 4.5])

  def test_colours_can_be_chosen(self):
    button = self.browser.driver.find_element('id', 'theme')
    colours = []
    for name in ('light', 'dark', 'automatic'):
      button.click()
      self.assertEqual(button.text, f'Colours: {name}')
      colours.append(self.browser.js(
          'return getComputedStyle(document.body).backgroundColor'))
    self.assertEqual(colours, ['rgb(255, 255, 255)', 'rgb(20, 22, 26)',
                               'rgb(255, 255, 255)'])

  def test_narrow_page_does_not_scroll_sideways(self):
    self.browser.look(width=400)
    widths = self.browser.js(
        'return [document.documentElement.scrollWidth, innerWidth]')
    self.assertLessEqual(widths[0], widths[1])

  def test_prints(self):
    pdf = self.browser.pdf()
    self.assertStartsWith(pdf, b'%PDF')
    self.assertGreater(pdf.count(b'/Type /Page\n'), 0)

  def test_works_without_javascript_but_for_the_gallery(self):
    self.browser.devtools('Emulation.setScriptExecutionDisabled', value=True)
    try:
      self.browser.open(self.path)
      find = self.browser.driver.find_element
      self.assertIn('needs JavaScript', find('tag name', 'noscript').text)
      self.assertFalse(find('id', 'gallery-body').is_displayed())
      self.assertIn('alnum_ci', find('css selector', '.accuracy').text)
    finally:
      self.browser.devtools('Emulation.setScriptExecutionDisabled',
                            value=False)

  def test_hostile_texts_are_only_texts(self):
    label = '</script><b onclick="x">&amp;\u00a0\u202e\u05d0\u0301\u200b\x00 .'
    path = self.write('hostile', [reports.item(
        label, '<img src=x>\udc80', other_text=label, change='lost',
        set_name='<i>&"')], sets=['<i>&"'])
    self.browser.open(path)
    label_shown, text_shown, other = self.texts('.texts dd')
    expected = ('</script><b\u2423onclick="x">&amp;U+00A0U+202E\u05d0\u0301'
                'U+200BU+0000\u2423.')
    self.assertEqual(label_shown, expected)
    self.assertEqual(other, expected)
    self.assertEqual(text_shown, '<img\u2423src=x>U+DC80')
    self.assertEmpty(self.texts('.texts b, .texts img, h3 i'))
    self.assertEqual(self.texts('.card h3'), ['<i>&" 1'])
    names = self.texts('.symbols bdi')
    self.assertEqual(names[-3:], ['>', 'U+DC80', 'end'])

  def test_marked_accent_stands_by_itself(self):
    path = self.write('accent', [reports.item('e\u0301', 'e')])
    self.browser.open(path)
    self.assertEqual(self.texts('.texts dd'), ['e\u25cc\u0301', 'e'])
    self.assertEqual(self.texts('.card .d-m'), ['\u25cc\u0301'])

  def test_sample_of_which_little_is_known(self):
    path = self.write('little', [reports.item(
        'ab', 'c', confidence=None, char_confidence=[], attention=b'',
        picture=b'', extent=0.0)])
    self.browser.open(path)
    self.assertEqual(self.texts('.picture'), ['no picture'])
    self.assertEmpty(self.texts('.symbols, .where'))
    self.assertEqual(self.texts('.facts'), [
        'letters \u00b7 wrong under all protocols \u00b7 '
        'substituted, missing'])

  def test_symbols_that_stand_for_no_character(self):
    path = self.write('unknown', [reports.item(
        'ab', 'c', char_confidence=[0.5, 0.25, 1, 0.125], attention=b'')])
    self.browser.open(path)
    self.assertEqual(self.texts('.symbols bdi'), ['#1', '#2', '#3', '#4'])

  def test_ten_thousand_samples(self):
    known = reports.known(200)
    items = [one.item._replace(index=one.item.index + 200 * i)
             for i in range(50) for one in known]
    start = time.monotonic()
    path = self.write('many', items)
    written = time.monotonic() - start
    self.browser.open(path)
    self.set(under='')
    self.assertEqual(self.count(), '10,000 of 10,000 samples, 24 shown')
    expected = 50 * sum(_VIEWS['search'][1](one) for one in known)
    took = self.browser.js('''
        const start = performance.now();
        const search = document.getElementById('f-q');
        search.value = 'A';
        search.dispatchEvent(new Event('input', {bubbles: true}));
        document.body.getBoundingClientRect();
        return performance.now() - start;''')
    self.assertStartsWith(self.count(), f'{expected:,} of 10,000')
    # Nobody is held to a time; a busy machine would fail.
    print(f'10,000 samples: written in {written:.1f} s, '
          f'{os.path.getsize(path):,} bytes, filtered in {took:.0f} ms')


if __name__ == '__main__':
  absltest.main()
