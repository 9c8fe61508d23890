"""InputError, the exception for faults of the user's input."""

import contextlib
import errno
import os
from typing import Iterator, Optional

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class InputError(ValueError):
  """A bad flag, file or record, said in one line.

  The message names the flag, file or record and the mend. Commands print it
  without a stack trace and end with exit status 2.
  """


@contextlib.contextmanager
def writing_to(what: str, mend: str) -> Iterator[None]:
  """Makes an InputError of an OSError in the body, which writes a file.

  Args:
    what: the flag with its value, or the file.
    mend: what the user can do, as 'name another file'.
  """
  try:
    yield
  except OSError as e:
    raise InputError(
        f'{what}: cannot be written ({e.strerror or e}); {mend}.') from e


def no_room(error: BaseException) -> Optional[str]:
  """Why there is no room for a file, in the system's words.

  Args:
    error: an OSError, or one of TensorFlow's, which have the words alone.

  Returns:
    As 'No space left on device'; None if `error` is of another kind.
  """
  number = getattr(error, 'errno', None)
  for each in _NO_ROOM:
    if number == each or os.strerror(each) in str(error):
      return os.strerror(each)
  return None
