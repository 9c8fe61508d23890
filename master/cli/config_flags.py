"""Flags of the configuration, in groups, and the dataclasses they fill.

Each field of a configuration has the flag of the same name, and the
dataclass holds its default. Rules over several flags live in the dataclasses;
validators here run them while flags are parsed.
"""

import dataclasses
from typing import Any, Callable, Optional, Type

from absl import flags

from master import charset as charset_lib
from master import config as config_lib
from master import errors

# Parsed flags -> the ModelConfig that settles flags which were not given.
InheritFn = Callable[[flags.FlagValues], Optional[config_lib.ModelConfig]]


def define_charset_flag():
  """--charset, for tools that need no model."""
  flags.DEFINE_string(
      'charset', '62',
      'Characters that can be read: 36 (digits, a-z), 62 (36 and A-Z), 94 '
      '(62 and ASCII punctuation), 95 (62, space and punctuation in the order '
      'of MASTER-pytorch), or a UTF-8 file with one character a line. '
      'It decides the number of classes and so the checkpoint.')


def define_model_flags(inherit: Optional[InheritFn] = None,
                       validate: bool = True):
  """Flags of ModelConfig; their defaults are the paper's base model.

  Args:
    inherit: of a command whose model may have settings already: those that
      are given are judged together with these, not with the defaults.
    validate: whether to judge them as they are parsed; not where most
      settings are learned later.
  """
  default = config_lib.ModelConfig()
  define_charset_flag()
  flags.DEFINE_integer(
      'image_height', default.image_height,
      'Height in pixels that images are resized to; a multiple of 8.')
  flags.DEFINE_integer(
      'image_width', default.image_width,
      'Width in pixels that images are padded or squeezed to; a multiple of '
      '4. The memory has image_height / 8 x image_width / 4 positions.')
  flags.DEFINE_integer(
      'image_channels', default.image_channels, '1 for grey, 3 for RGB.')
  flags.DEFINE_enum(
      'image_resize', default.image_resize, config_lib.IMAGE_RESIZES,
      'Scale to the height and pad on the right; the same with images '
      'narrower than tall stretched to a square (MASTER-pytorch); stretch to '
      'height and width whatever the aspect; or fit both ways and centre '
      '(MASTER-TF).')
  flags.DEFINE_float(
      'image_min_aspect', default.image_min_aspect,
      'With --image_resize=right, images narrower than this many times their '
      'height are widened to it: words on a slope or seen from the side lie '
      'in upright boxes, where their letters have few pixels; 0 widens none.')
  flags.DEFINE_float(
      'rotate_vertical', default.rotate_vertical,
      'Images taller than this many times their width are turned '
      'counter-clockwise by 90 degrees first, in training, evaluation and '
      'serving; 0 turns none.')
  flags.DEFINE_integer(
      'max_label_length', default.max_label_length,
      'Longest text in characters. Longer training labels are skipped; '
      'decoding takes at most one step more.')
  flags.DEFINE_list(
      'stem_channels', _numbers(default.stem_channels),
      'Channels of the first two convolutions.')
  flags.DEFINE_list(
      'stage_channels', _numbers(default.stage_channels),
      'Channels of the four residual stages.')
  flags.DEFINE_list(
      'stage_blocks', _numbers(default.stage_blocks),
      'Residual blocks of each of the four stages.')
  flags.DEFINE_float(
      'batch_norm_decay', default.batch_norm_decay,
      'Share of the old moving average that a step keeps, in [0, 1).')
  flags.DEFINE_float(
      'batch_norm_epsilon', default.batch_norm_epsilon,
      'Added to the variance in batch norms.')
  flags.DEFINE_integer(
      'gcb_heads', default.gcb_heads,
      'Heads of the global context block; divides the channels of stages 2 '
      'to 4.')
  flags.DEFINE_integer(
      'gcb_ratio', default.gcb_ratio,
      'Channels over those of the bottleneck of the global context block.')
  flags.DEFINE_enum(
      'gcb_fusion', default.gcb_fusion, config_lib.GCB_FUSIONS,
      'How the global context joins the features.')
  flags.DEFINE_enum(
      'gcb_pooling', default.gcb_pooling, config_lib.GCB_POOLINGS,
      'How the global context is gathered; average weighs all positions the '
      'same.')
  flags.DEFINE_bool(
      'gcb_scale_mask', default.gcb_scale_mask,
      'Divide the mask by sqrt(channels / gcb_heads) before the softmax.')
  flags.DEFINE_enum(
      'gcb_placement', default.gcb_placement, config_lib.GCB_PLACEMENTS,
      'Global context in the first block of stages 2 to 4, or in all.')
  flags.DEFINE_float(
      'gcb_norm_epsilon', default.gcb_norm_epsilon,
      'Added to the variance in the layer norms of the global context block.')
  flags.DEFINE_bool(
      'gcb_join_norm', default.gcb_join_norm,
      'With gcb_fusion=concat: gain and offset for every position in the norm '
      'after the join (MASTER-TF).')
  flags.DEFINE_integer(
      'hidden_size', default.hidden_size,
      'Width of memory and decoder; equals the last of stage_channels.')
  flags.DEFINE_integer(
      'num_layers', default.num_layers, 'Decoder layers.')
  flags.DEFINE_integer(
      'num_heads', default.num_heads,
      "Heads of the decoder's attentions; divides hidden_size.")
  flags.DEFINE_integer(
      'filter_size', default.filter_size,
      'Width inside the feed-forward sublayers.')
  flags.DEFINE_float(
      'dropout_rate', default.dropout_rate,
      'Probability of dropping in the decoder, in [0, 1).')
  flags.DEFINE_bool(
      'shared_layers', default.shared_layers,
      'All decoder layers use the weights of one.')
  flags.DEFINE_bool(
      'shared_layer_norm', default.shared_layer_norm,
      'One layer norm for all sublayers of the decoder and its output.')
  flags.DEFINE_float(
      'layer_norm_epsilon', default.layer_norm_epsilon,
      "Added to the variance in the norms of the decoder's sublayers.")
  flags.DEFINE_float(
      'output_norm_epsilon', default.output_norm_epsilon,
      'Added to the variance in the norm after the last decoder layer.')
  flags.DEFINE_bool(
      'scale_embedding', default.scale_embedding,
      'Multiply embeddings by sqrt(hidden_size).')
  if validate:
    _validate_as(config_lib.ModelConfig, inherit)


