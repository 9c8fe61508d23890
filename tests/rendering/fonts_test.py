"""Tests of master/rendering/fonts.py, with fonts that they make."""

import itertools
import os
import random
import string

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from master import errors
from master.rendering import fonts
from master.rendering import shaping
from tests.support import font_files


class FaceTest(absltest.TestCase):

  def face(self, *arguments):
    return fonts.Face(self.create_tempfile(
        content=font_files.font_of(*arguments), mode='wb').full_path)

  def test_pillow_has_all_of_ascii_but_no_chinese(self):
    face = fonts.Face()
    for character in string.digits + string.ascii_letters + string.punctuation:
      self.assertTrue(face.covers(character), character)
    self.assertFalse(face.covers('a\u4e2d'))
    self.assertEqual('Pillow', face.name)

  def test_covers_what_the_file_has(self):
    face = self.face(string.ascii_letters)
    self.assertTrue(face.covers('Word'))
    self.assertFalse(face.covers('Word2'))

  def test_capitals_alone_are_no_small_letters(self):
    face = self.face(string.ascii_letters + string.digits, str.upper)
    self.assertTrue(face.covers('WORD2'))
    self.assertFalse(face.covers('Word2'))

  def test_no_font(self):
    path = self.create_tempfile('x.ttf', 'no font at all').full_path
    with self.assertRaises(OSError):
      fonts.Face(path)


class DrawTest(parameterized.TestCase):

  def test_is_cut_to_its_ink(self):
    for text, size in itertools.product(('H', 'Hxg', 'WAVE', 'jf', 'b'),
                                        fonts.SIZES):
      mask = fonts.draw(fonts.Face(), text, size, 0.0)
      self.assertEqual(np.uint8, mask.dtype)
      self.assertTrue(mask[0].any() and mask[-1].any(), text)
      self.assertTrue(mask[:, 0].any() and mask[:, -1].any(), text)

  def test_a_full_stop_stays_small_and_low(self):
    mask = fonts.draw(fonts.Face(), '.', 56, 0.0)
    self.assertBetween(len(mask), 28, 30)
    first, last = fonts.extent(fonts.Face(), '.', 56)
    self.assertLen(mask, last - first)
    self.assertEqual(-28, first)
    self.assertFalse(mask[:14].any())
    self.assertTrue(mask[-1].any())

  @parameterized.parameters(*fonts.SIZES)
  def test_draws_as_pillow_does(self, size):
    font = ImageFont.load_default(size)
    image = Image.new('L', (900, 250))
    ImageDraw.Draw(image).text((10, 10), 'Hamburg', 255, font)
    expected = np.asarray(image.crop(image.getbbox()), np.float32)
    mask = fonts.draw(fonts.Face(), 'Hamburg', size, 0.0)
    # Pillow may place a letter between pixels, and hints small ones.
    np.testing.assert_allclose(expected.shape, mask.shape, atol=3)
    rows, columns = np.minimum(expected.shape, mask.shape)
    self.assertLess(np.abs(expected[:rows, :columns]
                           - mask[:rows, :columns]).mean(), 45)

  def test_stroke_of_an_upright_grows_with_the_size(self):
    for size in fonts.SIZES:
      mask = fonts.draw(fonts.Face(), 'l', size, 0.0)
      self.assertAlmostEqual(mask.sum() / 255 / len(mask),
                             fonts.stroke(fonts.Face(), size, 'l'),
                             delta=0.03 * size)

  def test_spacing_widens_each_gap(self):
    face = fonts.Face()
    plain, wide = (fonts.draw(face, 'small', 28, s) for s in (0.0, 7.0))
    self.assertEqual(plain.shape[1] + 4 * 7, wide.shape[1])
    self.assertEqual(plain.shape[0], wide.shape[0])
    uneven = fonts.draw(face, 'small', 28, [1.0, 2.0, 3.0, 4.0])
    self.assertEqual(plain.shape[1] + 10, uneven.shape[1])


