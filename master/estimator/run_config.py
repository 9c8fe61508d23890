"""RunConfig: how an Estimator runs."""

import dataclasses
import os
from typing import Any, Callable, Mapping, Optional, Sequence

import tensorflow.compat.v1 as tf

from master.estimator.distribute import cluster as cluster_lib

_DEFAULT = object()
_DEFAULT_SAVE_SECONDS = 600


def session_config(threads: int = 0, side_by_side: int = 1,
                   use_gpu: bool = True, share_gpu: bool = False
                   ) -> tf.ConfigProto:
  """What sessions run with.

  Args:
    threads: of one operation, and operations at a time; 0 leaves both to
      TensorFlow.
    side_by_side: of these operations at a time, each with its share of the
      threads; 1 for as many as there are threads, each with all of them.
    use_gpu: whether the session sees GPUs.
    share_gpu: take a GPU's memory as it is needed and not all at once.
  """
  at_a_time, each = threads, threads
  if side_by_side > 1:
    at_a_time = side_by_side
    each = max(1, (threads or os.cpu_count() or 1) // side_by_side)
  return tf.ConfigProto(
      # An op without a kernel for the accelerator (strings) runs on the CPU.
      allow_soft_placement=True, intra_op_parallelism_threads=each,
      inter_op_parallelism_threads=at_a_time,
      device_count={} if use_gpu else {'GPU': 0},
      gpu_options=tf.GPUOptions(allow_growth=share_gpu))


@dataclasses.dataclass(frozen=True)
class RunConfig:
  """Settings of a run.

  Attributes:
    model_dir: where checkpoints and event files go.
    tf_random_seed: graph-level seed; None draws one.
    save_summary_steps: steps between summaries; None for none.
    save_checkpoints_steps: steps between checkpoints. Excludes the next.
    save_checkpoints_secs: seconds between checkpoints; 600 if neither is
      given. Both None saves nothing.
    session_config: `tf.ConfigProto` of the sessions.
    keep_checkpoint_max: newest checkpoints kept; 0 or None keeps all.
    keep_checkpoint_every_n_hours: one checkpoint per this many hours stays.
    log_step_count_steps: steps between progress lines; None for none.
    train_distribute: `tf.distribute.Strategy` of training.
    device_fn: op to device, as `tf.device` takes it.
    eval_distribute: `tf.distribute.Strategy` of evaluation.
    checkpoint_save_graph_def: also write the graph as `.meta`.
    examples_per_step: examples of one training step over all devices; None
      leaves their rate out of the progress.
    examples_unit: what an example is called in progress and summaries.
    progress_fn: also called for each progress line: global step, and name to
      value of all its numbers.
    stop_signals: signals, as `signal.SIGTERM`, at which training saves a
      checkpoint after the step under way and raises `StoppedError`.
    max_loss_rise: how far the mean loss of 100 steps may rise above its
      lowest before training ends with `DivergedError`; 0 for any height. A
      loss that is no number always ends it.
  """
  model_dir: Optional[str] = None
  tf_random_seed: Optional[int] = None
  save_summary_steps: Optional[int] = 100
  save_checkpoints_steps: Optional[int] = None
  save_checkpoints_secs: Any = _DEFAULT
  session_config: Optional[tf.ConfigProto] = dataclasses.field(
      default_factory=session_config)
  keep_checkpoint_max: Optional[int] = 5
  keep_checkpoint_every_n_hours: float = 10000
  log_step_count_steps: Optional[int] = 100
  train_distribute: Any = None
  device_fn: Any = None
  eval_distribute: Any = None
  checkpoint_save_graph_def: bool = True
  examples_per_step: Optional[int] = None
  examples_unit: str = 'examples'
  progress_fn: Optional[Callable[[int, Mapping[str, float]], None]] = None
  stop_signals: Sequence[int] = ()
  max_loss_rise: float = 0.0

  def __post_init__(self):
    if self.save_checkpoints_secs is _DEFAULT:
      seconds = (None if self.save_checkpoints_steps is not None
                 else _DEFAULT_SAVE_SECONDS)
      object.__setattr__(self, 'save_checkpoints_secs', seconds)
    if self.session_config is None:
      object.__setattr__(self, 'session_config', session_config())
    if None not in (self.save_checkpoints_steps, self.save_checkpoints_secs):
      raise ValueError('RunConfig: give save_checkpoints_steps or '
                       'save_checkpoints_secs, not both.')
    for name in ('save_summary_steps', 'save_checkpoints_steps',
                 'log_step_count_steps', 'examples_per_step'):
      value = getattr(self, name)
      if value is not None and value < 1:
        raise ValueError(f'RunConfig: {name}={value} must be at least 1.')

    if self._cluster and self.save_checkpoints_secs is not None:
      raise ValueError('RunConfig: give save_checkpoints_steps for several '
                       'workers; their clocks differ.')

  @property
  def _cluster(self) -> Optional[cluster_lib.Cluster]:
    return cluster_lib.of(self.train_distribute)

  def replace(self, **changes: Any) -> 'RunConfig':
    """A copy with `changes`; one way of saving replaces the other."""
    if changes.get('save_checkpoints_steps') is not None:
      changes.setdefault('save_checkpoints_secs', None)
    elif changes.get('save_checkpoints_secs') is not None:
      changes.setdefault('save_checkpoints_steps', None)
    return dataclasses.replace(self, **changes)

  @property
  def is_chief(self) -> bool:
    """Whether this process writes checkpoints and summaries."""
    return self._cluster is None or self._cluster.is_chief

  @property
  def task_type(self) -> str:
    return self._cluster.task_type if self._cluster else 'worker'

  @property
  def task_id(self) -> int:
    return self._cluster.task_id if self._cluster else 0

  @property
  def num_worker_replicas(self) -> int:
    """Workers that train together, the chief among them."""
    return len(self._cluster.workers) if self._cluster else 1
