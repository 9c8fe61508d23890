"""Signals that end a run after the step under way."""

import contextlib
import os
import signal
import threading
from typing import Iterator, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

_listening = None  # The `Heard` of the outermost `listening`, if any.


class StoppedError(Exception):
  """A signal ended the training; its newest checkpoint is complete.

  Attributes:
    number: of the signal.
  """

  def __init__(self, number: int):
    super().__init__(f'stopped by {signal.Signals(number).name}')
    self.number = number


class Heard:
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
def listening(numbers: Sequence[int],
              announcement: str = 'training ends after this step'
              ) -> Iterator[Heard]:
  """Takes note of the first of the signals `numbers`; a second one kills.

  Signals that were ignored stay so. Nothing changes outside the main thread,
  where Python allows no handlers. Within another `listening` this one shares
  what that hears.

  Args:
    numbers: of the signals.
    announcement: what is said on stderr of what happens now.

  Yields:
    What is heard. The handlers before are back afterwards.
  """
  global _listening
  if _listening is not None:
    yield _listening
    return
  heard = Heard()
  if threading.current_thread() is not threading.main_thread():
    yield heard
    return
  # Ignored: as under nohup. None: not Python's, so it could not be put back.
  before = {number: signal.getsignal(number) for number in numbers
            if signal.getsignal(number) not in (signal.SIG_IGN, None)}

  def note(number, unused_frame):
    heard.number = number
    # Python's handlers wait until a step is over; the system's do not.
    for each in before:
      signal.signal(each, signal.SIG_DFL)
    # Logging may be what was interrupted: its lock and buffer are taken.
    os.write(2, f'{signal.Signals(number).name}: {announcement}; once more '
             'ends it at once\n'.encode())

  _listening = heard
  try:
    for number in before:
      signal.signal(number, note)
    yield heard
  finally:
    _listening = None
    for number, handler in before.items():
      signal.signal(number, handler)


class StopHook(tf.train.SessionRunHook):
  """Asks a training to stop once a signal was heard."""

  def __init__(self, heard: Heard):
    self._heard = heard

  def after_run(self, run_context, run_values):
    if self._heard.number is not None:
      logging.info('%s', StoppedError(self._heard.number))
      run_context.request_stop()


class AbandonHook(tf.train.SessionRunHook):
  """Abandons an evaluation once a signal was heard."""

  def after_run(self, run_context, run_values):
    if _listening is not None:
      _listening.check()
