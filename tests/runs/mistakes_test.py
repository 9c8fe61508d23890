"""Tests of master/runs/mistakes.py."""

from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.evaluation import comparison
from master.metrics import counts
from master.report import attention
from master.runs import evaluation
from master.runs import mistakes
from tests.support import test_util


def _row(index=1, label='abc', text='abd', correct=False, size=(10, 20),
         columns=15, **more):
  return evaluation.Row(
      'A', counts.Sample(index, label, text, 0.5, size),
      {'alnum_ci': correct, 'exact': False, 'dtrb': None},
      **{'char_confidence': [0.5, 0.25], 'image_bytes': b'file %d' % index,
         'image': np.full([16, 20, 1], -1, np.float32), 'columns': columns,
         'attention': None, **more})


class ExtentTest(parameterized.TestCase):

  @parameterized.parameters(
      ('right', 0.0, (10, 20), 15, 0.75), ('right', 0.0, (10, 90), 20, 1.0),
      ('right_square', 0.0, (9, 3), 16, 0.8),
      ('stretch', 0.0, (10, 90), 20, 1.0),
      ('letterbox', 0.0, (10, 20), 20, 0.0),
      # Turned where taller than twice the width.
      ('right', 2.0, (21, 10), 20, 0.0), ('right', 2.0, (20, 10), 8, 0.4))
  def test_share_of_the_canvas(self, resize, rotate, size, columns, expected):
    config = test_util.tiny_config(image_resize=resize,
                                   rotate_vertical=rotate)
    self.assertEqual(expected, mistakes.extent(size, columns, config))


class MistakesTest(absltest.TestCase):

  def test_takes_what_is_wrong_under_any_protocol(self):
    found = mistakes.Mistakes(test_util.TINY)
    found.add(_row(1, correct=True))
    right = _row(2)
    found.add(right._replace(correct=dict.fromkeys(right.correct, True)))
    found.add(_row(3))
    self.assertEqual([(1, ('exact',), b'file 1'),
                      (3, ('alnum_ci', 'exact'), b'file 3')],
                     [(item.index, item.wrong_under, item.picture)
                      for item in found.items])
    item = found.items[0]
    self.assertEqual(
        ('A', 'abc', 'abd', 0.5, [0.5, 0.25], 'letters', '', None, 0.75, b''),
        (item.set_name, item.label, item.text, item.confidence,
         list(item.char_confidence), item.kind, item.change, item.other_text,
         item.extent, item.attention))

  def test_keeps_the_canvas_where_the_file_does_not_lie_on_it(self):
    found = mistakes.Mistakes(test_util.tiny_config(image_resize='letterbox'))
    image = np.linspace(-1, 1, 320, dtype=np.float32).reshape([16, 20, 1])
    found.add(_row(image=image))
    item, = found.items
    self.assertEqual((0.0, b''), (item.extent, item.picture))
    self.assertEqual((np.uint8, 0, 255), (item.canvas.dtype,
                                          item.canvas.min(),
                                          item.canvas.max()))

  def test_packs_attention_up_to_the_end(self):
    maps = np.zeros([6, 2, 5], np.float32)
    maps[0, 1, 3] = maps[1, 0, 0] = maps[2, 1, 1] = 1
    found = mistakes.Mistakes(test_util.TINY)
    found.add(_row(attention=maps))
    found.add(_row(attention=maps, char_confidence=None))
    np.testing.assert_array_equal(
        maps[:2], attention.unpack(found.items[0].attention))
    self.assertEqual((b'', ()), (found.items[1].attention,
                                 found.items[1].char_confidence))

  def test_takes_what_the_other_model_read_otherwise(self):
    found = mistakes.Mistakes(test_util.TINY)
    for index, correct, change in (
        (1, True, comparison.Change('A', 1, '', 'abd')),
        (2, True, comparison.Change('A', 2, 'gained', 'x')),
        (3, True, None),
        (4, False, comparison.Change('A', 4, '', 'abd'))):
      row = _row(index)
      found.add(row._replace(correct={'alnum_ci': correct}), change)
    self.assertEqual(
        [(2, 'gained', 'x', ()), (4, '', 'abd', ('alnum_ci',))],
        [(item.index, item.change, item.other_text, item.wrong_under)
         for item in found.items])

  def test_no_more_than_a_page_holds(self):
    with mock.patch.object(mistakes, 'MAX_ITEMS', 2):
      found = mistakes.Mistakes(test_util.TINY)
      for index in (1, 2, 3):
        found.add(_row(index))
    self.assertEqual((2, 1), (len(found.items), found.num_left_out))


if __name__ == '__main__':
  absltest.main()
