"""The file of --bad_list: records a tool left out, one a line."""

from typing import ContextManager, Optional

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

  def _faults_named(self) -> ContextManager[None]:
    return errors.writing_to(f'--bad_list={self._path}',
                             'make room or name another file')
