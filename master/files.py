"""Files and folders that appear whole or not at all."""

import contextlib
import errno
import fcntl
import logging
import os
import re
import shutil
from typing import Iterator, Optional, Union
import uuid

_MAX_TRIES = 10
# What file systems without locks answer.
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


def pending(path: str) -> str:
  """Where a file is written that `publish` gives the name `path`."""
  return f'{path}.tmp'


def publish(path: str):
  """Gives `pending(path)` its name, once all that is in it is on disk.

  Raises:
    OSError: if it cannot.
  """
  _sync(pending(path))
  os.replace(pending(path), path)


@contextlib.contextmanager
def writing(path: str) -> Iterator[str]:
  """A path for the body to write a file to, which then becomes `path`.

  Where the body raises, nothing of it is left, and an older file stays.

  Raises:
    OSError: if there can be no such file; `errors.writing_to` names the mend.
  """
  def remove():
    with contextlib.suppress(FileNotFoundError):
      os.remove(pending(path))

  remove()  # What a process left that was killed.
  try:
    yield pending(path)
    publish(path)
  except BaseException:
    remove()
    raise


def write(path: str, content: Union[str, bytes]):
  """Writes a file, as `writing` does; text as UTF-8."""
  if isinstance(content, str):
    content = content.encode('utf-8')
  with writing(path) as pending_path, open(pending_path, 'wb') as f:
    f.write(content)


class PendingFolder:
  """A hidden folder beside an output, which becomes it by a rename.

  One file in it may be locked as long as its process lives, so that those
  that killed processes left can be told apart from those in use, and removed.

  Attributes:
    path: of the hidden folder; '' before it is made.
  """

  def __init__(self, output: str, locked_file: Optional[str] = None):
    """Names the folders; nothing is made yet.

    Args:
      output: absolute path of the folder to make in the end.
      locked_file: name of a file of every such folder, made here, empty, and
        never replaced; None leaves what killed processes left.
    """
    self.path = ''
    self._output = output
    self._locked_file = locked_file
    self._lock = None

  def make(self):
    """Makes the hidden folder; removes what killed processes left.

    Raises:
      OSError: if it cannot be made.
    """
    parent, name = os.path.split(self._output)
    os.makedirs(parent, exist_ok=True)
    if self._locked_file:
      self.remove_leftovers()
    for _ in range(_MAX_TRIES):
      self.path = os.path.join(parent, f'.{name}.{uuid.uuid4().hex}.tmp')
      os.mkdir(self.path)
      if not self._locked_file:
        return
      try:
        self._lock = claim(os.path.join(self.path, self._locked_file))
      except OSError as e:
        if e.errno not in _NO_LOCKS:
          raise
        return  # Nobody will take it for a leftover either.
      if self._lock is not None:
        return
      # Else another process took it for a leftover before it was locked.
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))

  def publish(self):
    """Gives the folder its name, once all that is in it is on disk.

    Raises:
      OSError: if something is there by now.
    """
    _sync(self.path)
    os.rename(self.path, self._output)
    _sync(os.path.dirname(self._output))

  def close(self):
    """Removes the hidden folder, if it still has that name."""
    if self.path:
      shutil.rmtree(self.path, ignore_errors=True)
    if self._lock is not None:
      os.close(self._lock)
      self._lock = None

  def remove_leftovers(self):
    """Removes the hidden folders of this output that nobody writes to."""
    parent, name = os.path.split(self._output)
    pattern = re.compile(rf'\.{re.escape(name)}\.[0-9a-f]{{32}}\.tmp')
    for entry in filter(pattern.fullmatch, os.listdir(parent)):
      folder = os.path.join(parent, entry)
      try:
        lock = claim(os.path.join(folder, self._locked_file))
      except OSError:
        continue  # Nobody can know whether it is still written to.
      if lock is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        if not os.path.exists(folder):
          logging.info('removed %s, which a run that was killed had left',
                       folder)


def claim(path: str) -> Optional[int]:
  """Locks a file, made if need be, for as long as this process lives.

  Returns:
    The open file, or None if another process has it or removed it.

  Raises:
    OSError: if it cannot be opened, or files cannot be locked there.
  """
  try:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
  except FileNotFoundError:
    return None
  try:
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    # Whoever had the lock until now may have removed or renamed the file.
    if os.path.samestat(os.fstat(descriptor), os.stat(path)):
      return descriptor
  except (BlockingIOError, FileNotFoundError):
    pass
  except OSError:
    os.close(descriptor)
    raise
  os.close(descriptor)
  return None


def _sync(path: str):
  """Has a file's bytes, or the names in a folder, outlast a power cut."""
  descriptor = os.open(path, os.O_RDONLY)
  try:
    os.fsync(descriptor)
  finally:
    os.close(descriptor)
