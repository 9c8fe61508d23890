"""One model on several devices, of this machine or of several."""

from typing import Any, Callable, Mapping, Optional, Sequence

import tensorflow.compat.v1 as tf

from master import errors
from master.estimator import model_fn as model_fn_lib
from master.estimator import user_functions
from master.estimator.distribute import cluster as cluster_lib

NAMES = ('auto', 'none', 'mirrored', 'multi_worker')


def strategy_from_name(name: str,
                       devices: Optional[Sequence[str]] = None,
                       environment: Optional[Mapping[str, str]] = None
                       ) -> Any:
  """The strategy of a `--distribution` flag.

  Args:
    name: 'none': one device; 'mirrored': all of `devices`; 'multi_worker':
      the workers of TF_CONFIG, with all GPUs of each; 'auto': multi_worker
      where TF_CONFIG names several workers, mirrored where there are two
      devices or more.
    devices: such as '/gpu:0'; None takes all GPUs, or else the CPU.
    environment: where TF_CONFIG is looked up; None: that of the process.

  Returns:
    A strategy, or None where one device does all.

  Raises:
    InputError: for another name, or where TF_CONFIG is wrong.
  """
  if name not in NAMES:
    raise errors.InputError(f'--distribution={name}: must be one of '
                            f'{", ".join(NAMES)}.')
  if name == 'none':
    return None
  if name in ('auto', 'multi_worker'):
    cluster = cluster_lib.from_environment(environment)
    if cluster:
      return cluster_lib.make_strategy(
          cluster, len(tf.config.list_logical_devices('GPU')))
    if name == 'multi_worker':
      raise errors.InputError(
          '--distribution=multi_worker: TF_CONFIG does not name several '
          'workers; docs/training.md shows how.')
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


def cpu_devices(count: int) -> list[str]:
  """Makes so many logical devices of the CPU, to try distribution without GPUs.

  Must come before TensorFlow's first use of a device.

  Raises:
    InputError: if it comes too late, or count is below 1.
  """
  if count < 1:
    raise errors.InputError(f'--num_cpu_devices={count}: must be at least 1.')
  cpu = tf.config.list_physical_devices('CPU')[0]
  try:
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * count)
  except RuntimeError as e:
    if len(tf.config.list_logical_devices('CPU')) != count:
      raise errors.InputError(
          f'--num_cpu_devices={count}: TensorFlow has begun already.') from e
  return [f'/cpu:{i}' for i in range(count)]


def seed(config: Any) -> Optional[int]:
  """Graph-level seed of this worker; what all share comes from the chief's.

  With the same seed all workers would drop the same units.
  """
  cluster = cluster_lib.of(config.train_distribute)
  if config.tf_random_seed is None or cluster is None:
    return config.tf_random_seed
  return config.tf_random_seed + cluster.index


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


def _empty_batch(spec: tf.TensorSpec) -> tf.Tensor:
  """No rows of what `spec` [B, ...] describes."""
  return tf.zeros([0] + [size or 0 for size in spec.shape.as_list()[1:]],
                  spec.dtype)


def _replica_input_fn(input_fn: user_functions.InputFn,
                      replicas: int) -> Callable[[Any], tf.data.Dataset]:
  """`input_fn` such that no row of an evaluation is lost.

  A step takes a batch for each replica and ends the input where they do not
  go round; empty ones make up for those that lack.
  """

  def replica_input_fn(input_context):
    dataset = input_fn(input_context)
    if not isinstance(dataset, tf.compat.v2.data.Dataset):
      raise ValueError('on several devices input_fn must give a Dataset, but '
                       f'gave {dataset!r}.')
    if input_fn.mode != model_fn_lib.ModeKeys.EVAL:
      return dataset
    empty = tf.data.Dataset.from_tensors(
        tf.nest.map_structure(_empty_batch, dataset.element_spec))
    return dataset.concatenate(empty.repeat(replicas - 1))

  return replica_input_fn


def build_replicas(strategy: Any, model_fn: Callable[..., Any],
                   input_fn: user_functions.InputFn
                   ) -> tuple[list[Any], list[tf.Tensor], Any]:
  """Calls `model_fn` once per replica, each with its own share of the input.

  Args:
    strategy: `tf.distribute.Strategy`; its scope must be open.
    model_fn: called with (features, labels, mode).
    input_fn: must give a Dataset of per-replica batches.

  Returns:
    (The EstimatorSpec of each replica, the number of examples in its batch
    (int32 scalar), the op that starts the input).

  Raises:
    ValueError: if `input_fn` gives no Dataset.
  """
  iterator = strategy.make_input_fn_iterator(
      _replica_input_fn(input_fn, strategy.num_replicas_in_sync))
  features, labels = user_functions.split(iterator.get_next(), input_fn.mode)
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
