"""One mode of a model as ops of the current graph."""

import dataclasses
from typing import Any, Mapping, Optional, Sequence

import tensorflow.compat.v1 as tf

from master.estimator import model_fn as model_fn_lib
from master.estimator import user_functions
from master.estimator.distribute import cluster as cluster_lib
from master.estimator.distribute import strategy as strategy_lib
from master.estimator.distribute import worker_sync
from master.estimator.hooks import loop_hooks


@dataclasses.dataclass(frozen=True)
class ModelGraph:
  """What a loop runs, over all replicas.

  Attributes:
    loss: scalar or None.
    train_op: op or None.
    predictions: of the first replica.
    eval_metric_ops: name to (value tensor, update op).
    scaffold: of the session.
    input_hooks: start the input; must come before all others.
    hooks: those of the specs for this mode.
  """
  loss: Optional[tf.Tensor]
  train_op: Any
  predictions: Any
  eval_metric_ops: Mapping[str, tuple]
  scaffold: tf.train.Scaffold
  input_hooks: Sequence[tf.train.SessionRunHook]
  hooks: Sequence[tf.train.SessionRunHook]


def _read_input(input_fn: user_functions.InputFn) -> tuple[Any, list]:
  """(features, labels) as tensors, and the hooks that start the input."""
  with tf.device('/cpu:0'):
    value = input_fn()
    if not isinstance(value, tf.compat.v2.data.Dataset):
      return user_functions.split(value, input_fn.mode), []
    iterator = tf.data.make_initializable_iterator(value)
    element = iterator.get_next()
  return (user_functions.split(element, input_fn.mode),
          [loop_hooks.InitializerHook(iterator.initializer)])


def _spec_hooks(spec: model_fn_lib.EstimatorSpec) -> list:
  if spec.mode == model_fn_lib.ModeKeys.TRAIN:
    return [*spec.training_hooks, *spec.training_chief_hooks]
  if spec.mode == model_fn_lib.ModeKeys.EVAL:
    return list(spec.evaluation_hooks)
  return list(spec.prediction_hooks)


def from_spec(spec: model_fn_lib.EstimatorSpec,
              input_hooks: Sequence[Any] = ()) -> ModelGraph:
  """The graph of a single replica."""
  return ModelGraph(
      loss=spec.loss, train_op=spec.train_op, predictions=spec.predictions,
      eval_metric_ops=spec.eval_metric_ops or {}, scaffold=spec.scaffold,
      input_hooks=input_hooks, hooks=_spec_hooks(spec))


def _over_workers(graph: ModelGraph, strategy: Any) -> ModelGraph:
  """`graph` with the loss of all workers, which a step then always computes.

  What one worker alone asked for would wait for the others.
  """
  cluster = cluster_lib.of(strategy)
  if cluster is None:
    return graph
  loss = worker_sync.sum_over_workers(strategy, graph.loss) / len(
      cluster.workers)
  return dataclasses.replace(
      graph, loss=loss, train_op=tf.group(graph.train_op, loss))


def _from_replicas(specs: Sequence[model_fn_lib.EstimatorSpec],
                   rows: Sequence[tf.Tensor],
                   input_hooks: Sequence[Any]) -> ModelGraph:
  first = from_spec(specs[0], input_hooks)
  train_ops = [spec.train_op for spec in specs if spec.train_op is not None]
  metrics = {
      name: (value, tf.group(*(s.eval_metric_ops[name][1] for s in specs)))
      for name, (value, _) in first.eval_metric_ops.items()}
  return dataclasses.replace(
      first, loss=strategy_lib.mean([spec.loss for spec in specs], rows),
      train_op=tf.group(*train_ops) if train_ops else None,
      eval_metric_ops=metrics,
      scaffold=strategy_lib.merge_scaffolds([s.scaffold for s in specs]))


def build(model_fn: user_functions.ModelFn, input_fn: user_functions.InputFn,
          strategy: Any = None) -> ModelGraph:
  """Builds input and model in the current graph, the global step included.

  Args:
    model_fn: of the model.
    input_fn: its `mode` is the mode that is built.
    strategy: `tf.distribute.Strategy`; None builds for one device.
  """
  if strategy is None:
    tf.train.get_or_create_global_step()
    (features, labels), input_hooks = _read_input(input_fn)
    return from_spec(model_fn(features, labels, input_fn.mode), input_hooks)
  with strategy.scope():
    tf.train.get_or_create_global_step()
    specs, rows, initializer = strategy_lib.build_replicas(
        strategy, model_fn, input_fn)
    graph = _from_replicas(specs, rows,
                           [loop_hooks.InitializerHook(initializer)])
    return _over_workers(graph, strategy)
