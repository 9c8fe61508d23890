"""An LMDB's file read page by page, with every page checked.

liblmdb maps the file into memory and follows whatever number it finds there,
so a damaged page can end the process by a signal. This reader is for looking
at files that may be damaged: slower where records are drawn at random, but a
fault is an exception that names the page.
"""

import bisect
import os
import struct
from typing import Callable, Iterator, NamedTuple, Optional

from master import errors
from master.data import lmdb_header

_OVERFLOW_HEAD = struct.Struct('=QHHI')  # number, unused, kind, pages
_NODE = struct.Struct('=HHHH')  # size or child in two parts, flags, key size
_NUMBER = struct.Struct('=Q')
_BRANCH, _LEAF, _OVERFLOW = 1, 2, 4
_BIG_DATA = 1  # A node's value is on pages of its own.
_DUPLICATES = 4  # A node has several values.
_CACHED_PAGES = 512


class _Page(NamedTuple):
  """A branch or leaf.

  Attributes:
    keys: bytes objects, rising; a branch's first is empty.
    children: page numbers of a branch, None of a leaf.
    values: (flags, size, where it begins) by key of a leaf.
    content: the page.
  """
  keys: list[bytes]
  children: Optional[list[int]]
  values: list[tuple[int, int, int]]
  content: bytes