def define_data_flags():
  """Flags of DataConfig."""
  default = config_lib.DataConfig()
  flags.DEFINE_integer(
      'batch_size', default.batch_size,
      'Images of a batch, over all devices together.')
  flags.DEFINE_bool(
      'shuffle', default.shuffle,
      'Draw the training records in a new order every epoch.')
  flags.DEFINE_integer(
      'data_threads', default.data_threads,
      'Threads that decode images; 0 leaves the number to TensorFlow.')
  flags.DEFINE_integer(
      'prefetch_batches', default.prefetch_batches,
      'Batches made ahead; each takes batch_size images of memory.')
  flags.DEFINE_enum(
      'unknown_chars', default.unknown_chars, config_lib.UNKNOWN_CHARS,
      'Training labels with characters outside the charset: skip the record, '
      'strip the characters from the label, or unk: train them as <UNK>.')
  flags.DEFINE_integer(
      'min_image_size', default.min_image_size,
      'Least height and width of a training image, in pixels; smaller ones '
      'are skipped.')
  flags.DEFINE_float(
      'max_bad_fraction', default.max_bad_fraction,
      'Largest share of the training records that may be skipped, judged once '
      '1000 were drawn: above it training stops. 1 never stops it.')
  _validate_as(config_lib.DataConfig)


def define_augment_flags():
  """Flags of AugmentConfig."""
  default = config_lib.AugmentConfig()
  flags.DEFINE_float(
      'augment', default.augment,
      'Strength of the changes to training images, 0 (none) to 1. It scales '
      'how much an effect does; augment_rotation and so on tell how often. '
      'data_tools/show_augmentation draws what comes of it.')
  for name, effect in (
      ('rotation', 'is turned, by up to 12 degrees'),
      ('shear', 'is slanted'),
      ('perspective', 'is seen from the side, or from below or above'),
      ('curve', 'is bent into an arc'),
      ('crop', 'is cropped with more or less around it, or stretched'),
      ('blur', 'is out of focus'),
      ('motion', 'is blurred by movement'),
      ('noise', 'has noise'),
      ('contrast', 'has another contrast and brightness'),
      ('colour', 'is in coloured light (nothing for grey images)'),
      ('invert', 'has dark and light changed; this is not scaled'),
      ('jpeg', 'shows the artefacts of JPEG')):
    name = f'augment_{name}'
    flags.DEFINE_float(
        name, getattr(default, name),
        f'Where augment is above 0: the probability that a word {effect}.')
  _validate_as(config_lib.AugmentConfig)


