"""An LMDB's file and its first pages, which say what it is.

It knows the format that liblmdb 0.9 writes on machines of 64 bits.
"""

import os
import stat
import struct
import sys
from typing import Callable, NamedTuple, Optional

from master import errors

_MAGIC = 0xbeefc0de
_VERSION = 1
# Of all pages.
PAGE_HEAD = struct.Struct('=QHHHH')  # number, unused, kind, lower, upper
# Of a meta page, behind its head: magic, version; size of a page; flags,
# depth, branch, leaf, overflow pages, keys and root of the records' tree;
# last page; transaction.
_META = struct.Struct('=II16xI44x4xHHQQQQQQQ')
_META_SIZE = PAGE_HEAD.size + _META.size
_META_KIND = 8
_NO_PAGE = 2**64 - 1
_MAX_DEPTH = 32  # As in liblmdb.
_PAGE_SIZES = tuple(2**i for i in range(9, 17))


class PageError(errors.InputError):
  """A page is not what it should be; the rest may be fine.

  Attributes:
    page: its number.
  """

  def __init__(self, path: str, page: int, fault: str):
    super().__init__(f'{path}: damaged (page {page}: {fault}); copy or create '
                     'it again.')
    self.page = page
    self.fault = f'page {page}: {fault}'

  def __reduce__(self):
    return _page_error, (str(self), self.page, self.fault)


def _page_error(message: str, page: int, fault: str) -> PageError:
  error = PageError('', page, '')
  error.args, error.fault = (message,), fault
  return error


class Meta(NamedTuple):
  """What the newest meta page says.

  Attributes:
    page_size: in bytes.
    depth: levels of the tree, 0 without any key.
    num_keys: all of them.
    root: page number.
    last_page: the file has pages 0 to this one.
    transaction: which wrote it; a higher one is newer.
  """
  page_size: int
  depth: int
  num_keys: int
  root: int
  last_page: int
  transaction: int


def data_file(path: str) -> str:
  """The file of an LMDB: data.mdb in the folder, or `path` itself.

  Raises:
    InputError: if there is none, or it may not be looked at.
  """
  try:
    mode = os.stat(path).st_mode
    if not stat.S_ISDIR(mode):
      found, is_file = path, stat.S_ISREG(mode)
    else:
      found = os.path.join(path, 'data.mdb')
      # As os.path.isfile, but a folder that may not be entered is reported.
      is_file = stat.S_ISREG(os.stat(found).st_mode)
  except (FileNotFoundError, NotADirectoryError):
    if os.path.isdir(path):
      found, is_file = path, False
    else:
      raise errors.InputError(
          f'{path}: does not exist; name a folder that holds data.mdb.'
      ) from None
  except (OSError, ValueError) as e:
    raise cannot_read(path, e) from e
  if not is_file:
    raise errors.InputError(
        f'{path}: no LMDB (no data.mdb in it); data_tools/create_lmdb makes '
        'one.')
  return found


def cannot_read(path: str, e: Exception) -> errors.InputError:
  """What to raise where the operating system refuses."""
  return errors.InputError(
      f'{path}: cannot be read ({getattr(e, "strerror", None) or e}); mend '
      'its permissions or its disk, or name another.')


def newest_meta(path: str, read: Callable[[int, int, int], bytes]) -> Meta:
  """Reads the two meta pages, of which the newer one holds.

  Args:
    path: of the LMDB, for messages.
    read: gives bytes of the file: from which place, how many, of which page.

  Raises:
    InputError: if it is no LMDB, or one of another kind.
  """
  head = read(0, _META_SIZE, 0)
  fault = _foreign(head)
  if fault is None and len(head) < _META_SIZE:
    fault = 'cut short amid its head'
  if fault:
    raise errors.InputError(
        f'{path}: no LMDB ({fault}); data_tools/create_lmdb makes one.')
  first = _meta(path, head, 0)
  if first.page_size not in _PAGE_SIZES:
    raise PageError(path, 0, f'pages of {first.page_size} bytes')
  second = _meta(path, read(first.page_size, _META_SIZE, 1), 1)
  # Only the first page holds the size.
  newest = max(first, second, key=lambda meta: meta.transaction)
  return newest._replace(page_size=first.page_size)


def _meta(path: str, content: bytes, page: int) -> Meta:
  """Parses a meta page."""
  if len(content) < _META_SIZE:
    raise errors.InputError(
        f'{path}: cut short amid its head; copy it again.')
  number, _, kind, _, _ = PAGE_HEAD.unpack_from(content)
  (magic, version, page_size, flags, depth, _, _, _, num_keys, root,
   last_page, transaction) = _META.unpack_from(content, PAGE_HEAD.size)
  if (number, magic, version) != (page, _MAGIC, _VERSION) or (
      not kind & _META_KIND):
    raise PageError(path, page, 'no meta page')
  if flags:
    raise errors.InputError(
        f'{path}: an LMDB of no known layout (its keys have flags {flags}); '
        'data_tools/create_lmdb makes one.')
  if depth > _MAX_DEPTH or last_page < 1 or (
      depth == 0) != (root == _NO_PAGE) or (depth and root > last_page):
    raise PageError(path, page, 'impossible numbers')
  return Meta(page_size, depth, num_keys, root, last_page, transaction)


def _foreign(head: bytes) -> Optional[str]:
  """Why a file that begins like this is no LMDB of this kind of machine."""
  if not head:
    return 'data.mdb is empty'
  other_order = 'big' if sys.byteorder == 'little' else 'little'
  # The head of a page is shorter where numbers have 32 bits.
  for place, bits in ((16, 64), (12, 32)):
    for order in (sys.byteorder, other_order):
      if head[place:place + 4] != _MAGIC.to_bytes(4, order):
        continue
      if order != sys.byteorder or bits == 32:
        return (f'written on a {bits}-bit {order}-endian machine; mdb_dump '
                'there and mdb_load here carry it over')
      version = int.from_bytes(head[place + 4:place + 8], order)
      return None if version == _VERSION else (
          f'of format {version}, not {_VERSION}; liblmdb 0.9 writes that')
  return 'data.mdb does not begin as one'
