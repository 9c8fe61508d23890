"""Names of what a `model_fn` is asked for.

Guarded by tests/estimator/specs_test.py.
"""

from master.estimator import original


class _ModeKeys:
  """Modes of a `model_fn`."""
  TRAIN = 'train'
  EVAL = 'eval'
  PREDICT = 'infer'


ModeKeys = original.ESTIMATOR.ModeKeys if original.ESTIMATOR else _ModeKeys
