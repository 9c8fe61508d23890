"""One worker of the tests of several: python -m ... SCENARIO MODEL_DIR."""

import logging
import os
import signal
import sys

import tensorflow.compat.v1 as tf

from master import estimator as estimator_lib
from tests.support import linear_model

PARAMS = {'average_decay': 0.3}
INPUT_FN = linear_model.input_fn(4, repeat=True)


class _DieHook(tf.train.SessionRunHook):
  """Kills this process at its third step."""

  def begin(self):
    self._steps = 0

  def after_run(self, run_context, run_values):
    self._steps += 1
    if self._steps == 3:
      os.kill(os.getpid(), signal.SIGKILL)


class _WishHook(_DieHook):
  """Wishes to stop at its third step."""

  def after_run(self, run_context, run_values):
    self._steps += 1
    if self._steps == 3:
      run_context.request_stop()


def train_twice(runner: estimator_lib.Estimator):
  """Trains to step 7, as wished by a worker, and on to 11."""
  is_last = runner.config.task_id == runner.config.num_worker_replicas - 1
  runner.train(INPUT_FN, max_steps=3)
  runner.train(INPUT_FN, max_steps=100,
               hooks=[_WishHook()] if is_last else [])
  estimator_lib.train_and_evaluate(
      runner, estimator_lib.TrainSpec(INPUT_FN, max_steps=11),
      estimator_lib.EvalSpec(linear_model.input_fn(4), throttle_secs=0))


def die(runner: estimator_lib.Estimator):
  """The last worker dies after step 3, when no other is to save."""
  is_last = runner.config.task_id == runner.config.num_worker_replicas - 1
  runner.train(INPUT_FN, max_steps=100, hooks=[_DieHook()] if is_last else [])


if __name__ == '__main__':
  logging.basicConfig(level=logging.INFO, force=True)
  strategy = estimator_lib.strategy_from_name('auto')
  globals()[sys.argv[1]](linear_model.estimator(
      sys.argv[2], PARAMS, train_distribute=strategy, log_step_count_steps=1,
      save_summary_steps=1))
