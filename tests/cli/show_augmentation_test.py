"""Tests of master/cli/show_augmentation.py, run as processes."""

import os
import pathlib
import re

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
from PIL import Image

from tests.support import commands
from tests.support import pictures

# Cells begin behind the label, with a gap before each of them.
_LEFT, _GAP = 150, 6
_HEIGHT, _WIDTH = 16, 40


class ShowAugmentationTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = pathlib.Path(self.create_tempdir().full_path)
    self.lmdb = pictures.write_lmdb(str(self.folder / 'set'),
                                    ['one', 'Two', 'é日', ''])

  def run_command(self, *arguments, output='sheet.png'):
    return commands.run(
        '-m', 'master.cli.show_augmentation', f'--lmdb={self.lmdb}',
        f'--output={self.folder / output}', f'--image_height={_HEIGHT}',
        f'--image_width={_WIDTH}', *arguments)

  def sheet(self, *arguments, output='sheet.png'):
    """uint8 [h, w, 3]."""
    process = self.run_command(*arguments, output=output)
    self.assertEqual((0, f'{self.folder / output}\n'),
                     (process.returncode, process.stdout), process.stderr)
    return np.asarray(Image.open(self.folder / output))

  def cell(self, sheet, row, column):
    """uint8 [H, W, 3]: the original is in column 0."""
    top = _GAP + row * (_HEIGHT + _GAP)
    left = _LEFT + _GAP + column * (_WIDTH + _GAP)
    return sheet[top:top + _HEIGHT, left:left + _WIDTH]

  def test_originals_and_variants(self):
    sheet = self.sheet('--count=3', '--variants=5')
    self.assertEqual((3 * (_HEIGHT + _GAP) + _GAP,
                      _LEFT + 6 * (_WIDTH + _GAP) + _GAP, 3), sheet.shape)
    self.assertCountEqual(['sheet.png', 'set'], os.listdir(self.folder))
    for row in range(3):
      original = self.cell(sheet, row, 0)
      # 7 x 11 pixels become 16 x 25, black behind them.
      self.assertEqual(0, original[:, 25:].max())
      self.assertGreater(original[:, :25].std(), 10)
      differences = [np.abs(original.astype(int)
                            - self.cell(sheet, row, column)).mean()
                     for column in range(1, 6)]
      self.assertGreater(max(differences), 3)

  def test_labels_stand_beside(self):
    # All words are shown; one has no label and one no glyphs.
    sheet = self.sheet('--count=4', '--variants=1')
    labels = [sheet[_GAP + row * (_HEIGHT + _GAP):][:_HEIGHT, :_LEFT]
              for row in range(4)]
    for label in labels:
      self.assertLess(label.min(), 100)
    self.assertLen({label.tobytes() for label in labels}, 4)

  def test_off_shows_words_as_they_are(self):
    sheet = self.sheet('--augment=0', '--variants=3', '--image_channels=3')
    for row in range(4):
      for column in range(1, 4):
        np.testing.assert_array_equal(self.cell(sheet, row, 0),
                                      self.cell(sheet, row, column))

  def test_flags_reach_the_effects(self):
    nothing = [f'--augment_{name}=0' for name in (
        'rotation', 'shear', 'perspective', 'curve', 'crop', 'blur', 'motion',
        'noise', 'contrast', 'colour', 'jpeg')]
    sheet = self.sheet('--augment_invert=1', '--variants=2', *nothing)
    for row in range(4):
      original, variant = (self.cell(sheet, row, column)[:, :25].astype(int)
                           for column in (0, 2))
      # The sheet rounds to whole levels.
      np.testing.assert_allclose(255 - original, variant, atol=1)

  def test_the_seed_decides(self):
    first = self.sheet('--seed=-5', '--variants=2')
    np.testing.assert_array_equal(
        first, self.sheet('--seed=-5', '--variants=2', output='again.png'))
    other = self.sheet('--seed=6', '--variants=2', output='other.png')
    self.assertTrue((first != other).any())

  def test_unreadable_records_are_passed_over(self):
    pictures.change_lmdb(self.lmdb, {
        'image-000000001': b'no picture', 'image-000000002': None,
        'label-000000003': None})
    sheet = self.sheet('--count=4', '--variants=1')
    self.assertEqual(2 * (_HEIGHT + _GAP) + _GAP, sheet.shape[0])
    pictures.change_lmdb(self.lmdb, {'image-000000003': b'',
                                     'image-000000004': b''})
    self.check_fault(self.run_command(output='x.png'),
                     f'--lmdb={self.lmdb}: not one readable image')

  def check_fault(self, process, message):
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(
        process.stderr,
        f'^show_augmentation: error: {re.escape(message)}[^\n]*\n$')

  @parameterized.parameters(
      (['--augment=1.5'], '--augment=1.5: must be in [0, 1]'),
      (['--augment_noise=-1'], '--augment_noise=-1.0: must be in [0, 1]'),
      (['--count=0'], '--count=0: '), (['--variants=0'], '--variants=0: '),
      (['--image_height=17'], '--image_height=17: '),
      (['--output=/absent/x.png'], '--output=/absent/x.png: '),
      (['--lmdb=/absent'], '/absent: '))
  def test_bad_flags_are_one_line(self, arguments, message):
    self.check_fault(self.run_command(*arguments), message)

  def test_required_flags(self):
    process = commands.run('-m', 'master.cli.show_augmentation')
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertRegex(process.stderr,
                     r'^show_augmentation: error: --lmdb: required[^\n]*\n$')


if __name__ == '__main__':
  absltest.main()
