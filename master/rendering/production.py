"""Renders many words in several processes, in order, the same each time.

What a record shows hangs on the seed and its index alone, not on which
process draws it. Guarded by tests/rendering/production_test.py.
"""

import collections
from concurrent import futures
import contextlib
import dataclasses
import multiprocessing
import os
import random
import signal
import threading
from typing import Iterator, NamedTuple, Optional, Sequence

from master.rendering import fonts as fonts_lib
from master.rendering import pictures as pictures_lib
from master.rendering import renderer
from master.rendering import words as words_lib

_CHUNK = 50  # Words that a process draws for one message.
_CHUNKS_AHEAD = 4  # For each process.


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
    self._fonts = fonts_lib.FontBook(plan.fonts)
    listed = plan.words and words_lib.WordList(plan.words, plan.seed,
                                               plan.weights)
    self._words = words_lib.WordSource(
        plan.characters, plan.min_length, plan.max_length, plan.mix, listed,
        self._accept)
    self._pictures = plan.backgrounds and pictures_lib.PictureBook(
        plan.backgrounds, plan.seed)

  def _accept(self, word: str) -> bool:
    return (words_lib.folded(word) not in self._plan.excluded
            and self._fonts.covers(word))

  def record(self, index: int) -> Record:
    """Draws the record at `index`, counted from 0."""
    rng = random.Random(f'{self._plan.seed}/{index}')
    label = self._words.word(index, rng)
    pool = self._pictures.pool(index) if self._pictures else ()
    return Record(renderer.render_word(label, rng, self._fonts,
                                       self._plan.settings, pool), label)


def num_cores() -> int:
  """Processors that this process may use."""
  if hasattr(os, 'sched_getaffinity'):
    return len(os.sched_getaffinity(0))
  return os.cpu_count() or 1


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
  processes = min(processes or num_cores(), len(chunks))
  if processes == 1:
    artist = Artist(plan)
    for chunk in chunks:
      yield from map(artist.record, chunk)
    return
  # A forked copy of a process with threads may hang; a fresh one cannot.
  pool = futures.ProcessPoolExecutor(
      processes, multiprocessing.get_context('spawn'), _start_worker, (plan,))
  with _interrupts_between_chunks() as check:
    try:
      pending = collections.deque()
      for chunk in chunks:
        with _deaf_to_interrupts():
          pending.append(pool.submit(_draw_chunk, chunk))
        if len(pending) >= processes * _CHUNKS_AHEAD:
          yield from pending.popleft().result()
        check()
      while pending:
        yield from pending.popleft().result()
        check()
    finally:
      pool.shutdown(cancel_futures=True)


@contextlib.contextmanager
def _interrupts_between_chunks():
  """Gives a function that raises KeyboardInterrupt if there was Ctrl-C.

  Raised at any other point it could strike while a process is being started,
  which would then complain of a parent that left.
  """
  if threading.current_thread() is not threading.main_thread():
    yield lambda: None  # Signals reach the main thread alone.
    return
  heard = []

  def check():
    if heard:
      raise KeyboardInterrupt

  before = signal.signal(signal.SIGINT, lambda *_: heard.append(True))
  try:
    yield check
  finally:
    signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _deaf_to_interrupts():
  """Processes started within never hear of Ctrl-C.

  A terminal sends it to all of them, but it is for the parent to end the
  others. A new process takes over what is blocked here.
  """
  before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
  try:
    yield
  finally:
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


_artist: Optional[Artist] = None


def _start_worker(plan: Plan):
  global _artist
  threading.Thread(target=_leave_with_parent, daemon=True).start()
  _artist = Artist(plan)


def _leave_with_parent():
  """Ends this process when its parent is killed; else it would wait on."""
  multiprocessing.parent_process().join()
  os._exit(1)


def _draw_chunk(indices: range) -> list[Record]:
  return [_artist.record(index) for index in indices]