def define_train_flags():
  """Flags of TrainConfig."""
  default = config_lib.TrainConfig()
  flags.DEFINE_integer(
      'train_steps', default.train_steps,
      'Step at which training ends, steps of earlier runs counted.')
  flags.DEFINE_integer(
      'seed', default.seed, 'Seed of initial values, shuffling and dropout.')
  flags.DEFINE_integer(
      'session_threads', default.session_threads,
      'Threads of one operation, and operations at a time, in the training '
      'session; 0 leaves both to TensorFlow. With 1 a run repeats bit for bit '
      'on a CPU.')
  flags.DEFINE_enum(
      'precision', default.precision, config_lib.DTYPES,
      'In what convolutions and matrix products of the training step are '
      'computed; weights, statistics, norms, softmax, loss and the optimizer '
      'are float32 in any case. float16 scales the loss, and leaves out steps '
      'whose gradients overflow. Checkpoints and evaluation are float32.')
  flags.DEFINE_bool(
      'xla', default.xla,
      'Compile clusters of the training step with XLA when it first runs. '
      'Meant for GPUs; on CPUs it was slower.')
  flags.DEFINE_enum(
      'optimizer', default.optimizer, config_lib.OPTIMIZERS,
      'What learns the variables.')
  flags.DEFINE_float(
      'learning_rate', default.learning_rate,
      'Highest learning rate; schedule and warmup_steps shape it.')
  flags.DEFINE_enum(
      'schedule', default.schedule, config_lib.SCHEDULES,
      'How the learning rate falls after the warm-up: not at all; times '
      'decay_factor at each of decay_boundaries; evenly to decay_factor at '
      'schedule_steps; as a cosine to cosine_floor there; or with '
      '1 / sqrt(step).')
  flags.DEFINE_integer(
      'schedule_steps', default.schedule_steps,
      'Step at which the exponential and the cosine schedule end, for '
      'trainings that go on again and again with a larger train_steps; 0 for '
      'train_steps.')
  flags.DEFINE_integer(
      'cooldown_steps', default.cooldown_steps,
      'Steps before the end of the schedule in which the learning rate falls '
      'evenly to 0, whatever the schedule.')
  flags.DEFINE_list(
      'decay_boundaries', _numbers(default.decay_boundaries),
      'Rising steps at which the step schedule falls.')
  flags.DEFINE_float(
      'decay_factor', default.decay_factor,
      'What the step schedule multiplies with at each boundary, and the '
      'exponential one over all steps after the warm-up.')
  flags.DEFINE_float(
      'cosine_floor', default.cosine_floor,
      'Where the cosine schedule ends, as a part of learning_rate.')
  flags.DEFINE_integer(
      'warmup_steps', default.warmup_steps,
      'Steps over which the learning rate rises from zero.')
  flags.DEFINE_float(
      'adam_beta1', default.adam_beta1, "Decay of Adam's mean gradient.")
  flags.DEFINE_float(
      'adam_beta2', default.adam_beta2, "Decay of Adam's squared gradient.")
  flags.DEFINE_float(
      'adam_epsilon', default.adam_epsilon,
      "Adam's guard against division by zero.")
  flags.DEFINE_float(
      'momentum', default.momentum, 'Of the momentum optimizer.')
  flags.DEFINE_bool(
      'nesterov', default.nesterov, 'Let the momentum optimizer look ahead.')
  flags.DEFINE_float(
      'weight_decay', default.weight_decay,
      'Part of each weight that a step takes away, times the learning rate; '
      'of adamw and momentum.')
  flags.DEFINE_list(
      'weight_decay_exclude', list(default.weight_decay_exclude),
      'Regular expressions; variables with one in their name do not decay.')
  flags.DEFINE_list(
      'freeze', list(default.freeze),
      'Regular expressions; variables with one in their name, batch norm '
      'statistics too, keep their values.')
  flags.DEFINE_list(
      'learning_rate_factors', list(default.learning_rate_factors),
      'PATTERN=FACTOR pairs; the first whose regular expression is in the '
      "name of a variable scales that variable's updates.")
  flags.DEFINE_float(
      'clip_norm', default.clip_norm,
      'Largest global norm of the gradients; 0 sets no limit.')
  flags.DEFINE_integer(
      'accumulate_steps', default.accumulate_steps,
      'Parts in which a device reads its images of a batch, one after the '
      'other, with the memory of one part.')
  flags.DEFINE_integer(
      'towers', default.towers,
      'Parts of a batch that a device works on side by side, each op on its '
      'share of the threads. As many as there are CPU cores are faster than '
      'one, from some 32 images a part.')
  flags.DEFINE_float(
      'average_decay', default.average_decay,
      'Decay of the moving averages of the weights, by which the model is '
      'evaluated and exported; 0 keeps none.')
  flags.DEFINE_float(
      'label_smoothing', default.label_smoothing,
      'Probability spread evenly over all classes in the training loss.')
  flags.DEFINE_float(
      'max_loss_rise', default.max_loss_rise,
      'Training ends when the mean loss of 100 steps is more nats per '
      'character than this above its lowest; 0 never ends it so.')
  flags.DEFINE_integer(
      'save_steps', default.save_steps,
      'Steps between checkpoints; a killed run loses at most these.')
  flags.DEFINE_integer(
      'keep_checkpoints', default.keep_checkpoints,
      'Newest checkpoints kept in model_dir.')
  flags.DEFINE_integer(
      'log_steps', default.log_steps,
      'Steps between log lines and between TensorBoard summaries.')
  flags.DEFINE_integer(
      'eval_steps', default.eval_steps,
      'Steps between evaluations on the sets of eval_lmdb.')
  flags.DEFINE_float(
      'eval_minutes', default.eval_minutes,
      'Minutes after which the next checkpoint is evaluated, whatever '
      'eval_steps says; 0 leaves it to eval_steps.')
  flags.DEFINE_integer(
      'eval_limit', default.eval_limit,
      'Records of each set, from its beginning, that evaluations during the '
      'training read; the last one reads all. 0 reads all every time.')
  flags.DEFINE_string(
      'best_metric', default.best_metric,
      'SET/METRIC that the best checkpoints are chosen by, as '
      'Val/word_accuracy/alnum_ci; METRIC is word_accuracy/ or ned/ with '
      'alnum_ci, case_sensitive or exact, or loss. If not given, '
      'word_accuracy/alnum_ci of the first set whose name is not that of a '
      'test set.')
  flags.DEFINE_integer(
      'keep_best', default.keep_best,
      'Best checkpoints kept in model_dir/best; 0 keeps none.')
  flags.DEFINE_integer(
      'early_stop_evals', default.early_stop_evals,
      'Training ends after this many evaluations without a better value of '
      'best_metric; 0 never ends it early.')
  _validate_as(config_lib.TrainConfig)


