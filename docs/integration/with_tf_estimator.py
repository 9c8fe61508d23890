"""Trains MASTER with TensorFlow's own tf.estimator, here and in your code.

For TensorFlow 2.15, the last that has tf.estimator. What master brings are a
model_fn, input_fns and serving receivers; all else is tf.estimator's, so an
existing set-up keeps its RunConfig, hooks and exporters.

  python docs/integration/with_tf_estimator.py --model_dir=runs/base \
    --train_lmdb=data/train --eval_lmdb=data/val --train_steps=100000
"""

import argparse
import dataclasses
import os

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import model_fn
from master.export import serving
from master.inputs import input_fn

METRIC = 'word_accuracy/alnum_ci'


def configuration(model_dir: str, train_steps: int) -> config_lib.Config:
  """That of the model directory; a new one gets the base model's."""
  if os.path.exists(os.path.join(model_dir, config_lib.CONFIG_FILE)):
    config = config_lib.read(model_dir)
  else:
    config = config_lib.Config(config_lib.ModelConfig())
  train = dataclasses.replace(config.train, train_steps=train_steps)
  config = dataclasses.replace(config, train=train)
  # bin/train, bin/eval and bin/export then need no flag about the model.
  config_lib.write(config, model_dir)
  return config


def is_better(best_eval_result, current_eval_result) -> bool:
  """What tf.estimator.BestExporter asks after each evaluation."""
  return current_eval_result[METRIC] > best_eval_result[METRIC]


def train_and_evaluate(model_dir, train_lmdb, eval_lmdb, config, **run_config):
  """Trains to config.train.train_steps; exports the best to export/best.

  Args:
    model_dir: where a training goes on that began here or with bin/train.
    train_lmdb: list of paths.
    eval_lmdb: path.
    config: master's configuration.
    **run_config: more for tf.estimator.RunConfig, as `train_distribute`.

  Returns:
    (Metrics of the last evaluation, what the exporters returned.)
  """
  estimator = tf.estimator.Estimator(
      model_fn.model_fn_builder(config.model, config.train, config.decode),
      model_dir,
      tf.estimator.RunConfig(
          tf_random_seed=config.train.seed,
          save_checkpoints_steps=config.train.save_steps, **run_config))
  train_spec = tf.estimator.TrainSpec(
      # resume_from: after a restart the data go on where they were, too.
      input_fn.make_train_input_fn(
          train_lmdb, config.model, config.data, config.train.seed,
          resume_from=model_dir, augment_config=config.augment),
      max_steps=config.train.train_steps)
  eval_spec = tf.estimator.EvalSpec(
      input_fn.make_eval_input_fn(eval_lmdb, config.model, config.data),
      steps=None, name='val', start_delay_secs=0, throttle_secs=0,
      exporters=tf.estimator.BestExporter(
          'best', serving.image_bytes_receiver_fn(config.model),
          # Of earlier evaluations, so that a restart knows the best so far.
          event_file_pattern='eval_val/*.tfevents.*', compare_fn=is_better))
  return tf.estimator.train_and_evaluate(estimator, train_spec, eval_spec)


def main():
  """Trains as the command line says."""
  parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
  parser.add_argument('--model_dir', required=True)
  parser.add_argument('--train_lmdb', required=True)
  parser.add_argument('--eval_lmdb', required=True)
  parser.add_argument('--train_steps', type=int, required=True)
  given = parser.parse_args()
  tf.logging.set_verbosity(tf.logging.INFO)
  # All GPUs of this machine; for one, or the CPU, None.
  gpus = len(tf.config.list_physical_devices('GPU'))
  strategy = tf.distribute.MirroredStrategy() if gpus > 1 else None
  metrics, _ = train_and_evaluate(
      given.model_dir, given.train_lmdb.split(','), given.eval_lmdb,
      configuration(given.model_dir, given.train_steps),
      train_distribute=strategy)
  print(metrics)


if __name__ == '__main__':
  main()
