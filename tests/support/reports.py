"""An evaluation with mistakes of known kinds, for tests of its report."""

import io
import random
import string
from typing import Any, NamedTuple, Optional, Sequence

import numpy as np
from PIL import Image
from PIL import ImageDraw

from master.evaluation import results
from master.metrics import bins
from master.metrics import counts as counts_lib
from master.metrics import protocols
from master.report import attention
from master.report import gallery

# Names that would be markup, or other filters in the address.
SETS = ('A & <b>"x"</b>#=', '\u96c6\u5408')
GRID = (3, 11)
# Of the canvas, for the pictures of all items.
EXTENT = 0.5


class Known(NamedTuple):
  """An item and what is wrong with it, by the way it was made."""
  item: gallery.Item
  mistakes: frozenset[str]


def picture(text: str, kind: str = 'PNG') -> bytes:
  """A small picture with a text on it."""
  image = Image.new('RGB', (20 + 8 * len(text), 24), (40, 60, 90))
  printable = text if text.isascii() and text.isprintable() else '?'
  ImageDraw.Draw(image).text((4, 6), printable, (250, 240, 200))
  file = io.BytesIO()
  image.save(file, kind)
  return file.getvalue()


def maps(num_symbols: int) -> np.ndarray:
  """Attention of which the peak goes from left to right in the picture."""
  found = np.full([num_symbols, *GRID], 0.001, np.float32)
  for i in range(num_symbols):
    found[i, 1, i % int(GRID[1] * EXTENT)] = 0.9
  return found


def item(label: str, text: str, **fields: Any) -> gallery.Item:
  """An item that is wrong wherever it is, with values for all else."""
  count = len(text) + 1
  scores = {name: protocols.score(label, text, name)
            for name in protocols.PROTOCOLS}
  values = dict(
      set_name=SETS[0], index=1, confidence=0.5,
      char_confidence=[0.5 + 0.5 / (i + 1) for i in range(count)],
      kind=bins.kind(label),
      wrong_under=tuple(name for name, found in scores.items()
                        if found and not found.correct),
      change='', other_text=None, picture=picture(label), canvas=None,
      extent=EXTENT, attention=attention.pack(maps(count), count))
  return gallery.Item(label=label, text=text, **{**values, **fields})


def _changed(label: str, kind: str, rng: random.Random) -> str:
  """A label with one fault of a kind."""
  i = rng.randrange(len(label))
  return {
      'substituted': label[:i] + '0' + label[i + 1:],
      'missing': label[:i] + label[i + 1:],
      'added': label[:i] + '0' + label[i:],
      'empty': '',
      'case': label[0].upper() + label[1:],
      'gained': label,
  }[kind]


def known(number: int, seed: int = 0) -> list[Known]:
  """Items of both sets in order, of all kinds of mistakes and of changes."""
  rng = random.Random(seed)
  found = []
  for i in range(number):
    kind = ('substituted', 'missing', 'added', 'empty', 'case', 'gained')[i % 6]
    label = ''.join(rng.choices(string.ascii_lowercase, k=rng.randint(2, 9)))
    if i % 7 == 0:
      label = label[0] + "'" + label[1:]
    text = _changed(label.replace("'", '') or label, kind, rng) if (
        kind != 'gained') else label
    change = 'gained' if kind == 'gained' else rng.choice(
        ['', 'lost', 'other'])
    mistakes = {'case': {'substituted'}, 'gained': set()}.get(kind, {kind})
    if "'" in label and kind == 'case':
      mistakes = {'substituted'}
    found.append(Known(item(
        label, text, set_name=SETS[2 * i // number], index=i + 1,
        confidence=None if i % 11 == 5 else round(rng.random(), 4),
        change=change, other_text=label if change == 'lost' else (
            'other' if change else None)), frozenset(mistakes)))
  return found


def comparison(sets: Sequence[str] = SETS) -> dict[str, Any]:
  """Of two models on `sets`."""
  counts = {'samples': 90, 'both_correct': 50, 'gained': 7, 'lost': 9,
            'both_wrong': 24, 'p_value': 0.8036}
  return {'with': 'runs/b/eval', 'model': 'runs/b', 'sets': {
      name: {'common': 90, 'only_here': 2, 'only_there': 0,
             'protocols': dict.fromkeys(protocols.PROTOCOLS, counts)}
      for name in sets}}


def evaluation(items: Sequence[gallery.Item], sets: Sequence[str] = SETS,
               compared: Optional[dict[str, Any]] = None,
               has_confidence: bool = True, partial: bool = False
               ) -> dict[str, Any]:
  """results.json of samples of which the wrong ones are `items`."""
  found = {name: results.SetResult.of(path=f'/data/{i}')
           for i, name in enumerate(sets)}
  rights = [item(word, word, set_name=name, confidence=0.9)
            for name in sets for word in ('right', '12', 'a1', 'it')]
  for one in [*rights, *items]:
    found[one.set_name].add(counts_lib.Sample(
        one.index, one.label, one.text,
        one.confidence if has_confidence else None, (32, 100)))
  for one in found.values():
    one.skipped = {'undecodable_image': 2}
    one.records = one.samples + 2
    one.seconds = one.samples / 100
    one.batch_seconds = [(4, 0.25), (4, 0.35)]
  return results.to_dict(
      'runs/<a>/model.ckpt-8', string.digits + string.ascii_lowercase, found,
      {'batch_size': 4, 'limit': None, 'date': '2026-11-28T09:00:00+00:00'},
      ['A note & <i>more</i>'], comparison=compared, is_partial=partial)
