"""The word of each record: of lists or invented, and its case."""

import dataclasses
import functools
import itertools
import random
from typing import Callable, Iterable, Mapping, Optional, Sequence

from master import errors
from master.rendering import chance
from master.rendering import punctuation
from master.rendering import random_words
from master.rendering import special_words

_MANY_TRIES = 1000
# Attempts to draw a word of letters alone from a list that has others too.
_FEW_TRIES = 16
# Characters of a word that is long, at least.
LONG = 11
# Who has seen so few digits before has not seen the word they stand in.
_FEW_DIGITS = 3
CASES = ('keep', 'lower', 'title', 'upper')


@dataclasses.dataclass(frozen=True)
class Mix:
  """What words are made of.

  Attributes:
    number_rate: share of numbers: prices, dates and the like.
    random_rate: share of random strings of letters and digits.
    made_up_rate: share of words that are made up; all that is left is of the
      list, or made up too where there is none.
    punctuation_rate: share of the words, numbers aside, that get marks.
    case_weights: how often words stand as they are, in lower case, with a
      capital, in capitals: the order of CASES.
    kind_rates: share of words of each kind of `special_words.KINDS`; kinds
      that are not named are not made.
    long_rate: share of the words of the list that are drawn from its words of
      LONG characters and more alone.
  """
  number_rate: float = 0.0
  random_rate: float = 0.0
  made_up_rate: float = 0.0
  punctuation_rate: float = 0.0
  case_weights: tuple[float, ...] = (0.1, 0.2, 0.25, 0.45)
  kind_rates: Mapping[str, float] = dataclasses.field(default_factory=dict)
  long_rate: float = 0.0


def folded(word: str) -> str:
  """What two words have in common that are the same but for case and marks.

  Of a word of marks alone, the marks.
  """
  word = word.casefold()
  return ''.join(filter(str.isalnum, word)) or word


def written(word: str, case: str) -> str:
  """A word in one of CASES."""
  if case == 'lower':
    return word.lower()
  if case == 'upper':
    return word.upper()
  if case == 'title':
    return word[:1].upper() + word[1:].lower()
  return word


def cases_of(word: str, characters: frozenset[str],
             weights: Sequence[float]) -> dict[str, float]:
  """The ways to write a word within some characters.

  Args:
    word: any string.
    characters: all that may occur.
    weights: of CASES.

  Returns:
    Spelling -> weight, more than 0 each; empty where there is none.
  """
  found = {}
  for case, weight in zip(CASES, weights):
    text = written(word, case)
    # A letter like \u00df becomes two in upper case: another word to read.
    if weight and len(text) == len(word) and characters.issuperset(text):
      found[text] = found.get(text, 0) + weight
  return found


class WordList:
  """Words of a list, each shown once before any is shown again.

  Words with weights are drawn instead, each as often as its weight says.
  """

  def __init__(self, words: Sequence[str], seed: int,
               weights: Optional[Sequence[float]] = None):
    """Keeps the list.

    Args:
      words: not empty.
      seed: decides the order.
      weights: of the words, more than 0; None to show each once.
    """
    self._words = words
    self._seed = seed
    self._weights = weights
    self._sums = weights and list(itertools.accumulate(weights))
    self._order = functools.lru_cache(maxsize=2)(self._shuffled)

  def _shuffled(self, epoch: int) -> list[int]:
    order = list(range(len(self._words)))
    random.Random(f'order/{self._seed}/{epoch}').shuffle(order)
    return order

  def word(self, index: int, rng: random.Random) -> str:
    """The word of the record at `index`, counted from 0."""
    if self._sums:
      return rng.choices(self._words, cum_weights=self._sums)[0]
    epoch, position = divmod(index, len(self._words))
    return self._words[self._order(epoch)[position]]

  def any_word(self, rng: random.Random) -> str:
    """A word by chance alone, whichever were shown before."""
    return self.word(0, rng) if self._sums else rng.choice(self._words)

  def part(self, wanted: Callable[[str], bool]) -> Optional['WordList']:
    """The words of which `wanted` is true; None where there is none."""
    kept = [i for i, word in enumerate(self._words) if wanted(word)]
    if not kept:
      return None
    return WordList([self._words[i] for i in kept], self._seed,
                    self._weights and [self._weights[i] for i in kept])


