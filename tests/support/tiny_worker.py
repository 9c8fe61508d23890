"""Trains: python -m tests.support.tiny_worker MODEL_DIR LMDB STEPS DEVICES.

The model is tiny. DEVICES is a number of logical CPUs, or `workers` for those
of TF_CONFIG. Batch norms are in inference mode: what they learn of a batch
hangs on how it is divided.
"""

import sys

from master import config as config_lib
from master.estimator.distribute import strategy
from master.runs import training
from tests.support import test_util

BATCH_SIZE = 4


def main(model_dir: str, lmdb: str, steps: str, devices: str):
  config = config_lib.Config(
      test_util.tiny_config(),
      data=config_lib.DataConfig(batch_size=BATCH_SIZE),
      train=config_lib.TrainConfig(
          train_steps=int(steps), save_steps=100, eval_steps=100, log_steps=1,
          clip_norm=1.0, learning_rate=1e-3))
  over_workers = devices == 'workers'
  run = training.TrainingRun(
      config, model_dir, [lmdb], {},
      distribution='multi_worker' if over_workers else 'mirrored',
      devices=(None if over_workers
               else strategy.cpu_devices(int(devices))))
  with test_util.moving_statistics():
    run.train()


if __name__ == '__main__':
  main(*sys.argv[1:])
