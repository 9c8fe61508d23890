"""One training as a whole: estimator, data, evaluation, counts.

Guarded by tests/training_run_test.py and tests/cli/train_test.py.
"""

import logging
from typing import Mapping, Optional, Sequence

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import model_fn as model_fn_lib
from master.estimator import checkpoints
from master.estimator import distribution as distribution_lib
from master.estimator import estimator as estimator_lib
from master.estimator import run_config
from master.estimator import training
from master.inputs import input_fn
from master.inputs import records
from master.training import hooks


class _EvalSet:
  """A named set with the records it had to skip so far."""

  def __init__(self, name: str, path: str, config: config_lib.Config):
    self.name = name
    self.counter = records.SkipCounter()
    self.input_fn = input_fn.make_eval_input_fn(
        path, config.model, config.data, self.counter)

  def spec(self, output_dir: str, every_steps: int) -> training.EvalSpec:
    return training.EvalSpec(
        self.input_fn, steps=None, name=self.name, throttle_secs=0,
        throttle_steps=every_steps, hooks=[hooks.PicturesHook(output_dir)])


class TrainingRun:
  """Trains one model directory and evaluates it on named sets."""

  def __init__(self, config: config_lib.Config, model_dir: str,
               train_lmdb: Sequence[str], eval_lmdb: Mapping[str, str],
               warm_start_from: Optional[str] = None,
               distribution: str = 'none',
               train_weights: Optional[Sequence[float]] = None):
    """Opens every LMDB, so that a wrong path shows before the first step.

    Args:
      config: with all its parts.
      model_dir: of the checkpoints; training continues from what it holds.
      train_lmdb: paths of training LMDBs.
      eval_lmdb: paths of evaluation LMDBs by set name.
      warm_start_from: checkpoint or model directory to start from.
      distribution: auto, none or mirrored.
      train_weights: share of each training LMDB; None draws every record of
        all as often.

    Raises:
      InputError: naming what cannot be read.
    """
    train = config.train
    self._config = train
    self._first_step = checkpoints.step(
        tf.train.latest_checkpoint(model_dir))
    self._counter = records.SkipCounter()
    self._input_fn = input_fn.make_train_input_fn(
        train_lmdb, config.model, config.data, train.seed, self._counter,
        train_weights, model_dir, config.augment)
    self._eval_sets = [_EvalSet(name, path, config)
                       for name, path in eval_lmdb.items()]
    self.estimator = estimator_lib.Estimator(
        model_fn_lib.model_fn_builder(config.model, train, config.decode),
        model_dir=model_dir,
        config=run_config.RunConfig(
            tf_random_seed=train.seed,
            save_summary_steps=train.log_steps,
            save_checkpoints_steps=train.save_steps,
            keep_checkpoint_max=train.keep_checkpoints,
            log_step_count_steps=train.log_steps,
            train_distribute=distribution_lib.strategy_from_name(
                distribution),
            examples_per_step=config.data.batch_size,
            examples_unit='images'),
        warm_start_from=warm_start_from)

  def train(self) -> dict[str, dict[str, float]]:
    """Trains until train_steps, evaluating every eval_steps and at the end.

    Returns:
      The newest metrics of each evaluation set, by set name.

    Raises:
      InputError: if the checkpoint does not fit, or no record is usable.
    """
    logging.info('Training from step %d to %d in %s', self._first_step,
                 self._config.train_steps, self.estimator.model_dir)
    results, _ = training.train_and_evaluate(
        self.estimator,
        training.TrainSpec(
            self._input_fn, max_steps=self._config.train_steps,
            hooks=[hooks.SkippedHook(self._counter, self.estimator.model_dir,
                                     self._config.log_steps)]),
        [eval_set.spec(self.estimator.eval_dir(eval_set.name),
                       self._config.eval_steps)
         for eval_set in self._eval_sets])
    self._log_skipped()
    return {eval_set.name: {key: float(value)
                            for key, value in metrics.items()}
            for eval_set, metrics in zip(self._eval_sets, results)}

  def _log_skipped(self):
    for name, counter in [('training', self._counter), *(
        (eval_set.name, eval_set.counter) for eval_set in self._eval_sets)]:
      if counter.total:
        logging.info('Records of %s: %s', name, counter.summary())
