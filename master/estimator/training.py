"""TrainSpec, EvalSpec and train_and_evaluate."""

import dataclasses
import math
import os
import time
from typing import Any, Callable, Optional, Sequence, Union

from absl import logging
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator import estimator as estimator_lib
from master.estimator.checkpoint import checkpoints
from master.estimator.hooks import stop_signals


@dataclasses.dataclass(frozen=True)
class TrainSpec:
  """How to train.

  Attributes:
    input_fn: of the training.
    max_steps: global step at which training ends; None: when the input ends.
    hooks: run with the training.
    saving_listeners: called for each checkpoint, before it is evaluated.
    should_stop: asked after evaluations and before the first step; True ends
      the training there.
  """
  input_fn: Callable[..., Any]
  max_steps: Optional[int] = None
  hooks: Sequence[tf.train.SessionRunHook] = ()
  saving_listeners: Sequence[tf.train.CheckpointSaverListener] = ()
  should_stop: Optional[Callable[[], bool]] = None


@dataclasses.dataclass(frozen=True)
class EvalSpec:
  """How to evaluate.

  Attributes:
    input_fn: of the evaluation.
    steps: batches to read; None reads all.
    name: distinguishes several evaluations.
    hooks: run with the evaluation.
    exporters: an Exporter or several, called after the evaluation.
    start_delay_secs: seconds that an evaluator in a process of its own waits
      first. Evaluations within the training process do not wait.
    throttle_secs: seconds between the starts of two evaluations, at least.
    throttle_steps: steps between two evaluations, and from the start of the
      training to the first, at least.
    every_secs: seconds after which an evaluation is due whatever the two
      throttles say; None leaves it to them.
    interim_input_fn: of the evaluations before the last, such as a part of
      the data; None takes `input_fn`. The last checkpoint is evaluated on
      both, so that it can be compared with those before.
  """
  input_fn: Callable[..., Any]
  steps: Optional[int] = 100
  name: Optional[str] = None
  hooks: Sequence[tf.train.SessionRunHook] = ()
  exporters: Any = ()
  start_delay_secs: float = 120
  throttle_secs: float = 600
  throttle_steps: int = 0
  every_secs: Optional[float] = None
  interim_input_fn: Optional[Callable[..., Any]] = None


class _Evaluator:
  """Evaluates checkpoints by one EvalSpec."""

  def __init__(self, estimator: estimator_lib.Estimator, spec: Any,
               first_step: int):
    self._estimator = estimator
    self._spec = spec
    exporters = spec.exporters or ()
    self._exporters = (list(exporters) if isinstance(exporters, (list, tuple))
                       else [exporters])
    self._start_time = time.monotonic()
    self._last_time = -math.inf
    self._last_step = first_step
    self._whole_step = None  # Of the newest evaluation by `input_fn`.
    self.results = None
    self.exports = []

  @property
  def name(self) -> str:
    return self._spec.name or 'the evaluation set'

  def is_due(self, step: int, now: float) -> bool:
    spec = self._spec
    every_secs = getattr(spec, 'every_secs', None)
    if every_secs is not None and every_secs <= now - max(
        self._last_time, self._start_time):
      return True
    return (now - self._last_time >= spec.throttle_secs
            and step - self._last_step >= getattr(spec, 'throttle_steps', 0))

  def evaluate(self, step: int, now: float):
    """Evaluates the newest checkpoint in the midst of the training."""
    self._last_time, self._last_step = now, step
    input_fn = getattr(self._spec, 'interim_input_fn', None)
    self._run(input_fn or self._spec.input_fn)
    if input_fn is None:
      self._whole_step = step
    self._export(is_final=False)

  def finish(self, step: int):
    """Evaluates the last checkpoint, unless that is done already."""
    if getattr(self._spec, 'interim_input_fn', None) and (
        step != self._last_step or self.results is None):
      self.evaluate(step, time.monotonic())
    if step != self._whole_step:
      self._run(self._spec.input_fn)
    self._export(is_final=True)

  def _run(self, input_fn: Callable[..., Any]):
    spec = self._spec
    started = time.monotonic()
    self.results = self._estimator.evaluate(
        input_fn, spec.steps, spec.hooks,
        self._estimator.latest_checkpoint(), spec.name)
    numbers = ', '.join(f'{name} {value:.4g}' for name, value in
                        sorted(self.results.items())
                        if not isinstance(value, bytes)
                        and name != tf.GraphKeys.GLOBAL_STEP)
    logging.info('evaluation%s at step %d: %s (%.1f s)',
                 f' {spec.name}' if spec.name else '',
                 self.results[tf.GraphKeys.GLOBAL_STEP], numbers,
                 time.monotonic() - started)

  def _export(self, is_final: bool):
    path = self._estimator.latest_checkpoint()
    self.exports = [
        exporter.export(
            self._estimator,
            os.path.join(self._estimator.model_dir, 'export', exporter.name),
            path, self.results, is_final)
        for exporter in self._exporters]


