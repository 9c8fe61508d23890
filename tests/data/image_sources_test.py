"""Guards master/data/image_sources.py."""

import os

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from master.data import image_sources


def parse(name: str, content: str):
  return tuple(image_sources.SOURCES[name].parse(content.encode()))


class ParseTest(parameterized.TestCase):

  @parameterized.parameters(
      ('a/b.png\ttext', 'a/b.png', 'text'),
      ('b.png\t two words ', 'b.png', ' two words '),
      ('b.png\ta\tb', 'b.png', 'a\tb'),
      ('b 1.png\tStraße', 'b 1.png', 'Straße'))
  def test_tsv(self, line, path, text):
    self.assertEqual(parse('tsv', line), (path, text))

  @parameterized.parameters(
      ('word_1.png, "Tiredness"', 'Tiredness'),
      ('word_1.png,"Tiredness" ', 'Tiredness'),
      ('word_1.png, Tiredness', 'Tiredness'),
      ('word_1.png, "a, b"', 'a, b'),
      ('word_1.png, a, b', 'a, b'),
      (r'word_1.png, "\"hi\""', '"hi"'),
      (r'word_1.png, "C:\\temp"', r'C:\temp'),
      # The backslash is escaped, not the quote behind it.
      (r'word_1.png, "a\\"', 'a\\'),
      (r'word_1.png, "\\\""', '\\"'),
      # Not escaped, though it should be.
      ('word_1.png, "say "hi""', 'say "hi"'),
      (r'word_1.png, "\o/"', r'\o/'),
      ('word_1.png, 5"', '5"'),
      ('word_1.png, "', '"'),
      ('word_1.png, "£5 Ω"', '£5 Ω'),
      ('word_1.png, " "', ' '))
  def test_icdar(self, line, text):
    self.assertEqual(parse('icdar', line), ('word_1.png', text))

  @parameterized.parameters(
      ('./2425/1/115_Lube_45484.jpg 45484', './2425/1/115_Lube_45484.jpg',
       'Lube'),
      ('./2425/1/115_Lube_45484.jpg', './2425/1/115_Lube_45484.jpg', 'Lube'),
      ('./a b/1/1_x_2.jpg  2 ', './a b/1/1_x_2.jpg', 'x'),
      ('1_a_b_2.jpg 2', '1_a_b_2.jpg', 'a_b'),
      ('no_1/1_3.5_2.jpg 2', 'no_1/1_3.5_2.jpg', '3.5'))
  def test_mjsynth(self, line, path, text):
    self.assertEqual(parse('mjsynth', line), (path, text))

  @parameterized.parameters(
      ('Lube/1.jpg', 'Lube'), ('a/b/two words/1.jpg', 'two words'),
      ('Straße/1', 'Straße'))
  def test_folders(self, path, text):
    self.assertEqual(parse('folders', path), (path, text))

  @parameterized.parameters(
      ('tsv', b'b.png text', 'malformed_line', 'no tab'),
      ('tsv', b'b.png\t', 'label_empty', 'no text'),
      ('tsv', b'b.png\t\xff', 'malformed_line', 'not UTF-8'),
      ('icdar', b'b.png "text"', 'malformed_line', 'no comma'),
      ('icdar', b'b.png, ""', 'label_empty', 'no text'),
      ('icdar', b'b.png,', 'label_empty', 'no text'),
      ('icdar', b'b.png, "\xff"', 'malformed_line', 'not UTF-8'),
      ('mjsynth', b'./1_2.jpg 3', 'malformed_line', 'no two underscores'),
      ('mjsynth', b'./a_b_c/12.jpg 3', 'malformed_line', 'no two underscores'),
      ('mjsynth', b'./1__2.jpg 3', 'label_empty', 'no text'),
      ('folders', b'1.jpg', 'label_empty', 'in no folder'),
      ('folders', b'\xff/1.jpg', 'label_not_utf8', 'not named in UTF-8'))
  def test_bad_items(self, name, content, reason, detail):
    with self.assertRaises(image_sources.BadItemError) as caught:
      image_sources.SOURCES[name].parse(content)
    self.assertEqual(reason, caught.exception.reason)
    self.assertIn(detail, caught.exception.detail)


class ItemsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = self.create_tempdir()

  def _items(self, labels=None):
    return [tuple(item)
            for item in image_sources.items(self._folder.full_path, labels)]

  def test_lines(self):
    labels = self._folder.create_file(
        'l.txt', b'\xef\xbb\xbfa\tb \r\n\n \nc\r\r\nlast', mode='wb')
    self.assertEqual(self._items(labels.full_path),
                     [(1, b'a\tb '), (4, b'c'), (5, b'last')])

  def test_files_in_order_of_their_names(self):
    for name in ('b/2.jpg', 'b/10.jpg', 'a b/x/1', 'é/1.jpg', 'top.jpg'):
      self._folder.create_file(name)
    self.assertEqual(self._items(), [
        (1, b'a b/x/1'), (2, b'b/10.jpg'), (3, b'b/2.jpg'), (4, b'top.jpg'),
        (5, 'é/1.jpg'.encode())])

  def test_links_lead_in_no_circle(self):
    self._folder.create_file('a/1.jpg')
    os.symlink('..', os.path.join(self._folder.full_path, 'a', 'up'))
    os.symlink('1.jpg', os.path.join(self._folder.full_path, 'a', '2.jpg'))
    self.assertEqual(self._items(),
                     [(1, b'a/1.jpg'), (2, b'a/2.jpg'), (3, b'a/up')])

  def test_what_cannot_be_read(self):
    with self.assertRaisesRegex(errors.InputError, '^--labels=/absent: .*No '):
      self._items('/absent')
    with self.assertRaisesRegex(errors.InputError, '^--images=/absent: .*No '):
      next(image_sources.items('/absent', None))


if __name__ == '__main__':
  absltest.main()
