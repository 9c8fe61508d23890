"""Hooks of the loops. Guarded by tests/estimator/hooks_test.py."""

import os
import time
from typing import Any, Callable, Mapping, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master.estimator import checkpoints

# Graph collection of scalars that progress lines show beside the loss, each
# under the last part of its name.
PROGRESS_TENSORS = 'progress_tensors'


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
      listeners: told before and after each save.
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
    # The step was read beside the train op, so it may lack that step.
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
    path = os.path.join(self._directory, checkpoints.BASE_NAME)
    self._saver.save(session, path, global_step=step,
                     write_meta_graph=self._save_graph)
    self._saved_step = step
    logging.info('Saved %s-%d', path, step)
    stops = [listener.after_save(session, step)
             for listener in self._listeners]
    return any(stops)


def _duration(seconds: float) -> str:
  minutes, seconds = divmod(int(seconds), 60)
  hours, minutes = divmod(minutes, 60)
  return f'{hours}:{minutes:02d}:{seconds:02d}'


class ProgressHook(tf.train.SessionRunHook):
  """Logs how far, how fast and how long still; writes the rates as summaries.

  Rates count the time in steps alone. The time left goes by the clock, so
  that it includes saving and evaluation.
  """

  def __init__(self, every_steps: int, total_steps: Optional[int] = None,
               examples_per_step: Optional[int] = None,
               tensors: Optional[Mapping[str, Any]] = None,
               unit: str = 'examples', output_dir: Optional[str] = None,
               clock: Callable[[], float] = time.perf_counter):
    """Constructs the hook.

    Args:
      every_steps: steps between lines.
      total_steps: global step at which training ends, if known.
      examples_per_step: examples of a step over all devices, if known.
      tensors: name to scalar tensor (or its name), shown in this order.
      unit: what an example is called; the summary is `UNIT_per_second`.
      output_dir: for the summaries; None writes none.
      clock: seconds since any fixed time.
    """
    self._timer = tf.train.SecondOrStepTimer(every_steps=every_steps)
    self._total_steps = total_steps
    self._examples_per_step = examples_per_step
    self._tensors = dict(tensors or {})
    self._unit = unit
    self._output_dir = output_dir
    self._clock = clock
    self._run_seconds = 0.0
    self._runs = 0

  def begin(self):
    graph = tf.get_default_graph()
    tensors = {
        name: graph.as_graph_element(tensor, allow_operation=False)
        for name, tensor in self._tensors.items()}
    for tensor in tf.get_collection(PROGRESS_TENSORS):
      tensors.setdefault(tensor.op.name.split('/')[-1], tensor)
    self._fetches = {'values': tensors}
    self._step = tf.train.get_global_step().read_value()
    if self._output_dir:
      self._writer = tf.summary.FileWriterCache.get(self._output_dir)

  def after_create_session(self, session, coord):
    self._first_step = self._step_now = int(session.run(self._step))
    self._timer.update_last_triggered_step(self._step_now)
    self._first_time = self._clock()

  def before_run(self, run_context):
    self._shown = self._timer.should_trigger_for_step(self._step_now + 1)
    self._started = self._clock()
    return tf.train.SessionRunArgs(
        self._fetches if self._shown else {})

  def after_run(self, run_context, run_values):
    self._run_seconds += self._clock() - self._started
    self._runs += 1
    self._step_now += 1
    if not self._shown:
      return
    self._step_now = int(run_context.session.run(self._step))
    self._timer.update_last_triggered_step(self._step_now)
    steps_rate = self._runs / max(self._run_seconds, 1e-9)
    self._run_seconds, self._runs = 0.0, 0
    logging.info(self._line(run_values.results['values'], steps_rate))
    self._write_rates(steps_rate)

  def end(self, session):
    if self._output_dir:
      self._writer.flush()

  def _line(self, values: Mapping[str, Any], steps_rate: float) -> str:
    total = f'/{self._total_steps}' if self._total_steps else ''
    parts = [f'step {self._step_now}{total}']
    parts += [f'{name} {value:.4g}' for name, value in values.items()]
    parts.append(f'{steps_rate:.4g} steps/s')
    if self._examples_per_step:
      parts.append(f'{steps_rate * self._examples_per_step:.4g} '
                   f'{self._unit}/s')
    if self._total_steps:
      done = max(self._step_now - self._first_step, 1)
      per_step = (self._clock() - self._first_time) / done
      left = (self._total_steps - self._step_now) * per_step
      parts.append(f'{_duration(left)} left')
    return ', '.join(parts)

  def _write_rates(self, steps_rate: float):
    if not self._output_dir:
      return
    rates = {'global_step/sec': steps_rate}
    if self._examples_per_step:
      rates[f'{self._unit}_per_second'] = steps_rate * self._examples_per_step
    summary = tf.Summary(value=[
        tf.Summary.Value(tag=tag, simple_value=rate)
        for tag, rate in rates.items()])
    self._writer.add_summary(summary, self._step_now)
