"""Pictures of where the decoder looked, for bin/predict --attention_dir."""

import functools
import hashlib
import os
from typing import NamedTuple

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont

from master.images import pixels as pixels_lib
from master.rendering import fonts as fonts_lib

# Pixels that the picture at the top, and one of a symbol, fit in.
_WORD_SIZE = (640, 320)
_PANEL_SIZE = (320, 160)
_COLUMNS = 3
_MARGIN = 16
_GAP = 12
_TEXT_SIZE = 30
_LABEL_SIZE = 22
_SMALL_SIZE = 15
_CONFIDENCE_WIDTH = 180  # pixels kept free at the right of the text

_INK = (32, 32, 32)
_FAINT = (120, 120, 120)
_FRAME = (190, 190, 190)
_DOUBTFUL = (192, 40, 40)
# Probabilities below are written in red.
_DOUBT = 0.5

# Heat from none to most: red, green, blue, and how far it covers, 0 to 255.
_HEAT = np.array([(90, 0, 150, 0), (170, 0, 140, 90), (240, 40, 60, 135),
                  (255, 130, 0, 160), (255, 225, 0, 170)], np.float32)
# A map that looks everywhere alike is as warm as this, in [0, 1].
_EVEN = 0.2


@functools.lru_cache(None)
def _font(size: int) -> ImageFont.FreeTypeFont:
  return ImageFont.load_default(size)


@functools.lru_cache(None)
def _face() -> fonts_lib.Face:
  return fonts_lib.Face()


def _readable(character: str) -> str:
  """The character, or its code point where the font cannot show it."""
  if character.isspace() or not _face().covers(character):
    return f'U+{ord(character):04X}'
  return character


def _readable_text(text: str) -> list[str]:
  """Pieces of the text that can be drawn, code points in brackets."""
  shown = [_readable(character) for character in text]
  return [piece if len(piece) == 1 or len(text) == 1 else f'[{piece}]'
          for piece in shown]


def _lines(pieces: list[str], font: ImageFont.FreeTypeFont,
           width: int) -> list[str]:
  """The pieces in lines that are no wider than `width` pixels."""
  lines = ['']
  for piece in pieces:
    if lines[-1] and font.getlength(lines[-1] + piece) > width:
      lines.append('')
    lines[-1] += piece
  return lines


def _picture(image: np.ndarray, largest: tuple[int, int]) -> Image.Image:
  """Float32 [H, W, C] in [-1, 1] as an RGB picture, as large as it may be."""
  pixels = pixels_lib.to_uint8(image)
  picture = Image.fromarray(
      pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).convert('RGB')
  scale = min(most / side for most, side in zip(largest, picture.size))
  return picture.resize([max(1, round(scale * side)) for side in picture.size],
                        Image.Resampling.BICUBIC)


def _overlay(attention: np.ndarray, size: tuple[int, int]) -> Image.Image:
  """Float32 [h, w], of sum 1, as heat of width and height `size`, RGBA."""
  smooth = np.asarray(Image.fromarray(attention.astype(np.float32)).resize(
      size, Image.Resampling.BICUBIC))
  most = max(attention.max(), 1 / (_EVEN * attention.size))
  place = np.clip(smooth / most, 0, 1) * (len(_HEAT) - 1)
  steps = np.arange(len(_HEAT))
  channels = [np.interp(place, steps, _HEAT[:, c]) for c in range(4)]
  return Image.fromarray(np.stack(channels, 2).astype(np.uint8), 'RGBA')


def _percent(probability: float) -> str:
  return '< 0.1 %' if probability < 0.001 else f'{100 * probability:.1f} %'


def _confidence_colour(probability: float) -> tuple[int, int, int]:
  return _DOUBTFUL if probability < _DOUBT else _FAINT


def _framed(picture: Image.Image) -> Image.Image:
  """A white picture would not stand out from the paper."""
  ImageDraw.Draw(picture).rectangle(
      (0, 0, picture.width - 1, picture.height - 1), outline=_FRAME)
  return picture


class _Label(NamedTuple):
  """What a symbol is called, and whether that is a character of the text."""
  number: int
  name: str
  is_character: bool


