"""The whole configuration: frozen dataclasses, and their JSON file.

Each field has one absl flag of the same name (master/cli/config_flags.py);
its help text is the reference.
"""

import dataclasses
import json
import os
import re
from typing import Any, Optional

from master import charset as charset_lib
from master import errors
from master import files

CONFIG_FILE = 'config.json'
GCB_FUSIONS = ('add', 'mul', 'concat')
GCB_POOLINGS = ('attention', 'average')
GCB_PLACEMENTS = ('first', 'all')
IMAGE_RESIZES = ('right', 'right_square', 'stretch', 'letterbox')
UNKNOWN_CHARS = ('skip', 'strip', 'unk')
OPTIMIZERS = ('adam', 'adamw', 'momentum')
SCHEDULES = ('constant', 'step', 'exponential', 'cosine', 'inverse_sqrt')

FORMATS = ('saved_model', 'onnx', 'checkpoint')
CONVOLUTIONS = ('winograd', 'direct')
DTYPES = ('float32', 'bfloat16', 'float16')

# The backbone halves the height three times and the width twice.
HEIGHT_STRIDE = 8
WIDTH_STRIDE = 4


def _check(condition: bool, message: str):
  if not condition:
    raise errors.InputError(message)


def _check_choice(name: str, value: str, choices):
  _check(value in choices,
         f'--{name}={value}: must be one of {", ".join(choices)}.')


