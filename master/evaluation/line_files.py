"""Text files of one record a line, and faults that name the line."""

import json
from typing import Any, Callable, Iterator

from master import errors

_MAX_SHOWN = 60


class LineError(Exception):
  """What is wrong with a line, and how to fix it."""


class CutLineError(LineError):
  """The same, of a line of which the end may be missing."""


def shown(value: Any) -> str:
  """A value in a message: on one line, and not too long."""
  text = repr(value)
  return text if len(text) <= _MAX_SHOWN else f'{text[:_MAX_SHOWN]}...'


class LineFile:
  """A text file, line by line.

  Attributes:
    path: of the file.
  """

  def __init__(self, path: str, fix: str):
    """Reads the whole file.

    Args:
      path: of the file: UTF-8, with or without a byte order mark.
      fix: what to do if there is no such file.

    Raises:
      InputError: if it cannot be read, is not UTF-8 or holds nothing.
    """
    self.path = path
    try:
      with open(path, 'rb') as f:
        content = f.read()
    except (OSError, ValueError) as e:  # ValueError: a zero byte in the name.
      reason = getattr(e, 'strerror', None) or e
      raise errors.InputError(
          f'{path}: cannot be read ({reason}); {fix}.') from e
    try:
      text = content.decode('utf-8')
    except UnicodeDecodeError as e:
      raise self.error(
          content.count(b'\n', 0, e.start) + 1,
          'is not UTF-8; write the file in that encoding') from e
    # Not by splitlines, which finds line ends within texts.
    self._lines = text.removeprefix('\ufeff').replace('\r\n', '\n').split('\n')
    if next(iter(self), None) is None:
      raise errors.InputError(f'{path}: is empty; {fix}.')

  def __iter__(self) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers from 1."""
    for number, line in enumerate(self._lines, 1):
      if line and not line.isspace():
        yield number, line

  def error(self, number: int, message: str) -> errors.InputError:
    """The one that names a line."""
    return errors.InputError(f'{self.path}:{number}: {message}.')

  def parsed(self, parse: Callable[[str], Any]) -> Iterator[tuple[int, Any]]:
    """What a function makes of each line, with the line's number.

    Raises:
      InputError: if `parse` raises a LineError.
    """
    for number, line in self:
      try:
        yield number, parse(line)
      except LineError as fault:
        message = str(fault)
        # After a last line that has its end, an empty one is left.
        if isinstance(fault, CutLineError) and number == len(self._lines):
          message += ('; the file ends within this line, so it may be torn: '
                      'write it anew')
        raise self.error(number, message) from fault


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
  """Of JSON; two values of one name are a fault, for one would be lost."""
  found = dict(pairs)
  if len(found) < len(pairs):
    names = [name for name, _ in pairs]
    twice = next(name for name in names if names.count(name) > 1)
    raise LineError(f'{shown(twice)} stands twice in one object; keep one')
  return found


_decode = json.JSONDecoder(object_pairs_hook=_object).decode


def parse_object(line: str) -> dict[str, Any]:
  """The object of one JSON line.

  Raises:
    LineError: if it is none.
  """
  try:
    row = _decode(line)
  except (ValueError, RecursionError) as e:
    reason = (f'{e.msg} at character {e.colno}'
              if isinstance(e, json.JSONDecodeError) else e)
    raise CutLineError(
        f'is no JSON ({reason}); write one object a line') from e
  if not isinstance(row, dict):
    raise LineError('is no JSON object; write one a line, as {"index": 1, '
                    '"text": "word"}')
  return row


def is_index(value: Any) -> bool:
  """Whether a value of JSON is the number of a record, not a bool."""
  return type(value) is int and value >= 0