class _Listener(tf.train.CheckpointSaverListener):
  """Evaluates checkpoints as they are saved.

  Training goes on where it was, so that its input does not start again. The
  last checkpoint is left to `finish`, when the training has let go of memory.
  """

  def __init__(self, evaluators: Sequence[_Evaluator], first_step: int,
               max_steps: Optional[int], should_stop: Callable[[], bool]):
    self._evaluators = evaluators
    self._first_step = first_step
    self._max_steps = max_steps
    self._should_stop = should_stop

  def after_save(self, session, global_step_value):
    step = int(global_step_value)
    if step == self._first_step or step == self._max_steps:
      return False
    # One look at the clock, so that sets with the same times stay together.
    now = time.monotonic()
    due = [evaluator for evaluator in self._evaluators
           if evaluator.is_due(step, now)]
    for evaluator in due:
      try:
        evaluator.evaluate(step, now)
      except (errors.InputError, OSError) as e:
        # Days of training should not end for a set that is away for a while;
        # at the end of the training it is a fault.
        logging.error('%s could not be evaluated at step %d: %s',
                      evaluator.name, step, e)
    return bool(due) and self._should_stop()


def train_and_evaluate(
    estimator: estimator_lib.Estimator, train_spec: TrainSpec,
    eval_spec: Union[EvalSpec, Sequence[EvalSpec]]) -> tuple[Any, Any]:
  """Trains, evaluating checkpoints on the way and the last one at the end.

  Args:
    estimator: what to train; its RunConfig says when checkpoints are saved.
    train_spec: how to train.
    eval_spec: how to evaluate; or several, evaluated in this order.

  Returns:
    (Results of the last evaluation, what its exporters returned); lists of
    them for several specs. Of several workers the chief alone evaluates;
    the others get None, or empty lists.

  Raises:
    StoppedError: at one of the RunConfig's stop_signals.
  """
  # The real tf.estimator's configuration has no such field.
  numbers = getattr(estimator.config, 'stop_signals', ())
  with stop_signals.catching(numbers) as received:
    results = _train_and_evaluate(estimator, train_spec, eval_spec)
    received.check()
    return results


def _train_and_evaluate(
    estimator: estimator_lib.Estimator, train_spec: TrainSpec,
    eval_spec: Union[EvalSpec, Sequence[EvalSpec]]) -> tuple[Any, Any]:
  several = isinstance(eval_spec, (list, tuple)) and not hasattr(
      eval_spec, 'input_fn')
  first_step = checkpoints.step(estimator.latest_checkpoint())
  evaluators = [_Evaluator(estimator, spec, first_step)
                for spec in (eval_spec if several else [eval_spec])]
  if not getattr(estimator.config, 'is_chief', True):
    evaluators = []
  should_stop = getattr(train_spec, 'should_stop', None) or (lambda: False)
  listener = _Listener(evaluators, first_step, train_spec.max_steps,
                       should_stop)
  if not (first_step and should_stop()):
    estimator.train(
        train_spec.input_fn, hooks=train_spec.hooks,
        max_steps=train_spec.max_steps,
        saving_listeners=[*train_spec.saving_listeners, listener])
  step = checkpoints.step(estimator.latest_checkpoint())
  for evaluator in evaluators:
    evaluator.finish(step)
  results = [evaluator.results for evaluator in evaluators]
  exports = [evaluator.exports for evaluator in evaluators]
  if several:
    return results, exports
  return (results[0], exports[0]) if results else (None, None)
