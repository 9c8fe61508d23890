"""A training: estimator, data, evaluations and counts."""

import dataclasses
import logging
import signal
import time
from typing import Any, Callable, Mapping, Optional, Sequence

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master import model_fn as model_fn_lib
from master.data import records
from master.estimator import estimator as estimator_lib
from master.estimator import exporters
from master.estimator import moving_averages
from master.estimator import run_config
from master.estimator import training
from master.estimator.checkpoint import checkpoint_files
from master.estimator.checkpoint import checkpoints
from master.estimator.checkpoint import warm_start
from master.estimator.distribute import cluster as cluster_lib
from master.estimator.distribute import strategy as strategy_lib
from master.inputs import input_fn
from master.metrics import protocols
from master.training import best_checkpoints
from master.training import charset_rows
from master.training import hooks
from master.training import metrics_log
from master.training import run_summary

_METRICS = (*protocols.METRICS, 'loss')

# (The set, path of the checkpoint, its metrics, whether it was the last.)
_EvaluatedFn = Callable[['_EvalSet', str, Mapping[str, Any], bool], None]


class _EvalSet:
  """A named set with the records it had to skip so far.

  Attributes:
    name: of the set.
    counter: of its skipped records.
    num_records: in the set.
    num_interim: of them, what evaluations before the last read.
  """

  def __init__(self, name: str, path: str, config: config_lib.Config):
    self.name = name
    self.counter = records.SkipCounter()
    all_records = records.Records([path])
    self.num_records = len(all_records)
    limit = config.train.eval_limit or self.num_records
    self.num_interim = min(limit, self.num_records)
    self._input_fn, self._interim_input_fn = (
        input_fn.make_eval_input_fn(all_records, config.model, config.data,
                                    self.counter, count)
        for count in (None, self.num_interim))

  @property
  def is_limited(self) -> bool:
    """Whether evaluations before the last read a part only."""
    return self.num_interim < self.num_records

  def spec(self, output_dir: str, config: config_lib.TrainConfig,
           evaluated: _EvaluatedFn) -> training.EvalSpec:
    return training.EvalSpec(
        self._input_fn, steps=None, name=self.name, throttle_secs=0,
        throttle_steps=config.eval_steps,
        every_secs=60 * config.eval_minutes or None,
        interim_input_fn=self._interim_input_fn if self.is_limited else None,
        hooks=[hooks.PicturesHook(output_dir)],
        exporters=_Told(self, evaluated))


class _Told(exporters.Exporter):
  """Told of each evaluation, as exporters are."""

  name = best_checkpoints.FOLDER

  def __init__(self, eval_set: _EvalSet, evaluated: _EvaluatedFn):
    self._eval_set = eval_set
    self._evaluated = evaluated

  def export(self, estimator, export_path, checkpoint_path, eval_result,
             is_the_final_export):
    self._evaluated(self._eval_set, checkpoint_path, eval_result,
                    is_the_final_export)


def _settings(config: config_lib.Config, **more: Any) -> dict[str, Any]:
  """Value by flag name, of all parts of a configuration."""
  found = dict(more)
  for part in (config.model, config.data, config.train, config.augment,
               config.decode):
    found.update(dataclasses.asdict(part))
  return found


def _warm_start(source: str, exclude: Sequence[str],
                charset: str) -> warm_start.WarmStartSettings:
  """Starts from a checkpoint, its averages and known characters first."""
  saved = checkpoints.saved_shapes(checkpoints.find(source))
  return warm_start.WarmStartSettings(
      source, exclude=tuple(exclude),
      var_name_to_prev_var_name=moving_averages.previous_names(saved),
      row_maps=charset_rows.since(source, charset))


def choose_criterion(config: config_lib.TrainConfig,
                     set_names: Sequence[str]
                     ) -> Optional[best_checkpoints.Criterion]:
  """By what the best checkpoints are chosen; None where nothing may choose.

  Raises:
    InputError: if `best_metric` names no set or metric, or training is to
      end early and nothing may tell when.
  """
  criterion = best_checkpoints.choose_criterion(
      config.best_metric, set_names, _METRICS)
  if config.early_stop_evals and criterion is None:
    raise errors.InputError(
        f'--early_stop_evals={config.early_stop_evals}: no set of --eval_lmdb '
        'may tell which checkpoint is better; add a validation set, or name '
        'a set by --best_metric.')
  return criterion


