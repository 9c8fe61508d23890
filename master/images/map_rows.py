"""Functions called on each row of a batch, where some rows may fail."""

from typing import Any, Callable, Optional, Sequence

import tensorflow.compat.v1 as tf


def _plain_options() -> tf.data.Options:
  # The data set is made anew for each call: rewriting its graph to make it
  # quicker would cost a millisecond each time.
  options = tf.data.Options()
  options.experimental_optimization.apply_default_optimizations = False
  options.autotune.enabled = False
  return options


def _map_some(function: Callable[..., Any], inputs: Sequence[tf.Tensor],
              default: Any, parallel_calls: Optional[int]
              ) -> tuple[tf.Tensor, Any]:
  """Calls a function on each row.

  Args:
    function: of one row of each input; gives a structure of tensors.
    inputs: tensors of N rows.
    default: a structure alike.
    parallel_calls: calls at a time; None for one after the other.

  Returns:
    int32 [F + 1]: N, then the rows on which the function did not fail; and
    the default with their results, such a structure.
  """
  num_rows = tf.size(inputs[0])
  dataset = tf.data.Dataset.from_tensor_slices((tf.range(num_rows), *inputs))
  # Rows that fail leave the data set; the others bring their number.
  dataset = dataset.map(lambda row, *values: (row, function(*values)),
                        num_parallel_calls=parallel_calls)
  dataset = dataset.ignore_errors()
  first = tf.data.Dataset.from_tensors((num_rows, default))
  dataset = first.concatenate(dataset).batch(
      tf.cast(num_rows, tf.int64) + 1).with_options(_plain_options())
  return dataset.get_single_element()


def map_rows(functions: Sequence[Callable[..., Any]],
             inputs: Sequence[tf.Tensor], default: Any,
             parallel_calls: Optional[int],
             is_worth_it: Optional[Callable[..., tf.Tensor]] = None
              ) -> tuple[Any, tf.Tensor]:
  """Calls functions on each row until one works; rows do not harm others.

  Args:
    functions: of one row of each input, each for rows on which those before
      it fail; each gives a structure of tensors.
    inputs: tensors of N rows.
    default: what a row becomes on which all fail, a structure alike.
    parallel_calls: calls at a time; None for one after the other.
    is_worth_it: of the inputs; a bool scalar, whether any function but the
      last may work. Needed for several.

  Returns:
    The N results as such a structure, and bool [N], where there is one.
  """
  function, *others = functions
  num_rows = tf.size(inputs[0])

  def found_none():
    return num_rows[None], tf.nest.map_structure(
        lambda value: tf.convert_to_tensor(value)[None], default)

  def found_some():
    return _map_some(function, inputs, default, parallel_calls)

  found, results = (
      tf.cond(is_worth_it(*inputs), found_some, found_none) if others
      else found_some())

  def with_others():
    is_left = tf.tensor_scatter_nd_update(
        tf.fill([num_rows + 1], True), found[:, None],
        tf.zeros_like(found, tf.bool))
    left = tf.where_v2(is_left)[:, 0]
    if others:
      rest, valid = map_rows(others, [tf.gather(x, left) for x in inputs],
                             default, parallel_calls, is_worth_it)
    else:
      valid = tf.zeros_like(left, tf.bool)
      rest = tf.nest.map_structure(
          lambda value: tf.repeat(tf.convert_to_tensor(value)[None],
                                  tf.size(left), axis=0), default)

    def merged(values, others):
      # Each row is copied once.
      return tf.dynamic_stitch([found, tf.cast(left, tf.int32)],
                               [values, others])[:num_rows]

    return (tf.nest.map_structure(merged, results, rest),
            merged(tf.ones_like(found, tf.bool), valid))

  def as_they_are():
    # Nothing is copied.
    return (tf.nest.map_structure(lambda values: values[1:], results),
            tf.fill([num_rows], True))

  return tf.cond(tf.equal(tf.size(found), num_rows + 1), as_they_are,
                 with_others)
