"""The training loop."""

from typing import Any, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master.estimator import model_graph
from master.estimator import user_functions
from master.estimator.checkpoint import checkpoint_files
from master.estimator.checkpoint import warm_start as warm_start_lib
from master.estimator.distribute import cluster as cluster_lib
from master.estimator.distribute import strategy as strategy_lib
from master.estimator.distribute import worker_session
from master.estimator.distribute import worker_sync
from master.estimator.hooks import checkpoint_hook
from master.estimator.hooks import loss_guard
from master.estimator.hooks import progress_hook
from master.estimator.hooks import stop_signals
from master.estimator.hooks import summary_hook


def _own_hooks(graph: model_graph.ModelGraph, config: Any,
               scaffold: tf.train.Scaffold, last_step: Optional[int],
               listeners: Sequence[Any]) -> list[Any]:
  """Summaries, progress and checkpoints, as `config` asks."""
  hooks = []
  if not config.is_chief:
    return [_follow_hook(config, scaffold)]
  if config.save_summary_steps:
    hooks.append(summary_hook.SummaryHook(
        config.save_summary_steps, config.model_dir, scaffold))
  if config.log_step_count_steps:
    hooks.append(progress_hook.ProgressHook(
        config.log_step_count_steps, last_step, config.examples_per_step,
        {'loss': graph.loss}, config.examples_unit, config.model_dir,
        progress_fn=config.progress_fn))
  if config.save_checkpoints_steps or config.save_checkpoints_secs:
    hooks.append(checkpoint_hook.CheckpointHook(
        config.model_dir, config.save_checkpoints_steps,
        config.save_checkpoints_secs, scaffold.saver, listeners,
        config.checkpoint_save_graph_def))
  elif listeners:
    raise ValueError('saving_listeners need a RunConfig that saves '
                     'checkpoints.')
  return hooks


def _follow_hook(config: Any, scaffold: tf.train.Scaffold
                 ) -> worker_sync.FollowHook:
  """What a worker that does not save does in place of it."""
  return worker_sync.FollowHook(
      worker_sync.save_reads(scaffold.saver), config.model_dir,
      config.save_checkpoints_steps)


def _continue_without(lacking: str, scaffold: tf.train.Scaffold, config: Any,
                      settings: Any) -> tf.train.Scaffold:
  """`scaffold` that starts from this directory's checkpoint by `settings`."""
  logging.info('%s holds no %s; all else goes on from it.',
               settings.ckpt_to_initialize_from, lacking)
  scaffold = warm_start_lib.prepare_scaffold(scaffold, config,
                                             warm_start=settings)
  # As restoring would do, so that the checkpoint counts among those kept.
  scaffold.saver.recover_last_checkpoints(tf.train.get_checkpoint_state(
      config.model_dir).all_model_checkpoint_paths)
  return scaffold


def _prepare(scaffold: tf.train.Scaffold, config: Any, warm_start: Any
             ) -> tuple[tf.train.Scaffold, Optional[str]]:
  """The session's scaffold, and the directory that it is to restore from."""
  find = checkpoint_files.repair if config.is_chief else (
      checkpoint_files.latest)
  checkpoint = find(config.model_dir)
  # What a saver of the model_fn's own restores is its own matter.
  if checkpoint and scaffold.saver is None:
    # The session would restore through the saver, which wants everything.
    for lacking, settings_fn in (
        ('state of the optimizer, which starts anew',
         warm_start_lib.without_optimizer),
        ('averages of weights or loss scale, which begin now',
         warm_start_lib.without_optional_variables)):
      settings = settings_fn(checkpoint)
      if settings:
        return _continue_without(lacking, scaffold, config, settings), None
  return warm_start_lib.prepare_scaffold(
      scaffold, config, checkpoint, warm_start), config.model_dir


def train(model_fn: user_functions.ModelFn,
          input_fn: user_functions.InputFn, config: Any,
          last_step: Optional[int], hooks: Sequence[Any] = (),
          listeners: Sequence[Any] = (), warm_start: Any = None):
  """Trains in a graph of its own, from the latest checkpoint if there is one.

  A checkpoint of the model's variables and the global step alone, as of an
  imported model, is one to train from; the optimizer then starts anew.

  Args:
    model_fn: of the model.
    input_fn: of the training.
    config: RunConfig with a model_dir.
    last_step: global step to stop at; None trains till the input ends.
    hooks: of the caller.
    listeners: called for each checkpoint.
    warm_start: where to start from if there is no checkpoint.

  Raises:
    InputError: if the checkpoint does not fit the model.
    DivergedError: at a loss that is no number, or above what
      config.max_loss_rise allows; it is a NanLossDuringTrainingError too.
    StoppedError: at one of config.stop_signals, when all is saved.
  """
  with stop_signals.catching(config.stop_signals) as received:
    _train(model_fn, input_fn, config, last_step,
           [*hooks, stop_signals.StopHook(received)], listeners, warm_start,
           received)
    received.check()


def _train(model_fn: user_functions.ModelFn,
           input_fn: user_functions.InputFn, config: Any,
           last_step: Optional[int], hooks: Sequence[Any],
           listeners: Sequence[Any], warm_start: Any, received: Any):
  strategy = config.train_distribute
  session_config = strategy_lib.session_config(config, strategy)
  worker_session.prepare(strategy, session_config)
  with tf.Graph().as_default() as tf_graph, tf_graph.device(
      config.device_fn):
    tf.set_random_seed(strategy_lib.seed(config))
    graph = model_graph.build(model_fn, input_fn, strategy)
    tf.summary.scalar('loss', graph.loss)
    scaffold, restored_dir = _prepare(graph.scaffold, config, warm_start)
    # The guard comes before the saving, so that a broken model never becomes
    # the newest checkpoint.
    all_hooks = [*graph.input_hooks,
                 loss_guard.LossGuard(graph.loss, config.max_loss_rise)]
    stop_hooks = ([] if last_step is None else
                  [tf.train.StopAtStepHook(last_step=last_step)])
    free_hooks = [*graph.hooks, *hooks]
    own_hooks = _own_hooks(graph, config, scaffold, last_step, listeners)
    if cluster_lib.of(strategy):
      together = worker_sync.together(
          strategy, [*free_hooks, *own_hooks], last_step, received)
      worker_session.run(graph.train_op, strategy, scaffold, restored_dir,
                         [*all_hooks, *stop_hooks, together], session_config)
      return
    with tf.train.MonitoredTrainingSession(
        checkpoint_dir=restored_dir, scaffold=scaffold,
        hooks=[*all_hooks, *free_hooks, *stop_hooks, *own_hooks],
        config=session_config,
        save_checkpoint_secs=None, save_summaries_steps=None,
        save_summaries_secs=None, log_step_count_steps=None) as session:
      while not session.should_stop():
        session.run(graph.train_op)
