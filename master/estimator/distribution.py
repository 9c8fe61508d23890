"""One model on several devices of this machine.

Guarded by tests/estimator/distribution_test.py.
"""

from typing import Any, Callable, Optional, Sequence

import tensorflow.compat.v1 as tf

from master import errors
from master.estimator import calling

NAMES = ('auto', 'none', 'mirrored')


def strategy_from_name(name: str,
                       devices: Optional[Sequence[str]] = None) -> Any:
  """The strategy of a `--distribution` flag.

  Args:
    name: 'none': one device; 'mirrored': all of `devices`; 'auto': mirrored
      where there are two GPUs or more.
    devices: such as '/gpu:0'; None takes all GPUs, or else the CPU.

  Returns:
    A strategy, or None where one device does all.

  Raises:
    InputError: for another name.
  """
  if name not in NAMES:
    raise errors.InputError(f'--distribution={name}: must be one of '
                            f'{", ".join(NAMES)}.')
  if name == 'none':
    return None
  if devices is None:
    gpus = tf.config.list_logical_devices('GPU')
    devices = [f'/gpu:{i}' for i in range(len(gpus))]
  if len(devices) < 2:
    return None
  return tf.distribute.MirroredStrategy(list(devices))


def build_replicas(strategy: Any, model_fn: Callable[..., Any],
                   input_fn: calling.InputFn) -> tuple[list[Any], Any]:
  """Calls `model_fn` once per replica, each with its own share of the input.

  Args:
    strategy: of `tf.compat.v1.distribute`; its scope must be open.
    model_fn: called with (features, labels, mode).
    input_fn: must give a Dataset of per-replica batches.

  Returns:
    (The EstimatorSpec of each replica, the op that starts the input).

  Raises:
    ValueError: if the strategy is of TensorFlow 2's kind.
  """
  if not hasattr(strategy, 'make_input_fn_iterator'):
    raise ValueError(f'{type(strategy).__name__} does not work in graph mode; '
                     'take it from tf.compat.v1.distribute.')
  iterator = strategy.make_input_fn_iterator(input_fn)
  features, labels = calling.split(iterator.get_next(), input_fn.mode)
  specs = []

  def replica(features, labels):
    # Replicas are traced one at a time and end in order.
    specs.append(model_fn(features, labels, input_fn.mode))

  strategy.extended.call_for_each_replica(replica, args=(features, labels))
  return specs, tf.group(iterator.initializer)


def mean(losses: Sequence[tf.Tensor]) -> tf.Tensor:
  """Mean of the replicas' losses; float32 scalar each."""
  return tf.reduce_mean(tf.stack(losses))


def merge_scaffolds(
    scaffolds: Sequence[tf.train.Scaffold]) -> tf.train.Scaffold:
  """The first replica's scaffold, initialising what all of them would."""

  def group(name):
    ops = [getattr(scaffold, name) for scaffold in scaffolds]
    return None if ops[0] is None else tf.group(*ops)

  return tf.train.Scaffold(
      init_op=group('init_op'), local_init_op=group('local_init_op'),
      copy_from_scaffold=scaffolds[0])