@dataclasses.dataclass(frozen=True)
class ModelConfig:
  """What decides the graph and its variables. Defaults are the base model.

  Attributes:
    image_height: pixels, a multiple of 8.
    image_width: pixels, a multiple of 4.
    image_channels: 1 (grey) or 3 (RGB).
    image_resize: how an image comes to that size. right: scaled to the
      height, padded on the right, squeezed where it would be too wide.
      right_square: the same, but an image narrower than tall is first
      stretched to a square, as MASTER-pytorch does. stretch: scaled to the
      height and the width, whatever the aspect. letterbox: scaled to fit both
      ways and centred, without antialiasing, as MASTER-TF does.
    image_min_aspect: with right, images narrower than this many times their
      height are widened to it; 0 widens none.
    rotate_vertical: images taller than this many times their width are turned
      counter-clockwise by 90 degrees first; 0 turns none.
    charset: the characters themselves, in class order.
    max_label_length: longest text in characters; decoding takes one step
      more, for `<EOS>`.
    stem_channels: channels of the first two convolutions.
    stage_channels: channels of the four residual stages and of the
      convolution after each.
    stage_blocks: residual blocks of each stage.
    batch_norm_decay: share of the old moving average kept at each step:
      moving = decay * moving + (1 - decay) * batch.
    batch_norm_epsilon: added to the variance.
    gcb_heads: heads the channels are cut into in the global context block.
    gcb_ratio: channels over the channels of the block's bottleneck.
    gcb_fusion: how the context joins the features: add, mul or concat.
    gcb_pooling: attention, or average: every position weighs the same.
    gcb_scale_mask: divide the mask by sqrt(channels / heads) before softmax.
    gcb_placement: first block of stages 2 to 4, or all their blocks.
    gcb_norm_epsilon: of the layer norms inside the global context block.
    gcb_join_norm: concat only: the norm after the join has a gain and an
      offset for every position and channel, as MASTER-TF has it; that ties
      the variables to the image size. Off, it has none (MASTER-pytorch).
    hidden_size: width of memory and decoder; the last of stage_channels.
    num_layers: decoder layers.
    num_heads: heads of the decoder's attentions.
    filter_size: width inside the feed-forward sublayer.
    dropout_rate: probability of dropping, in the decoder.
    shared_layers: all decoder layers use the weights of one, as
      MASTER-pytorch's share_parameter has it.
    shared_layer_norm: one layer norm for all sublayers and the output, as
      MASTER-pytorch has it.
    layer_norm_epsilon: of the sublayers' norms.
    output_norm_epsilon: of the norm after the last layer.
    scale_embedding: multiply embeddings by sqrt(hidden_size).
  """
  image_height: int = 48
  image_width: int = 160
  image_channels: int = 1
  image_resize: str = 'right'
  image_min_aspect: float = 0.0
  rotate_vertical: float = 0.0
  charset: str = charset_lib.NAMED_CHARSETS['62']
  max_label_length: int = 50
  stem_channels: tuple[int, ...] = (64, 128)
  stage_channels: tuple[int, ...] = (256, 256, 512, 512)
  stage_blocks: tuple[int, ...] = (1, 2, 5, 3)
  batch_norm_decay: float = 0.9
  batch_norm_epsilon: float = 1e-5
  gcb_heads: int = 8
  gcb_ratio: int = 16
  gcb_fusion: str = 'add'
  gcb_pooling: str = 'attention'
  gcb_scale_mask: bool = False
  gcb_placement: str = 'first'
  gcb_norm_epsilon: float = 1e-5
  gcb_join_norm: bool = False
  hidden_size: int = 512
  num_layers: int = 3
  num_heads: int = 8
  filter_size: int = 2048
  dropout_rate: float = 0.2
  shared_layers: bool = False
  shared_layer_norm: bool = False
  layer_norm_epsilon: float = 1e-6
  output_norm_epsilon: float = 1e-6
  scale_embedding: bool = True

  def __post_init__(self):
    for name in ('image_height', 'image_width', 'max_label_length',
                 'gcb_heads', 'gcb_ratio', 'hidden_size', 'num_layers',
                 'num_heads', 'filter_size'):
      _check(getattr(self, name) >= 1,
             f'--{name}={getattr(self, name)}: must be at least 1.')
    _check(self.image_height % HEIGHT_STRIDE == 0,
           f'--image_height={self.image_height}: must be a multiple of '
           f'{HEIGHT_STRIDE} (the backbone halves it three times).')
    _check(self.image_width % WIDTH_STRIDE == 0,
           f'--image_width={self.image_width}: must be a multiple of '
           f'{WIDTH_STRIDE} (the backbone halves it twice).')
    _check(self.image_channels in (1, 3),
           f'--image_channels={self.image_channels}: must be 1 or 3.')
    _check_choice('image_resize', self.image_resize, IMAGE_RESIZES)
    widest = self.image_width / self.image_height
    _check(0 <= self.image_min_aspect <= widest,
           f'--image_min_aspect={self.image_min_aspect}: must be from 0 to '
           f'image_width / image_height, {widest:g}.')
    _check(self.image_min_aspect == 0 or self.image_resize == 'right',
           f'--image_min_aspect={self.image_min_aspect}: needs '
           f'--image_resize=right, not {self.image_resize}.')
    _check(self.rotate_vertical == 0 or self.rotate_vertical >= 1,
           f'--rotate_vertical={self.rotate_vertical}: must be 0, or at least '
           '1 times the width.')
    charset_lib.Charset(self.charset)
    for name, count in (('stem_channels', 2), ('stage_channels', 4),
                        ('stage_blocks', 4)):
      values = getattr(self, name)
      _check(len(values) == count and all(v >= 1 for v in values),
             f'--{name}={",".join(map(str, values))}: must be {count} '
             'numbers of at least 1.')
    _check_choice('gcb_fusion', self.gcb_fusion, GCB_FUSIONS)
    _check_choice('gcb_pooling', self.gcb_pooling, GCB_POOLINGS)
    _check_choice('gcb_placement', self.gcb_placement, GCB_PLACEMENTS)
    _check(not self.gcb_join_norm or self.gcb_fusion == 'concat',
           f'--gcb_join_norm=True: needs --gcb_fusion=concat, not '
           f'{self.gcb_fusion}.')
    for channels in self.stage_channels[1:]:
      _check(channels % self.gcb_heads == 0,
             f'--gcb_heads={self.gcb_heads}: must divide the channels of '
             f'stages 2 to 4, but one has {channels}.')
      _check(channels >= self.gcb_ratio,
             f'--gcb_ratio={self.gcb_ratio}: must be at most the channels of '
             f'stages 2 to 4, but one has {channels}.')
    _check(self.hidden_size == self.stage_channels[-1],
           f'--hidden_size={self.hidden_size}: must equal the last of '
           f'--stage_channels ({self.stage_channels[-1]}); the memory is '
           'the feature map.')
    _check(self.hidden_size % self.num_heads == 0,
           f'--num_heads={self.num_heads}: must divide --hidden_size='
           f'{self.hidden_size}.')
    _check(self.hidden_size % 2 == 0,
           f'--hidden_size={self.hidden_size}: must be even (half of the '
           'position code are sines, half cosines).')
    for name in ('dropout_rate', 'batch_norm_decay'):
      _check(0 <= getattr(self, name) < 1,
             f'--{name}={getattr(self, name)}: must be in [0, 1).')
    for name in ('batch_norm_epsilon', 'gcb_norm_epsilon',
                 'layer_norm_epsilon', 'output_norm_epsilon'):
      _check(getattr(self, name) > 0,
             f'--{name}={getattr(self, name)}: must be above 0.')

  @property
  def num_classes(self) -> int:
    """Number of classes, the four special ones included."""
    return charset_lib.NUM_SPECIAL + len(self.charset)

  @property
  def num_steps(self) -> int:
    """Decoding steps: the longest text and `<EOS>`."""
    return self.max_label_length + 1

  @property
  def memory_shape(self) -> tuple[int, int]:
    """Height and width of the feature map that becomes the memory."""
    return (self.image_height // HEIGHT_STRIDE,
            self.image_width // WIDTH_STRIDE)


@dataclasses.dataclass(frozen=True)
class DataConfig:
  """How records become batches.

  Attributes:
    batch_size: images of a batch over all devices.
    shuffle: draw training records in a new order every epoch.
    data_threads: threads that decode images; 0 leaves it to TensorFlow.
    prefetch_batches: batches made ahead of the accelerator.
    unknown_chars: training labels with characters outside the charset: skip
      the record, strip the characters, or unk: train them as `<UNK>`.
    min_image_size: least height and width of a training image, in pixels.
    max_bad_fraction: largest share of the training records that may be
      skipped before training stops; 1 never stops it.
  """
  batch_size: int = 128
  shuffle: bool = True
  data_threads: int = 0
  prefetch_batches: int = 4
  unknown_chars: str = 'skip'
  min_image_size: int = 1
  max_bad_fraction: float = 0.5

  def __post_init__(self):
    _check(self.batch_size >= 1,
           f'--batch_size={self.batch_size}: must be at least 1.')
    _check(self.data_threads >= 0,
           f'--data_threads={self.data_threads}: must be at least 0.')
    _check(self.prefetch_batches >= 1,
           f'--prefetch_batches={self.prefetch_batches}: must be at least 1.')
    _check_choice('unknown_chars', self.unknown_chars, UNKNOWN_CHARS)
    _check(self.min_image_size >= 1,
           f'--min_image_size={self.min_image_size}: must be at least 1.')
    _check(0 <= self.max_bad_fraction <= 1,
           f'--max_bad_fraction={self.max_bad_fraction}: must be in [0, 1].')


@dataclasses.dataclass(frozen=True)
class AugmentConfig:
  """How training images are changed by chance.

  Attributes:
    augment: strength of all effects, 0 (off) to 1: how much they do. The
      others tell how often, as probabilities of each word. The effects that
      move pixels, rotation to crop, come together: no more words have one of
      them than have the most frequent one.
    augment_rotation: probability of a turn.
    augment_shear: of a slant.
    augment_perspective: of one end, and bottom or top, being smaller.
    augment_curve: of a bend into an arc.
    augment_crop: of a wider, narrower, shifted or stretched crop.
    augment_blur: of a lens out of focus.
    augment_motion: of a moving camera.
    augment_noise: of a sensor's noise.
    augment_contrast: of another contrast and brightness.
    augment_colour: of coloured light; nothing for grey images.
    augment_invert: of dark and light changing places.
    augment_jpeg: of a strongly compressed file.
  """
  augment: float = 0.0
  augment_rotation: float = 0.2
  augment_shear: float = 0.2
  augment_perspective: float = 0.2
  augment_curve: float = 0.1
  augment_crop: float = 0.4
  augment_blur: float = 0.15
  augment_motion: float = 0.1
  augment_noise: float = 0.2
  augment_contrast: float = 0.5
  augment_colour: float = 0.3
  augment_invert: float = 0.1
  augment_jpeg: float = 0.2

  def __post_init__(self):
    for field in dataclasses.fields(self):
      value = getattr(self, field.name)
      _check(0 <= value <= 1,
             f'--{field.name}={value}: must be in [0, 1].')


# Field -> the field that chooses, and the choices of it that read the field.
_READ_BY = {
    'adam_beta1': ('optimizer', ('adam', 'adamw')),
    'adam_beta2': ('optimizer', ('adam', 'adamw')),
    'adam_epsilon': ('optimizer', ('adam', 'adamw')),
    'momentum': ('optimizer', ('momentum',)),
    'nesterov': ('optimizer', ('momentum',)),
    'weight_decay': ('optimizer', ('adamw', 'momentum')),
    'weight_decay_exclude': ('optimizer', ('adamw', 'momentum')),
    'decay_boundaries': ('schedule', ('step',)),
    'decay_factor': ('schedule', ('step', 'exponential')),
    'cosine_floor': ('schedule', ('cosine',)),
}


def _check_pattern(flag: str, pattern: str):
  try:
    re.compile(pattern)
  except re.error as e:
    raise errors.InputError(
        f'--{flag}: {pattern!r} is no regular expression: {e}.') from e


def _check_factor(setting: str):
  pattern, _, factor = setting.rpartition('=')
  try:
    good = bool(pattern) and 0 < float(factor) < float('inf')
  except ValueError:
    good = False
  _check(good, f'--learning_rate_factors: {setting!r} must be PATTERN=FACTOR '
         'with a factor above 0; --freeze is for those not to be trained.')
  _check_pattern('learning_rate_factors', pattern)


def _check_optimisation(config: 'TrainConfig'):
  """Judges the settings of optimizers and schedules."""
  _check(config.weight_decay >= 0,
         f'--weight_decay={config.weight_decay}: must be at least 0.')
  _check(config.optimizer != 'adamw' or config.weight_decay > 0,
         '--optimizer=adamw: needs --weight_decay above 0.')
  _check(0 < config.decay_factor <= 1,
         f'--decay_factor={config.decay_factor}: must be in (0, 1].')
  _check(0 <= config.cosine_floor <= 1,
         f'--cosine_floor={config.cosine_floor}: must be in [0, 1].')
  steps = config.decay_boundaries
  _check(all(a < b for a, b in zip((0, *steps), steps)),
         '--decay_boundaries: must be rising steps from 1 on.')
  _check(config.schedule != 'step' or steps,
         '--schedule=step: needs --decay_boundaries.')
  for flag in ('weight_decay_exclude', 'freeze'):
    for pattern in getattr(config, flag):
      _check_pattern(flag, pattern)
  for setting in config.learning_rate_factors:
    _check_factor(setting)


@dataclasses.dataclass(frozen=True)
class TrainConfig:
  """How the variables are learned and what is written meanwhile.

  Attributes:
    train_steps: step at which training ends.
    seed: of initial values, shuffling and dropout.
    session_threads: threads of one operation, and operations at a time, in
      the training session; 0 leaves both to TensorFlow. With 1 a run repeats
      bit for bit on a CPU.
    precision: float32; or bfloat16 or float16, in which convolutions and
      matrix products are computed, the latter with dynamic loss scaling.
    xla: compile clusters of the training step with XLA when it first runs.
    optimizer: adam, adamw (decoupled weight decay) or momentum.
    learning_rate: its highest value.
    schedule: constant, step (times decay_factor at each of
      decay_boundaries), exponential (to decay_factor at the schedule's end),
      cosine (to cosine_floor there) or inverse_sqrt.
    schedule_steps: step at which the schedules exponential and cosine end;
      0 for train_steps. Trainings that go on in one directory, each with a
      larger train_steps, so share one schedule.
    decay_boundaries: rising steps at which the step schedule falls.
    decay_factor: of the schedules step and exponential, in (0, 1].
    cosine_floor: where the cosine ends, as a part of learning_rate.
    cooldown_steps: steps before that end in which the rate falls evenly to 0,
      whatever the schedule; 0 for none.
    warmup_steps: steps over which the rate rises from zero.
    adam_beta1: decay of Adam's mean.
    adam_beta2: decay of Adam's squared mean.
    adam_epsilon: Adam's guard against division by zero.
    momentum: of the momentum optimizer.
    nesterov: whether the momentum looks ahead.
    weight_decay: part of a weight that each step takes away, times the
      learning rate; adamw and momentum.
    weight_decay_exclude: regular expressions; variables with one in their
      name do not decay.
    freeze: regular expressions; variables with one in their name, statistics
      of batch norms too, keep their values.
    learning_rate_factors: PATTERN=FACTOR; the first whose pattern is in a
      variable's name scales its updates.
    clip_norm: largest global norm of the gradients; 0 for no limit.
    accumulate_steps: parts in which a device reads its images of a batch, one
      after the other, with the memory of one.
    towers: parts that a device works on side by side, of a batch or of each
      of accumulate_steps' parts, each op on its share of the threads: on a CPU
      faster than all threads to an op.
    average_decay: of the moving averages of the weights, by which the model
      is evaluated and exported; 0 keeps none.
    label_smoothing: probability spread over all classes.
    max_loss_rise: nats by which the mean loss of 100 steps may rise above its
      lowest before training ends; 0 for any height.
    save_steps: steps between checkpoints.
    keep_checkpoints: newest checkpoints kept.
    log_steps: steps between log lines and summaries.
    eval_steps: steps between evaluations.
    eval_minutes: minutes after which the next checkpoint is evaluated
      whatever its step; 0 leaves it to eval_steps.
    eval_limit: records of each set in evaluations before the last; 0 for all.
    best_metric: SET/METRIC that tells which checkpoint is better; '' for the
      word accuracy of the first set that is no test set.
    keep_best: best checkpoints kept.
    early_stop_evals: evaluations without a better value after which training
      ends; 0 for never.
  """
  train_steps: int = 400000
  seed: int = 1
  session_threads: int = 0
  precision: str = 'float32'
  xla: bool = False
  optimizer: str = 'adam'
  learning_rate: float = 4e-4
  schedule: str = 'constant'
  schedule_steps: int = 0
  cooldown_steps: int = 0
  decay_boundaries: tuple[int, ...] = ()
  decay_factor: float = 0.1
  cosine_floor: float = 0.0
  warmup_steps: int = 0
  adam_beta1: float = 0.9
  adam_beta2: float = 0.999
  adam_epsilon: float = 1e-8
  momentum: float = 0.9
  nesterov: bool = False
  weight_decay: float = 0.0
  weight_decay_exclude: tuple[str, ...] = (
      'bias$', '(gamma|beta)$', 'embedding$')
  freeze: tuple[str, ...] = ()
  learning_rate_factors: tuple[str, ...] = ()
  clip_norm: float = 0.0
  accumulate_steps: int = 1
  towers: int = 1
  average_decay: float = 0.0
  label_smoothing: float = 0.0
  max_loss_rise: float = 2.0
  save_steps: int = 1000
  keep_checkpoints: int = 5
  log_steps: int = 100
  eval_steps: int = 5000
  eval_minutes: float = 0.0
  eval_limit: int = 0
  best_metric: str = ''
  keep_best: int = 1
  early_stop_evals: int = 0

  def __post_init__(self):
    for name in ('train_steps', 'accumulate_steps', 'towers', 'save_steps',
                 'keep_checkpoints', 'log_steps', 'eval_steps'):
      _check(getattr(self, name) >= 1,
             f'--{name}={getattr(self, name)}: must be at least 1.')
    for name in ('session_threads', 'eval_minutes', 'eval_limit', 'keep_best',
                 'early_stop_evals', 'schedule_steps', 'cooldown_steps'):
      _check(getattr(self, name) >= 0,
             f'--{name}={getattr(self, name)}: must be at least 0.')
    _check_choice('precision', self.precision, DTYPES)
    _check_choice('optimizer', self.optimizer, OPTIMIZERS)
    _check_choice('schedule', self.schedule, SCHEDULES)
    for name in ('learning_rate', 'adam_epsilon'):
      _check(getattr(self, name) > 0,
             f'--{name}={getattr(self, name)}: must be above 0.')
    for name in ('adam_beta1', 'adam_beta2', 'momentum', 'average_decay',
                 'label_smoothing'):
      _check(0 <= getattr(self, name) < 1,
             f'--{name}={getattr(self, name)}: must be in [0, 1).')
    for name in ('clip_norm', 'max_loss_rise'):
      _check(getattr(self, name) >= 0,
             f'--{name}={getattr(self, name)}: must be at least 0.')
    end = 'schedule_steps' if self.schedule_steps else 'train_steps'
    _check(0 <= self.warmup_steps <= getattr(self, end),
           f'--warmup_steps={self.warmup_steps}: must be between 0 and '
           f'--{end}={getattr(self, end)}.')
    _check(self.warmup_steps + self.cooldown_steps <= getattr(self, end),
           f'--cooldown_steps={self.cooldown_steps}: with --warmup_steps more '
           f'than --{end}={getattr(self, end)}.')
    _check(self.schedule != 'inverse_sqrt' or self.warmup_steps >= 1,
           '--schedule=inverse_sqrt: needs --warmup_steps of at least 1.')
    _check_optimisation(self)

  def check_all_is_read(self):
    """Checks that optimizer and schedule read what is not at its default.

    For a training that begins; a `config.json` of an older version, which
    only tells how a model came about, may hold what nothing reads.

    Raises:
      InputError: naming a setting that is not read.
    """
    for name, (chooser, choices) in _READ_BY.items():
      chosen = getattr(self, chooser)
      _check(chosen in choices
             or getattr(self, name) == getattr(type(self), name),
             f'--{name}: --{chooser}={chosen} does not read it; leave it out, '
             f'or choose {" or ".join(choices)}.')


@dataclasses.dataclass(frozen=True)
class DecodeConfig:
  """How texts are searched for.

  Attributes:
    beam_size: sequences followed at a time; 1 is greedy search.
    length_penalty: scores of beams are log probabilities over
      ((5 + length) / 6) ^ length_penalty.
    early_stop: end the search when every row has ended; off only to measure
      what it saves.
  """
  beam_size: int = 1
  length_penalty: float = 0.6
  early_stop: bool = True

  def __post_init__(self):
    _check(self.beam_size >= 1,
           f'--beam_size={self.beam_size}: must be at least 1.')
    _check(self.length_penalty >= 0,
           f'--length_penalty={self.length_penalty}: must be at least 0.')


@dataclasses.dataclass(frozen=True)
class ExportConfig:
  """The form in which a model is served. Its texts are those of the model.

  Attributes:
    format: saved_model, onnx, or checkpoint: the weights alone, to which
      nothing of the following applies.
    convolution: how 3x3 convolutions of many channels are done. winograd:
      about twice as fast on CPUs, and three times the memory for weights.
      direct: left to the runtime, as GPUs want it.
    dtype: of the backbone's weights and features; the decoder stays float32.
    jit_compile: compile the backbone with XLA when it is first used.
  """
  format: str = 'saved_model'
  convolution: str = 'winograd'
  dtype: str = 'float32'
  jit_compile: bool = False

  def __post_init__(self):
    _check_choice('format', self.format, FORMATS)
    _check_choice('convolution', self.convolution, CONVOLUTIONS)
    _check_choice('dtype', self.dtype, DTYPES)
    if self.format != 'saved_model':
      _check(self.dtype == 'float32',
             f'--dtype={self.dtype}: --format={self.format} is written in '
             'float32.')
      _check(not self.jit_compile,
             '--jit_compile: is for --format=saved_model.')


@dataclasses.dataclass(frozen=True)
class Config:
  """Everything a model directory's `config.json` holds.

  `data` and `train` tell how the model came about; they are None for a model
  that was not trained here. `augment` belongs to them and is off by default.
  `export` is that of an exported model.
  """
  model: ModelConfig
  decode: DecodeConfig = DecodeConfig()
  data: Optional[DataConfig] = None
  train: Optional[TrainConfig] = None
  augment: AugmentConfig = AugmentConfig()
  export: Optional[ExportConfig] = None

  def to_json(self) -> str:
    return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)


