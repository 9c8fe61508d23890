"""The file of --bad_list: records a tool left out, one a line."""

import contextlib
from typing import Optional

from master import errors


class BadList:
  """The file of --bad_list, or none; a context manager."""

  def __init__(self, path: Optional[str]):
    """Opens the file.

    Args:
      path: of the file; None to write none.

    Raises:
      InputError: if it cannot be written.
    """
    self._path = path
    self._file = None
    if path:
      with self._faults_named():
        self._file = open(path, 'w', encoding='utf-8',
                          errors='surrogateescape', newline='\n')

  def __enter__(self) -> 'BadList':
    return self

  def __exit__(self, *unused_exception):
    if self._file:
      with self._faults_named():
        self._file.close()

  def add(self, *parts: str):
    """Writes a line of these parts."""
    if self._file:
      with self._faults_named():
        print(*parts, sep='\t', file=self._file)

  @contextlib.contextmanager
  def _faults_named(self):
    try:
      yield
    except OSError as e:
      raise errors.InputError(
          f'--bad_list={self._path}: cannot be written ({e.strerror}); make '
          'room or name another file.') from e
