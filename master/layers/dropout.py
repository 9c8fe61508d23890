"""Dropout that a resumed training repeats."""

import tensorflow.compat.v1 as tf

_PLACES = 'master_dropout_places'  # Graph collection, one entry each.


def dropout(x: tf.Tensor, rate: float) -> tf.Tensor:
  """Zeroes each value with probability `rate` (Srivastava 2014).

  Which ones depends on the graph's seed, the place among the graph's dropouts
  and the global step alone, so that a training that goes on from a checkpoint
  drops what one without a break would. A graph that lacks a seed or a step
  draws anew in each run. Replicas have places of their own.

  Args:
    x: float of any shape.
    rate: in (0, 1).

  Returns:
    As `x`; what is kept is divided by 1 - rate.
  """
  graph, step = tf.get_default_graph(), tf.train.get_global_step()
  if graph.seed is None or step is None:
    return tf.nn.dropout(x, rate=rate)
  places = tf.get_collection_ref(_PLACES)
  places.append(len(places))
  seed = tf.stack([tf.constant(graph.seed, tf.int64) * 2**20 + places[-1],
                   tf.cast(tf.identity(step), tf.int64)])
  # XLA and each kind of device would choose another generator. In float32, as
  # the random numbers come in the type of x and 16 bits of them are coarse.
  dropped = tf.nn.experimental.stateless_dropout(
      tf.cast(x, tf.float32), rate, seed, rng_alg='philox')
  return tf.cast(dropped, x.dtype)
