"""Moving averages of weights: updated, saved, and read in their place."""

from typing import Any, Collection, ContextManager, Mapping

import tensorflow.compat.v1 as tf

from master.estimator.checkpoint import optional_variables

SUFFIX = '/ExponentialMovingAverage'  # TensorFlow's own name for it.
COUNT = 'average_count'


def update(variables: Mapping[str, tf.Variable], decay: float,
           step_op: tf.Operation) -> tf.Operation:
  """Moves the averages after a step: average = d average + (1 - d) weight.

  At update n, counted from 0, d is min(decay, n / (n + 9)): the first average
  is the weight itself, and the early ones forget quickly, as
  tf.train.ExponentialMovingAverage does with `num_updates`.

  Args:
    variables: whose averages are kept, by name in checkpoints.
    decay: in (0, 1).
    step_op: the step, after which they are read.

  Returns:
    The op, `step_op` included.
  """
  averages = {name: optional_variables.variable(name + SUFFIX, v.shape,
                                                v.dtype.base_dtype)
              for name, v in variables.items()}
  count = optional_variables.variable(COUNT, [], tf.int64)
  with tf.control_dependencies([step_op]):
    n = tf.cast(count.read_value(), tf.float32)
    kept = tf.minimum(tf.constant(decay, tf.float32), n / (n + 9))
    moves = [average.assign(kept * average.read_value()
                            + (1 - kept) * variables[name].read_value())
             for name, average in averages.items()]
  with tf.control_dependencies(moves):
    return tf.group(count.assign(count.read_value() + 1))


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
