"""Which word each record shows: of a list, or made up.

Guarded by tests/rendering/words_test.py.
"""

import functools
import random
import string
from typing import Callable, Iterable, Optional, Sequence

from master import errors

_ONSETS = ('b bl br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr qu r '
           's sh sl sm sn sp st str sw t th tr v w wh y z').split()
_NUCLEI = ('a a a e e e e i i i o o o u u y ai au ea ee ie io oa oo ou '
           'ue').split()
_CODAS = ('b ck ct d ff g k l ll lm ld lt m mp n n n nd ng nk nt p r r r rd '
          'rk rm rn rt s s s ss sh st t t th tion v w x y z').split()
# Letters a word may have, by how often words of running text do.
_LENGTHS = {1: 2, 2: 6, 3: 12, 4: 15, 5: 15, 6: 14, 7: 12, 8: 9, 9: 7, 10: 4,
            11: 2, 12: 2}
_MANY_TRIES = 1000
_NUMBER_RATE = 0.1
_MIXED_RATE = 0.08
_PUNCTUATED_RATE = 0.15


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


class WordList:
  """Words of a list, each shown once before any is shown again."""

  def __init__(self, words: Sequence[str], seed: int,
               characters: Optional[frozenset[str]] = None):
    """Keeps the list.

    Args:
      words: not empty.
      seed: decides the order.
      characters: if given, words are recased by chance within these.
    """
    self._words = words
    self._seed = seed
    self._characters = characters
    self._order = functools.lru_cache(maxsize=2)(self._shuffled)

  def _shuffled(self, epoch: int) -> list[int]:
    order = list(range(len(self._words)))
    random.Random(f'order/{self._seed}/{epoch}').shuffle(order)
    return order

  def word(self, index: int, rng: random.Random) -> str:
    """The word of the record at `index`, counted from 0."""
    epoch, position = divmod(index, len(self._words))
    word = self._words[self._order(epoch)[position]]
    if self._characters is None:
      return word
    return rng.choice(case_patterns(word, self._characters))

  def __getstate__(self):
    return {k: v for k, v in self.__dict__.items() if k != '_order'}

  def __setstate__(self, state):
    self.__dict__.update(state)
    self._order = functools.lru_cache(maxsize=2)(self._shuffled)


class WordMaker:
  """Makes up words: syllables, numbers, and the two mixed."""

  def __init__(self, characters: str, min_length: int, max_length: int,
               accept: Callable[[str], bool] = lambda word: True):
    """Sorts the characters into what words are built of.

    Args:
      characters: all that may occur in a word.
      min_length: characters of the shortest word, at least 1.
      max_length: characters of the longest word.
      accept: tells whether a word may be shown; others are made up anew.
    """
    self._characters = characters
    self._set = frozenset(characters)
    self._lengths = range(min_length, max_length + 1)
    self._weights = [_LENGTHS.get(n, 0) for n in self._lengths]
    if not any(self._weights):
      self._weights = [1] * len(self._lengths)
    self._accept = accept
    self._digits = [c for c in string.digits if c in self._set]
    self._marks = [c for c in string.punctuation if c in self._set]
    self._letters = sorted(c for c in self._set if c.isalpha())
    self._onsets, self._nuclei, self._codas = (
        [part for part in parts if case_patterns(part, self._set)]
        for parts in (_ONSETS, _NUCLEI, _CODAS))

  def word(self, index: int, rng: random.Random) -> str:
    """A word for the record at `index`.

    Raises:
      InputError: if hardly any word is left to show.
    """
    del index
    for _ in range(_MANY_TRIES):
      word = self._any_word(rng)
      if self._accept(word):
        return word
    raise errors.InputError(
        '--exclude: leaves hardly a word to make up; raise '
        '--max_word_length, or name --words.')

  def _any_word(self, rng: random.Random) -> str:
    length, = rng.choices(self._lengths, self._weights)
    kind = rng.random()
    if self._digits and (kind < _NUMBER_RATE or not self._letters):
      word = ''.join(rng.choices(self._digits, k=length))
    elif self._digits and kind < _NUMBER_RATE + _MIXED_RATE:
      word = ''.join(rng.choices(self._digits + self._letters, k=length))
    elif self._onsets and self._nuclei and self._codas:
      word = self._recased(self._syllables(length, rng), rng)
    else:
      return ''.join(rng.choices(self._characters, k=length))
    return self._punctuated(word, rng)

  def _syllables(self, length: int, rng: random.Random) -> str:
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

  def _recased(self, word: str, rng: random.Random) -> str:
    patterns = case_patterns(word, self._set)
    # A set with some letters in one case alone fits no whole pattern.
    return rng.choice(patterns) if patterns else ''.join(
        rng.choice(case_patterns(c, self._set)) for c in word)

  def _punctuated(self, word: str, rng: random.Random) -> str:
    """Puts a punctuation mark into some words, where there are any."""
    if not self._marks or rng.random() >= _PUNCTUATED_RATE:
      return word
    position = rng.choice((0, rng.randrange(len(word)), len(word) - 1))
    return word[:position] + rng.choice(self._marks) + word[position + 1:]


def suitable(words: Iterable[str], characters: frozenset[str], recase: bool,
             min_length: int, max_length: int,
             excluded: frozenset[str], drawable: Callable[[str], bool]
             ) -> tuple[list[str], dict[str, int]]:
  """The words of a list that may be shown.

  Args:
    words: as read.
    characters: all that may occur in a word.
    recase: whether it is enough that one case pattern of the word fits.
    min_length: characters of the shortest word.
    max_length: characters of the longest word.
    excluded: case-folded words that may not be shown.
    drawable: tells whether some font has all characters of a word.

  Returns:
    The words in their order, and how many were left out by reason.
  """
  kept = []
  left_out = {'length': 0, 'charset': 0, 'excluded': 0, 'no font': 0}
  for word in words:
    patterns = case_patterns(word, characters) if recase else (
        [word] if characters.issuperset(word) else [])
    if not min_length <= len(word) <= max_length:
      left_out['length'] += 1
    elif not patterns:
      left_out['charset'] += 1
    elif word.casefold() in excluded:
      left_out['excluded'] += 1
    elif not all(map(drawable, patterns)):
      left_out['no font'] += 1
    else:
      kept.append(word)
  return kept, {reason: n for reason, n in left_out.items() if n}
