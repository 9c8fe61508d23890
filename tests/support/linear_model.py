"""A linear model with a batch norm of sorts, for tests of the runner."""

import tempfile
from typing import Any, Callable, Optional

import numpy as np
import tensorflow.compat.v1 as tf

from master import estimator as estimator_lib
from master.estimator import moving_averages

ROWS = 11
INPUTS = np.random.RandomState(3).uniform(
    -1, 1, (ROWS, 3)).astype(np.float32)
TARGETS = (INPUTS @ np.float32([[1], [2], [3]]) + 0.5).astype(np.float32)


def _mean_over_replicas(values: tf.Tensor) -> tf.Tensor:
  """This replica's part of the mean over all rows of a step."""
  replicas = tf.distribute.get_strategy().num_replicas_in_sync
  count = tf.cast(tf.size(values), tf.float32)
  if replicas > 1:
    count = tf.distribute.get_replica_context().all_reduce(
        tf.distribute.ReduceOp.SUM, count)
  return tf.reduce_sum(values) * replicas / count


def model_fn(features, labels, mode, params):
  """Squared error of a linear map, learned by Adam.

  `params`: `width` inputs (3), `rate` of learning (0.1), `average_decay` of
  averages of the weights (none).
  """
  width = params.get('width', 3)
  weights = tf.Variable(lambda: tf.zeros([width, 1]), use_resource=True,
                        name='linear/weights')
  bias = tf.Variable(lambda: tf.zeros([1]), use_resource=True,
                     name='linear/bias')
  # Moved by no optimizer, as a moving average is not.
  tf.Variable(lambda: tf.fill([2], 7.0), use_resource=True, trainable=False,
              name='linear/moving')
  outputs = tf.matmul(features['x'][:, :width], weights) + bias  # [B, 1]
  if mode == estimator_lib.ModeKeys.PREDICT:
    predictions = {'y': outputs, 'double': 2 * outputs}
    return estimator_lib.EstimatorSpec(
        mode, predictions=predictions, export_outputs={
            'serving_default': estimator_lib.PredictOutput(predictions),
            'only_y': estimator_lib.PredictOutput({'y': outputs})})
  errors = tf.square(outputs - labels)
  loss = _mean_over_replicas(errors)
  if mode == estimator_lib.ModeKeys.EVAL:
    return estimator_lib.EstimatorSpec(
        mode, loss=loss, eval_metric_ops={
            'error': tf.metrics.mean(errors),
            'positive_error': tf.metrics.mean(
                errors, weights=tf.cast(labels > 0, tf.float32))})
  replicas = tf.distribute.get_strategy().num_replicas_in_sync
  gradients = tf.gradients(loss / replicas, [weights, bias])
  train_op = tf.train.AdamOptimizer(
      params.get('rate', 0.1)).apply_gradients(
          zip(gradients, [weights, bias]),
          global_step=tf.train.get_global_step())
  if 'average_decay' in params:
    train_op = moving_averages.update([weights, bias], params['average_decay'],
                                      train_op)
  return estimator_lib.EstimatorSpec(mode, loss=loss, train_op=train_op)


def input_fn(batch: int, repeat: bool = False) -> Callable[..., Any]:
  """All rows in order, in global batches of `batch`."""

  def function(input_context: Optional[Any] = None):
    replicas = input_context.num_replicas_in_sync if input_context else 1
    dataset = tf.data.Dataset.from_tensor_slices(
        ({'x': INPUTS}, TARGETS))
    if repeat:
      dataset = dataset.repeat()
    if input_context:
      dataset = dataset.shard(input_context.num_input_pipelines,
                              input_context.input_pipeline_id)
    return dataset.batch(batch // replicas, drop_remainder=repeat)

  return function


def estimator(model_dir: Optional[str] = None, params: Any = None,
              warm_start_from: Any = None, **config: Any
              ) -> estimator_lib.Estimator:
  """An Estimator that saves every 5 steps and logs nothing."""
  settings = dict(save_checkpoints_steps=5, log_step_count_steps=None,
                  save_summary_steps=None)
  settings.update(config)
  return estimator_lib.Estimator(
      model_fn, model_dir or tempfile.mkdtemp(),
      estimator_lib.RunConfig(**settings), params, warm_start_from)


def values(runner: estimator_lib.Estimator) -> dict[str, np.ndarray]:
  """All variables of the newest checkpoint."""
  return {name: runner.get_variable_value(name)
          for name in runner.get_variable_names()}


def numpy_errors(weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
  """Squared error of each row, float32 [ROWS, 1]."""
  return np.square(INPUTS @ weights + bias - TARGETS)


class RunnerTestCase(tf.test.TestCase):
  """Trains estimators of this model and compares what they learned."""

  def train(self, runner, max_steps):
    return runner.train(input_fn(4, repeat=True), max_steps=max_steps)

  def assert_same_values(self, expected, actual):
    expected, actual = map(values, (expected, actual))
    self.assertCountEqual(expected, actual)
    for name, value in expected.items():
      self.assertAllClose(value, actual[name], msg=name)