class PageReader:
  """The keys and values of one LMDB as it is when opened.

  Attributes:
    path: as given.
    data: the file itself.
    meta: its newest meta page.
  """

  def __init__(self, path: str):
    """Opens the file and looks at its meta pages.

    Args:
      path: folder with a data.mdb, or the file itself.

    Raises:
      InputError: if it is no LMDB, of another kind, or cut short.
    """
    self.path = path
    self._file = None
    self.data = lmdb_header.data_file(path)
    try:
      self._file = os.open(self.data, os.O_RDONLY)
    except OSError as e:
      raise lmdb_header.cannot_read(self.data, e) from e
    self.meta = lmdb_header.newest_meta(path, self._read)
    self._check_size()
    self._pages = {}

  def __del__(self):
    if self._file is not None:
      os.close(self._file)

  def get(self, key: bytes) -> Optional[bytes]:
    """The value of a key; None if there is no such key.

    Raises:
      PageError: if a page on the way is damaged.
    """
    found = self._leaf(key)
    if found is None:
      return None
    number, page = found
    place = bisect.bisect_left(page.keys, key)
    if place == len(page.keys) or page.keys[place] != key:
      return None
    return self._value(number, page, place)

  def first_from(self, key: bytes) -> Optional[bytes]:
    """The first key that is not less than `key`; None if there is none."""
    bounds = []
    found = self._leaf(key, bounds)
    while found is not None:
      _, page = found
      place = bisect.bisect_left(page.keys, key)
      if place < len(page.keys):
        return page.keys[place]
      # The leaf ends before it: the next one begins with it or behind it.
      key = next((bound for bound in reversed(bounds) if bound is not None),
                 None)
      bounds = []
      found = None if key is None else self._leaf(key, bounds)
    return None

  def keys(self, on_damage: Callable[[lmdb_header.PageError], None]
           ) -> Iterator[bytes]:
    """All keys that can be reached, in bytewise order.

    Args:
      on_damage: called for each page that has to be passed over, with all
        that hangs on it.
    """
    if self.meta.depth:
      seen = bytearray(self.meta.last_page // 8 + 1)
      yield from self._walk(self.meta.root, 1, b'', None, seen, on_damage)

  def check_top(self):
    """Looks at the uppermost two levels of the tree, which all reads pass.

    Raises:
      PageError: if a page there is damaged.
    """
    if not self.meta.depth:
      return
    root = self._tree_page(self.meta.root, 1)
    for child in root.children or ():
      self._tree_page(child, 2)

  def is_outdated(self) -> bool:
    """Whether somebody has written to the LMDB since it was opened."""
    return lmdb_header.newest_meta(
        self.path, self._read).transaction != self.meta.transaction

  def _read(self, place: int, size: int, page: int) -> bytes:
    """Bytes of the file; fewer at its end.

    Args:
      place: of the first byte.
      size: how many.
      page: that they belong to.
    """
    try:
      return os.pread(self._file, size, place)
    except OSError as e:
      raise lmdb_header.PageError(self.path, page, e.strerror or str(e)) from e

  def _check_size(self):
    needed = (self.meta.last_page + 1) * self.meta.page_size
    size = os.fstat(self._file).st_size
    if size < needed:
      raise errors.InputError(
          f'{self.data}: cut short, {size} of {needed} bytes; copy it again.')

  def _fault(self, number: int, is_right: bool, fault: str):
    if not is_right:
      raise lmdb_header.PageError(self.path, number, fault)

  def _page(self, number: int) -> _Page:
    """A branch or leaf, which is kept for the next time."""
    page = self._pages.get(number)
    if page is None:
      if len(self._pages) == _CACHED_PAGES:
        self._pages.clear()
      page = self._pages[number] = self._parse(number)
    return page

  def _parse(self, number: int) -> _Page:
    """Reads a branch or leaf and checks all of it."""
    size = self.meta.page_size
    self._fault(number, 2 <= number <= self.meta.last_page,
                'there is no such page')
    content = self._read(number * size, size, number)
    self._fault(number, len(content) == size, 'the file is cut short')
    own_number, _, kind, lower, upper = lmdb_header.PAGE_HEAD.unpack_from(
        content)
    self._fault(number, own_number == number, 'holds something else')
    self._fault(number, kind & 0xf in (_BRANCH, _LEAF), 'of no known kind')
    self._fault(number, lmdb_header.PAGE_HEAD.size <= lower <= upper <= size
                and lower % 2 == 0, 'its head is wrong')
    count = (lower - lmdb_header.PAGE_HEAD.size) // 2
    places = struct.unpack_from(
        f'={count}H', content, lmdb_header.PAGE_HEAD.size)
    try:
      if kind & _LEAF:
        page = self._parse_leaf(content, places, upper)
      else:
        page = self._parse_branch(content, places, upper)
    except (ValueError, struct.error):
      raise lmdb_header.PageError(self.path, number,
                                  'an entry is wrong') from None
    keys = page.keys
    self._fault(number, all(map(bytes.__lt__, keys, keys[1:])),
                'its keys are out of order')
    return page

  def _parse_leaf(self, content: bytes, places, upper: int) -> _Page:
    keys, values = [], []
    for place in places:
      low, high, flags, key_size = _NODE.unpack_from(content, place)
      value = place + _NODE.size + key_size
      value_size = low | high << 16
      end = value + (_NUMBER.size if flags & _BIG_DATA else value_size)
      if place < upper or end > len(content) or flags & _DUPLICATES:
        raise ValueError
      keys.append(content[place + _NODE.size:value])
      values.append((flags, value_size, value))
    return _Page(keys, None, values, content)

  def _parse_branch(self, content: bytes, places, upper: int) -> _Page:
    keys, children = [], []
    for place in places:
      low, middle, high, key_size = _NODE.unpack_from(content, place)
      end = place + _NODE.size + key_size
      if place < upper or end > len(content):
        raise ValueError
      # What stands as the first key is of no meaning.
      keys.append(content[place + _NODE.size:end] if keys else b'')
      children.append(low | middle << 16 | high << 32)
    if not children:
      raise ValueError
    return _Page(keys, children, [], b'')

  def _tree_page(self, number: int, level: int) -> _Page:
    """The page, which is `level` levels from above, the root's being 1."""
    page = self._page(number)
    self._fault(number, (page.children is None) == (level == self.meta.depth),
                'on the wrong level')
    return page

  def _leaf(self, key: bytes, bounds: Optional[list] = None
            ) -> Optional[tuple[int, _Page]]:
    """The leaf where `key` belongs; None without any.

    Args:
      key: to look for.
      bounds: gets, by level from above, the key that the branch's next child
        begins with, None if there is no next one.
    """
    if not self.meta.depth:
      return None
    number = self.meta.root
    for level in range(1, self.meta.depth):
      page = self._tree_page(number, level)
      place = bisect.bisect_right(page.keys, key)
      if bounds is not None:
        bounds.append(page.keys[place] if place < len(page.keys) else None)
      number = page.children[place - 1]
    return number, self._tree_page(number, self.meta.depth)

  def _value(self, number: int, page: _Page, place: int) -> bytes:
    flags, size, start = page.values[place]
    if not flags & _BIG_DATA:
      return page.content[start:start + size]
    first, = _NUMBER.unpack_from(page.content, start)
    self._fault(number, 2 <= first <= self.meta.last_page,
                f'leads to page {first}, which there is not')
    # The size may be damaged, and of any magnitude: first the head.
    place = first * self.meta.page_size
    head = self._read(place, _OVERFLOW_HEAD.size, first)
    self._fault(first, len(head) == _OVERFLOW_HEAD.size,
                'the file is cut short')
    own_number, _, kind, count = _OVERFLOW_HEAD.unpack(head)
    self._fault(first, own_number == first and kind & _OVERFLOW != 0,
                'holds something else')
    self._fault(first, first + count - 1 <= self.meta.last_page
                and len(head) + size <= count * self.meta.page_size,
                'its value has an impossible size')
    value = self._read(place + len(head), size, first)
    self._fault(first, len(value) == size, 'the file is cut short')
    return value

  def _walk(self, number: int, level: int, lower: bytes,
            upper: Optional[bytes], seen: bytearray, on_damage
            ) -> Iterator[bytes]:
    """Keys at or below a page, which are to be in [lower, upper)."""
    try:
      page = self._tree_page(number, level)
      self._fault(number, not seen[number // 8] >> number % 8 & 1,
                  'has two places in the tree')
      seen[number // 8] |= 1 << number % 8
      is_leaf = page.children is None
      own = page.keys if is_leaf else page.keys[1:]
      self._fault(number, not own or (
          lower <= own[0] and (upper is None or own[-1] < upper)),
                  'its keys belong elsewhere')
    except lmdb_header.PageError as e:
      on_damage(e)
      return
    if is_leaf:
      yield from page.keys
      return
    bounds = [lower, *page.keys[1:], upper]
    for child, start, stop in zip(page.children, bounds, bounds[1:]):
      yield from self._walk(child, level + 1, start, stop, seen, on_damage)
