"""Variables that a checkpoint may lack."""

from typing import Any, Iterable

import tensorflow.compat.v1 as tf

_COLLECTION = 'companion_variables'


def variable(name: str, shape: Any, dtype: tf.DType,
             initial_value: float = 0) -> tf.Variable:
  """A variable that all replicas share and that no optimizer moves.

  Where a checkpoint lacks it, a training goes on all the same and the
  variable begins at its initial value: it came with a flag.

  Args:
    name: in checkpoints; the same name gives the same variable.
    shape: of the variable.
    dtype: of the variable.
    initial_value: of all its elements.
  """
  with tf.variable_scope('', reuse=tf.AUTO_REUSE):
    return tf.get_variable(
        name, shape, dtype, tf.constant_initializer(initial_value),
        trainable=False, use_resource=True,
        collections=[tf.GraphKeys.GLOBAL_VARIABLES, _COLLECTION],
        # All replicas would write the same.
        aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


def add(variables: Iterable[Any]):
  """Makes variables of the current graph such as a checkpoint may lack."""
  for each in variables:
    tf.add_to_collection(_COLLECTION, each)


def variables() -> list[Any]:
  """Those of the current graph; one may come twice."""
  return tf.get_collection(_COLLECTION)
