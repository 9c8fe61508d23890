"""Guards master/report/attention_picture.py."""

import os

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.report import attention_picture

# Of the drawing: where the first panel's picture begins, and its size for an
# image of 48 x 160. One line of text, the picture, then panels in columns.
_LEFT, _TOP = 16, 296
_WIDTH, _HEIGHT = 320, 96
_COLUMN, _ROW = 332, 140


def _image(channels: int = 1, height: int = 48,
           width: int = 160) -> np.ndarray:
  return np.random.RandomState(3).uniform(
      -1, 1, [height, width, channels]).astype(np.float32)


def _attention(num_symbols: int, num_steps: int = 29) -> np.ndarray:
  """Each symbol is looked for at one place of a 6 x 40 grid, one by one."""
  attention = np.zeros([num_steps, 6, 40], np.float32)
  for i in range(num_symbols):
    attention[i, i % 6, (7 * i) % 40] = 1
  return attention


def _draw(text: str, num_symbols: int, image=None) -> np.ndarray:
  """The drawing, int [h, w, 3]."""
  picture = attention_picture.draw(
      _image() if image is None else image, text, 0.7,
      np.linspace(0, 1, 29, dtype=np.float32), _attention(num_symbols))
  assert picture.mode == 'RGB'
  return np.asarray(picture).astype(int)


def _panel(drawing: np.ndarray, number: int) -> np.ndarray:
  """The picture of symbol `number`, from 0."""
  row, column = divmod(number, 3)
  top, left = _TOP + row * _ROW, _LEFT + column * _COLUMN
  return drawing[top:top + _HEIGHT, left:left + _WIDTH]


class DrawTest(parameterized.TestCase):

  @parameterized.parameters(('a', 2, 1), ('abcde', 6, 2), ('a' * 25, 26, 9),
                            ('', 1, 1))
  def test_a_panel_for_each_symbol(self, text, num_symbols, rows):
    drawing = _draw(text, num_symbols)
    self.assertLen(drawing, _TOP + (rows - 1) * _ROW + _HEIGHT + 16)
    for i in range(num_symbols):
      self.assertLess(_panel(drawing, i).mean(), 250)
    for i in range(num_symbols, 3 * rows):
      self.assertTrue((_panel(drawing, i) == 255).all())

  @parameterized.parameters(1, 3)
  def test_heat_is_where_the_decoder_looked(self, channels):
    drawing = _draw('abcde', 6, _image(channels))
    for i in range(6):
      panel = _panel(drawing, i)[1:-1, 1:-1]
      # The picture is grey, so colour is heat.
      heat = panel.max(axis=2) - panel.min(axis=2)
      y, x = np.unravel_index(heat.argmax(), heat.shape)
      self.assertAlmostEqual(16 * (i % 6) + 8, y, delta=12)
      self.assertAlmostEqual(8 * (7 * i % 40) + 4, x, delta=8)
      self.assertLess(np.median(heat), 3)

  def test_colours_of_the_image_are_kept_at_the_top(self):
    image = np.full([48, 160, 3], -1, np.float32)
    image[:, :, 1] = 0.5
    drawing = _draw('a', 2, image)
    self.assertEqual([0, 191, 0], drawing[150, 300].tolist())

  def test_an_even_attention_is_not_hot(self):
    even = np.full([1, 6, 40], 1 / 240, np.float32)
    drawing = np.asarray(attention_picture.draw(
        np.full([48, 160, 1], 0, np.float32), '', 0.5,
        np.ones([1], np.float32), even)).astype(int)
    panel = _panel(drawing, 0)[1:-1, 1:-1]
    self.assertLess(np.ptp(panel[:, :, 1]), 3)
    self.assertBetween(panel[0, 0].max() - panel[0, 0].min(), 10, 100)

  def test_text_that_did_not_end(self):
    self.assertEqual(_draw('abcde', 6).shape, _draw('abcdef', 6).shape)

  def test_symbols_of_no_character(self):
    drawing = _draw('ab', 6)
    self.assertLess(_panel(drawing, 5).mean(), 250)

  def test_nothing_was_looked_at(self):
    self.assertLen(_draw('', 0), _TOP - 32 - 12 + 16)

  def test_characters_that_the_font_lacks(self):
    plain = _draw('Z', 2)
    labels = set()
    for text in 'Z', '中', '国', ' ', '\n', '\u0301', '😀', '\0', '/':
      drawing = _draw(text, 2)
      self.assertEqual(plain.shape, drawing.shape)
      label = drawing[_TOP - 32:_TOP, _LEFT + 16:_LEFT + 200]
      self.assertLess(label.min(), 100)
      labels.add(label.tobytes())
    self.assertLen(labels, 9)

  def test_a_long_text_is_drawn_in_lines(self):
    one, several = _draw('中' * 3, 4), _draw('中' * 25, 26)
    self.assertGreater(len(several) - len(one), 7 * _ROW)
    # Nothing reaches into the margins.
    for drawing in (one, several):
      self.assertTrue((drawing[:, :16] == 255).all())
      self.assertTrue((drawing[:, -16:] == 255).all())

  @parameterized.parameters((16, 20), (160, 48), (8, 400))
  def test_images_of_other_shapes(self, height, width):
    drawing = _draw('ab', 3, _image(1, height, width))
    self.assertLessEqual(len(drawing), 600)
    self.assertEqual(3 * 320 + 2 * 12 + 2 * 16, drawing.shape[1])


class FileNameTest(absltest.TestCase):

  def test_images_of_one_name(self):
    names = {attention_picture.file_name(path) for path in (
        'a/word.png', 'b/word.png', 'a/word.jpg', 'word.png', '/word.png')}
    self.assertLen(names, 5)
    for name in names:
      self.assertRegex(name, r'^word\.(png|jpg)\.[0-9a-f]{8}\.png$')

  def test_one_image_has_one_name(self):
    self.assertEqual(attention_picture.file_name('a/word.png'),
                     attention_picture.file_name('./a/../a/word.png'))
    self.assertEqual(attention_picture.file_name('word.png'),
                     attention_picture.file_name(os.path.abspath('word.png')))

  def test_any_name_can_be_a_file(self):
    folder = self.create_tempdir().full_path
    for name in ('中' * 80, 'x' * 255, os.fsdecode(b'\xff\n\t.png'), '.png',
                 '-', ' '):
      path = os.path.join(folder, attention_picture.file_name(name))
      with open(path, 'wb'):
        pass
    self.assertLen(os.listdir(folder), 6)


if __name__ == '__main__':
  absltest.main()
