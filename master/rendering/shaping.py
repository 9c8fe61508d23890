"""Text shaping: which parts of a word are drawn, in what order.

The letters of most scripts stand apart: they are drawn one at a time, each
with the signs that belong to it. Where letters join, or change and move by
their neighbours, the whole word is one drawing of raqm, which Pillow's wheels
bring: it orders the letters with FriBiDi and shapes them with HarfBuzz.
"""

import functools
import unicodedata

from PIL import features

from master import errors

# No word below this has signs of their own, or runs from right to left.
_FIRST_SIGN = '\u0300'
# Blocks of Unicode whose letters join or change by their neighbours: Arabic to
# Arabic Extended-A, Devanagari to Sinhala, Tibetan and Myanmar, Hangul's parts
# of syllables, Tagalog to Khmer, Limbu to Lepcha, Vedic signs, Hangul's again,
# Syloti Nagri, Saurashtra to Javanese and Cham, Meetei Mayek, Hangul's again,
# Arabic's forms, and the scripts of the East above U+10000.
_JOINED = (
    (0x600, 0x8ff), (0x900, 0xdff), (0xf00, 0x109f), (0x1100, 0x11ff),
    (0x1700, 0x17ff), (0x1900, 0x1c7f), (0x1cd0, 0x1cff), (0xa960, 0xa97f),
    (0xa800, 0xa82f), (0xa880, 0xaa7f), (0xaae0, 0xaaff), (0xabc0, 0xabff),
    (0xd7b0, 0xd7ff), (0xfb50, 0xfdff), (0xfe70, 0xfeff), (0x10800, 0x11fff),
    (0x1e800, 0x1efff))
# Scripts of columns that run from the top down, which raqm lays on their side.
_COLUMNS = {'Mongolian': (0x1800, 0x18af), 'Phags-pa': (0xa840, 0xa87f)}
# Signs of Thai and Lao that stand partly above the letter before them, though
# they count as letters.
_RAISED = '\u0e33\u0eb3'


@functools.lru_cache(65536)
def _kind(character: str) -> str:
  """Of 'apart', 'sign', 'right', 'joined' or a name of _COLUMNS."""
  code = ord(character)
  for name, (first, last) in _COLUMNS.items():
    if first <= code <= last:
      return name
  if any(first <= code <= last for first, last in _JOINED):
    return 'joined'
  if is_sign(character) or character in _RAISED:
    return 'sign'
  if is_from_right(character):
    return 'right'
  return 'apart'


def is_sign(character: str) -> bool:
  """Whether it is set on the letter before it, or joins or parts letters."""
  return unicodedata.category(character) in ('Mn', 'Mc', 'Me', 'Cf')


def is_from_right(text: str) -> bool:
  """Whether a cluster is of a script that runs from right to left."""
  return unicodedata.bidirectional(text[0]) in ('R', 'AL')


def clusters(text: str) -> tuple[str, ...]:
  """Cuts a word into what is drawn in one piece each.

  Args:
    text: a word, as it is read; not empty.

  Returns:
    Parts of the word in the order in which they stand, from the left. One
    that is longer than a character is for raqm to draw.
  """
  if text.isascii() or max(text) < _FIRST_SIGN:
    return tuple(text)
  return _clusters(text)


@functools.lru_cache(1024)
def _clusters(text: str) -> tuple[str, ...]:
  kinds = [_kind(character) for character in text]
  present = set(kinds)
  # Numbers and marks within a word from the right have an order of their own.
  if 'joined' in present or {'right', 'apart'} <= present:
    return (text,)
  parts = []
  for character, kind in zip(text, kinds):
    if kind == 'sign' and parts:
      parts[-1] += character
    else:
      parts.append(character)
  return tuple(reversed(parts) if 'right' in present else parts)


def in_reading_order(text: str) -> tuple[str, ...]:
  """What `clusters` returns, the first one to be read first."""
  parts = clusters(text)
  if len(parts) > 1 and is_from_right(parts[-1]):
    return parts[::-1]
  return parts


def is_simple(text: str) -> bool:
  """Whether each character is a drawing of its own, from left to right."""
  return clusters(text) == tuple(text)


@functools.lru_cache(None)
def has_raqm() -> bool:
  """Whether Pillow can shape letters by their neighbours."""
  return bool(features.check('raqm'))


def check(text: str):
  """Looks whether a word can be drawn at all.

  Raises:
    InputError: naming the word and its script, or what is missing to draw it.
  """
  if text.isascii() or max(text) < _FIRST_SIGN:
    return
  kinds = {_kind(character) for character in text}
  for name in _COLUMNS:
    if name in kinds:
      raise errors.InputError(
          f'{text!r} is {name}, a script of columns, which cannot be drawn; '
          'leave it out of --words and --charset.')
  if kinds != {'apart'} and not has_raqm():
    raise errors.InputError(
        f'{text!r} has letters that join, carry signs or run from right to '
        'left: to draw them, Pillow needs raqm, and does not find it. '
        'Install FriBiDi, which it is loaded with (Debian and Ubuntu: '
        'libfribidi0, macOS: brew install fribidi), or leave such words out '
        'of --words and --charset.')
