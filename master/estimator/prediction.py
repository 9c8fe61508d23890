"""The prediction loop."""

from typing import Any, Iterator, Mapping, Optional, Sequence

import tensorflow.compat.v1 as tf

from master.estimator import model_graph
from master.estimator import user_functions
from master.estimator.checkpoint import warm_start


def _choose(predictions: Any, keys: Optional[Sequence[str]]) -> Any:
  if keys is None:
    return predictions
  if not isinstance(predictions, Mapping):
    raise ValueError('predict_keys need predictions that are a dictionary.')
  chosen = {name: tensor for name, tensor in predictions.items()
            if name in keys}
  if not chosen:
    raise ValueError(f'predict_keys {list(keys)}: the predictions are '
                     f'{sorted(predictions)}.')
  return chosen


def _rows(batch: Any) -> Iterator[Any]:
  """Single examples of a batch of predictions."""
  if not isinstance(batch, Mapping):
    yield from batch
    return
  sizes = {name: len(value) for name, value in batch.items()}
  if len(set(sizes.values())) > 1:
    raise ValueError('predictions must have one batch size, but have '
                     f'{sizes}.')
  for i in range(next(iter(sizes.values()))):
    yield {name: value[i] for name, value in batch.items()}


def predict(model_fn: user_functions.ModelFn,
            input_fn: user_functions.InputFn, config: Any, checkpoint: str,
            keys: Optional[Sequence[str]] = None,
            hooks: Sequence[Any] = (), single: bool = True) -> Iterator[Any]:
  """Yields predictions, in the order of the input.

  Args:
    model_fn: of the model.
    input_fn: of the prediction.
    config: RunConfig.
    checkpoint: path of the checkpoint.
    keys: names of predictions to make; None makes all.
    hooks: of the caller.
    single: yield examples; otherwise batches.
  """
  graph = tf.Graph()
  with graph.as_default(), graph.device(config.device_fn):
    tf.set_random_seed(config.tf_random_seed)
    model = model_graph.build(model_fn, input_fn)
    predictions = _choose(model.predictions, keys)
    creator = tf.train.ChiefSessionCreator(
        warm_start.prepare_scaffold(model.scaffold, config, checkpoint),
        config=config.session_config,
        checkpoint_filename_with_path=checkpoint)
    session = tf.train.MonitoredSession(
        creator, [*model.input_hooks, *model.hooks, *hooks])
  # The graph must not be the default one while the caller has control.
  try:
    while not session.should_stop():
      try:
        with graph.as_default():
          batch = session.run(predictions)
      except tf.errors.OutOfRangeError:
        return
      if single:
        yield from _rows(batch)
      else:
        yield batch
  finally:
    with graph.as_default():
      session.close()
