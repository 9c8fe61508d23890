"""Hooks that every loop has: its input's start and its end."""

from typing import Any, Optional

import tensorflow.compat.v1 as tf


class InitializerHook(tf.train.SessionRunHook):
  """Starts an input iterator, after tables it may need are there."""

  def __init__(self, initializer: Any):
    self._initializer = initializer

  def after_create_session(self, session, coord):
    session.run(self._initializer)


class StopAfterBatchesHook(tf.train.SessionRunHook):
  """Ends a loop after `limit` runs (None: never) and counts them."""

  def __init__(self, limit: Optional[int] = None):
    self._limit = limit
    self.count = 0

  def after_run(self, run_context, run_values):
    self.count += 1
    if self.count == self._limit:
      run_context.request_stop()
