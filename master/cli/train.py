"""Trains a recogniser on LMDBs of word images, and resumes by itself.

  bin/train --flagfile=flags/model/tiny.flags --model_dir=runs/tiny \\
      --train_lmdb=/data/MJSynth,/data/SynthText \\
      --eval_lmdb=IIIT5K=/data/IIIT5K

The model directory then holds checkpoints, TensorBoard's event files,
config.json, flags.txt, a flagfile that repeats the run, metrics.jsonl, which
data_tools/plot_metrics draws, and in best/ the best checkpoint, which is a
model directory too (docs/training.md). Settings of the
model that no flag gives are those of the model in --model_dir, or else of the
one in --warm_start_from:

  bin/train --model_dir=runs/fine --warm_start_from=models/imported \\
      --train_lmdb=/data/mine --learning_rate=1e-5
"""

import dataclasses
import logging
import math
import os
import re
from typing import Any, Callable, Mapping, Optional, Sequence

from absl import flags

from master import config as config_lib
from master import errors
from master import pretrained
from master.cli import app
from master.cli import config_flags
from master.cli import flags_file

_GROUPS = (config_lib.ModelConfig, config_lib.DataConfig,
           config_lib.TrainConfig, config_lib.DecodeConfig,
           config_lib.AugmentConfig)
_OWN = ('model_dir', 'train_lmdb', 'train_weights', 'eval_lmdb',
        'warm_start_from', 'warm_start_exclude', 'distribution',
        'num_cpu_devices', 'export_best', 'change_model', 'sample_losses')


def _inherited_from(flags_obj: flags.FlagValues) -> Optional[str]:
  """Directory whose config.json settles model flags that are not given."""
  directories = [flags_obj.model_dir]
  start = flags_obj.warm_start_from
  if start:
    directories.append(config_lib.directory_of(pretrained.resolve(start)))
  for directory in directories:
    if directory and os.path.exists(
        os.path.join(directory, config_lib.CONFIG_FILE)):
      return directory
  return None


def _inherited(flags_obj: flags.FlagValues
               ) -> Optional[config_lib.ModelConfig]:
  """The model whose settings hold where no flag is given; None: defaults."""
  directory = _inherited_from(flags_obj)
  if directory and config_flags.not_given(config_lib.ModelConfig, flags_obj):
    return config_lib.read(directory).model
  return None


def _weights(values: Sequence[str]) -> list[float]:
  return [float(value) for value in values]


def _are_weights(values: Mapping[str, Sequence[str]]) -> bool:
  """Whether train_weights are the shares of train_lmdb."""
  if not values['train_weights']:
    return True
  try:
    weights = _weights(values['train_weights'])
  except ValueError:
    return False
  return len(weights) == len(values['train_lmdb'] or ()) and all(
      0 < weight < math.inf for weight in weights)


def _are_patterns(values: Sequence[str]) -> bool:
  try:
    return all(re.compile(value) for value in values)
  except re.error:
    return False


