"""Marks around and within words, as on signs."""

import random

# How often marks were seen there, roughly; among them all of ASCII are.
_BEHIND = '....,,,!!!??::;*%"\')]}>|~-'
_BEFORE = '##@$*-&"\'([{<~^_`+=\\/|'
_WITHIN = '----\'\'\'..&&//@@_+:,*=^|\\~`'
_AROUND = ('()', '()', '""', '""', "''", '[]', '{}', '<>', '**', '--')
_PARTS = ("'s", "'s", "'s", "n't", '...', '!!', '.com', '/-')


class Punctuation:
  """Puts marks to words."""

  def __init__(self, characters: str, max_length: int):
    """Keeps what can be put.

    Args:
      characters: all that may occur in a word.
      max_length: that a word may have with its marks.
    """
    known = frozenset(characters)
    self._max_length = max_length
    self._behind, self._before, self._within = (
        [c for c in marks if c in known]
        for marks in (_BEHIND, _BEFORE, _WITHIN))
    self._around = [pair for pair in _AROUND if known.issuperset(pair)]
    self._known = known
    # Marks of other scripts, and those that stand in no place of their own.
    self._any = [c for c in characters
                 if not c.isalnum() and not c.isspace()]

  @property
  def has_marks(self) -> bool:
    """Whether there is any mark to put."""
    return bool(self._any)

  def put(self, word: str, rng: random.Random) -> str:
    """The word with marks; as it was where there is no room or no mark."""
    if not self._any:
      return word
    kind = rng.random()
    if kind < 0.4 and self._behind:
      marked = word + rng.choice(self._behind)
    elif kind < 0.5 and self._before:
      marked = rng.choice(self._before) + word
    elif kind < 0.65 and self._around:
      first, last = rng.choice(self._around)
      marked = first + word + last
    elif kind < 0.78 and self._parts(word):
      marked = word + rng.choice(self._parts(word))
    elif kind < 0.95 and self._within and len(word) > 1:
      place = rng.randint(1, len(word) - 1)
      marked = word[:place] + rng.choice(self._within) + word[place:]
    else:
      place = rng.randint(0, len(word))
      marked = word[:place] + rng.choice(self._any) + word[place:]
    return marked if len(marked) <= self._max_length else word

  def _parts(self, word: str) -> list[str]:
    # DON'T and not DON't.
    parts = (part.upper() if word.isupper() else part for part in _PARTS)
    return [part for part in parts if self._known.issuperset(part)]
