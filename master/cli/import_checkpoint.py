"""Turns published MASTER weights into a model directory of this project.

  bin/import_checkpoint --source=master_pytorch --input=model_best.pth \\
      --charset=95 --model_dir=models/master_pytorch
  bin/import_checkpoint --source=master_tf \\
      --input=checkpoints/OCRTransformer-Best --model_dir=models/master_tf

Channels, blocks, layers, heads and fusion of the context block are read off
the tensors; what they do not show comes from flags: the charset, the image
size, the longest text, the decoder's heads. Every tensor must fit, or nothing
is written. The last line on stdout is the model directory.
"""

import dataclasses
import logging
import math
import os
from typing import TYPE_CHECKING, Any

from absl import flags

from master import config as config_lib
from master.cli import app
from master.cli import config_flags
from master.cli import flags_file

if TYPE_CHECKING:
  from master.importing import conversion as conversion_lib

SOURCES = ('master_pytorch', 'master_tf')


def define_flags():
  """Flags of bin/import_checkpoint."""
  flags.DEFINE_enum(
      'source', None, SOURCES,
      'What wrote the file: master_pytorch, a .pth with a state dict (needs '
      "PyTorch: pip install 'master-ocr[pytorch]'); or master_tf, an "
      'object-based TensorFlow checkpoint.', required=True)
  flags.DEFINE_string(
      'input', None,
      'The .pth file, or the path prefix of the checkpoint (without .index).',
      required=True)
  flags.DEFINE_string(
      'model_dir', None,
      'Directory to write: a new or an empty one.', required=True)
  # Checked when the file has given the rest.
  config_flags.define(config_lib.ModelConfig, validate=False)


def _shown(name: str, value: Any) -> str:
  if name == 'charset':
    return f'{len(value)} characters'
  return ','.join(map(str, value)) if isinstance(value, tuple) else str(value)


def _report(conversion: 'conversion_lib.Conversion', title: str) -> list[str]:
  """What was done: tensors, parameters, and each setting with its source."""
  used = sum(origin.name is not None for origin in conversion.origins.values())
  seconds = sum(len(names) - 1 for names in conversion.spellings.values())
  sizes = {True: 0, False: 0}
  for variable in conversion.variables.values():
    sizes[variable.trainable] += math.prod(variable.shape)
  rows = [
      ('weights', title, conversion.state.path),
      ('tensors', f'{used} used', f'{len(conversion.unused)} known to be '
       f'unused, {seconds} second names'),
      ('parameters', f'{sizes[True]:,}', f'and {sizes[False]:,} moving '
       'averages')]
  made = len(conversion.origins) - used
  if made:
    rows.append(('projections', f'{made} variables',
                 'made: the original applies none, which equals identities'))
  config, sources = conversion.settings
  rows += [(field.name, _shown(field.name, getattr(config, field.name)),
            sources[field.name]) for field in dataclasses.fields(config)]
  return [f'{name:<20}  {value:<17}  {source}' for name, value, source in rows]


def main(flags_obj: flags.FlagValues, unused_arguments: list[str]):
  """Imports the file."""
  from master.importing import conversion as conversion_lib
  from master.importing import master_pytorch
  from master.importing import master_tf
  from master.importing import model_dir as model_dir_lib
  from master.importing import object_checkpoint
  from master.importing import pytorch_file
  dialect, read = {
      'master_pytorch': (master_pytorch.DIALECT, pytorch_file.read),
      'master_tf': (master_tf.DIALECT, object_checkpoint.read),
  }[flags_obj.source]
  model_dir_lib.check_free(flags_obj.model_dir)
  logging.info('Reading %s', flags_obj.input)
  conversion = conversion_lib.plan(
      read(flags_obj.input), dialect,
      config_flags.given(config_lib.ModelConfig, flags_obj))
  logging.info('Writing %s', flags_obj.model_dir)
  with model_dir_lib.writing(flags_obj.model_dir) as scratch:
    model_dir_lib.write(scratch, conversion.settings.config,
                        conversion_lib.values(conversion))
    flags_file.write(
        scratch, flags_obj,
        [field.name for field in dataclasses.fields(config_lib.ModelConfig)],
        conversion.settings.config, final_dir=flags_obj.model_dir)
  print('\n'.join(_report(conversion, dialect.title)))
  print(os.path.normpath(flags_obj.model_dir))


def run():
  """Entry point of master-import-checkpoint."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
