"""Tests of master/rendering/contact_sheet.py."""

import os

from absl.testing import absltest
import numpy as np
from PIL import Image

from master.rendering import contact_sheet
from master.rendering import fonts
from master.rendering import parallel_rendering
from master.rendering import shaping
from tests.support import font_files


class SheetTest(absltest.TestCase):

  def saved(self, count):
    drawn = contact_sheet.Sheet(fonts.FontBook())
    plan = parallel_rendering.Plan(seed=1, characters='abcdefgh')
    for record in parallel_rendering.records(plan, count, 1):
      drawn.add(record)
    path = os.path.join(self.create_tempdir().full_path, 'contact_sheet.png')
    drawn.save(path)
    self.assertEqual(['contact_sheet.png'], os.listdir(os.path.dirname(path)))
    return np.asarray(Image.open(path))

  def test_shows_words_and_labels(self):
    one, seven = self.saved(1), self.saved(7)
    self.assertEqual(2 * one.shape[0], seven.shape[0])
    self.assertEqual(one.shape[1], seven.shape[1])
    word, label = one[:48], one[50:]
    self.assertLess(word.min(), 200)
    self.assertLess(label.min(), 120)
    # The rest of the row is empty.
    np.testing.assert_array_equal(255, one[:, one.shape[1] // 6:])

  def test_labels_are_written_as_their_script_is(self):
    if not shaping.has_raqm():
      self.skipTest('Pillow finds no raqm: install libfribidi0.')
    # Arabic letters alone as H; the first, middle and last forms as A, B, C.
    drawn_as = {'\u0628': 'H', '\u064a': 'H', '\u062a': 'H', '\ufe91': 'A',
                '\ufef4': 'B', '\ufe96': 'C', '1': '1'}
    face = fonts.Face(self.create_tempfile(content=font_files.font_of(
        list(drawn_as), drawn_as.get), mode='wb').full_path)
    drawn = contact_sheet.Sheet(fonts.FontBook.of([face]))
    arabic, latin = (np.asarray(drawn._label(label), np.float32)
                     for label in ('\u0628\u064a\u062a', 'CBA'))
    np.testing.assert_allclose(arabic.shape, latin.shape, atol=2)
    rows, columns = np.minimum(arabic.shape, latin.shape)
    self.assertLess(np.abs(arabic[:rows, :columns]
                           - latin[:rows, :columns]).mean(), 30)

  def test_keeps_the_first_words_alone(self):
    full = self.saved(contact_sheet.CAPACITY)
    np.testing.assert_array_equal(full, self.saved(contact_sheet.CAPACITY + 3))


if __name__ == '__main__':
  absltest.main()