def define_search_flags(default: Optional[config_lib.DecodeConfig]):
  """--beam_size and --length_penalty.

  Args:
    default: None leaves them unset, for commands whose model has a search;
      then their bounds are judged here, else by the dataclass.
  """
  unset = '' if default else (
      ' If not given, as in the config.json of the model; an exported model '
      'searches as it was exported.')
  flags.DEFINE_integer(
      'beam_size', default.beam_size if default else None,
      'Texts followed at a time; 1 is greedy search, 5 a usual beam, which '
      f'takes longer and finds likelier texts.{unset}',
      lower_bound=None if default else 1)
  flags.DEFINE_float(
      'length_penalty', default.length_penalty if default else None,
      'Scores of beams are log probabilities over ((5 + length) / 6) to this '
      f'power; 0 favours short texts.{unset}',
      lower_bound=None if default else 0)


def define_decode_flags():
  """Flags of DecodeConfig."""
  default = config_lib.DecodeConfig()
  define_search_flags(default)
  flags.DEFINE_bool(
      'early_stop', default.early_stop,
      'End the search of a batch when all its texts have ended. Off, the '
      'texts are the same and take max_label_length + 1 steps.')
  _validate_as(config_lib.DecodeConfig)


def define_export_flags():
  """Flags of ExportConfig."""
  default = config_lib.ExportConfig()
  flags.DEFINE_enum(
      'format', default.format, config_lib.FORMATS,
      'saved_model, for TensorFlow and TensorFlow Serving; onnx, for ONNX '
      'Runtime, from decoded images to class ids (needs the extra "onnx"); or '
      'checkpoint, the weights alone as a model directory, without what a '
      'training needs to go on.')
  flags.DEFINE_enum(
      'convolution', default.convolution, config_lib.CONVOLUTIONS,
      'How 3x3 convolutions of many channels are done. winograd: about twice '
      'as fast on CPUs, at three times the memory for weights. direct: as the '
      'runtime does them; for GPUs.')
  flags.DEFINE_enum(
      'dtype', default.dtype, config_lib.DTYPES,
      'Type of the weights and features of the backbone. The 16-bit types are '
      'for accelerators that have them; texts may differ where two characters '
      'are equally likely.')
  flags.DEFINE_bool(
      'jit_compile', default.jit_compile,
      'Compile the backbone with XLA when it is first used, for each batch '
      'size anew, which takes seconds; only for accelerators.')
  _validate_as(config_lib.ExportConfig)


