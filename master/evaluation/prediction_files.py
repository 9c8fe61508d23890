r"""Texts of any recogniser, read from JSON lines or a table.

JSON lines hold one object each: `set` (may be left out where there is one),
`index` (the number in the record's keys) or `key` (a text with that number
last, such as image-000000007 or words/7.png), `text`, and, if it is known,
`confidence` in [0, 1]. Other fields are ignored.

A table holds the same in columns separated by tabs: set, index or key, text
and, if need be, confidence, or in the order of names in a first line.
Its texts are taken as they are: no quotes, and a backslash is a backslash,
for few recognisers escape theirs and `\t` may well stand on a sign. A text
with a tab or a line end therefore needs JSON lines.
"""

import dataclasses
import os
import re
from typing import Any, NamedTuple, Optional, Sequence

from master import errors
from master.evaluation import line_files
from master.evaluation import results

_FORMS = ('write JSON objects, or set, index or key, text and perhaps '
          'confidence with tabs between them; the set may be left out where '
          'there is one')
_MAX_DIGITS = 18

_NUMBER = re.compile('[0-9]+')
# Of a file name, as .jp2.
_EXTENSION = re.compile(r'[.][A-Za-z][A-Za-z0-9]*\Z')
# What may be meant as one, '' included.
_CONFIDENCE = re.compile('[-+.0-9eE]*')
_OTHER_NUMBER = re.compile('[-+][0-9.]+|[0-9]*[.][0-9]*')


class _Row(NamedTuple):
  """What one line says."""
  set_name: str
  index: int
  text: str
  confidence: Optional[float]


def _set_name(name: Any, set_names: Sequence[str]) -> str:
  """The name of a set; None is the only one there is."""
  if name is None and len(set_names) == 1:
    return set_names[0]
  if name in set_names:
    return name
  names = ', '.join(set_names)
  if name is None:
    raise line_files.LineError(
        f'names no set; name one of those evaluated on: {names}')
  raise line_files.LineError(
      f'unknown set {line_files.shown(name)}; take its lines out or evaluate '
      f'on it, not only on {names}')


def _number_in(key: Any) -> int:
  """The number of a record, from an index in decimals or a key."""
  numbers = [] if not isinstance(key, str) or _OTHER_NUMBER.fullmatch(
      key) else _NUMBER.findall(_EXTENSION.sub('', key))
  if not numbers or len(numbers[-1]) > _MAX_DIGITS:
    raise line_files.LineError(
        f'{line_files.shown(key)} names no record; write its number or its '
        'key, as 7 or image-000000007')
  return int(numbers[-1])


def _index(numbers: Sequence[int]) -> int:
  """The number that index and key give, or one of them."""
  if len(set(numbers)) != 1:
    raise line_files.LineError(
        f'index and key name different records, {numbers[0]} and '
        f'{numbers[1]}; keep one of them' if numbers
        else 'names no record; add "index" or "key"')
  return numbers[0]


def _confidence(value: Any) -> float:
  if type(value) not in (int, float) or not 0 <= value <= 1:
    raise line_files.LineError(
        f'confidence is {line_files.shown(value)}; write a number in [0, 1], '
        'or none')
  return float(value)


def _row_of_object(line: str, set_names: Sequence[str],
                   passes_others: bool) -> Optional[_Row]:
  """The row of a line; None of another set, if those are passed over."""
  row = line_files.parse_object(line)
  if passes_others and row.get('set') not in (None, *set_names):
    return None
  index, text, confidence = (
      row.get(name) for name in ('index', 'text', 'confidence'))
  if index is not None and not line_files.is_index(index):
    raise line_files.LineError(
        f'"index" is {line_files.shown(index)}; write the number of a record')
  numbers = [] if index is None else [index]
  if row.get('key') is not None:
    numbers.append(_number_in(row['key']))
  if not isinstance(text, str):
    raise line_files.LineError(
        f'"text" is {line_files.shown(text)}; write a string, "" if nothing '
        'was read')
  return _Row(_set_name(row.get('set'), set_names), _index(numbers), text,
              None if confidence is None else _confidence(confidence))


class _Columns(NamedTuple):
  """Where in a line of a table something stands.

  Attributes:
    set_name: column of the set, None if there is none.
    records: columns of index, key or both.
    text: column of the text.
    confidence: column of it, None if there is none.
    number: of all columns.
  """
  set_name: Optional[int]
  records: tuple[int, ...]
  text: int
  confidence: Optional[int]
  number: int


