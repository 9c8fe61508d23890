"""Trains a recogniser on LMDBs of word images, and resumes by itself.

  bin/train --flagfile=flags/model/tiny.flags --model_dir=runs/tiny \\
      --train_lmdb=/data/MJSynth,/data/SynthText \\
      --eval_lmdb=IIIT5K=/data/IIIT5K

The model directory then holds checkpoints, TensorBoard's event files,
config.json and flags.txt, a flagfile that repeats the run.
"""

import dataclasses
import os

from absl import flags

from master import config as config_lib
from master import errors
from master.cli import app
from master.cli import common_flags

_FLAGS_FILE = 'flags.txt'
_GROUPS = (config_lib.ModelConfig, config_lib.DataConfig,
           config_lib.TrainConfig, config_lib.DecodeConfig)
_OWN = ('model_dir', 'train_lmdb', 'eval_lmdb', 'warm_start_from',
        'distribution')


def define_flags():
  """Defines the flags of this command."""
  common_flags.define_model_flags()
  common_flags.define_data_flags()
  common_flags.define_train_flags()
  common_flags.define_decode_flags()
  flags.DEFINE_string(
      'model_dir', None,
      'Directory of checkpoints, event files and config.json. Training '
      'continues from the checkpoint it holds.')
  flags.DEFINE_list(
      'train_lmdb', None, 'LMDBs of training words, separated by commas.')
  flags.DEFINE_list(
      'eval_lmdb', None,
      'Sets to evaluate on every eval_steps and at the end: NAME=PATH, '
      'separated by commas.')
  flags.DEFINE_string(
      'warm_start_from', None,
      'Checkpoint prefix or model directory whose variables the training '
      'starts from, where model_dir holds no checkpoint yet.')
  flags.DEFINE_enum(
      'distribution', 'auto', ['auto', 'none', 'mirrored'],
      'Devices to train on: all GPUs of this machine where there are several '
      '(auto), one device (none), or a copy on each GPU (mirrored).')
  flags.mark_flags_as_required(['model_dir', 'train_lmdb'])
  common_flags.validate_named_paths('eval_lmdb')
  flags.register_multi_flags_validator(
      ['eval_lmdb', 'eval_steps', 'save_steps'],
      lambda values: (not values['eval_lmdb']
                      or values['eval_steps'] % values['save_steps'] == 0),
      '--eval_steps: must be a multiple of --save_steps, as evaluation reads '
      'the checkpoint.')


def _check_same_model(model_dir: str, model: config_lib.ModelConfig):
  """Refuses to resume a model of other settings."""
  if not os.path.exists(os.path.join(model_dir, config_lib.CONFIG_FILE)):
    return
  saved = config_lib.read(model_dir).model
  for field in dataclasses.fields(model):
    old, new = getattr(saved, field.name), getattr(model, field.name)
    if old != new:
      raise errors.InputError(
          f'--{field.name}: is {new}, but the model in --model_dir='
          f'{model_dir} was trained with {old}; resume with --flagfile='
          f'{os.path.join(model_dir, _FLAGS_FILE)} or name a new --model_dir.')


def _write_flags(flags_obj: flags.FlagValues, model_dir: str):
  """Writes the effective flags as a flagfile."""
  names = [field.name for group in _GROUPS
           for field in dataclasses.fields(group)]
  lines = [flags_obj[name].serialize() for name in (*names, *_OWN)]
  path = os.path.join(model_dir, _FLAGS_FILE)
  with open(path + '.tmp', 'w', encoding='utf-8') as f:
    f.write('# The effective flags of the last run in this directory.\n')
    f.writelines(line + '\n' for line in lines if line)
  os.replace(path + '.tmp', path)


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Trains until train_steps."""
  del args
  model, data, train, decode = (
      common_flags.from_flags(group, flags_obj) for group in _GROUPS)
  config = config_lib.Config(model=model, decode=decode, data=data,
                             train=train)
  model_dir = flags_obj.model_dir
  _check_same_model(model_dir, model)
  # Imported late: a wrong flag should not wait for TensorFlow.
  from master import training_run
  run = training_run.TrainingRun(
      config, model_dir, flags_obj.train_lmdb,
      common_flags.named_paths('eval_lmdb', flags_obj.eval_lmdb),
      flags_obj.warm_start_from, flags_obj.distribution)
  config_lib.write(config, model_dir)
  _write_flags(flags_obj, model_dir)
  for name, metrics in run.train().items():
    for metric, value in sorted(metrics.items()):
      print(f'{name}\t{metric}\t{value:.4f}')
  return 0


def run():
  """Entry point of the command."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
