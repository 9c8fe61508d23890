"""Invented words: syllables, random strings, numbers as on signs."""

import random
import string
from typing import Optional, Sequence

_ONSETS = ('b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r '
           's sh sl sm sn sp st str sw t th tr v w wh y z').split()
_NUCLEI = ('a a a e e e e i i i o o o u u y ai au ea ee ie io oa oo ou '
           'ue').split()
_CODAS = ('b ck ct d ff g k l ll lm ld lt m mp n n n nd ng nk nt p r r r rd '
          'rk rm rn rt s s s ss sh st t t th tion v w x y z').split()
# Letters a word may have, by how often words of running text do.
_LENGTHS = {1: 2, 2: 6, 3: 12, 4: 15, 5: 15, 6: 14, 7: 12, 8: 9, 9: 7, 10: 4,
            11: 2, 12: 2}
_CURRENCIES = '$$$$\u20ac\u00a3'
_MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split()
_UNITS = 'am pm km m kg g ml cm x th'.split()
_FEW_TRIES = 8


def case_patterns(word: str, characters: Optional[frozenset[str]] = None
                  ) -> list[str]:
  """The ways to write a word: as it is, lower, Title and UPPER, if distinct.

  Args:
    word: any string.
    characters: what a word may be written with; None for all.

  Returns:
    The patterns within `characters`; empty where there is none.
  """
  patterns = dict.fromkeys(
      (word, word.lower(), word[:1].upper() + word[1:].lower(), word.upper()))
  # A letter like ß becomes two in upper case: another word to read.
  return [p for p in patterns if len(p) == len(word)
          and (characters is None or characters.issuperset(p))]


class WordMaker:
  """Makes up strings of given characters and lengths."""

  def __init__(self, characters: str, min_length: int, max_length: int):
    """Sorts the characters into what strings are built of.

    Args:
      characters: all that may occur; not empty.
      min_length: characters of the shortest string, at least 1.
      max_length: characters of the longest one.
    """
    self._characters = characters
    self._set = frozenset(characters)
    self._lengths = range(min_length, max_length + 1)
    self._weights = [_LENGTHS.get(n, 0) for n in self._lengths]
    if not any(self._weights):
      self._weights = [1] * len(self._lengths)
    self._digits = [c for c in string.digits if c in self._set]
    self._letters = sorted(c for c in self._set if c.isalpha())
    self._capitals = [c for c in self._letters if not c.islower()]
    self._onsets, self._nuclei, self._codas = (
        [part for part in parts if case_patterns(part, self._set)]
        for parts in (_ONSETS, _NUCLEI, _CODAS))

  @property
  def has_digits(self) -> bool:
    """Whether numbers can be made."""
    return bool(self._digits)

  @property
  def has_letters(self) -> bool:
    """Whether there is anything but numbers and marks to make."""
    return bool(self._letters)

  def _length(self, rng: random.Random) -> int:
    return rng.choices(self._lengths, self._weights)[0]

  def word(self, rng: random.Random) -> str:
    """Syllables in lower case; any characters where there are no letters."""
    length = self._length(rng)
    if not (self._onsets and self._nuclei and self._codas):
      return ''.join(rng.choices(self._characters, k=length))
    parts = []
    total = 0
    while total < length:
      syllable = rng.choice(self._nuclei)
      if rng.random() < 0.85:
        syllable = rng.choice(self._onsets) + syllable
      if rng.random() < 0.5:
        syllable += rng.choice(self._codas)
      parts.append(syllable)
      total += len(syllable)
    return ''.join(parts)[:length]

  def random_string(self, rng: random.Random) -> str:
    """Letters and digits without any sense, as of codes and plates."""
    length = self._length(rng)
    letters = self._capitals if rng.random() < 0.5 else self._letters
    letters = letters or self._letters
    if not letters or not self._digits:
      return ''.join(rng.choices(letters or self._digits or self._characters,
                                 k=length))
    if rng.random() < 0.5:  # As likely a letter as a digit.
      return ''.join(rng.choice(rng.choice((letters, self._digits)))
                     for _ in range(length))
    first = rng.randint(0, length)
    groups = [rng.choices(letters, k=first),
              rng.choices(self._digits, k=length - first)]
    rng.shuffle(groups)
    return ''.join(groups[0] + groups[1])

  def number(self, rng: random.Random) -> str:
    """A price, date, phone number, percentage or the like.

    Marks that are not among the characters are left out: 12.50 becomes 1250.
    There must be digits among the characters.
    """
    for _ in range(_FEW_TRIES):
      text = ''.join(c for c in _number(self._digits, rng) if c in self._set)
      if len(text) in self._lengths and any(map(str.isdigit, text)):
        return text
    return ''.join(rng.choices(self._digits, k=self._length(rng)))


def _number(digits: Sequence[str], rng: random.Random) -> str:
  """A number as on a sign or a bill, of the digits there are."""

  def some(least: int, most: int) -> str:
    return ''.join(rng.choices(digits, k=rng.randint(least, most)))

  def mark(marks: str) -> str:
    return rng.choice(marks)

  point = mark('..,')
  kind = rng.random()
  if kind < 0.25:
    return some(1, 6)
  if kind < 0.32:
    return rng.choice(('19', '20', '20')) + some(2, 2)
  if kind < 0.52:  # Prices.
    price = some(1, 3) + rng.choice(('', point + some(2, 2)))
    if rng.random() < 0.2:
      price = some(1, 2) + mark(',.') + some(3, 3)
    if rng.random() < 0.75:
      return mark(_CURRENCIES) + price
    return price + rng.choice(('', '', '\u20ac', ',-'))
  if kind < 0.6:
    return some(1, 2) + rng.choice(('', point + some(1, 1))) + '%'
  if kind < 0.7:  # Telephone numbers, and parts of them.
    gap = mark('--.')
    return rng.choice((
        some(3, 3) + gap + some(4, 4),
        some(3, 3) + gap + some(3, 3) + gap + some(4, 4),
        '(' + some(2, 3) + ')' + some(3, 3) + gap + some(4, 4),
        '+' + some(1, 2) + gap + some(3, 8), some(7, 11)))
  if kind < 0.8:  # Dates and times.
    gap = mark('/.-')
    return rng.choice((
        some(1, 2) + gap + some(1, 2) + gap + some(2, 4),
        some(4, 4) + '-' + some(2, 2) + '-' + some(2, 2),
        some(1, 2) + rng.choice(_MONTHS), rng.choice(_MONTHS) + some(1, 2),
        some(1, 2) + mark(':::.') + some(2, 2)))
  if kind < 0.88:
    return some(1, 3) + rng.choice(_UNITS)
  return rng.choice((
      '#' + some(1, 3), some(1, 3) + '-' + some(1, 3), some(1, 2) + '/'
      + some(1, 2), some(1, 4) + mark('ABCD'), mark('ABCEMN') + some(1, 4),
      some(1, 2) + '+', some(1, 1) + '.', '(' + some(1, 3) + ')',
      some(1, 3) + point + some(1, 3)))
