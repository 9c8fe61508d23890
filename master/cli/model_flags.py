"""Flags that name a trained model, and the loading of it.

Where none does, it is the one that comes with the package.
"""

import logging
from typing import Optional, Sequence

from absl import flags

from master import config as config_lib
from master import pretrained
from master import reader as reader_lib
from master.cli import config_flags

# Forms of a model, as of `reader.load`.
_HELP = {
    'model_dir': 'Directory that bin/train or bin/import_checkpoint wrote; '
                 'its newest checkpoint is used.',
    'checkpoint': 'Path prefix of one checkpoint, as runs/a/model.ckpt-100; '
                  'config.json is read beside it.',
    'saved_model': 'Directory that bin/export wrote: a version, or the '
                   'folder of versions, of which the newest is used.',
    'onnx_model': 'The same of bin/export --format=onnx; it is read by ONNX '
                  'Runtime (needs the extra "onnx").',
}

_EXPORTED = ('saved_model', 'onnx_model')


def define_source_flags(with_exported: bool = True,
                        instead: Sequence[str] = ()):
  """--model_dir, --checkpoint and so on, of which one may be given.

  And --beam_size and --length_penalty, by default as the model has them.

  Args:
    with_exported: whether an exported model will do.
    instead: names of flags of the command's own that may stand in the place
      of a model; they are defined before.
  """
  config_flags.define_unset(
      config_lib.DecodeConfig, ('beam_size', 'length_penalty'),
      'If not given, as in the config.json of the model; an exported model '
      'searches as it was exported.')
  models = [name for name in _HELP if with_exported or name not in _EXPORTED]
  names = [*models, *instead]
  for name in models:
    flags.DEFINE_string(name, None, f'{_HELP[name]} Give at most one of '
                        f'{_listed(names)}; without any, the model that '
                        'comes with the package reads.')

  flags.DEFINE_bool(
      'use_average', True,
      'Take the moving averages of the weights where a checkpoint has them '
      '(--average_decay of its training). An exported model has one of both.')

  def at_most_one(values: dict[str, Optional[str]]) -> bool:
    given = [name for name in names if values[name] is not None]
    if len(given) > 1:
      raise flags.ValidationError(
          f'{_listed(names)}: give at most one of them, not '
          f'{" and ".join(f"--{name}" for name in given)}.')
    # A script's variable that is not set must not read with another model.
    if given and not values[given[0]]:
      raise flags.ValidationError(
          f'--{given[0]}: is empty; name a model, or leave the flag out to '
          'read with the one that comes with the package.')
    return True

  flags.register_multi_flags_validator(names, at_most_one)


def _listed(names: list[str]) -> str:
  return ', '.join(f'--{name}' for name in names)


def load(flags_obj: flags.FlagValues,
         device: Optional[str] = None) -> reader_lib.Reader:
  """The model that the flags name, or else that of the package.

  Args:
    flags_obj: their values.
    device: that is to read, as '/gpu:1'; TensorFlow's choice if None. ONNX
      Runtime makes its own.

  Raises:
    InputError: if there is none or it cannot be read.
  """
  form = next((name for name in _HELP
               if name in flags_obj and flags_obj[name].value), 'model_dir')
  path = flags_obj[form].value
  if path is None:
    path = pretrained.directory()
    logging.info('No model is named: the pretrained one reads (%s)', path)
  return reader_lib.load(
      path, form=form, use_average=flags_obj.use_average,
      beam_size=flags_obj.beam_size,
      length_penalty=flags_obj.length_penalty, device=device)
