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
  # Collective ops, the default, wait for all replicas, which a session that
  # fetches the tensors of one never runs.
  reduction = (tf.distribute.ReductionToOneDevice()
               if any('cpu' in device.lower() for device in devices) else None)
  return tf.distribute.MirroredStrategy(list(devices), reduction)


def session_config(config: Any, strategy: Any) -> tf.ConfigProto:
  """`config.session_config` with all devices of `strategy` in the session.

  Sessions do not follow `tf.config.set_logical_device_configuration`; a
  device that they lack would silently become another, and collective ops
  would then wait forever.
  """
  if strategy is None:
    return config.session_config
  proto = strategy.update_config_proto(config.session_config)
  cpus = [tf.DeviceSpec.from_string(device).device_index
          for device in strategy.extended.worker_devices
          if 'cpu' in device.lower()]
  needed = max(cpus, default=0) + 1
  proto.device_count['CPU'] = max(proto.device_count['CPU'], needed)
  return proto


def build_replicas(strategy: Any, model_fn: Callable[..., Any],
                   input_fn: calling.InputFn
                   ) -> tuple[list[Any], list[tf.Tensor], Any]:
  """Calls `model_fn` once per replica, each with its own share of the input.

  Args:
    strategy: of `tf.compat.v1.distribute`; its scope must be open.
    model_fn: called with (features, labels, mode).
    input_fn: must give a Dataset of per-replica batches.

  Returns:
    (The EstimatorSpec of each replica, the number of examples in its batch
    (int32 scalar), the op that starts the input).

  Raises:
    ValueError: if the strategy is of TensorFlow 2's kind.
  """
  if not hasattr(strategy, 'make_input_fn_iterator'):
    raise ValueError(f'{type(strategy).__name__} does not work in graph mode; '
                     'take it from tf.compat.v1.distribute.')
  iterator = strategy.make_input_fn_iterator(input_fn)
  features, labels = calling.split(iterator.get_next(), input_fn.mode)
  specs, rows = [], []

  def replica(features, labels):
    # Replicas are traced one at a time and end in order.
    specs.append(model_fn(features, labels, input_fn.mode))
    rows.append(tf.shape(tf.nest.flatten(features)[0])[0])

  strategy.extended.call_for_each_replica(replica, args=(features, labels))
  return specs, rows, tf.group(iterator.initializer)


def mean(losses: Sequence[tf.Tensor], rows: Sequence[tf.Tensor]) -> tf.Tensor:
  """Mean of the replicas' losses.

  Args:
    losses: scalar of each replica.
    rows: int32 scalar of each replica: examples in its batch. One without any
      (the end of an evaluation) counts as zero: its own loss may be the mean
      of nothing.
  """
  return tf.reduce_mean(tf.stack([
      tf.where(tf.greater(count, 0), loss, tf.zeros_like(loss))
      for loss, count in zip(losses, rows)]))


def merge_scaffolds(
    scaffolds: Sequence[tf.train.Scaffold]) -> tf.train.Scaffold:
  """The first replica's scaffold, initialising what all of them would."""

  def group(name):
    ops = [getattr(scaffold, name) for scaffold in scaffolds]
    return None if ops[0] is None else tf.group(*ops)

  return tf.train.Scaffold(
      init_op=group('init_op'), local_init_op=group('local_init_op'),
      copy_from_scaffold=scaffolds[0])