def define_flags():
  """Defines the flags of this command."""
  config_flags.define(config_lib.ModelConfig, _inherited)
  for group in _GROUPS[1:]:
    config_flags.define(group)
  flags.DEFINE_string(
      'model_dir', None,
      'Directory of checkpoints, event files and config.json. Training '
      'continues from the checkpoint it holds.')
  flags.DEFINE_list(
      'train_lmdb', None, 'LMDBs of training words, separated by commas.')
  flags.DEFINE_list(
      'train_weights', None,
      'Share of each of train_lmdb in what is drawn, as 0.5,0.3,0.2; only '
      'their ratios count. Each LMDB then has epochs of its own. Without it, '
      'every record of all comes once an epoch.')
  flags.register_multi_flags_validator(
      ['train_lmdb', 'train_weights'], _are_weights,
      '--train_weights: must be one number above 0 for each of --train_lmdb.')
  flags.DEFINE_list(
      'eval_lmdb', None,
      'Sets to evaluate on every eval_steps and at the end: NAME=PATH, '
      'separated by commas.')
  flags.DEFINE_string(
      'warm_start_from', None,
      'Checkpoint prefix or model directory whose variables the training '
      'starts from, where model_dir holds no checkpoint yet; or '
      f'{pretrained.NAME}, for the model that comes with the package. Model '
      'flags that are not given are as in the config.json beside it.')
  flags.DEFINE_list(
      'warm_start_exclude', [],
      'Regular expressions, separated by commas: variables in whose names one '
      'is found start anew and not from warm_start_from.')
  flags.register_validator(
      'warm_start_exclude', _are_patterns,
      '--warm_start_exclude: must be regular expressions.')
  flags.register_multi_flags_validator(
      ['warm_start_from', 'warm_start_exclude'],
      lambda values: (values['warm_start_from']
                      or not values['warm_start_exclude']),
      '--warm_start_exclude: needs --warm_start_from.')
  flags.DEFINE_enum(
      'distribution', 'auto', ['auto', 'none', 'mirrored', 'multi_worker'],
      'Devices to train on: one (none), a copy of the model on each GPU of '
      'this machine (mirrored) or of each machine that TF_CONFIG lists '
      '(multi_worker); auto takes the last of these that applies.')
  flags.DEFINE_integer(
      'num_cpu_devices', 0,
      'Trains on this many logical devices of the CPU in place of GPUs, to '
      'try out mirrored; 0 for none.', lower_bound=0)
  flags.DEFINE_enum(
      'export_best', 'none', ['none', 'end', 'each'],
      'When the best checkpoint is exported as a SavedModel under '
      'model_dir/export/best: when the training has ended, or at each better '
      'one, which takes up to minutes every time.')
  flags.DEFINE_string(
      'sample_losses', None,
      'File that the loss of each word trained on is appended to, 20 bytes '
      'each, to find the hard ones; on one device.')
  flags.DEFINE_list(
      'change_model', [],
      'Settings of the model in --model_dir that a training which goes on may '
      f'change, of {", ".join(config_lib.CHANGEABLE)}, separated by commas.')
  config_flags.validate_names('change_model', 'changeable setting',
                              config_lib.CHANGEABLE)
  flags.mark_flags_as_required(['model_dir', 'train_lmdb'])
  config_flags.validate_named_paths('eval_lmdb')
  flags.register_multi_flags_validator(
      ['eval_lmdb', 'eval_steps', 'save_steps'],
      lambda values: (not values['eval_lmdb']
                      or values['eval_steps'] % values['save_steps'] == 0),
      '--eval_steps: must be a multiple of --save_steps, as evaluation reads '
      'the checkpoint.')
  flags.register_multi_flags_validator(
      ['export_best', 'keep_best'],
      lambda values: values['export_best'] == 'none' or values['keep_best'],
      '--export_best: needs --keep_best of at least 1, as it exports what is '
      'kept.')


def _check_export_best(flags_obj: flags.FlagValues, best: Any):
  """Refuses to export a best that nothing chooses."""
  if flags_obj.export_best != 'none' and best is None:
    raise errors.InputError(
        f'--export_best={flags_obj.export_best}: no set of --eval_lmdb may '
        'choose the best checkpoint; add a validation set, or name a set by '
        '--best_metric.')


def _exporter(model_dir: str) -> Callable[[str], None]:
  """What exports the best checkpoint of a model directory."""

  def export(best_dir: str):
    # Both need modules that a training without export does not.
    from master.export import predictor as predictor_lib
    from master.export import saved_model
    with predictor_lib.Predictor.from_model_dir(best_dir) as model:
      path = saved_model.export_model(
          model, os.path.join(model_dir, 'export', 'best'))
    logging.info('Exported %s', path)

  return export


def _print_best(best: Any):
  """Prints what the best checkpoint is, below the newest metrics."""
  if best is None or best.best is None:
    return
  print(f'best\t{best.criterion.name}\t{best.best["value"]:.4f}')
  print(f'best\tglobal_step\t{best.best["step"]:.4f}')
  if best.criterion.by_test_set:
    print(f'best\tchosen_by_test_set\t{best.criterion.set_name}')


