"""Progress of work on many images, on stderr.

Guarded by tests/cli/progress_test.py.
"""

import logging
import time


class Progress:
  """Logs count and rate, at most once every few seconds.

  Attributes:
    count: images done so far.
  """

  def __init__(self, name: str, interval: float = 10):
    """Starts the clock.

    Args:
      name: what is worked on, first in each line.
      interval: seconds between lines.
    """
    self.count = 0
    self._name = name
    self._interval = interval
    self._start = self._reported = time.monotonic()

  @property
  def seconds(self) -> float:
    """Since the start."""
    return time.monotonic() - self._start

  def add(self, number: int):
    """Counts `number` images more."""
    self.count += number
    now = time.monotonic()
    if now - self._reported >= self._interval:
      logging.info('%s: %d images, %.1f images/s', self._name, self.count,
                   self.count / (now - self._start))
      self._reported = now
