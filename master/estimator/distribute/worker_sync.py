"""Stop and save decisions, synchronised across workers.

Whatever one worker alone runs of what all are to run together waits for ever.
So all of them stop, save and end together.
"""

from typing import Any, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator.distribute import cluster as cluster_lib
from master.estimator.hooks import checkpoint_hook


def sum_over_workers(strategy: Any, value: tf.Tensor) -> tf.Tensor:
  """The sum of what the workers have; all of them must run it.

  Args:
    strategy: of the workers; its scope must be open.
    value: float32 or int64, of the same shape in all.
  """
  sums = strategy.extended.call_for_each_replica(
      lambda: tf.distribute.get_replica_context().all_reduce(
          tf.distribute.ReduceOp.SUM, tf.identity(value)))
  local = strategy.experimental_local_results(sums)
  # Each replica of a worker gave the same.
  return (local[0] // len(local) if value.dtype.is_integer
          else local[0] / len(local))


class Exchange:
  """Tells each worker a few numbers of all of them."""

  def __init__(self, strategy: Any, size: int):
    """Builds the op.

    Args:
      strategy: of the workers; its scope must be open.
      size: how many numbers a worker has.
    """
    cluster = cluster_lib.of(strategy)
    self._names = list(cluster.workers)
    self._index = cluster.index
    self._shape = [len(self._names), size]
    self._given = tf.placeholder(tf.int64, self._shape)
    self.op = sum_over_workers(strategy, self._given)

  def feed(self, *numbers: int) -> dict[tf.Tensor, np.ndarray]:
    """What `op` is to be fed; it gives int64 [workers, size]."""
    given = np.zeros(self._shape, np.int64)
    given[self._index] = numbers
    return {self._given: given}

  def run(self, session: tf.Session, *numbers: int) -> dict[str, list[int]]:
    """The numbers of each worker, by its name; waits for all workers."""
    rows = session.run(self.op, self.feed(*numbers)).tolist()
    return dict(zip(self._names, rows))


def _merged_options(options: Sequence[Any]) -> Any:
  merged = tf.RunOptions()
  for each in options:
    merged.MergeFrom(each)
  return merged if options else None


class TogetherHook(tf.train.SessionRunHook):
  """Runs hooks whose wish to stop is heeded by all workers at once.

  A wish is sent with the next step, so that all stop after that one.
  """

  def __init__(self, hooks: Sequence[tf.train.SessionRunHook],
               exchange: Exchange, last_step: int,
               received: Any = None):
    """Constructs the hook.

    Args:
      hooks: of this worker.
      exchange: of two numbers.
      last_step: global step at which training ends; -1: with the input.
      received: its `number`, of a signal or None, is sent to all workers.
    """
    self._hooks = list(hooks)
    self._exchange = exchange
    self._last_step = last_step
    self._received = received
    self._is_to_stop = False

  def begin(self):
    self._step = tf.train.get_global_step().read_value()
    for hook in self._hooks:
      hook.begin()

  def after_create_session(self, session, coord):
    step = int(session.run(self._step))
    self._check_same(self._exchange.run(session, step, self._last_step))
    for hook in self._hooks:
      hook.after_create_session(session, coord)

  def _check_same(self, plans: dict[str, list[int]]):
    """Raises InputError where a worker is to train other steps."""
    chief, (start, end) = next(iter(plans.items()))
    for name, (other_start, other_end) in plans.items():
      if other_start != start:
        raise errors.InputError(
            f'--model_dir: {name} found step {other_start} there, but {chief} '
            f'step {start}; all workers must see the same directory.')
      if other_end != end:
        raise errors.InputError(
            f'--train_steps: {name} has {other_end}, but {chief} {end}; start '
            'all workers with the same flags.')

  def before_run(self, run_context):
    self._context = tf.train.SessionRunContext(
        run_context.original_args, run_context.session)
    self._args = [hook.before_run(self._context) for hook in self._hooks]
    given = [args for args in self._args if args is not None]
    feed = self._exchange.feed(
        int(self._is_to_stop), getattr(self._received, 'number', None) or 0)
    for args in given:
      feed.update(args.feed_dict or {})
    fetches = {str(i): args.fetches for i, args in enumerate(self._args)
               if args is not None and args.fetches is not None}
    return tf.train.SessionRunArgs(
        {'hooks': fetches, 'wishes': self._exchange.op}, feed,
        _merged_options([args.options for args in given if args.options]))

  def after_run(self, run_context, run_values):
    results = run_values.results['hooks']
    for i, hook in enumerate(self._hooks):
      hook.after_run(self._context,
                     run_values._replace(results=results.get(str(i))))
    self._is_to_stop |= self._context.stop_requested
    stops, number = run_values.results['wishes'].max(axis=0).tolist()
    if number and self._received is not None:
      self._received.number = number
    if stops:
      run_context.request_stop()

  def end(self, session):
    for hook in self._hooks:
      hook.end(session)
    # Until all are here, a worker that leaves is one that died.
    self._exchange.run(session, 0, 0)


def together(strategy: Any, hooks: Sequence[tf.train.SessionRunHook],
             last_step: Optional[int], received: Any) -> TogetherHook:
  """A TogetherHook in the current graph.

  Args:
    strategy: of the workers.
    hooks: of this worker.
    last_step: global step at which training ends; None: with the input.
    received: as of TogetherHook.
  """
  with strategy.scope():
    exchange = Exchange(strategy, 2)
  return TogetherHook(hooks, exchange, -1 if last_step is None else last_step,
                      received)


class FollowHook(checkpoint_hook.CheckpointHook):
  """Runs what the chief's saving asks of each worker, and writes nothing.

  Moving averages are the mean over all replicas, which no worker knows alone.
  """

  def __init__(self, reads: tf.Operation, *args: Any, **kwargs: Any):
    """Constructs the hook.

    Args:
      reads: of `save_reads`.
      *args: as of the chief's CheckpointHook.
      **kwargs: as of the chief's CheckpointHook.
    """
    super().__init__(*args, **kwargs)
    self._reads = reads

  def _save(self, session, step):
    session.run(self._reads)
    self._saved_step = step
    return False


def save_reads(saver: tf.train.Saver) -> tf.Operation:
  """An op that reads all that `saver` would write."""
  saver.build()
  graph = tf.get_default_graph()
  name = saver.saver_def.save_tensor_name.partition(':')[0]
  ops, seen, reads = [graph.get_operation_by_name(name)], set(), []
  while ops:
    op = ops.pop()
    if op.name in seen:
      continue
    seen.add(op.name)
    if op.type == 'SaveV2':
      reads += op.inputs[3:]  # After prefix, names and slices.
    else:
      ops += [*op.control_inputs, *(tensor.op for tensor in op.inputs)]
  return tf.group(*reads)
