"""Tests of benchmarks/finetune, run as a process; few steps teach nothing."""

import json
import os
import pathlib
import unicodedata

from absl.testing import absltest

from tests.support import commands
from tests.support import font_files

_EXAMPLE = pathlib.Path(commands.ROOT, 'docs', 'fine_tuning')
# Letters that are no letter with an accent.
_OTHERS = {'\u0153': 'o', '\u00e6': 'a', '\u00df': 's', '\u00f8': 'o'}


def _lines(name):
  return (_EXAMPLE / name).read_text(encoding='utf-8').split()


class FinetuneTest(absltest.TestCase):

  def test_learns_and_judges(self):
    folder = self.create_tempdir().full_path
    fonts = os.path.join(folder, 'fonts')
    os.mkdir(fonts)
    font = font_files.font_of(_lines('charset.txt'), lambda c: _OTHERS.get(
        c, unicodedata.normalize('NFKD', c)[0]))
    with open(os.path.join(fonts, 'a.ttf'), 'wb') as f:
      f.write(font)
    path = os.path.join(folder, 'found.json')
    process = commands.run(
        '-m', 'benchmarks.finetune', f'--fonts={fonts}', '--words=20',
        '--unseen_words=10', '--train_steps=2', f'--json={path}')
    self.assertEqual(0, process.returncode, process.stderr)
    with open(path, encoding='utf-8') as f:
      found = json.load(f)
    for name in ('before', 'after'):
      self.assertEqual(10, found[name]['samples'])
    # What is read has no accents yet, and every word has one.
    self.assertEqual(0, found['before']['correct'])
    self.assertGreater(found['before']['ned'], 0.2)
    self.assertIn('fine-tuned', process.stdout)
    # Letters that the pretrained model has are not learned anew.
    self.assertRegex(process.stderr, '36 of .*charset|36 characters')

  def test_a_file_without_a_folder_is_refused_before_the_work(self):
    process = commands.run('-m', 'benchmarks.finetune', '--fonts=x',
                           '--json=/no/such/found.json')
    self.assertEqual(2, process.returncode, process.stderr)
    self.assertRegex(process.stderr, 'error: --json=/no/such/found.json: ')

  def test_the_words_of_the_example_fit_its_charset(self):
    words, charset = _lines('words.txt'), set(_lines('charset.txt'))
    self.assertGreaterEqual(len(set(words)), 700)
    self.assertLen(words, len(set(words)))
    for word in words:
      self.assertTrue(charset.issuperset(word), word)
      self.assertFalse(word.isascii(), word)


if __name__ == '__main__':
  absltest.main()
