"""The evaluation loop."""

from typing import Any, Mapping, Optional, Sequence

from absl import logging
import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator import model_graph
from master.estimator import user_functions
from master.estimator.checkpoint import warm_start
from master.estimator.distribute import strategy
from master.estimator.hooks import loop_hooks
from master.estimator.hooks import stop_signals


def _metric_ops(graph: model_graph.ModelGraph) -> tuple[dict, Any]:
  """(Name to final value, op that adds a batch to all of them)."""
  values = {name: value
            for name, (value, _) in graph.eval_metric_ops.items()}
  updates = [update for _, update in graph.eval_metric_ops.values()]
  if 'loss' not in values:
    values['loss'], update = tf.metrics.mean(graph.loss)
    updates.append(update)
  values[tf.GraphKeys.GLOBAL_STEP] = (
      tf.train.get_global_step().read_value())
  return values, tf.group(*updates)


def evaluate(model_fn: user_functions.ModelFn, input_fn: user_functions.InputFn,
             config: Any, checkpoint: str, steps: Optional[int] = None,
             hooks: Sequence[Any] = ()) -> dict[str, Any]:
  """Evaluates a checkpoint in a graph of its own.

  Args:
    model_fn: of the model.
    input_fn: of the evaluation.
    config: RunConfig.
    checkpoint: path of the checkpoint.
    steps: batches to read; None reads all.
    hooks: of the caller.

  Returns:
    Name to final value: the metrics of the model, `global_step` and, if the
    model has no metric of that name, `loss`: the mean over batches.

  Raises:
    InputError: if the checkpoint does not fit, or the input is empty.
  """
  with tf.Graph().as_default() as tf_graph, tf_graph.device(
      config.device_fn):
    tf.set_random_seed(config.tf_random_seed)
    graph = model_graph.build(model_fn, input_fn, config.eval_distribute)
    values, update = _metric_ops(graph)
    scaffold = warm_start.prepare_scaffold(graph.scaffold, config,
                                           checkpoint)
    counter = loop_hooks.StopAfterBatchesHook(steps)
    final = tf.train.FinalOpsHook(values)
    creator = tf.train.ChiefSessionCreator(
        scaffold,
        config=strategy.session_config(config, config.eval_distribute),
        checkpoint_filename_with_path=checkpoint)
    with tf.train.MonitoredSession(
        creator, [*graph.input_hooks, *graph.hooks, *hooks, counter,
                  final, stop_signals.AbandonHook()]) as session:
      while not session.should_stop():
        session.run(update)
  if not counter.count:
    raise errors.InputError(
        'evaluation: the input has no batch; give a data set with records.')
  return dict(final.final_ops_values)


def write_summaries(results: Mapping[str, Any], directory: str):
  """Writes the results of an evaluation for TensorBoard.

  Args:
    results: name to value. Numbers become scalars; bytes are taken as
      serialized Summary protos, whose values appear as `NAME/INDEX`.
    directory: of the event file.
  """
  summary = tf.Summary()
  for name, value in sorted(results.items()):
    if name == tf.GraphKeys.GLOBAL_STEP:
      continue
    if isinstance(value, bytes):
      inner = tf.Summary.FromString(value)
      for i, item in enumerate(inner.value):
        item.tag = f'{name}/{i}'
      summary.value.extend(inner.value)
    elif np.ndim(value) == 0 and np.issubdtype(np.asarray(value).dtype,
                                               np.number):
      summary.value.add(tag=name, simple_value=float(value))
    else:
      logging.warning('No summary for %s: neither number nor Summary.', name)
  with tf.Graph().as_default():
    writer = tf.summary.FileWriterCache.get(directory)
    writer.add_summary(summary, results[tf.GraphKeys.GLOBAL_STEP])
    writer.flush()
