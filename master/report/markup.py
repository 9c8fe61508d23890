"""Texts, numbers and tables as HTML, with all text escaped."""

import html
from typing import Any, Iterable, NamedTuple, Optional, Sequence
import unicodedata

# Characters of no width or look of their own in spite of their category:
# joiners, fillers, the blank of Braille, selectors of variants.
_BLANK = frozenset(map(chr, (
    0x34f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x2800, 0x3164, 0xffa0,
    *range(0x180b, 0x1810), *range(0xfe00, 0xfe10))))
_DOTTED_CIRCLE = '\u25cc'
SPACE = '\u2423'  # An open box.
NOTHING = '\u2013'
_WIDE = 7  # Columns.


class Column(NamedTuple):
  """The head of a column.

  Attributes:
    title: HTML.
    is_number: whether it is set to the right.
  """
  title: str
  is_number: bool = True


def is_invisible(character: str) -> bool:
  """Whether a code point cannot be seen, the common space aside."""
  return character != ' ' and (
      unicodedata.category(character)[0] in 'CZ' or character in _BLANK)


def code_point(character: str) -> str:
  """As 'U+00A0'."""
  return f'U+{ord(character):04X}'


def plain(text: str) -> str:
  """A text of which every character can be seen, without markup.

  Args:
    text: any; control characters and lone surrogates as well.

  Returns:
    The same with code points in words for those that cannot be seen.
  """
  return ''.join(f'[{code_point(c)}]' if is_invisible(c) else c for c in text)


def text(value: Any) -> str:
  """As `plain`, for HTML; the words stand out."""
  return ''.join(
      f'<span class="mark">{code_point(c)}</span>' if is_invisible(c)
      else html.escape(c) for c in str(value))


def plain_symbol(character: str) -> str:
  """One character by itself, without markup; '' stays so."""
  if character == ' ':
    return SPACE
  if character and is_invisible(character):
    return code_point(character)
  if character and unicodedata.category(character)[0] == 'M':
    return _DOTTED_CIRCLE + character
  return character


def symbol(character: str) -> str:
  """One character by itself, for HTML, whatever direction it is written in."""
  if not character:
    return '<span class="nothing">nothing</span>'
  kind = ' class="mark"' if is_invisible(character) else ''
  return f'<bdi{kind}>{html.escape(plain_symbol(character))}</bdi>'


def count(value: int) -> str:
  """As '12,345'."""
  return f'{value:,}'


def percent(value: float, decimals: int = 1) -> str:
  """Of a share in [0, 1], without the sign."""
  return f'{100 * value:.{decimals}f}'


def interval(bounds: Optional[Sequence[float]]) -> str:
  """Two shares as '81.1-84.4', without the sign."""
  if not bounds:
    return NOTHING
  return '\u2013'.join(percent(value) for value in bounds)


def table(caption: str, columns: Sequence[Column],
          rows: Iterable[Sequence[str]], top: str = '', kind: str = '',
          groups: str = '') -> str:
  """A table whose first column heads its rows.

  Args:
    caption: HTML.
    columns: their heads.
    rows: HTML of the cells.
    top: HTML of a row of heads above the columns'.
    kind: CSS class.
    groups: HTML of the column groups that `top` is of.
  """
  head = ''.join(f'<th scope="col"{_align(column)}>{column.title}</th>'
                 for column in columns)
  body = '\n'.join(_row(columns, row) for row in rows)
  name = f' class="{kind}"' if kind else ''
  # What scrolls sideways must be in reach of the keyboard.
  focus = (' tabindex="0" role="group" aria-label="Wide table"'
           if len(columns) >= _WIDE else '')
  return (f'<div class="scroll"{focus}><table{name}>'
          f'<caption>{caption}</caption>{groups}<thead>{top}<tr>{head}</tr>'
          f'</thead><tbody>{body}</tbody></table></div>')


def _align(column: Column) -> str:
  return ' class="n"' if column.is_number else ''


def _row(columns: Sequence[Column], cells: Sequence[str]) -> str:
  rest = ''.join(f'<td{_align(column)}>{cell}</td>'
                 for column, cell in zip(columns[1:], cells[1:]))
  return (f'<tr><th scope="row"{_align(columns[0])}>{cells[0]}</th>'
          f'{rest}</tr>')