class TrainingRun:
  """Trains one model directory and evaluates it on named sets.

  Attributes:
    estimator: that trains.
    best: compares evaluations and keeps the best checkpoints; None where no set
      may choose them.
  """

  def __init__(self, config: config_lib.Config, model_dir: str,
               train_lmdb: Sequence[str], eval_lmdb: Mapping[str, str],
               warm_start_from: Optional[str] = None,
               distribution: str = 'none',
               train_weights: Optional[Sequence[float]] = None,
               export_best: str = 'none',
               export_fn: Optional[Callable[[str], Any]] = None,
               warm_start_exclude: Sequence[str] = (),
               devices: Optional[Sequence[str]] = None,
               changes: Optional[Mapping[str, str]] = None,
               sample_losses: Optional[str] = None):
    """Opens every LMDB, so that a wrong path shows before the first step.

    Args:
      config: with all its parts.
      model_dir: of the checkpoints; training continues from what it holds.
      train_lmdb: paths of training LMDBs.
      eval_lmdb: paths of evaluation LMDBs by set name.
      warm_start_from: checkpoint or model directory to start from.
      distribution: auto, none, mirrored or multi_worker.
      train_weights: share of each training LMDB; None draws every record of
        all as often.
      export_best: when the best checkpoint is exported: none, end (when the
        training has ended) or each (whenever there is a better one).
      export_fn: exports the newest checkpoint of the directory it is given.
      warm_start_exclude: regular expressions on names of variables that start
        anew all the same.
      devices: to train on, as '/gpu:0'; None leaves it to `distribution`.
      changes: by setting, what a run that goes on has otherwise than the one
        before; noted.
      sample_losses: file that each word's loss is appended to; on one device
        alone.

    Raises:
      InputError: naming what cannot be read.
    """
    strategy = strategy_lib.strategy_from_name(distribution, devices)
    cluster = cluster_lib.of(strategy)
    self._is_chief = cluster is None or cluster.is_chief
    if not self._is_chief:  # Nor need it have the sets.
      eval_lmdb = {}
    train = config.train
    self._config = train
    self._changes = dict(changes or {})
    self._sample_losses = sample_losses
    if sample_losses and strategy:
      raise errors.InputError(
          f'--sample_losses={sample_losses}: needs --distribution=none.')
    self._settings = _settings(
        config, train_lmdb=list(train_lmdb), eval_lmdb=dict(eval_lmdb),
        train_weights=train_weights and list(train_weights),
        warm_start_from=warm_start_from or '',
        warm_start_exclude=list(warm_start_exclude), distribution=distribution)
    newest = (checkpoint_files.repair if self._is_chief
              else checkpoint_files.latest)
    checkpoint = newest(model_dir)
    self._first_step = checkpoints.step(checkpoint)
    self._counter = records.SkipCounter()
    self._input_fn = input_fn.make_train_input_fn(
        train_lmdb, config.model, config.data, train.seed, self._counter,
        train_weights, model_dir, config.augment)
    self._eval_sets = [_EvalSet(name, path, config)
                       for name, path in eval_lmdb.items()]
    self._log = metrics_log.MetricsLog(model_dir, self._is_chief)
    self.best = self._best_checkpoints(model_dir)
    self._export_best = export_best if self.best else 'none'
    self._export_fn = export_fn
    # Whether the best checkpoint is still to be exported at the end.
    self._export_is_due = self._export_best == 'end'
    self._told = set()  # Evaluations that the log has.
    self.estimator = estimator_lib.Estimator(
        model_fn_lib.model_fn_builder(config.model, train, config.decode),
        model_dir=model_dir,
        config=run_config.RunConfig(
            tf_random_seed=train.seed,
            session_config=run_config.session_config(train.session_threads,
                                                     train.towers),
            save_summary_steps=train.log_steps,
            save_checkpoints_steps=train.save_steps,
            keep_checkpoint_max=train.keep_checkpoints,
            log_step_count_steps=train.log_steps,
            train_distribute=strategy,
            # The chief evaluates alone, while the others wait.
            eval_distribute=None if cluster else strategy,
            examples_per_step=config.data.batch_size,
            examples_unit='images', progress_fn=self._log_progress,
            stop_signals=(signal.SIGTERM, signal.SIGINT),
            max_loss_rise=train.max_loss_rise),
        # A training that goes on may have outlived what it started from.
        warm_start_from=_warm_start(
            warm_start_from, warm_start_exclude, config.model.charset)
        if warm_start_from and checkpoint is None else None)

  def _best_checkpoints(self, model_dir: str
                        ) -> Optional[best_checkpoints.BestCheckpoints]:
    config = self._config
    if not self._is_chief:
      return None
    sets = {eval_set.name: eval_set for eval_set in self._eval_sets}
    criterion = choose_criterion(config, list(sets))
    if criterion is None:
      return None
    return best_checkpoints.BestCheckpoints(
        model_dir, criterion, config.keep_best, config.early_stop_evals,
        sets[criterion.set_name].num_interim)

  def train(self, extra_hooks: Sequence[tf.train.SessionRunHook] = ()
            ) -> dict[str, dict[str, float]]:
    """Trains until train_steps, evaluating on the way and at the end.

    Args:
      extra_hooks: run beside the training.

    Returns:
      The newest metrics of each evaluation set, by set name. Of several
      workers the chief alone evaluates.

    Raises:
      InputError: if the checkpoint does not fit, or no record is usable.
      WorkerLostError: if another worker died.
    """
    started = time.monotonic()
    self._log_plan()
    self._log.start(self._first_step, self._changes)
    model_dir = self.estimator.model_dir
    counting = []
    if self._is_chief:
      run_summary.write(self._settings, model_dir, self._first_step)
      counting = [hooks.SkippedHook(self._counter, model_dir,
                                    self._config.log_steps,
                                    self._log_skipped)]
    if self._sample_losses:
      counting.append(hooks.SampleLossHook(self._sample_losses))
    results, _ = training.train_and_evaluate(
        self.estimator,
        training.TrainSpec(
            self._input_fn, max_steps=self._config.train_steps,
            hooks=[*counting, *extra_hooks],
            should_stop=lambda: bool(self.best and self.best.should_stop)),
        [eval_set.spec(self.estimator.eval_dir(eval_set.name), self._config,
                       self._evaluated)
         for eval_set in self._eval_sets])
    self._tell_skipped()
    self._tell_end(time.monotonic() - started)
    if self._export_is_due and self.best.best:
      self._export_fn(self.best.directory)
    return {eval_set.name: {key: float(value)
                            for key, value in metrics.items()}
            for eval_set, metrics in zip(self._eval_sets, results)}

  def _log_plan(self):
    """Logs what is to be done, and what it is evaluated on."""
    config = self._config
    logging.info('Training from step %d to %d in %s', self._first_step,
                 config.train_steps, self.estimator.model_dir)
    if self._changes:
      logging.info('Otherwise than before: %s', ', '.join(
          f'{name} {change}' for name, change in self._changes.items()))
    for eval_set in self._eval_sets:
      part = (f'the first {eval_set.num_interim} of its '
              if eval_set.is_limited else '')
      logging.info('Evaluating on %s every %d steps%s: %s%d records',
                   eval_set.name, config.eval_steps,
                   f' or {config.eval_minutes:g} minutes'
                   if config.eval_minutes else '', part, eval_set.num_records)
    if self.best:
      self._tell_criterion(self.best)
    elif self._eval_sets:
      logging.warning(
          'No best checkpoint is kept: by their names all sets are test sets. '
          'Add a validation set, or name a set by --best_metric.')

  def _tell_criterion(self, best: best_checkpoints.BestCheckpoints):
    name = best.criterion.name
    logging.info('Best checkpoints are chosen by %s', name)
    if best.criterion.by_test_set:
      logging.warning(
          '%s is a test set by its name: what is chosen by it gives no '
          'result that may be reported on it.', best.criterion.set_name)
    if best.should_stop and self._first_step:
      logging.info(
          'Nothing to train: an earlier run ended after %d evaluations without '
          'a better %s; raise --early_stop_evals to go on.', best.since_best,
          name)

  def _log_progress(self, step: int, values: Mapping[str, float]):
    self._log.write(metrics_log.TRAIN, step, values)

  def _log_skipped(self, step: int, counts: Mapping[str, int]):
    self._log.write(metrics_log.SKIPPED, step, counts)

  def _evaluated(self, eval_set: _EvalSet, checkpoint: str,
                 results: Mapping[str, Any], is_final: bool):
    """Logs an evaluation and keeps what is best."""
    step = int(results[tf.GraphKeys.GLOBAL_STEP])
    is_whole = is_final or not eval_set.is_limited
    evaluation = (eval_set.name, step, is_whole)
    if evaluation in self._told:  # The last one, once more as the last.
      return
    self._told.add(evaluation)
    values = {name: float(results[name]) for name in _METRICS}
    self._log.write(
        metrics_log.EVAL, step,
        {**values, 'records': (eval_set.num_records if is_whole
                               else eval_set.num_interim)}, eval_set.name)
    # A part and the whole do not compare.
    if (self.best and eval_set.name == self.best.criterion.set_name
        and is_whole != eval_set.is_limited):
      self._keep_best(step, values[self.best.criterion.metric], checkpoint)

  def _keep_best(self, step: int, value: float, checkpoint: str):
    best, name = self.best, self.best.criterion.name
    is_best = best.update(step, value, checkpoint)
    if is_best:
      logging.info('%s %.4g at step %d is the best so far', name, value, step)
      self._log.write(metrics_log.BEST, step, {'metric': name, 'value': value},
                      best.criterion.set_name)
      self._export_new_best()
    elif best.best:
      logging.info(
          '%s %.4g is no better than %.4g at step %d, evaluations since: %d%s',
          name, value, best.best['value'], best.best['step'], best.since_best,
          f' of {self._config.early_stop_evals}'
          if self._config.early_stop_evals else '')

  def _export_new_best(self):
    if self._export_best != 'each':
      return
    try:
      self._export_fn(self.best.directory)
      self._export_is_due = False
    except (errors.InputError, OSError, RuntimeError) as e:
      # Days of training should not end for it; the end tries again.
      logging.error('The best checkpoint could not be exported: %s', e)
      self._export_is_due = True

  def _tell_skipped(self):
    for name, counter in [('training', self._counter), *(
        (eval_set.name, eval_set.counter) for eval_set in self._eval_sets)]:
      if counter.total:
        logging.info('Records of %s: %s', name, counter.summary())
    if self._counter.total:
      self._log_skipped(checkpoints.step(self.estimator.latest_checkpoint()),
                        {**self._counter.counts, **self._counter.altered})

  def _tell_end(self, seconds: float):
    """Logs how far the training came, and why no further."""
    step = checkpoints.step(self.estimator.latest_checkpoint())
    is_early = (step < self._config.train_steps and self.best is not None
                and self.best.should_stop)
    self._log.write(metrics_log.END, step, {
        'reason': ('early_stop' if is_early
                   else 'train_steps' if step >= self._config.train_steps
                   else 'stopped'),
        'seconds': round(seconds, 1)})
    logging.info(
        'Ended at step %d after %.0f s%s', step, seconds,
        f': {self.best.since_best} evaluations without a better '
        f'{self.best.criterion.name}' if is_early else '')
    if self.best and self.best.best:
      logging.info('The best is step %d with %s %.4g%s',
                   self.best.best['step'], self.best.criterion.name,
                   self.best.best['value'],
                   f', in {self.best.directory}'
                   if self._config.keep_best else '')
