"""Rendering of many words in several processes, repeatable and in order.

What a record shows hangs on the seed and its index alone, not on which
process draws it.
"""

import dataclasses
import functools
import random
from typing import Iterator, Mapping, NamedTuple, Optional, Sequence

from master import parallel
from master.rendering import backgrounds as backgrounds_lib
from master.rendering import fonts as fonts_lib
from master.rendering import renderer
from master.rendering import words as words_lib

_CHUNK = 50  # Words that a process draws for one message.
# Words drawn with one choice of many fonts: each process has to draw the
# letters it needs of each font anew.
_SHELF_WORDS = 10_000


@dataclasses.dataclass(frozen=True)
class Plan:
  """All that decides the words and their pictures.

  Attributes:
    seed: of everything left to chance.
    characters: all that may occur in a word.
    words: listed words to show; None where all are made up.
    weights: how often each of the words is drawn; None to show each once
      before any is shown again.
    mix: what else is shown, and in what case.
    min_length: characters of the shortest word that is made up.
    max_length: characters of the longest one, and of a word with its marks.
    excluded: words that are not made up, as `words.folded` gives them.
    fonts: folder, or None for Pillow's font.
    font_rates: folder in it -> share of the words.
    backgrounds: paths of natural pictures.
    settings: how to draw.
  """
  seed: int
  characters: str
  words: Optional[Sequence[str]] = None
  weights: Optional[Sequence[float]] = None
  mix: words_lib.Mix = words_lib.Mix()
  min_length: int = 1
  max_length: int = 25
  excluded: frozenset[str] = frozenset()
  fonts: Optional[str] = None
  font_rates: Mapping[str, float] = dataclasses.field(default_factory=dict)
  backgrounds: Sequence[str] = ()
  settings: renderer.Settings = renderer.Settings()


class Record(NamedTuple):
  """One rendered word."""
  rendering: renderer.Rendering
  label: str


class Artist:
  """Draws the records of a plan, in any order."""

  def __init__(self, plan: Plan):
    """Opens the fonts.

    Raises:
      InputError: if there are none.
    """
    self._plan = plan
    self._fonts = fonts_lib.FontBook(plan.fonts, plan.font_rates)
    listed = plan.words and words_lib.WordList(plan.words, plan.seed,
                                               plan.weights)
    self._words = words_lib.WordSource(
        plan.characters, plan.min_length, plan.max_length, plan.mix, listed,
        self._accept, self._fonts.covers)
    self._shelf = functools.lru_cache(2)(self._new_shelf)
    self._pictures = plan.backgrounds and backgrounds_lib.PictureBook(
        plan.backgrounds, plan.seed)

  def _accept(self, word: str) -> bool:
    return (words_lib.folded(word) not in self._plan.excluded
            and self._fonts.covers(word))

  def _new_shelf(self, number: int) -> fonts_lib.FontBook:
    return self._fonts.shelf(
        random.Random(f'fonts {self._plan.seed}/{number}'))

  def record(self, index: int) -> Record:
    """Draws the record at `index`, counted from 0."""
    rng = random.Random(f'{self._plan.seed}/{index}')
    label = self._words.word(index, rng)
    pool = self._pictures.pool(index) if self._pictures else ()
    fonts = self._shelf(index // _SHELF_WORDS)
    return Record(renderer.render_word(label, rng, fonts, self._plan.settings,
                                       pool), label)


def records(plan: Plan, count: int, processes: int) -> Iterator[Record]:
  """Draws the first `count` records of a plan.

  Args:
    plan: what to draw.
    count: number of records.
    processes: that draw; 0 for one per processor.

  Yields:
    Records in order of their index.
  """
  chunks = [range(start, min(start + _CHUNK, count))
            for start in range(0, count, _CHUNK)]
  processes = min(parallel.num_processes(processes), len(chunks))
  if processes == 1:
    artist = Artist(plan)
    for chunk in chunks:
      yield from map(artist.record, chunk)
    return
  for chunk, drawn, crashed in parallel.run(
      _draw_chunk, chunks, processes, functools.partial(_open, plan)):
    if crashed:
      raise RuntimeError(
          f'Words {chunk.start} to {chunk.stop - 1} ended the process that '
          'drew them.')
    yield from drawn


_artist: Optional[Artist] = None


def _open(plan: Plan):
  global _artist
  _artist = Artist(plan)


def _draw_chunk(indices: range) -> list[Record]:
  return [_artist.record(index) for index in indices]
