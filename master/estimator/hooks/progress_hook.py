"""A hook that logs the progress and speed of a training."""

import time
from typing import Any, Callable, Mapping, Optional

from absl import logging
import tensorflow.compat.v1 as tf

# Graph collection of scalars that progress lines show next to the loss, each
# under the last part of its name.
PROGRESS_TENSORS = 'progress_tensors'

_STEPS_RATE = 'global_step/sec'  # TensorFlow's own name for it.


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
               clock: Callable[[], float] = time.perf_counter,
               progress_fn: Optional[
                   Callable[[int, Mapping[str, float]], None]] = None):
    """Constructs the hook.

    Args:
      every_steps: steps between lines.
      total_steps: global step at which training ends, if known.
      examples_per_step: examples of a step over all devices, if known.
      tensors: name to scalar tensor (or its name), shown in this order.
      unit: what an example is called; the summary is `UNIT_per_second`.
      output_dir: for the summaries; None writes none.
      clock: seconds since any fixed time.
      progress_fn: also called for each line: global step, name to value.
    """
    self._timer = tf.train.SecondOrStepTimer(every_steps=every_steps)
    self._total_steps = total_steps
    self._examples_per_step = examples_per_step
    self._tensors = dict(tensors or {})
    self._unit = unit
    self._output_dir = output_dir
    self._clock = clock
    self._progress_fn = progress_fn
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
    # Scalars cost nothing, and the same fetches at each step spare the session
    # another look at the graph.
    return tf.train.SessionRunArgs(self._fetches)

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
    values = run_values.results['values']
    logging.info(self._line(values, steps_rate))
    rates = self._rates(steps_rate)
    self._write_rates(rates)
    if self._progress_fn:
      self._progress_fn(self._step_now, {
          **{name: float(value) for name, value in values.items()},
          'steps_per_second': steps_rate,
          **{name: rate for name, rate in rates.items()
             if name != _STEPS_RATE}})

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

  def _rates(self, steps_rate: float) -> dict[str, float]:
    """Rate by the tag of its summary."""
    rates = {_STEPS_RATE: steps_rate}
    if self._examples_per_step:
      rates[f'{self._unit}_per_second'] = steps_rate * self._examples_per_step
    return rates

  def _write_rates(self, rates: Mapping[str, float]):
    if not self._output_dir:
      return
    summary = tf.Summary(value=[
        tf.Summary.Value(tag=tag, simple_value=rate)
        for tag, rate in rates.items()])
    self._writer.add_summary(summary, self._step_now)