def _panel(picture: Image.Image, attention: np.ndarray, label: _Label,
           probability: float) -> Image.Image:
  """One symbol: its label above the picture and where the decoder looked."""
  label_height = _LABEL_SIZE + 10
  panel = Image.new('RGB', (_PANEL_SIZE[0], label_height + picture.height),
                    'white')
  draw = ImageDraw.Draw(panel)
  number = f'{label.number}'
  draw.text((0, _LABEL_SIZE), number, _FAINT, _font(_SMALL_SIZE), 'ls')
  draw.text((_font(_SMALL_SIZE).getlength(number) + 8, _LABEL_SIZE),
            label.name, _INK if label.is_character else _FAINT,
            _font(_LABEL_SIZE), 'ls')
  draw.text((panel.width, _LABEL_SIZE), _percent(probability),
            _confidence_colour(probability), _font(_SMALL_SIZE), 'rs')
  warm = Image.alpha_composite(picture.convert('RGBA'),
                               _overlay(attention, picture.size))
  panel.paste(_framed(warm.convert('RGB')), (0, label_height))
  return panel


def _labels(text: str, num_symbols: int) -> list[_Label]:
  names = [_readable(character) for character in text]
  if num_symbols == len(text) + 1:
    names.append('end')
  elif num_symbols != len(text):
    # Some symbols stand for no character; which of them is unknown.
    names, text = num_symbols * [''], ''
  return [_Label(i + 1, name, i < len(text)) for i, name in enumerate(names)]


def _head(image: np.ndarray, text: str, confidence: float,
          width: int) -> Image.Image:
  """The text read with its confidence, above the picture."""
  word = _picture(image, _WORD_SIZE)
  font = _font(_TEXT_SIZE)
  lines = _lines(_readable_text(text) or ['(no text)'], font,
                 width - _CONFIDENCE_WIDTH)
  line_height = _TEXT_SIZE + 8
  head = Image.new('RGB', (width, len(lines) * line_height + 6 + word.height),
                   'white')
  draw = ImageDraw.Draw(head)
  for i, line in enumerate(lines):
    draw.text((0, i * line_height + _TEXT_SIZE), line,
              _INK if text else _FAINT, font, 'ls')
  draw.text((width, _TEXT_SIZE), f'confidence {_percent(confidence)}',
            _confidence_colour(confidence), _font(_SMALL_SIZE), 'rs')
  head.paste(_framed(word), (0, head.height - word.height))
  return head


def draw(image: np.ndarray, text: str, confidence: float,
         char_confidence: np.ndarray, attention: np.ndarray) -> Image.Image:
  """Shows what was read of an image and where the decoder looked for it.

  Args:
    image: float32 [H, W, C] in [-1, 1], C 1 or 3, as the model saw it.
    text: what was read, any characters.
    confidence: probability of the whole text, in [0, 1].
    char_confidence: float32 [T], probabilities of the symbols, in [0, 1].
    attention: float32 [T, h, w], for each symbol where the decoder looked on
      a grid over the image; each map sums to 1, those behind the end are 0.

  Returns:
    RGB: the picture and the text; under them, for each character and the
    end, the picture in grey with the attention as heat over it.
  """
  num_symbols = int(np.count_nonzero(attention.any(axis=(1, 2))))
  labels = _labels(text, num_symbols)
  grey = _picture(image, _PANEL_SIZE).convert('L').convert('RGB')
  panels = [
      _panel(grey, heat, label, float(probability))
      for heat, label, probability in zip(attention, labels,
                                          char_confidence)]
  columns = min(_COLUMNS, max(2, len(panels)))
  width = columns * (_PANEL_SIZE[0] + _GAP) - _GAP
  head = _head(image, text, confidence, width)
  return _arranged(head, panels, columns)


def _arranged(head: Image.Image, panels: list[Image.Image],
              columns: int) -> Image.Image:
  rows = -(-len(panels) // columns)
  panel_height = panels[0].height + _GAP if panels else 0
  canvas = Image.new('RGB', (
      head.width + 2 * _MARGIN,
      head.height + 2 * _MARGIN + rows * panel_height), 'white')
  canvas.paste(head, (_MARGIN, _MARGIN))
  top = _MARGIN + head.height + _GAP
  for i, panel in enumerate(panels):
    row, column = divmod(i, columns)
    canvas.paste(panel, (_MARGIN + column * (_PANEL_SIZE[0] + _GAP),
                         top + row * panel_height))
  return canvas


def file_name(path: str) -> str:
  """A name for the picture of an image: images of one name have their own.

  Args:
    path: of the image.

  Returns:
    The image's name without its folders, a part of the hash of its whole
    path, and `.png`.
  """
  whole = os.fsencode(os.path.abspath(path))
  name = ''.join(c if c.isprintable() else '_' for c in os.path.basename(path))
  # File systems take at most 255 bytes, of which a character has up to four.
  return f'{name[:50]}.{hashlib.sha256(whole).hexdigest()[:8]}.png'