def _check_same_model(model_dir: str, model: config_lib.ModelConfig,
                      changeable: Sequence[str]):
  """Refuses to resume a model of other settings.

  Args:
    model_dir: that holds the model, if it does.
    model: its settings from now on.
    changeable: settings that may differ.
  """
  saved = config_lib.read(model_dir).model
  for field in dataclasses.fields(model):
    old, new = getattr(saved, field.name), getattr(model, field.name)
    if old != new and field.name not in changeable:
      raise errors.InputError(
          f'--{field.name}: is {new}, but the model in --model_dir='
          f'{model_dir} has {old}; leave the flag out or name a new '
          '--model_dir.')


def _changes(model_dir: str, config: config_lib.Config) -> dict[str, str]:
  """Settings that are no longer as a training of `model_dir` had them.

  Returns:
    'old -> new' by the name of the setting.
  """
  saved = config_lib.read(model_dir)
  found = {}
  for part in ('model', 'data', 'train', 'augment', 'decode'):
    old, new = getattr(saved, part), getattr(config, part)
    if old is None:  # As in an imported model.
      continue
    for field in dataclasses.fields(new):
      values = getattr(old, field.name), getattr(new, field.name)
      if values[0] != values[1]:
        found[field.name] = f'{values[0]} -> {values[1]}'
  return found


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Trains until train_steps."""
  del args
  inherited = _inherited(flags_obj)
  model = config_flags.from_flags(config_lib.ModelConfig, flags_obj,
                                  inherited)
  data, train, decode, augment = (
      config_flags.from_flags(group, flags_obj) for group in _GROUPS[1:])
  train.check_all_is_read()
  config = config_lib.Config(model=model, decode=decode, data=data,
                             train=train, augment=augment)
  model_dir = flags_obj.model_dir
  changes = {}
  if os.path.exists(os.path.join(model_dir, config_lib.CONFIG_FILE)):
    _check_same_model(model_dir, model, flags_obj.change_model)
    changes = _changes(model_dir, config)
  if inherited:
    logging.info(
        'Settings of the model without a flag are those of %s',
        os.path.join(_inherited_from(flags_obj), config_lib.CONFIG_FILE))
  # Imported late: a wrong flag should not wait for TensorFlow.
  from master.estimator.distribute import strategy
  from master.runs import training
  run = training.TrainingRun(
      config, model_dir, flags_obj.train_lmdb,
      config_flags.named_paths('eval_lmdb', flags_obj.eval_lmdb),
      pretrained.resolve(flags_obj.warm_start_from or ''),
      flags_obj.distribution,
      _weights(flags_obj.train_weights) if flags_obj.train_weights else None,
      flags_obj.export_best, _exporter(model_dir),
      flags_obj.warm_start_exclude,
      strategy.cpu_devices(flags_obj.num_cpu_devices)
      if flags_obj.num_cpu_devices else None,
      changes=changes, sample_losses=flags_obj.sample_losses)
  if run.estimator.config.is_chief:
    _check_export_best(flags_obj, run.best)
    _write_settings(flags_obj, config, model_dir)
  return _train(run, model_dir)


def _write_settings(flags_obj: flags.FlagValues, config: config_lib.Config,
                    model_dir: str):
  """Writes config.json and flags.txt."""
  config_lib.write(config, model_dir)
  names = [field.name for group in _GROUPS
           for field in dataclasses.fields(group)]
  flags_file.write(model_dir, flags_obj, [*names, *_OWN], config.model)


def _train(run: Any, model_dir: str) -> int:
  """Trains, prints the newest metrics and returns the exit status."""
  from master.estimator.distribute import worker_health
  from master.estimator.hooks import stop_signals
  try:
    results = run.train()
  except stop_signals.StoppedError as e:
    logging.warning('%s: the same command goes on from the checkpoint in %s',
                    e, model_dir)
    return 128 + e.number
  except worker_health.WorkerLostError as e:
    logging.error('%s', e)
    return app.EXIT_FAILURE
  for name, metrics in results.items():
    for metric, value in sorted(metrics.items()):
      print(f'{name}\t{metric}\t{value:.4f}')
  _print_best(run.best)
  return 0


def run():
  """Entry point of the command."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