def _numbers(values: tuple[int, ...]) -> list[str]:
  return [str(value) for value in values]


def _convert(field: dataclasses.Field, value: Any) -> Any:
  if field.name == 'charset':
    return charset_lib.load_characters(value)
  if isinstance(value, list):
    if field.type == tuple[str, ...]:
      return tuple(value)
    try:
      return tuple(int(number) for number in value)
    except ValueError:
      raise errors.InputError(
          f'--{field.name}={",".join(value)}: must be whole numbers '
          'separated by commas.') from None
  return value


def not_given(cls: Type[Any], flags_obj: flags.FlagValues) -> list[str]:
  """Fields whose flag stands neither in the command line nor a flagfile."""
  return [field.name for field in dataclasses.fields(cls)
          if not flags_obj[field.name].present]


def given(cls: Type[Any], flags_obj: flags.FlagValues) -> dict[str, Any]:
  """Values of the other fields, not judged yet."""
  missing = not_given(cls, flags_obj)
  return {field.name: _convert(field, flags_obj[field.name].value)
          for field in dataclasses.fields(cls) if field.name not in missing}


def from_flags(cls: Type[Any], values: Any, inherited: Any = None) -> Any:
  """A configuration from the flags named as its fields.

  Args:
    cls: one of the dataclasses of master/config.py.
    values: absl FlagValues, or a dict of values by flag name.
    inherited: a `cls` that gives the fields whose flags are not given;
      `values` must be FlagValues then. None: their defaults do.

  Raises:
    InputError: naming the flag whose value does not fit.
  """
  if inherited is not None:
    return dataclasses.replace(inherited, **given(cls, values))
  if not isinstance(values, dict):
    values = values.flag_values_dict()
  return cls(**{field.name: _convert(field, values[field.name])
                for field in dataclasses.fields(cls)})


def _validate_as(cls: Type[Any], inherit: Optional[InheritFn] = None):
  """Lets the dataclass judge the flags of its fields when they are parsed."""

  def judge(values: dict[str, Any]) -> bool:
    try:
      inherited = inherit(flags.FLAGS) if inherit else None
    except errors.InputError:
      # No fault of a flag: the command meets it again and tells.
      return True
    try:
      from_flags(cls, flags.FLAGS if inherited else values, inherited)
    except errors.InputError as e:
      raise flags.ValidationError(str(e)) from e
    return True

  flags.register_multi_flags_validator(
      [field.name for field in dataclasses.fields(cls)], judge)


def validate_named_paths(flag: str):
  """The flag holds NAME=PATH pairs whose names differ."""

  def judge(pairs) -> bool:
    try:
      named_paths(flag, pairs)
    except errors.InputError as e:
      raise flags.ValidationError(str(e)) from e
    return True

  flags.register_validator(flag, judge)


def named_paths(flag: str, pairs) -> dict[str, str]:
  """NAME=PATH pairs of a list flag.

  Args:
    flag: name of the flag, for messages.
    pairs: its value, a list of strings or None.

  Returns:
    Paths by name, in order.

  Raises:
    InputError: for an element that is no pair, or a name given twice.
  """
  paths = {}
  for pair in pairs or []:
    name, equals, path = pair.partition('=')
    if not (name and equals and path):
      raise errors.InputError(
          f'--{flag}={pair}: write NAME=PATH, for instance '
          'IIIT5K=/data/IIIT5K.')
    if name in paths:
      raise errors.InputError(
          f'--{flag}: the name {name} stands twice; give each set its own.')
    paths[name] = path
  return paths
