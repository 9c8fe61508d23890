"""Signals that end a run after the step under way."""

import contextlib
import os
import signal
import threading
from typing import Iterator, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

_active = None  # The `Received` of the outermost `catching`, if any.


class StoppedError(Exception):
  """A signal ended the training; its newest checkpoint is complete.

  Attributes:
    number: of the signal.
  """

  def __init__(self, number: int):
    super().__init__(f'stopped by {signal.Signals(number).name}')
    self.number = number


class Received:
  """What signal came, if one did.

  Attributes:
    number: of the first signal; None before.
  """

  def __init__(self):
    self.number: Optional[int] = None

  def check(self):
    """Raises StoppedError if a signal came."""
    if self.number is not None:
      raise StoppedError(self.number)


@contextlib.contextmanager
def catching(numbers: Sequence[int],
             announcement: str = 'training ends after this step'
              ) -> Iterator[Received]:
  """Takes note of the first of the signals `numbers`; a second one kills.

  Signals that were ignored stay so. Nothing changes outside the main thread,
  where Python allows no handlers. Within another `catching` this one shares
  the outer one's.

  Args:
    numbers: of the signals.
    announcement: what is said on stderr of what happens now.

  Yields:
    A Received, filled in when a signal comes. The handlers before are back
    afterwards.
  """
  global _active
  if _active is not None:
    yield _active
    return
  received = Received()
  if threading.current_thread() is not threading.main_thread():
    yield received
    return
  # Ignored: as under nohup. None: not Python's, so it could not be put back.
  before = {number: signal.getsignal(number) for number in numbers
            if signal.getsignal(number) not in (signal.SIG_IGN, None)}

  def note(number, unused_frame):
    received.number = number
    # Python's handlers wait until a step is over; the system's do not.
    for each in before:
      signal.signal(each, signal.SIG_DFL)
    # Logging may be what was interrupted: its lock and buffer are taken.
    os.write(2, f'{signal.Signals(number).name}: {announcement}; once more '
             'ends it at once\n'.encode())

  _active = received
  try:
    for number in before:
      signal.signal(number, note)
    yield received
  finally:
    _active = None
    for number, handler in before.items():
      signal.signal(number, handler)


class StopHook(tf.train.SessionRunHook):
  """Asks a training to stop once a signal was received."""

  def __init__(self, received: Received):
    self._received = received

  def after_run(self, run_context, run_values):
    if self._received.number is not None:
      logging.info('%s', StoppedError(self._received.number))
      run_context.request_stop()


class AbandonHook(tf.train.SessionRunHook):
  """Abandons an evaluation once a signal was received."""

  def after_run(self, run_context, run_values):
    if _active is not None:
      _active.check()
