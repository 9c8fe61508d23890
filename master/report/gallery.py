"""The samples of the gallery, as page.js takes them."""

import base64
import json
from typing import Any, NamedTuple, Optional, Sequence

import numpy as np

from master.evaluation import comparison
from master.metrics import bins
from master.report import differences

CHANGES = ('', comparison.GAINED, comparison.LOST, comparison.OTHER)

# What may be wrong with a text; the order of the bits of a row's mistakes.
MISTAKES = ('substituted', 'missing', 'added', 'empty')
_MARKS = {differences.SUBSTITUTED: 1, differences.MISSING: 2,
          differences.ADDED: 4}
_EMPTY = 8

_CONFIDENCE_DECIMALS = 6
_EXTENT_DECIMALS = 4


class Item(NamedTuple):
  """A sample of the gallery.

  Attributes:
    set_name: of its set.
    index: the number of its record.
    label: the true text.
    text: what was read.
    confidence: probability of the whole text, in [0, 1]; None if unknown.
    char_confidence: the same of each symbol, <EOS> included; may be empty.
    kind: one of bins.KINDS.
    wrong_under: protocols under which it is wrong, the headline first; empty
      where only the compared model was.
    change: '' or what `comparison` calls it.
    other_text: what the compared model read; None where there is none.
    picture: image file of any kind that Pillow reads; b'' if there is none.
    canvas: uint8 [H, W, C], the picture as the model saw it, of 1 or 3
      channels; shown where `extent` is 0 or `picture` cannot be decoded. None
      where no model of ours has read it.
    extent: share of the canvas's width that the picture takes, from the left
      and at full height; 0 if unknown.
    attention: from `attention.pack`; b'' if there is none.
  """
  set_name: str
  index: int
  label: str
  text: str
  confidence: Optional[float]
  char_confidence: Sequence[float]
  kind: str
  wrong_under: tuple[str, ...]
  change: str
  other_text: Optional[str]
  picture: bytes
  canvas: Optional[np.ndarray]
  extent: float
  attention: bytes


class Names(NamedTuple):
  """What rows call by number."""
  sets: list[str]
  protocols: list[str]
  kinds: list[str]


def names(items: Sequence[Item], set_names: Sequence[str],
          protocol_names: Sequence[str]) -> Names:
  """All names in their order, those that only items have last.

  Args:
    items: of the gallery.
    set_names: of the evaluation.
    protocol_names: the same.
  """
  kinds = {item.kind for item in items}
  return Names(
      list(dict.fromkeys([*set_names, *(item.set_name for item in items)])),
      list(dict.fromkeys([*protocol_names, *(
          name for item in items for name in item.wrong_under)])),
      [*(kind for kind in bins.KINDS if kind in kinds),
       *sorted(kinds.difference(bins.KINDS))])


def mistakes(item: Item, found: differences.Differences) -> int:
  """What is wrong with a text: bits in the order of MISTAKES."""
  if not item.wrong_under:
    return 0
  if not item.text:
    return _EMPTY
  marks = {*found.of_label, *found.of_text}
  return sum(bit for mark, bit in _MARKS.items() if mark in marks)


def row(item: Item, known: Names) -> list[Any]:
  """A sample's values in the order that FIELDS of page.js names."""
  protocol = (item.wrong_under or known.protocols)[0]
  found = differences.find(item.label, item.text, protocol)
  return [
      known.sets.index(item.set_name), item.index, item.label, item.text,
      None if item.confidence is None else round(
          float(item.confidence), _CONFIDENCE_DECIMALS),
      known.kinds.index(item.kind),
      sum(1 << known.protocols.index(name) for name in item.wrong_under),
      mistakes(item, found), CHANGES.index(item.change), item.other_text,
      found.of_label.rstrip(differences.SAME),
      found.of_text.rstrip(differences.SAME),
      [round(1000 * float(p)) for p in item.char_confidence],
      round(float(item.extent), _EXTENT_DECIMALS),
      base64.b64encode(item.attention).decode('ascii'),
  ]


def to_json(value: Any) -> bytes:
  """JSON for a script element of a page in UTF-8.

  Nothing in it ends the element or opens a comment, and a lone surrogate,
  which a foreign text may hold, is escaped.
  """
  written = json.dumps(value, ensure_ascii=False, separators=(',', ':'))
  # A NUL and such are escaped by JSON; of < there is none but in strings.
  return written.replace('<', '\\u003c').encode('utf-8', 'backslashreplace')
