"""Runs the Python of docs/python.md."""

import contextlib
import io
import os
import re

from absl.testing import absltest
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from tests.support import commands
from tests.support import model_files

PAGE = (commands.ROOT / 'docs/python.md').read_text(encoding='utf-8')


def _word(text):
  image = Image.new('RGB', (200, 48), (230, 220, 200))
  ImageDraw.Draw(image).text((10, 4), text, (30, 20, 60),
                             ImageFont.load_default(36))
  return image


class PythonTest(absltest.TestCase):

  def test_blocks_in_their_order(self):
    folder = self.create_tempdir().full_path
    os.makedirs(f'{folder}/pictures')
    for name, text in (('word', 'station'), ('pictures/a', 'hotel'),
                       ('pictures/b', 'market')):
      _word(text).save(f'{folder}/{name}.png')
    model_files.write_tiny_model_dir(f'{folder}/runs/base')
    printed, names = [], {}
    self.addCleanup(os.chdir, os.getcwd())
    os.chdir(folder)
    for block in re.findall(r'^```python\n(.*?)^```$', PAGE, re.M | re.S):
      with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(block, names)  # pylint: disable=exec-used
      printed.append(out.getvalue())
    self.addCleanup(names['reader'].close)
    first, forms, faults, many, other = printed
    self.assertRegex(first, r'^station (0\.[5-9]\d|1\.00)\n$')
    self.assertEqual('station\n' * 3, forms)
    self.assertEqual('word.png station\n'
                     'missing.png failed: No such file or directory\n', faults)
    self.assertEqual('a.png hotel\nb.png market\n', many)
    self.assertRegex(other, r"^runs/base/model\.ckpt-0 \(\('")


if __name__ == '__main__':
  absltest.main()
