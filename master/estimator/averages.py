"""Moving averages of weights: kept beside them, read in their place.

Guarded by tests/estimator/averages_test.py.
"""

import re
from typing import Any, ContextManager, Mapping, Sequence

import tensorflow.compat.v1 as tf

SUFFIX = '/ExponentialMovingAverage'  # TensorFlow's own name for it.
COUNT = 'average_count'


def _saved_name(variable: tf.Variable) -> str:
  """Its name in checkpoints; replicas of one variable share it."""
  return re.sub(r'(/replica_\d+)?:0$', '', variable.name)


def _beside(name: str, shape: Any, dtype: tf.DType) -> tf.Variable:
  """A variable that all replicas share and that no optimizer moves."""
  with tf.variable_scope('', reuse=tf.AUTO_REUSE):
    return tf.get_variable(
        name, shape, dtype, tf.zeros_initializer(), trainable=False,
        use_resource=True,
        # The replicas' weights are the same.
        aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


def is_name(name: str) -> bool:
  """Whether a variable of a checkpoint belongs to the averages."""
  return name.endswith(SUFFIX) or name == COUNT


def update(variables: Sequence[tf.Variable], decay: float,
           step_op: tf.Operation) -> tf.Operation:
  """Moves the averages after a step: average = d average + (1 - d) weight.

  At update n, counted from 0, d is min(decay, n / (n + 9)): the first average
  is the weight itself, and the early ones forget quickly, as
  tf.train.ExponentialMovingAverage does with `num_updates`.

  Args:
    variables: whose averages are kept.
    decay: in (0, 1).
    step_op: the step, after which they are read.

  Returns:
    The op, `step_op` included.
  """
  averages = [_beside(_saved_name(v) + SUFFIX, v.shape, v.dtype.base_dtype)
              for v in variables]
  count = _beside(COUNT, [], tf.int64)
  with tf.control_dependencies([step_op]):
    n = tf.cast(count.read_value(), tf.float32)
    kept = tf.minimum(tf.constant(decay, tf.float32), n / (n + 9))
    moves = [average.assign(kept * average.read_value()
                            + (1 - kept) * variable.read_value())
             for average, variable in zip(averages, variables)]
  with tf.control_dependencies(moves):
    return tf.group(count.assign(count.read_value() + 1))


def reading() -> ContextManager[None]:
  """Weights made in it are saved and restored as their averages are named."""

  def creator(next_creator, **kwargs):
    if kwargs.get('trainable') is not False:
      kwargs['name'] += SUFFIX
    return next_creator(**kwargs)

  return tf.variable_creator_scope(creator)


def restored(variables: Mapping[str, Any], path: str) -> dict[str, Any]:
  """`variables` by the name of their average, where a checkpoint has one.

  Args:
    variables: by their own name.
    path: of the checkpoint.
  """
  saved = tf.train.load_checkpoint(path).get_variable_to_shape_map()
  return {name + SUFFIX if name + SUFFIX in saved else name: variable
          for name, variable in variables.items()}


def previous_names(path: str) -> dict[str, str]:
  """Name of each weight to that of its average, of those a checkpoint has."""
  saved = tf.train.load_checkpoint(path).get_variable_to_shape_map()
  return {name[:-len(SUFFIX)]: name for name in saved
          if name.endswith(SUFFIX)}
