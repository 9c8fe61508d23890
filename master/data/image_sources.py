"""Lists and folders that word images and their texts come from.

A source is a sequence of items, each of which leads to one image: a line of a
list, or the path of a picture.
"""

import os
import re
from typing import Callable, Iterator, NamedTuple, Optional

from master import errors
from master.data import records

MALFORMED_LINE = 'malformed_line'

# Of icdar: text in quotes; what is behind a backslash in it.
_QUOTED = re.compile(r'"(.*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
# Of mjsynth: the path, and the word's place in the lexicon, which some lists
# lack.
_MJSYNTH_LINE = re.compile(r'(.*?)(?:\s+\d+)?\s*', re.DOTALL)


class Item(NamedTuple):
  """What leads to one image.

  Attributes:
    number: of the line, or of the picture, from 1.
    content: the line, without its end, or the path within the folder.
  """
  number: int
  content: bytes


class Entry(NamedTuple):
  """An image's path, relative to the folder of images, and its text."""
  path: str
  text: str


class BadItemError(Exception):
  """An item that cannot be used.

  Attributes:
    reason: one of MALFORMED_LINE and those of records, to count by.
    detail: says what is wrong.
  """

  def __init__(self, reason: str, detail: str):
    super().__init__(reason, detail)
    self.reason = reason
    self.detail = detail


class Source(NamedTuple):
  """A kind of source.

  Attributes:
    parse: gives the entry of an item's content, or raises BadItemError.
    has_list: whether it takes a list beside the folder of images.
    form: how an item is to be written, for messages.
    unit: what its items are called.
  """
  parse: Callable[[bytes], Entry]
  has_list: bool
  form: str
  unit: str = 'lines'


def _decode(line: bytes) -> str:
  try:
    return line.decode('utf-8')
  except UnicodeDecodeError:
    raise BadItemError(MALFORMED_LINE, 'not UTF-8') from None


def _parse_tsv(line: bytes) -> Entry:
  path, tab, text = _decode(line).partition('\t')
  if not tab:
    raise BadItemError(MALFORMED_LINE, 'no tab between path and text')
  if not text:
    raise BadItemError(records.LABEL_EMPTY, 'no text behind the tab')
  return Entry(path, text)


def _parse_icdar(line: bytes) -> Entry:
  path, comma, text = _decode(line).partition(',')
  if not comma:
    raise BadItemError(MALFORMED_LINE, 'no comma between path and text')
  text = text.strip()
  quoted = _QUOTED.fullmatch(text)
  if quoted:
    text = _ESCAPED.sub(r'\1', quoted.group(1))
  if not text:
    raise BadItemError(records.LABEL_EMPTY, 'no text behind the comma')
  return Entry(path.strip(), text)


def _parse_mjsynth(line: bytes) -> Entry:
  path = _MJSYNTH_LINE.fullmatch(_decode(line)).group(1)
  stem, _ = os.path.splitext(os.path.basename(path))
  _, first, rest = stem.partition('_')
  text, last, _ = rest.rpartition('_')
  if not (first and last):
    raise BadItemError(MALFORMED_LINE,
                       f'{path}: no two underscores in the file name')
  if not text:
    raise BadItemError(records.LABEL_EMPTY,
                       f'{path}: no text between the underscores')
  return Entry(path, text)


def _parse_folder(path: bytes) -> Entry:
  folder = os.path.basename(os.path.dirname(path))
  name = os.fsdecode(path)
  if not folder:
    raise BadItemError(records.LABEL_EMPTY, 'in no folder that names its word')
  try:
    return Entry(name, folder.decode('utf-8'))
  except UnicodeDecodeError:
    raise BadItemError(records.LABEL_NOT_UTF8,
                       'its folder is not named in UTF-8') from None


SOURCES = {
    'tsv': Source(_parse_tsv, True, 'path<TAB>text'),
    'icdar': Source(_parse_icdar, True, 'path, "text"'),
    'mjsynth': Source(_parse_mjsynth, True, 'folder/1_text_2.jpg 3'),
    'folders': Source(_parse_folder, False, 'text/name.jpg', 'files'),
}


def items(images: str, labels: Optional[str]) -> Iterator[Item]:
  """The items of a source, in order; few are held at a time.

  Args:
    images: folder of the images.
    labels: file of the list; None takes each file below `images`, the
      content of a folder in order of its names.

  Raises:
    InputError: if the list, or a folder, cannot be read.
  """
  if labels is None:
    yield from map(Item._make, enumerate(_files(images), 1))
    return
  try:
    with open(labels, 'rb') as f:
      for number, line in enumerate(f, 1):
        if number == 1:
          line = line.removeprefix(b'\xef\xbb\xbf')
        if line.strip():
          yield Item(number, line.rstrip(b'\r\n'))
  except OSError as e:
    raise errors.InputError(
        f'--labels={labels}: cannot be read ({e.strerror}); mend its '
        'permissions or its disk, or name another.') from e


def _files(images: str, inner: bytes = b'') -> Iterator[bytes]:
  """Paths within `images`, of all but folders."""
  folder = os.path.join(os.fsencode(images), inner)
  try:
    with os.scandir(folder) as entries:
      # A link to a folder is taken for a file, so none leads in a circle.
      found = sorted((entry.name, entry.is_dir(follow_symlinks=False))
                     for entry in entries)
  except OSError as e:
    raise errors.InputError(
        f'--images={images}: {os.fsdecode(folder)} cannot be read '
        f'({e.strerror}); mend its permissions or its disk.') from e
  for name, is_folder in found:
    path = os.path.join(inner, name)
    if is_folder:
      yield from _files(images, path)
    else:
      yield path
