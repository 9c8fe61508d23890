"""Writes a trained model as a SavedModel that needs TensorFlow alone.

Or, with --format=onnx, as a file for ONNX Runtime; with --format=checkpoint,
as a model directory of its weights alone. Where no model is named it is the one
that comes with the package. It appears under
EXPORT_DIR/<version>/, the version being the time in Unix seconds, once it has
been loaded again and compared with the checkpoint. The last line on stdout is
its path.
"""

import logging

from absl import flags

from master import config as config_lib
from master.cli import app
from master.cli import config_flags
from master.cli import model_flags


def define_flags():
  """Flags of bin/export."""
  model_flags.define_source_flags(with_exported=False)
  config_flags.define(config_lib.ExportConfig)
  flags.DEFINE_string(
      'export_dir', None,
      'Folder of versions, as TensorFlow Serving reads it; made if need be.',
      required=True)


def main(flags_obj: flags.FlagValues, unused_arguments: list[str]):
  """Exports the checkpoint that the flags name."""
  from master.export import onnx_model
  from master.export import saved_model
  from master.export import weights
  export_config = config_flags.from_flags(config_lib.ExportConfig, flags_obj)
  with model_flags.load(flags_obj) as reader:
    model = reader.predictor
    logging.info('Exporting %s', model.name)
    if export_config.format == 'checkpoint':
      path = weights.export_weights(model, flags_obj.export_dir)
    else:
      export = (onnx_model.export_onnx if export_config.format == 'onnx'
                else saved_model.export_model)
      path = export(model, flags_obj.export_dir, export_config)
  logging.info('Loaded it again: it reads as the checkpoint does')
  print(path)


def run():
  """Entry point of master-export."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
