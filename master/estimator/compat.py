"""The real tf.estimator, where TensorFlow still has it (up to 2.15).

There its classes take the place of ours, so that a `model_fn` written for this
package also passes the real one's isinstance checks.
"""

import tensorflow.compat.v1 as tf


def _find():
  module = getattr(tf, 'estimator', None)
  try:
    # The attribute may be a loader that only fails on first use.
    return module if hasattr(module, 'EstimatorSpec') else None
  except ImportError:
    return None


ESTIMATOR = _find()
