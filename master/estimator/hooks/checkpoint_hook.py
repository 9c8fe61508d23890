"""A hook that saves checkpoints."""

import os
from typing import Any, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master.estimator.checkpoint import checkpoints
from master.estimator.checkpoint import saving


class CheckpointHook(tf.train.SessionRunHook):
  """Saves at the first step, every so often, and at the end.

  Unlike tf.train.CheckpointSaverHook it does not write again the checkpoint
  that was just restored.
  """

  def __init__(self, directory: str, every_steps: Optional[int] = None,
               every_secs: Optional[float] = None,
               saver: Optional[tf.train.Saver] = None,
               listeners: Sequence[tf.train.CheckpointSaverListener] = (),
               save_graph: bool = True):
    """Constructs the hook.

    Args:
      directory: of the checkpoints.
      every_steps: steps between saves.
      every_secs: seconds between saves, if not `every_steps`.
      saver: what saves.
      listeners: called before and after each save.
      save_graph: also write the graph as `.meta`.
    """
    self._directory = directory
    self._timer = tf.train.SecondOrStepTimer(every_secs, every_steps)
    self._saver = saver
    self._listeners = listeners
    self._save_graph = save_graph
    self._saved_step = None

  def begin(self):
    self._step = tf.train.get_global_step().read_value()
    # Of several workers this one alone checks, and so reads only what needs
    # no other: the weights, in which whatever is broken shows after a step.
    self._finite = saving.FiniteCheck(tf.trainable_variables())
    for listener in self._listeners:
      listener.begin()

  def after_create_session(self, session, coord):
    step = session.run(self._step)
    self._timer.update_last_triggered_step(step)
    latest = tf.train.latest_checkpoint(self._directory)
    if latest and os.path.basename(latest) == self._name(step):
      self._saved_step = step
    else:
      self._save(session, step)

  def before_run(self, run_context):
    return tf.train.SessionRunArgs(self._step)

  def after_run(self, run_context, run_values):
    # The step was read together with the train op, so it may lack that step.
    if not self._timer.should_trigger_for_step(run_values.results + 1):
      return
    step = run_context.session.run(self._step)
    if self._timer.should_trigger_for_step(step):
      self._timer.update_last_triggered_step(step)
      if self._save(run_context.session, step):
        run_context.request_stop()

  def end(self, session):
    step = session.run(self._step)
    if step != self._saved_step:
      self._save(session, step)
    for listener in self._listeners:
      listener.end(session, step)

  def _name(self, step: int) -> str:
    return f'{checkpoints.BASE_NAME}-{step}'

  def _save(self, session: Any, step: int) -> bool:
    """Saves; True if a listener asks to stop."""
    for listener in self._listeners:
      listener.before_save(session, step)
    saving.check_finite(self._finite, session, self._directory, step)
    saving.save(self._saver, session, self._directory, checkpoints.BASE_NAME,
                step, self._save_graph)
    self._saved_step = step
    logging.info('Saved %s/%s', self._directory, self._name(step))
    stops = [listener.after_save(session, step)
             for listener in self._listeners]
    return any(stops)
