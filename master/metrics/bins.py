"""Bins by which an evaluation is broken down: length, aspect, kind."""

import bisect
import unicodedata

# In the order of tables.
KINDS = ('letters', 'digits', 'mixed', 'punctuation', 'empty')

_LENGTH_STARTS = (*range(12), 16, 26, 51)
LENGTHS = (*map(str, range(11)), '11-15', '16-25', '26-50', '51+')

_ASPECT_STARTS = (1, 2, 3, 4, 6)
ASPECTS = ('<1', '1-2', '2-3', '3-4', '4-6', '6+', 'unknown')

# First letters of Unicode's categories. A combining mark is part of a letter:
# several scripts write their vowels so.
_LETTERS = frozenset('LM')
_DIGITS = frozenset('N')


def kind(label: str) -> str:
  """What a label is made of.

  Returns:
    One of KINDS. letters: letters and the marks that combine with them, of
    any script. digits: digits and other numbers. mixed: both. punctuation:
    with any other character, be it a sign or a space. empty: no character.
  """
  if not label:
    return 'empty'
  found = {unicodedata.category(character)[0] for character in label}
  if found <= _LETTERS:
    return 'letters'
  if found <= _DIGITS:
    return 'digits'
  return 'mixed' if found <= _LETTERS | _DIGITS else 'punctuation'


def length_bin(length: int) -> str:
  """One of LENGTHS, for a number of characters."""
  return LENGTHS[bisect.bisect_right(_LENGTH_STARTS, length) - 1]


def aspect_bin(height: int, width: int) -> str:
  """One of ASPECTS, for width / height of an image in pixels.

  A bin holds its lower bound and not its upper one; an image of which a side
  is 0 is in 'unknown'.
  """
  if not height or not width:
    return 'unknown'
  return ASPECTS[bisect.bisect_right(_ASPECT_STARTS, width / height)]
