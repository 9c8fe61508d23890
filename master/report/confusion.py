"""The confusion matrix of characters, and the most frequent confusions."""

import collections
import html
import math
from typing import Any, Mapping, NamedTuple, Sequence

from master.report import markup

# Characters of a matrix at most; more cannot be read.
MAX_CHARACTERS = 94
_NUM_LISTED = 20
_CELL, _LEFT, _TOP = 20, 54, 72  # Pixels.
_LEVELS = 4  # Shades.


class Matrix(NamedTuple):
  """Confusions as far as they are drawn.

  Attributes:
    characters: of the rows and columns, in order.
    counts: by (character of the label, character read); '' is nothing.
    num_hidden: characters with confusions that are not drawn.
  """
  characters: Sequence[str]
  counts: Mapping[tuple[str, str], int]
  num_hidden: int


def matrix(scores: Mapping[str, Any], charset: str) -> Matrix:
  """The characters that are confused most.

  Args:
    scores: a protocol's values of results.json.
    charset: characters that stand first, in this order.
  """
  faults = collections.Counter()
  for label, text, number in scores['confusions']:
    for character in {label, text} - {''}:
      faults[character] += number
  kept = sorted(faults, key=lambda c: (-faults[c], c))[:MAX_CHARACTERS]
  places = {c: i for i, c in enumerate(charset)}
  kept.sort(key=lambda c: (places.get(c, len(places)), c))
  inside = {*kept, ''}
  return Matrix(
      kept, {(label, text): number
             for label, text, number in scores['confusions']
             if label in inside and text in inside}, len(faults) - len(kept))


def _told(label: str, text: str, number: int,
          occurrences: Mapping[str, int]) -> str:
  """One confusion as a sentence."""
  times = f'{markup.count(number)} time{"s" if number > 1 else ""}'
  if not label:
    return f'{markup.plain_symbol(text)} added {times}'
  what = f'read as {markup.plain_symbol(text)}' if text else 'left out'
  total = occurrences.get(label)
  share = (f', {markup.percent(number / total)} % of {markup.count(total)}'
           if total else '')
  return f'{markup.plain_symbol(label)} {what} {times}{share}'


def _heads(names: Sequence[str]) -> list[str]:
  """What stands on both sides of the rows and above the columns."""
  parts = []
  right = _LEFT + len(names) * _CELL
  for i, name in enumerate(names):
    middle = (i + 0.5) * _CELL
    row, column = ('added', 'missing') if not name else (name, name)
    for anchor, x in (('end', _LEFT - 6), ('start', right + 6)):
      parts.append(f'<text text-anchor="{anchor}" x="{x}" '
                   f'y="{_TOP + middle + 4.5:g}">{html.escape(row)}</text>')
    x = _LEFT + middle
    # Long names stand upright.
    turn = (f' transform="rotate(-90 {x + 4.5:g} {_TOP - 6})"'
            if len(column) > 2 else '')
    place = (f'x="{x + 4.5:g}" text-anchor="start"' if turn
             else f'x="{x:g}" text-anchor="middle"')
    parts.append(f'<text {place} y="{_TOP - 6}"{turn}>'
                 f'{html.escape(column)}</text>')
  return parts


def _lines(number: int) -> str:
  """The grid, every fifth line stronger, as two paths."""
  end = number * _CELL
  paths = {'grid': '', 'strong': ''}
  for i in range(number + 1):
    at = i * _CELL
    kind = 'strong' if i % 5 == 0 or i >= number - 1 else 'grid'
    paths[kind] += (f'M{_LEFT} {_TOP + at}h{end}M{_LEFT + at} {_TOP}v{end}')
  return ''.join(f'<path class="{kind}" d="{d}"/>'
                 for kind, d in paths.items())


def svg(found: Matrix, occurrences: Mapping[str, int], name: str) -> str:
  """Labels down, what was read across; the last row and column are nothing.

  Args:
    found: from `matrix`.
    occurrences: how often each character stands in the labels.
    name: of the picture.

  Returns:
    An svg element.
  """
  order = [*found.characters, '']
  places = {character: i for i, character in enumerate(order)}
  most = max(found.counts.values(), default=1)
  parts = [_lines(len(order))]
  for i in range(len(found.characters)):
    parts.append(f'<rect class="same" x="{_LEFT + i * _CELL}" '
                 f'y="{_TOP + i * _CELL}" width="{_CELL}" '
                 f'height="{_CELL}"/>')
  for (label, text), number in found.counts.items():
    # Counts spread over powers of ten.
    level = 1 + int((_LEVELS - 1) * math.log1p(number) / math.log1p(most))
    x, y = _LEFT + places[text] * _CELL, _TOP + places[label] * _CELL
    shown = str(number) if number < 1000 else f'{number // 1000}k'
    parts.append(
        f'<g class="c{level}"><title>'
        f'{html.escape(_told(label, text, number, occurrences))}</title>'
        f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}"/>'
        f'<text x="{x + _CELL // 2}" y="{y + 13.5}">{shown}</text></g>')
  parts += _heads([markup.plain_symbol(c) for c in order])
  width = 2 * _LEFT + len(order) * _CELL
  height = _TOP + len(order) * _CELL + 2
  return (f'<svg xmlns="http://www.w3.org/2000/svg" class="matrix" role="img" '
          f'aria-label="{html.escape(markup.plain(name))}" width="{width}" '
          f'height="{height}" viewBox="0 0 {width} {height}">'
          f'<text class="small" x="4" y="{_TOP - 24}">label \u2193</text>'
          f'<text class="small" x="4" y="{_TOP - 40}">read \u2192</text>'
          f'{"".join(parts)}</svg>')


def summary(scores: Mapping[str, Any], number: int = 10) -> str:
  """The most frequent confusions in words, without markup."""
  return '; '.join(_told(*confusion, scores['characters'])
                   for confusion in scores['confusions'][:number])


def listed(scores: Mapping[str, Any], caption: str) -> str:
  """The most frequent confusions as a table.

  Args:
    scores: a protocol's values of results.json.
    caption: HTML.
  """
  rows = []
  for label, text, number in scores['confusions'][:_NUM_LISTED]:
    total = scores['characters'].get(label, 0)
    rows.append([markup.symbol(label), markup.symbol(text),
                 markup.count(number),
                 markup.percent(number / total) if total else markup.NOTHING])
  return markup.table(caption, [
      markup.Column('label', False), markup.Column('read as', False),
      markup.Column('times'), markup.Column('% of label')], rows)
