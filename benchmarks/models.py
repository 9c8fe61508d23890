"""The models that benchmarks measure, and the forms they are served in."""

import dataclasses
import os
from typing import TYPE_CHECKING, Optional, Sequence

from absl import flags

from benchmarks import report
from master import charset as charset_lib
from master import config as config_lib
from master import errors
from master.cli import config_flags

if TYPE_CHECKING:
  from master.export import predictor as predictor_lib

RANDOM = 'random weights'

# A trained model's own may be another, and all forms must do the same work.
_SEARCH = {'beam_size': 1, 'early_stop': True}

# Added to the logit of <EOS>, so that no random text ends before its time.
_ENDLESS = -100.0
_CLASSES_BIAS = 'master/decoder/classes/bias:0'


def define_onnx_flag():
  """--onnx."""
  flags.DEFINE_enum(
      'onnx', 'auto', ['auto', 'yes', 'no'],
      'Whether the model is measured as an ONNX model too; auto leaves that '
      'out where the packages for it are missing, yes fails there.')


def given_sources(flags_obj: flags.FlagValues,
                  names: Sequence[str]) -> dict[str, str]:
  """Values of the flags among `names` that name a trained model.

  Raises:
    InputError: if flags of a model to be made are given beside them.
  """
  sources = {name: flags_obj[name].value for name in names
             if flags_obj[name].value}
  left = config_flags.not_given(config_lib.ModelConfig, flags_obj)
  own = [field.name for field in dataclasses.fields(config_lib.ModelConfig)
         if field.name not in left]
  if sources and own:
    raise errors.InputError(
        f'--{own[0]}: stands beside --{list(sources)[0]}, whose model has its '
        'own settings; leave out one of them.')
  return sources


def source_name(flags_obj: flags.FlagValues) -> str:
  """What the flags of `define_source_flags` name, for the settings."""
  return flags_obj.model_dir or flags_obj.checkpoint or RANDOM


def define_source_flags():
  """Model flags, and --model_dir and --checkpoint in place of them."""
  config_flags.define(config_lib.ModelConfig)
  flags.DEFINE_string('model_dir', None, 'Measures the newest checkpoint of '
                      'this model directory in place of random weights.')
  flags.DEFINE_string('checkpoint', None, 'Measures this checkpoint, as '
                      'runs/a/model.ckpt-100, in place of random weights.')
  flags.register_multi_flags_validator(
      ['model_dir', 'checkpoint'], lambda values: not all(values.values()),
      '--model_dir, --checkpoint: give at most one of them.')


def write_random(config: config_lib.ModelConfig, model_dir: str):
  """Writes a model directory of random weights, the same at every call.

  Its texts never end, so that reading takes all steps.

  Args:
    config: of the model.
    model_dir: gets `config.json` and `model.ckpt-0`.
  """
  import tensorflow.compat.v1 as tf

  from master.estimator.checkpoint import checkpoints
  from master.models import recognizer as recognizer_lib
  config_lib.write(config_lib.Config(config), model_dir)
  settings = tf.ConfigProto()
  # Else this process would keep an accelerator's whole memory from others.
  settings.gpu_options.allow_growth = True
  with tf.Graph().as_default(), tf.Session(config=settings) as session:
    tf.set_random_seed(1)
    recognizer = recognizer_lib.Recognizer(config)
    session.run(tf.global_variables_initializer())
    bias, = [variable for variable in recognizer.variables
             if variable.name == _CLASSES_BIAS]
    session.run(bias.assign_add(_ENDLESS * tf.one_hot(
        charset_lib.EOS_ID, config.num_classes)))
    tf.train.Saver(
        checkpoints.named_variables(), save_relative_paths=True).save(
            session, os.path.join(model_dir, checkpoints.BASE_NAME),
            global_step=0, write_meta_graph=False)


def export_onnx(model: 'predictor_lib.Predictor', export_dir: str,
                wanted: str) -> Optional[str]:
  """Path of the model as an ONNX model, None where it is left out.

  Args:
    model: made of a checkpoint.
    export_dir: gets a folder for the version.
    wanted: value of --onnx.

  Raises:
    InputError: if it must not be left out and packages are missing.
  """
  if wanted == 'no':
    return None
  try:
    from master.export import onnx_model
    return onnx_model.export_onnx(model, export_dir)
  except (ImportError, errors.InputError) as e:
    # The export tells of missing packages as a fault of the input.
    if not isinstance(e.__cause__ or e, ImportError):
      raise
    if wanted == 'yes':
      raise errors.InputError(
          f'--onnx=yes: {e} --onnx=no goes without them.') from e
    report.note(f'onnx is left out: {e}')
    return None


def open_source(flags_obj: flags.FlagValues,
                scratch: str) -> 'predictor_lib.Predictor':
  """The model that the flags of `define_source_flags` name.

  Args:
    flags_obj: their values.
    scratch: folder for a model of random weights, if it is to be one.
  """
  from master.export import predictor as predictor_lib
  sources = given_sources(flags_obj, ('model_dir', 'checkpoint'))
  if 'checkpoint' in sources:
    return predictor_lib.Predictor.from_checkpoint(sources['checkpoint'],
                                                   _SEARCH)
  if 'model_dir' not in sources:
    config = config_flags.from_flags(config_lib.ModelConfig, flags_obj)
    write_random(config, scratch)
  return predictor_lib.Predictor.from_model_dir(
      sources.get('model_dir', scratch), _SEARCH)