def _named_columns(fields: Sequence[str]) -> Optional[_Columns]:
  """From a first line of names; None where it holds values."""
  names = [field.strip().lower() for field in fields]
  records = [i for i, name in enumerate(names) if name in ('index', 'key')]
  if 'text' not in names or not records:
    return None
  for name in ('set', 'index', 'key', 'text', 'confidence'):
    if names.count(name) > 1:
      raise line_files.LineError(f'two columns are named {name}; keep one')
  places = {name: i for i, name in enumerate(names)}
  return _Columns(places.get('set'), tuple(records), places['text'],
                  places.get('confidence'), len(names))


def _begins_with_set(fields: Sequence[str], set_names: Sequence[str]) -> bool:
  """Whether the first column is that of the set, be it an unknown one."""
  if len(set_names) > 1 or len(fields) > 3 or fields[0] in set_names:
    return True
  return len(fields) == 3 and bool(_NUMBER.search(fields[1])) and not (
      _CONFIDENCE.fullmatch(fields[2]))


def _usual_columns(fields: Sequence[str],
                   set_names: Sequence[str]) -> _Columns:
  """From a first line of values."""
  number = len(fields)
  first = int(_begins_with_set(fields, set_names))
  if number - first not in (2, 3):
    raise line_files.LineError(f'has {number} columns; {_FORMS}')
  return _Columns(0 if first else None, (first,), first + 1,
                  first + 2 if number == first + 3 else None, number)


class _Table:
  """Parses the lines of a table, of which the first names the columns."""

  def __init__(self, set_names: Sequence[str]):
    self._set_names = set_names
    self._columns = None

  def parse(self, line: str) -> Optional[_Row]:
    """The row of a line; None of the line of names."""
    fields = line.split('\t')
    if self._columns is None:
      self._columns = _named_columns(fields)
      if self._columns:
        return None
      self._columns = _usual_columns(fields, self._set_names)
    columns = self._columns
    if len(fields) != columns.number:
      raise line_files.CutLineError(
          f'has {len(fields)} columns and the first line {columns.number}; '
          f'{_FORMS}')
    name = None if columns.set_name is None else fields[columns.set_name]
    return _Row(_set_name(name, self._set_names),
                _index([_number_in(fields[i]) for i in columns.records]),
                fields[columns.text], self._confidence(fields))

  def _confidence(self, fields: Sequence[str]) -> Optional[float]:
    """Of a line; None where its column is missing or empty."""
    column = self._columns.confidence
    if column is None or not fields[column]:
      return None
    try:
      return _confidence(float(fields[column]))
    except ValueError:
      return _confidence(fields[column])


@dataclasses.dataclass(frozen=True)
class Predictions:
  """What a recogniser has read.

  Attributes:
    path: of the file.
    texts: (name of the set, number of the record) -> text and confidence,
      None where there is none.
    lines: the same keys -> number of the line, for messages.
  """
  path: str
  texts: dict[tuple[str, int], tuple[str, Optional[float]]]
  lines: dict[tuple[str, int], int]


def read(path: str, set_names: Sequence[str]) -> Predictions:
  """Reads a file of texts.

  Args:
    path: of the file, or of a folder that an evaluation has written, of which
      other sets are passed over.
    set_names: sets that are evaluated on, at least one.

  Raises:
    InputError: if the file or a line of it is at fault; names both.
  """
  is_folder = os.path.isdir(path)
  if is_folder:
    path = os.path.join(path, results.PREDICTIONS_FILE)
  file = line_files.LineFile(path, 'name a file of texts, or the '
                             '--output_dir of an evaluation')
  _, first = next(iter(file))
  if first.lstrip().startswith('{'):
    rows = file.parsed(lambda line: _row_of_object(line, set_names,
                                                   is_folder))
  else:
    rows = file.parsed(_Table(set_names).parse)
  found = Predictions(path, {}, {})
  for number, row in rows:
    if row is None:
      continue
    place = row.set_name, row.index
    if place in found.lines:
      raise file.error(
          number, f'set {place[0]}, record {place[1]} stands in line '
                  f'{found.lines[place]} already; keep one of them')
    found.texts[place] = row.text, row.confidence
    found.lines[place] = number
  if not found.texts:
    raise errors.InputError(
        f'{path}: has no line of a record of {", ".join(set_names)}; write one '
        'for each.')
  return found
