"""Progress lines of work on many images, on stderr."""

import logging
import time
from typing import Optional


class Progress:
  """Logs count and rate, at most once every few seconds.

  Attributes:
    count: images done so far.
  """

  def __init__(self, name: str, interval: float = 10,
               total: Optional[int] = None, unit: str = 'images'):
    """Starts the clock.

    Args:
      name: what is worked on, first in each line.
      interval: seconds between lines.
      total: images to do, to estimate the time left; None if unknown.
      unit: what is counted, where it is not images.
    """
    self.count = 0
    self._total = total
    self._unit = unit
    self._name = name
    self._interval = interval
    self._start = self._reported = time.monotonic()

  @property
  def seconds(self) -> float:
    """Since the start."""
    return time.monotonic() - self._start

  def add(self, number: int, remark: str = ''):
    """Counts `number` images more.

    Args:
      number: how many.
      remark: ends the line, if one is written now.
    """
    self.count += number
    now = time.monotonic()
    if now - self._reported >= self._interval:
      rate = self.count / (now - self._start)
      logging.info('%s: %d %s, %.1f %s/s%s%s', self._name, self.count,
                   self._unit, rate, self._unit, self._time_left(rate),
                   remark and f', {remark}')
      self._reported = now

  def _time_left(self, rate: float) -> str:
    if self._total is None:
      return ''
    return f', {(self._total - self.count) / rate:.0f} s left'
