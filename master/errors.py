"""The one exception that means "the user's input is at fault"."""


class InputError(ValueError):
  """A bad flag, file or record, said in one line.

  The message names the flag, file or record and the mend. Commands print it
  without a stack trace and end with exit status 2.
  """
