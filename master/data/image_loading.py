"""Images read and checked, a share at a time, in any process."""

import os
import stat
from typing import NamedTuple, Union

from master.data import image_check
from master.data import image_sources
from master.data import records

CRASH = 'crash'
# No picture that can be decoded takes more; less than an LMDB's value may.
_MAX_BYTES = 2**29


class Job(NamedTuple):
  """A share of a source's items.

  Attributes:
    source: key of SOURCES.
    images: folder that the paths are relative to.
    items: to be loaded.
  """
  source: str
  images: str
  items: list[image_sources.Item]

  @property
  def size(self) -> int:
    """Number of items."""
    return len(self.items)

  def halves(self) -> list['Job']:
    """Two smaller shares."""
    middle = len(self.items) // 2
    return [self._replace(items=self.items[:middle]),
            self._replace(items=self.items[middle:])]


class Good(NamedTuple):
  """An image as it is in its file, and its text."""
  image: bytes
  text: str


class Bad(NamedTuple):
  """Why an item cannot be used, in a word and at length."""
  reason: str
  detail: str


def load(job: Job) -> list[Union[Good, Bad]]:
  """Reads the images of a share and decodes them.

  Returns:
    What each item leads to, in their order.
  """
  return [_load(job, item) for item in job.items]


def _load(job: Job, item: image_sources.Item) -> Union[Good, Bad]:
  source = image_sources.SOURCES[job.source]
  try:
    path, text = source.parse(item.content)
  except image_sources.BadItemError as e:
    return Bad(e.reason, e.detail)
  # Where there is no list, the path is said already.
  prefix = f'{path}: ' if source.has_list else ''
  try:
    image = _read(os.path.join(job.images, path))
  except (OSError, ValueError) as e:
    return Bad(records.MISSING_IMAGE,
               prefix + (getattr(e, 'strerror', None) or str(e)))
  fault = image_check.check(image).fault
  if fault:
    return Bad(records.UNDECODABLE_IMAGE, prefix + fault)
  return Good(image, text)


def _read(path: str) -> bytes:
  """The content of a file.

  Raises:
    OSError, ValueError: if it cannot be read, or is no file.
  """
  with open(path, 'rb', buffering=0, opener=_open_at_once) as f:
    status = os.fstat(f.fileno())
    if not stat.S_ISREG(status.st_mode):
      raise ValueError('no regular file')
    if status.st_size > _MAX_BYTES:
      raise ValueError(f'larger than {_MAX_BYTES} bytes')
    return f.readall()


def _open_at_once(path: str, flags: int) -> int:
  # Of a FIFO it would wait for a writer.
  return os.open(path, flags | os.O_NONBLOCK)
