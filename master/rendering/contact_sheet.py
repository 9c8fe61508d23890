"""A contact sheet: rendered words with their labels."""

import io

import numpy as np
from PIL import Image

from master import files
from master.rendering import fonts as fonts_lib
from master.rendering import parallel_rendering

CAPACITY = 60
_COLUMNS = 6
_CELL_WIDTH = 220
_WORD_HEIGHT = 48
_LABEL_HEIGHT = 14
_CELL_HEIGHT = _WORD_HEIGHT + _LABEL_HEIGHT + 12


class Sheet:
  """Words in rows, each above its label."""

  def __init__(self, fonts: fonts_lib.FontBook):
    """Starts an empty sheet.

    Args:
      fonts: to write a label in that Pillow's own font cannot write.
    """
    self._fonts = fonts
    self._plain = fonts_lib.Face()
    self._cells = []

  def add(self, record: parallel_rendering.Record):
    """Adds a word, while there is room."""
    if len(self._cells) < CAPACITY:
      self._cells.append((self._picture(record.rendering.image),
                          self._label(record.label)))

  def _picture(self, image: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(image)).convert('RGB')
    scale = min(_WORD_HEIGHT / picture.height,
                (_CELL_WIDTH - 10) / picture.width)
    return picture.resize([max(1, round(scale * side))
                           for side in picture.size])

  def _label(self, label: str) -> Image.Image:
    face = next(face for face in (self._plain, *self._fonts.faces)
                if face.covers(label))
    mask = Image.fromarray(np.uint8(255) - np.pad(
        fonts_lib.draw(face, label, fonts_lib.SIZES[0], 0.0), 2,
        constant_values=0))
    scale = min(0.5, (_CELL_WIDTH - 10) / mask.width)
    return mask.resize([max(1, round(scale * side)) for side in mask.size],
                       Image.Resampling.BILINEAR)

  def save(self, path: str):
    """Writes the sheet as PNG, all of it or nothing."""
    rows = -(-len(self._cells) // _COLUMNS)
    sheet = Image.new('RGB', (_COLUMNS * _CELL_WIDTH, rows * _CELL_HEIGHT),
                      'white')
    for number, (picture, label) in enumerate(self._cells):
      x = number % _COLUMNS * _CELL_WIDTH
      y = number // _COLUMNS * _CELL_HEIGHT
      sheet.paste(picture, (x, y))
      sheet.paste(label, (x, y + _WORD_HEIGHT + 2))
    with files.writing(path) as pending:
      sheet.save(pending, 'PNG')