class WordSource:
  """The word of each record."""

  def __init__(self, characters: str, min_length: int, max_length: int,
               mix: Mix, listed: Optional[WordList] = None,
               accept: Callable[[str], bool] = lambda word: True,
               drawable: Callable[[str], bool] = lambda word: True):
    """Keeps what words come from.

    Args:
      characters: all that may occur in a word.
      min_length: characters of the shortest word that is made up.
      max_length: characters of the longest one, and of any word with marks.
      mix: how often what is shown.
      listed: words to show where nothing is made up; None for none.
      accept: whether a word may be shown; others are made up anew. Of
        the list all words may be, in each case that their characters allow.
      drawable: whether a font has all characters of a word. It is all
        that is asked of single characters and short numbers of
        `mix.kind_rates`, of which few would be left otherwise.

    Raises:
      InputError: if long words are wanted of a list that has none.
    """
    self._mix = mix
    # What is made up is in lower case: to keep that would be no choice.
    self._made_up_weights = (
        mix.case_weights if any(mix.case_weights[1:]) else Mix.case_weights)
    self._listed = listed
    self._accept = accept
    self._drawable = drawable
    self._characters = frozenset(characters)
    self._maker = random_words.WordMaker(characters, min_length, max_length)
    self._marks = punctuation.Punctuation(characters, max_length)
    self._forms = special_words.Forms(
        characters, min_length, max_length, self._drawn, self._in_some_case)
    self._long = None
    if mix.long_rate:
      self._long = listed and listed.part(lambda word: len(word) >= LONG)
      if not self._long:
        raise errors.InputError(
            f'--long_rate={mix.long_rate:g}: --words has no word of {LONG} '
            'characters; leave the flag out.')

  def word(self, index: int, rng: random.Random) -> str:
    """A word for the record at `index`.

    Raises:
      InputError: if hardly any word is left to show.
    """
    kind = self._form(rng)
    if kind:
      return self._of_kind(kind, rng)
    make = self._kind(rng)
    for _ in range(_MANY_TRIES):
      if make is None:
        word = self._recased(self._of_list(index, rng),
                             self._mix.case_weights, rng)
      elif make == self._maker.word:
        word = self._recased(make(rng), self._made_up_weights, rng)
      else:
        word = make(rng)
      if make != self._maker.number:
        word = self._marked(word, rng)
      if make is None or self._accept(word):
        return word
    raise errors.InputError(
        '--exclude: leaves hardly a word to make up; raise '
        '--max_word_length, or name --words.')

  def _form(self, rng: random.Random) -> Optional[str]:
    """The kind of form to make; None for words of other sources."""
    return chance.pick(rng, self._mix.kind_rates)

  def _of_kind(self, kind: str, rng: random.Random) -> str:
    for _ in range(_MANY_TRIES):
      word = self._forms.make(kind, rng)
      bare = folded(word)
      is_free = (len(bare) == 1 or not any(map(str.isalnum, bare))
                 or bare.isdigit() and len(bare) <= _FEW_DIGITS)
      if (self._drawable if is_free else self._accept)(word):
        return word
    raise errors.InputError(
        f'--exclude: leaves hardly a word of --kind_rates={kind}; leave the '
        'kind out.')

  def _of_list(self, index: int, rng: random.Random) -> str:
    if self._long and rng.random() < self._mix.long_rate:
      return self._long.any_word(rng)
    return self._listed.word(index, rng)

  def _drawn(self, rng: random.Random) -> str:
    """A word for a form: of letters alone, where there are such."""
    word = ''
    for _ in range(_FEW_TRIES):
      word = (self._listed.any_word(rng) if self._listed
              else self._maker.word(rng))
      if word.isalpha():
        break
    return word

  def _in_some_case(self, word: str, rng: random.Random) -> str:
    found = cases_of(word, frozenset(word + word.upper() + word.lower()),
                     self._made_up_weights)
    return rng.choices(list(found), list(found.values()))[0]

  def _kind(self, rng: random.Random) -> Optional[Callable]:
    """What makes the word up; None for the list."""
    mix = self._mix
    kind = rng.random()
    if kind < mix.number_rate and self._maker.has_digits:
      return self._maker.number
    kind -= mix.number_rate
    if 0 <= kind < mix.random_rate:
      return self._maker.random_string
    kind -= mix.random_rate
    if self._listed and not 0 <= kind < mix.made_up_rate:
      return None
    if not self._maker.has_letters and self._maker.has_digits:
      return self._maker.number
    return self._maker.word

  def _recased(self, word: str, weights: Sequence[float],
               rng: random.Random) -> str:
    found = cases_of(word, self._characters, weights)
    if len(found) == 1:
      return next(iter(found))
    if found:
      return rng.choices(list(found), list(found.values()))[0]
    # A set with some letters in one case alone fits no whole pattern.
    return ''.join(c if c in self._characters else rng.choice(
        random_words.case_patterns(c, self._characters)) for c in word)

  def _marked(self, word: str, rng: random.Random) -> str:
    if rng.random() >= self._mix.punctuation_rate:
      return word
    marked = self._marks.put(word, rng)
    return marked if self._accept(marked) else word


def suitable(entries: Iterable[tuple[str, float]], characters: frozenset[str],
             case_weights: Sequence[float], min_length: int, max_length: int,
             excluded: frozenset[str], drawable: Callable[[str], bool]
             ) -> tuple[list[tuple[str, float]], dict[str, int]]:
  """The words of a list that may be shown.

  Args:
    entries: words and their weights, as read.
    characters: all that may occur in a word.
    case_weights: of CASES; one case that fits is enough.
    min_length: characters of the shortest word.
    max_length: characters of the longest word.
    excluded: words, folded, that may not be shown.
    drawable: whether some font has all characters of a word.

  Returns:
    The entries left, in their order, and how many words were left out by
    reason.
  """
  kept = []
  left_out = {'length': 0, 'charset': 0, 'excluded': 0, 'no font': 0}
  for word, weight in entries:
    spellings = cases_of(word, characters, case_weights)
    if not min_length <= len(word) <= max_length:
      left_out['length'] += 1
    elif not spellings:
      left_out['charset'] += 1
    elif folded(word) in excluded:
      left_out['excluded'] += 1
    elif not all(map(drawable, spellings)):
      left_out['no font'] += 1
    else:
      kept.append((word, weight))
  return kept, {reason: n for reason, n in left_out.items() if n}