_PARTS = {'model': ModelConfig, 'decode': DecodeConfig, 'data': DataConfig,
          'train': TrainConfig, 'augment': AugmentConfig,
          'export': ExportConfig}


def _part_from_dict(cls, values: dict[str, Any], where: str):
  fields = {f.name for f in dataclasses.fields(cls)}
  unknown = sorted(set(values) - fields)
  _check(not unknown, f'{where}: unknown setting {unknown[:1]}; it was '
         'written by a newer version of this project.')
  return cls(**{k: tuple(v) if isinstance(v, list) else v
                for k, v in values.items()})


def from_json(text: str, where: str) -> Config:
  """The configuration in `text`.

  Args:
    text: as `Config.to_json` writes it. Fields left out take their default.
    where: file name for error messages.

  Raises:
    InputError: if it is no such JSON or a value is out of range.
  """
  try:
    values = json.loads(text)
    parts = {name: _part_from_dict(_PARTS[name], part, where)
             for name, part in values.items() if part is not None}
    return Config(**parts)
  except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as e:
    raise errors.InputError(
        f'{where}: not a configuration of this project ({e!r}).') from e
  except errors.InputError as e:
    raise errors.InputError(f'{where}: {e}') from e


def directory_of(path: str) -> str:
  """The directory itself, or that in which a checkpoint lies."""
  return path if os.path.isdir(path) else os.path.dirname(path) or '.'


def read(directory: str) -> Config:
  """Reads `config.json` of a model directory; InputError if there is none."""
  path = os.path.join(directory, CONFIG_FILE)
  if not os.path.isfile(path):
    raise errors.InputError(
        f'{directory}: no {CONFIG_FILE} in it; name a directory that '
        'bin/train or bin/import_checkpoint wrote.')
  try:
    with open(path, encoding='utf-8') as f:
      text = f.read()
  except UnicodeDecodeError as e:
    raise errors.InputError(
        f'{path}: not a configuration of this project ({e}).') from e
  return from_json(text, path)


def write(config: Config, directory: str):
  """Writes `config.json`, whole or not at all."""
  os.makedirs(directory, exist_ok=True)
  files.write(os.path.join(directory, CONFIG_FILE), config.to_json() + '\n')
