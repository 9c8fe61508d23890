"""One training as a whole: estimator, data, evaluation, counts.

Guarded by tests/training_run_test.py and tests/cli/train_test.py.
"""

import logging
from typing import Mapping, Optional, Sequence

from master import config as config_lib
from master import model_fn as model_fn_lib
from master.estimator import distribution as distribution_lib
from master.estimator import estimator as estimator_lib
from master.estimator import run_config
from master.inputs import input_fn
from master.inputs import lmdb_reader
from master.inputs import records
from master.training import hooks


class TrainingRun:
  """Trains one model directory and evaluates it on named sets."""

  def __init__(self, config: config_lib.Config, model_dir: str,
               train_lmdb: Sequence[str], eval_lmdb: Mapping[str, str],
               warm_start_from: Optional[str] = None,
               distribution: str = 'none'):
    """Opens every LMDB, so that a wrong path shows before the first step.

    Args:
      config: with all its parts.
      model_dir: of the checkpoints; training continues from what it holds.
      train_lmdb: paths of training LMDBs.
      eval_lmdb: paths of evaluation LMDBs by set name.
      warm_start_from: checkpoint or model directory to start from.
      distribution: auto, none or mirrored.

    Raises:
      InputError: naming what cannot be read.
    """
    for path in (*train_lmdb, *eval_lmdb.values()):
      lmdb_reader.LmdbReader(path).close()
    self._config = config
    self._train_lmdb = list(train_lmdb)
    self._eval_lmdb = dict(eval_lmdb)
    train = config.train
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
    self._results = {}

  def evaluate(self, name: str) -> dict[str, float]:
    """Evaluates the newest checkpoint on the set `name`."""
    counter = records.SkipCounter()
    metrics = self.estimator.evaluate(
        input_fn.make_eval_input_fn(self._eval_lmdb[name],
                                    self._config.model, self._config.data,
                                    counter),
        hooks=[hooks.PicturesHook(self.estimator.eval_dir(name))], name=name)
    logging.info(
        '%s at step %d: word accuracy %.2f %% (alnum_ci), loss %.4f%s', name,
        metrics['global_step'], 100 * metrics['word_accuracy/alnum_ci'],
        metrics['loss'],
        f'; skipped {counter.summary()}' if counter.total else '')
    self._results[name] = {key: float(value)
                           for key, value in metrics.items()}
    return self._results[name]

  def train(self) -> dict[str, dict[str, float]]:
    """Trains until train_steps, evaluating as it goes.

    Returns:
      The newest metrics of each evaluation set, by set name.

    Raises:
      InputError: if the checkpoint does not fit, or no record is usable.
    """
    train = self._config.train
    done = self.estimator.latest_step()
    if done:
      logging.info('Continuing from step %d of %d.', done, train.train_steps)
    counter = records.SkipCounter()
    listeners = [hooks.EvaluationListener(
        self.evaluate, list(self._eval_lmdb),
        train.eval_steps)] if self._eval_lmdb else []
    if done < train.train_steps:
      self.estimator.train(
          input_fn.make_train_input_fn(
              self._train_lmdb, self._config.model, self._config.data,
              # A resumed run draws other orders than the run it continues.
              seed=train.seed + done, counter=counter),
          max_steps=train.train_steps, saving_listeners=listeners)
    if counter.total:
      logging.info('Skipped training records: %s', counter.summary())
    for name in self._eval_lmdb:
      if name not in self._results:
        self.evaluate(name)
    return self._results