class ShapedTest(absltest.TestCase):
  """Of fonts that draw letters of other scripts as Latin ones."""

  def setUp(self):
    super().setUp()
    if not shaping.has_raqm():
      self.skipTest('Pillow finds no raqm: install libfribidi0.')

  def face(self, drawn_as):
    return fonts.Face(self.create_tempfile(content=font_files.font_of(
        list(drawn_as), drawn_as.get), mode='wb').full_path)

  def test_kerning_is_whole(self):
    def gap(text, size):
      mask = fonts.draw(fonts.Face(), text, size, 0.0)
      return mask.shape[1]
    for size in fonts.SIZES:
      font = ImageFont.load_default(size).font_variant(
          layout_engine=ImageFont.Layout.RAQM)
      kerned = (font.getlength('AV') - font.getlength('A')
                - font.getlength('V'))
      self.assertLess(kerned, -0.04 * size)
      apart = gap('A', size) + gap('V', size)
      bearings = sum(font.getlength(c) - gap(c, size) for c in 'AV')
      self.assertAlmostEqual(apart + kerned, gap('AV', size),
                             delta=0.5 * bearings + 2)

  def test_arabic_is_joined_and_stands_from_the_right(self):
    # Letters alone as H; the first, middle and last forms as A, B and C.
    face = self.face({'\u0628': 'H', '\u064a': 'H', '\u062a': 'H',
                      '\ufe91': 'A', '\ufef4': 'B', '\ufe96': 'C',
                      **{c: c for c in 'ABCH'}})
    word = '\u0628\u064a\u062a'
    self.assertTrue(face.covers(word))
    for size in fonts.SIZES:
      expected = fonts.draw(face, 'CBA', size, 0.0).astype(float)
      mask = fonts.draw(face, word, size, 5.0)
      np.testing.assert_allclose(mask.shape, expected.shape, atol=4)
      rows, columns = np.minimum(expected.shape, mask.shape)
      self.assertLess(np.abs(expected[:rows, :columns]
                             - mask[:rows, :columns]).mean(), 40)

  def test_hebrew_stands_from_the_right_and_is_spaced(self):
    face = self.face({'\u05d0': 'A', '\u05d1': 'B', '\u05d2': 'C',
                      **{c: c for c in 'ABC'}})
    for spacing in (0.0, 6.0):
      np.testing.assert_allclose(
          fonts.draw(face, 'CBA', 56, spacing),
          fonts.draw(face, '\u05d0\u05d1\u05d2', 56, spacing))

  def test_decomposed_accents_stand_on_their_letters(self):
    face = self.face({'\u0301': "'", 'o': 'o', 'n': 'n', '\u00f3': 'x'})
    # HarfBuzz takes the whole letter where the font has it.
    np.testing.assert_array_equal(fonts.draw(face, 'n\u00f3n', 56, 0.0),
                                  fonts.draw(face, 'no\u0301n', 56, 0.0))


class FontBookTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path

  def add(self, name, content):
    path = os.path.join(self.folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
      f.write(content)

  def test_finds_fonts_in_subfolders_and_skips_others(self):
    self.add('b/deep/two.OTF', font_files.PILLOW)
    self.add('one.ttf', font_files.PILLOW)
    self.add('torn.ttf', font_files.PILLOW[:1000])
    self.add('empty.otf', b'')
    self.add('readme.txt', b'fonts')
    book = fonts.FontBook(self.folder)
    self.assertEqual(['two.OTF', 'one.ttf'], [f.name for f in book.faces])
    self.assertEqual(['empty.otf', 'torn.ttf'],
                     [os.path.basename(path) for path in book.skipped])

  def test_without_a_folder_draws_with_pillow(self):
    self.assertEqual(['Pillow'], [f.name for f in fonts.FontBook().faces])

  def test_falls_back_where_a_glyph_is_missing(self):
    self.add('all.ttf', font_files.PILLOW)
    self.add('digits.ttf', font_files.font_of(string.digits))
    book = fonts.FontBook(self.folder)
    picks = [book.pick('a1', random.Random(i)) for i in range(40)]
    self.assertEqual({'all.ttf'}, {face.name for face, _ in picks})
    self.assertEqual({False, True}, {fell_back for _, fell_back in picks})
    picks = [book.pick('11', random.Random(i)) for i in range(40)]
    self.assertEqual({('all.ttf', False), ('digits.ttf', False)},
                     {(face.name, fell_back) for face, fell_back in picks})

  def test_a_family_of_many_cuts_is_as_likely_as_another(self):
    for i in range(9):
      self.add(f'cut{i}.ttf', font_files.PILLOW)
    book = fonts.FontBook(self.folder)
    other = fonts.Face()
    other.family = 'Other'
    book.faces.append(other)
    book = fonts.FontBook.of(book.faces)
    picks = [book.pick('a', random.Random(i))[0] for i in range(300)]
    self.assertBetween(picks.count(other), 150 - 27, 150 + 27)

  def test_a_glyph_that_is_broken_counts_as_missing(self):
    broken = bytearray(font_files.font_of(string.ascii_letters))
    # The outlines, behind those of the first letters.
    start = (font_files.table_start(bytes(broken), b'CFF ')
             or font_files.table_start(bytes(broken), b'glyf'))
    broken[start + 9000:start + 12000] = bytes([255]) * 3000
    self.add('torn.ttf', bytes(broken))
    self.add('whole.ttf', font_files.PILLOW)
    book = fonts.FontBook(self.folder)
    for seed, letter in enumerate(string.ascii_letters):
      face, _ = book.pick(letter, random.Random(seed))
      self.assertTrue(fonts.draw(face, letter, 56, 0.0).any())

  def test_folders_have_their_shares(self):
    self.add('text/one.ttf', font_files.PILLOW)
    self.add('wild/deep/two.ttf', font_files.PILLOW)
    self.add('three.ttf', font_files.PILLOW)

    def counts(**rates):
      book = fonts.FontBook(self.folder, rates)
      names = [book.pick('a', random.Random(i))[0].name for i in range(400)]
      return [names.count(f'{name}.ttf') for name in ('one', 'two', 'three')]

    one, two, three = counts(text=0.5, wild=0.25)
    self.assertBetween(one, 200 - 30, 200 + 30)
    self.assertBetween(two, 100 - 26, 100 + 26)
    self.assertEqual(400, one + two + three)
    self.assertEqual([400, 0, 0], counts(text=1.0))
    self.assertEqual(0, counts(wild=0.0)[1])
    with self.assertRaisesRegex(errors.InputError,
                                '^--font_rates=odd: no folder'):
      counts(odd=0.5)
    with self.assertRaisesRegex(errors.InputError, '^--font_rates: needs'):
      fonts.FontBook(None, {'text': 0.5})

  def test_a_folder_that_lacks_a_glyph_falls_back_on_the_others(self):
    self.add('text/digits.ttf', font_files.font_of(string.digits))
    self.add('all.ttf', font_files.PILLOW)
    face, fell_back = fonts.FontBook(self.folder, {'text': 1.0}).pick(
        'a', random.Random(0))
    self.assertEqual(('all.ttf', True), (face.name, fell_back))

  def test_wrong_glyphs_are_not_used(self):
    self.add('deep/one.ttf', font_files.PILLOW)
    self.add('two.ttf', font_files.PILLOW)
    self.add(fonts.WRONG_GLYPHS, b'one.ttf\tfF`\nother.ttf\tx\n')
    book = fonts.FontBook(self.folder)
    one, two = book.faces
    self.assertEqual(('one.ttf', 'two.ttf'), (one.name, two.name))
    self.assertTrue(two.covers('offF`x') and one.covers('word'))
    for character in 'fF`':
      self.assertFalse(one.covers(character))
    self.assertEqual({'two.ttf'}, {book.pick('of', random.Random(i))[0].name
                                   for i in range(20)})
    self.add(fonts.WRONG_GLYPHS, b'one.ttf fF\n')
    with self.assertRaisesRegex(errors.InputError,
                                f'{fonts.WRONG_GLYPHS}: line 1: '):
      fonts.FontBook(self.folder)

  def test_no_font_has_the_characters(self):
    book = fonts.FontBook()
    self.assertFalse(book.covers('\u4e2d'))
    with self.assertRaisesRegex(errors.InputError, "--fonts: .*'\u4e2d'"):
      book.pick('\u4e2d', random.Random(0))

  def test_scripts_that_cannot_be_drawn(self):
    book = fonts.FontBook()
    for ask in (book.covers, lambda text: book.pick(text, random.Random(0))):
      with self.assertRaisesRegex(errors.InputError, 'is Mongolian'):
        ask('\u182e')

  def test_bad_folders(self):
    for path, message in ((self.folder, 'no usable'),
                          (self.folder + '/absent', 'no such folder')):
      with self.assertRaisesRegex(errors.InputError,
                                  f'^--fonts={path}: {message}'):
        fonts.FontBook(path)
    self.add('torn.ttf', b'x')
    with self.assertRaisesRegex(errors.InputError, '1 unreadable'):
      fonts.FontBook(self.folder)



class _StubFace:
  """A face of a family of its own, which has some characters."""

  def __init__(self, name, characters):
    self.name = self.path = self.family = name
    self._characters = set(characters)

  def covers(self, text):
    return set(text) <= self._characters


class ShelfTest(absltest.TestCase):

  def book(self, count):
    return fonts.FontBook.of(
        [_StubFace(f'family{i}', 'abc') for i in range(count - 1)]
        + [_StubFace('rare', 'abc@')])

  def test_few_families_are_all_in_use(self):
    book = self.book(100)
    self.assertIs(book, book.shelf(random.Random(1)))

  def test_a_choice_of_many(self):
    book = self.book(400)
    shelves = [book.shelf(random.Random(seed)) for seed in (1, 1, 2)]
    names = [{face.name for face in shelf.faces} for shelf in shelves]
    self.assertEqual([64] * 3, [len(each) for each in names])
    self.assertEqual(names[0], names[1])
    self.assertLess(len(names[0] & names[2]), 40)
    rng = random.Random(3)
    picked = {shelves[0].pick('ab', rng)[0].name for _ in range(1000)}
    self.assertEqual(names[0], picked)

  def test_what_the_choice_lacks_another_has(self):
    book = self.book(400)
    shelf = next(shelf for shelf in map(
        book.shelf, map(random.Random, range(9)))
                 if 'rare' not in {face.name for face in shelf.faces})
    self.assertTrue(shelf.covers('b@'))
    face, fell_back = shelf.pick('b@', random.Random(1))
    self.assertEqual(('rare', True), (face.name, fell_back))
    with self.assertRaisesRegex(errors.InputError, '^--fonts: no font has'):
      shelf.pick('z', random.Random(1))

  def test_shares_of_folders_hold_in_a_choice(self):
    folder = self.create_tempdir()
    data = font_files.font_of(string.ascii_letters)
    for group, count in (('text', 30), ('odd', 110)):
      for i in range(count):
        folder.create_file(f'{group}/{i}.ttf', content=data, mode='wb')
    book = fonts.FontBook(folder.full_path, {'odd': 0.25, 'text': 0.75})
    # All have one name, and so are one family: take each file for its own.
    for face in book.faces:
      face.family = face.path
    book._group(folder.full_path, {'odd': 0.25, 'text': 0.75})
    book._groups, book._shares = book._groups[-2:], book._shares[-2:]
    shelf = book.shelf(random.Random(1))
    rng = random.Random(2)
    groups = [os.path.basename(os.path.dirname(shelf.pick('abc', rng)[0].path))
              for _ in range(600)]
    self.assertBetween(groups.count('odd'), 150 - 45, 150 + 45)
    self.assertEqual(16, sum('/odd/' in face.path for face in shelf.faces))


if __name__ == '__main__':
  absltest.main()
