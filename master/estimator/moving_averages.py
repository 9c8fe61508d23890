"""Moving averages of weights: updated, saved, and read in their place."""

from typing import Any, Collection, ContextManager, Mapping, Sequence

import tensorflow.compat.v1 as tf

from master.estimator.checkpoint import optional_variables

SUFFIX = '/ExponentialMovingAverage'  # TensorFlow's own name for it.
COUNT = 'average_count'


def update(variables: Sequence[tf.Variable], decay: float,
           step_op: tf.Operation) -> tf.Operation:
  """Moves the averages after a step: average = d average + (1 - d) weight.

  At update n, counted from 0, d is min(decay, n / (n + 9)): the first average
  is the weight itself, and the early ones forget quickly.

  Args:
    variables: whose averages are kept.
    decay: in (0, 1).
    step_op: the step, after which they are read.

  Returns:
    The op, `step_op` included.
  """

  def apply(strategy, step_ops):
    count = optional_variables.variable(COUNT, [], tf.int64)
    with tf.control_dependencies(strategy.experimental_local_results(step_ops)):
      # TensorFlow takes min(decay, (1 + num_updates) / (10 + num_updates)).
      averages = tf.train.ExponentialMovingAverage(
          decay, num_updates=count.read_value() - 1)
      moves = averages.apply(list(variables))
    optional_variables.add(map(averages.average, variables))
    with tf.control_dependencies([moves]):
      return strategy.group(strategy.extended.update(
          count, lambda each: each.assign_add(1), group=False))

  # Within a replica each step would sum all weights over all devices.
  return tf.distribute.get_replica_context().merge_call(apply, (step_op,))


def reading() -> ContextManager[None]:
  """Weights made in it are saved and restored as their averages are named."""

  def creator(next_creator, **kwargs):
    if kwargs.get('trainable') is not False:
      kwargs['name'] += SUFFIX
    return next_creator(**kwargs)

  return tf.variable_creator_scope(creator)


def restored(variables: Mapping[str, Any],
             saved: Collection[str]) -> dict[str, Any]:
  """`variables` by the name of their average, where a checkpoint has one.

  Args:
    variables: by their own name.
    saved: names that the checkpoint holds.
  """
  return {name + SUFFIX if name + SUFFIX in saved else name: variable
          for name, variable in variables.items()}


def previous_names(saved: Collection[str]) -> dict[str, str]:
  """Name of each weight to that of its average, of those a checkpoint has.

  Args:
    saved: names that the checkpoint holds.
  """
  return {name[:-len(SUFFIX)]: name for name in saved
          if name.endswith(SUFFIX)}
