"""The whole configuration: frozen dataclasses, and their JSON file.

Each field describes itself: help text, choices and bounds stand beside its
default. The absl flag of its name is made from them
(master/cli/config_flags.py), and values are checked by them.
"""

import dataclasses
import json
import os
import re
from typing import Any, Callable, NamedTuple, Optional, Sequence

from master import charset as charset_lib
from master import errors
from master import files

CONFIG_FILE = 'config.json'
UNKNOWN_CHARS = ('skip', 'strip', 'unk')
CONVOLUTIONS = ('winograd', 'direct')
DTYPES = ('float32', 'bfloat16', 'float16')

# The backbone halves the height three times and the width twice.
HEIGHT_STRIDE = 8
WIDTH_STRIDE = 4


class _Rule(NamedTuple):
  """What a value must be, in words, and whether it is."""
  text: str
  holds: Callable[[Any], bool]


_AT_LEAST_0 = _Rule('at least 0', lambda value: value >= 0)
_AT_LEAST_1 = _Rule('at least 1', lambda value: value >= 1)
_ABOVE_0 = _Rule('above 0', lambda value: value > 0)
_SHARE = _Rule('in [0, 1]', lambda value: 0 <= value <= 1)
_SHARE_BELOW_1 = _Rule('in [0, 1)', lambda value: 0 <= value < 1)
_SHARE_ABOVE_0 = _Rule('in (0, 1]', lambda value: 0 < value <= 1)


def _multiple(divisor: int, halvings: str) -> _Rule:
  return _Rule(f'a multiple of {divisor} above 0 (the backbone halves it '
               f'{halvings})',
               lambda value: value > 0 and value % divisor == 0)


def _counts(length: int) -> _Rule:
  return _Rule(f'{length} numbers of at least 1', lambda values: (
      len(values) == length and all(value >= 1 for value in values)))


def setting(default: Any, help_text: str, *,
            choices: Optional[Sequence[str]] = None,
            must_be: Optional[_Rule] = None) -> Any:
  """A field of a configuration that describes itself.

  Args:
    default: its value unless given.
    help_text: of its flag: sentences.
    choices: the values it may have; None for any.
    must_be: what holds for its value; follows from `choices` if there are.

  Returns:
    A dataclass field whose metadata has `help`, `choices` and `must_be`.
  """
  if choices:
    must_be = _Rule(f'one of {", ".join(choices)}',
                    lambda value: value in choices)
  return dataclasses.field(default=default, metadata={
      'help': help_text, 'choices': choices, 'must_be': must_be})


def _check(condition: bool, message: str):
  if not condition:
    raise errors.InputError(message)


class _Settings:
  """Base of the configurations: checks each value by its field."""

  def __post_init__(self):
    for field in dataclasses.fields(self):
      value, must_be = getattr(self, field.name), field.metadata['must_be']
      if must_be and not must_be.holds(value):
        shown = (','.join(map(str, value)) if isinstance(value, tuple)
                 else value)
        raise errors.InputError(
            f'--{field.name}={shown}: must be {must_be.text}.')


@dataclasses.dataclass(frozen=True)
class ModelConfig(_Settings):
  """What decides the graph and its variables. Defaults are the base model."""
  image_height: int = setting(
      48, 'Height in pixels that images are resized to.',
      must_be=_multiple(HEIGHT_STRIDE, 'three times'))
  image_width: int = setting(
      160, 'Width in pixels that images are padded or squeezed to. The memory '
      'has image_height / 8 x image_width / 4 positions.',
      must_be=_multiple(WIDTH_STRIDE, 'twice'))
  image_channels: int = setting(
      1, 'Channels of images: grey or RGB.',
      must_be=_Rule('1 or 3', lambda value: value in (1, 3)))
  image_resize: str = setting(
      'right', 'How images come to their size. right: scaled to the height and '
      'padded on the right, squeezed where too wide. right_square: the same, '
      'with images narrower than tall first stretched to a square '
      '(MASTER-pytorch). stretch: scaled to height and width, whatever the '
      'aspect. letterbox: scaled to fit both ways and centred, without '
      'antialiasing (MASTER-TF).',
      choices=('right', 'right_square', 'stretch', 'letterbox'))
  image_min_aspect: float = setting(
      0.0, 'With --image_resize=right, images narrower than this many times '
      'their height are widened to it: words on a slope or seen from the side '
      'lie in upright boxes, where their letters have few pixels; 0 widens '
      'none.')
  rotate_vertical: float = setting(
      0.0, 'Images taller than this many times their width are turned '
      'counter-clockwise by 90 degrees first, in training, evaluation and '
      'serving; 0 turns none.', must_be=_Rule(
          '0, or at least 1 times the width',
          lambda value: value == 0 or value >= 1))
  # Here the characters themselves, in class order.
  charset: str = setting(
      charset_lib.NAMED_CHARSETS['62'],
      'Characters that can be read: 36 (digits, a-z), 62 (36 and A-Z), 94 '
      '(62 and ASCII punctuation), 95 (62, space and punctuation in the order '
      'of MASTER-pytorch), or a UTF-8 file with one character a line. '
      'It decides the number of classes and so the checkpoint.')
  max_label_length: int = setting(
      50, 'Longest text in characters. Longer training labels are skipped; '
      'decoding takes at most one step more, for <EOS>.', must_be=_AT_LEAST_1)
  stem_channels: tuple[int, ...] = setting(
      (64, 128), 'Channels of the first two convolutions.',
      must_be=_counts(2))
  stage_channels: tuple[int, ...] = setting(
      (256, 256, 512, 512), 'Channels of the four residual stages and of the '
      'convolution after each.', must_be=_counts(4))
  stage_blocks: tuple[int, ...] = setting(
      (1, 2, 5, 3), 'Residual blocks of each of the four stages.',
      must_be=_counts(4))
  batch_norm_decay: float = setting(
      0.9, 'Share of the old moving average that a step keeps: '
      'moving = decay * moving + (1 - decay) * batch.', must_be=_SHARE_BELOW_1)
  batch_norm_epsilon: float = setting(
      1e-5, 'Added to the variance in batch norms.', must_be=_ABOVE_0)
  gcb_heads: int = setting(
      8, 'Heads that the channels are cut into in the global context block; '
      'divides the channels of stages 2 to 4.', must_be=_AT_LEAST_1)
  gcb_ratio: int = setting(
      16, 'Channels over those of the bottleneck of the global context block.',
      must_be=_AT_LEAST_1)
  gcb_fusion: str = setting(
      'add', 'How the global context joins the features.',
      choices=('add', 'mul', 'concat'))
  gcb_pooling: str = setting(
      'attention', 'How the global context is gathered; average weighs all '
      'positions the same.', choices=('attention', 'average'))
  gcb_scale_mask: bool = setting(
      False, 'Divide the mask by sqrt(channels / gcb_heads) before the '
      'softmax.')
  gcb_placement: str = setting(
      'first', 'Global context in the first block of stages 2 to 4, or in all '
      'their blocks.', choices=('first', 'all'))
  gcb_norm_epsilon: float = setting(
      1e-5, 'Added to the variance in the layer norms of the global context '
      'block.', must_be=_ABOVE_0)
  gcb_join_norm: bool = setting(
      False, 'With gcb_fusion=concat: gain and offset for every position and '
      'channel in the norm after the join, as MASTER-TF has them, which ties '
      'the variables to the image size. Off, it has none (MASTER-pytorch).')
  hidden_size: int = setting(
      512, 'Width of memory and decoder; equals the last of stage_channels.',
      must_be=_AT_LEAST_1)
  num_layers: int = setting(3, 'Decoder layers.', must_be=_AT_LEAST_1)
  num_heads: int = setting(
      8, "Heads of the decoder's attentions; divides hidden_size.",
      must_be=_AT_LEAST_1)
  filter_size: int = setting(
      2048, 'Width inside the feed-forward sublayers.', must_be=_AT_LEAST_1)
  dropout_rate: float = setting(
      0.2, 'Probability of dropping in the decoder.', must_be=_SHARE_BELOW_1)
  shared_layers: bool = setting(
      False, 'All decoder layers use the weights of one (share_parameter of '
      'MASTER-pytorch).')
  shared_layer_norm: bool = setting(
      False, 'One layer norm for all sublayers of the decoder and its output '
      '(MASTER-pytorch).')
  layer_norm_epsilon: float = setting(
      1e-6, "Added to the variance in the norms of the decoder's sublayers.",
      must_be=_ABOVE_0)
  output_norm_epsilon: float = setting(
      1e-6, 'Added to the variance in the norm after the last decoder layer.',
      must_be=_ABOVE_0)
  scale_embedding: bool = setting(
      True, 'Multiply embeddings by sqrt(hidden_size).')

  def __post_init__(self):
    super().__post_init__()
    charset_lib.Charset(self.charset)
    widest = self.image_width / self.image_height
    _check(0 <= self.image_min_aspect <= widest,
           f'--image_min_aspect={self.image_min_aspect}: must be from 0 to '
           f'image_width / image_height, {widest:g}.')
    _check(self.image_min_aspect == 0 or self.image_resize == 'right',
           f'--image_min_aspect={self.image_min_aspect}: needs '
           f'--image_resize=right, not {self.image_resize}.')
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


# What may change while a training goes on: no variable's name or meaning hangs
# on it.
CHANGEABLE = ('image_height', 'image_width', 'image_resize',
              'image_min_aspect', 'rotate_vertical', 'batch_norm_decay',
              'dropout_rate')


@dataclasses.dataclass(frozen=True)
class DataConfig(_Settings):
  """How records become batches."""
  batch_size: int = setting(
      128, 'Images of a batch, over all devices together.',
      must_be=_AT_LEAST_1)
  shuffle: bool = setting(
      True, 'Draw the training records in a new order every epoch.')
  data_threads: int = setting(
      0, 'Threads that decode images; 0 leaves the number to TensorFlow.',
      must_be=_AT_LEAST_0)
  prefetch_batches: int = setting(
      4, 'Batches made ahead of the accelerator; each takes batch_size images '
      'of memory.', must_be=_AT_LEAST_1)
  unknown_chars: str = setting(
      'skip', 'Training labels with characters outside the charset: skip the '
      'record, strip the characters from the label, or unk: train them as '
      '<UNK>.', choices=UNKNOWN_CHARS)
  min_image_size: int = setting(
      1, 'Least height and width of a training image, in pixels; smaller ones '
      'are skipped.', must_be=_AT_LEAST_1)
  max_bad_fraction: float = setting(
      0.5, 'Largest share of the training records that may be skipped, checked '
      'once 1000 were drawn: above it training stops. 1 never stops it.',
      must_be=_SHARE)


def _probability(default: float, effect: str) -> Any:
  return setting(
      default,
      f'Where augment is above 0: the probability that a word {effect}.',
      must_be=_SHARE)


@dataclasses.dataclass(frozen=True)
class AugmentConfig(_Settings):
  """How training images are changed by chance.

  The effects that move pixels, rotation to crop, come together: no more words
  have one of them than have the most frequent one.
  """
  augment: float = setting(
      0.0, 'Strength of the changes to training images; 0 is none. It scales '
      'how much an effect does; augment_rotation and so on set how often. '
      'data_tools/show_augmentation draws what comes of it.',
      must_be=_SHARE)
  augment_rotation: float = _probability(0.2, 'is turned, by up to 12 degrees')
  augment_shear: float = _probability(0.2, 'is slanted')
  augment_perspective: float = _probability(
      0.2, 'is seen from the side, or from below or above')
  augment_curve: float = _probability(0.1, 'is bent into an arc')
  augment_crop: float = _probability(
      0.4, 'is cropped with more or less around it, or stretched')
  augment_blur: float = _probability(0.15, 'is out of focus')
  augment_motion: float = _probability(0.1, 'is blurred by movement')
  augment_noise: float = _probability(0.2, 'has noise')
  augment_contrast: float = _probability(
      0.5, 'has another contrast and brightness')
  augment_colour: float = _probability(
      0.3, 'is in coloured light (nothing for grey images)')
  augment_invert: float = _probability(
      0.1, 'has dark and light changed; this is not scaled')
  augment_jpeg: float = _probability(0.2, 'shows the artefacts of JPEG')


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


def _check_factor(pair: str):
  pattern, _, factor = pair.rpartition('=')
  try:
    good = bool(pattern) and 0 < float(factor) < float('inf')
  except ValueError:
    good = False
  _check(good, f'--learning_rate_factors: {pair!r} must be PATTERN=FACTOR '
         'with a factor above 0; --freeze is for those not to be trained.')
  _check_pattern('learning_rate_factors', pattern)


def _check_optimisation(config: 'TrainConfig'):
  """Judges the settings of optimizers and schedules."""
  _check(config.optimizer != 'adamw' or config.weight_decay > 0,
         '--optimizer=adamw: needs --weight_decay above 0.')
  steps = config.decay_boundaries
  _check(all(a < b for a, b in zip((0, *steps), steps)),
         '--decay_boundaries: must be rising steps from 1 on.')
  _check(config.schedule != 'step' or steps,
         '--schedule=step: needs --decay_boundaries.')
  for flag in ('weight_decay_exclude', 'freeze'):
    for pattern in getattr(config, flag):
      _check_pattern(flag, pattern)
  for pair in config.learning_rate_factors:
    _check_factor(pair)


@dataclasses.dataclass(frozen=True)
class TrainConfig(_Settings):
  """How the variables are learned and what is written meanwhile."""
  train_steps: int = setting(
      400000, 'Step at which training ends, steps of earlier runs counted.',
      must_be=_AT_LEAST_1)
  seed: int = setting(1, 'Seed of initial values, shuffling and dropout.')
  session_threads: int = setting(
      0, 'Threads of one operation, and operations at a time, in the training '
      'session; 0 leaves both to TensorFlow. With 1 a run repeats bit for bit '
      'on a CPU.', must_be=_AT_LEAST_0)
  precision: str = setting(
      'float32', 'In what convolutions and matrix products of the training '
      'step are computed; weights, statistics, norms, softmax, loss and the '
      'optimizer are float32 in any case. float16 scales the loss, and leaves '
      'out steps whose gradients overflow. Checkpoints and evaluation are '
      'float32.', choices=DTYPES)
  xla: bool = setting(
      False, 'Compile clusters of the training step with XLA when it first '
      'runs. Meant for GPUs; on CPUs it was slower.')
  optimizer: str = setting(
      'adam', 'What learns the variables; adamw is Adam with decoupled weight '
      'decay.', choices=('adam', 'adamw', 'momentum'))
  learning_rate: float = setting(
      4e-4, 'Highest learning rate; schedule and warmup_steps shape it.',
      must_be=_ABOVE_0)
  schedule: str = setting(
      'constant', 'How the learning rate falls after the warm-up: not at all; '
      'times decay_factor at each of decay_boundaries; evenly to decay_factor '
      'at schedule_steps; as a cosine to cosine_floor there; or with '
      '1 / sqrt(step).',
      choices=('constant', 'step', 'exponential', 'cosine', 'inverse_sqrt'))
  schedule_steps: int = setting(
      0, 'Step at which the exponential and the cosine schedule end, for '
      'trainings that go on again and again with a larger train_steps; 0 for '
      'train_steps.', must_be=_AT_LEAST_0)
  cooldown_steps: int = setting(
      0, 'Steps before the end of the schedule in which the learning rate '
      'falls evenly to 0, whatever the schedule; 0 for none.',
      must_be=_AT_LEAST_0)
  decay_boundaries: tuple[int, ...] = setting(
      (), 'Rising steps at which the step schedule falls.')
  decay_factor: float = setting(
      0.1, 'What the step schedule multiplies with at each boundary, and the '
      'exponential one over all steps after the warm-up.',
      must_be=_SHARE_ABOVE_0)
  cosine_floor: float = setting(
      0.0, 'Where the cosine schedule ends, as a part of learning_rate.',
      must_be=_SHARE)
  warmup_steps: int = setting(
      0, 'Steps over which the learning rate rises from zero.')
  adam_beta1: float = setting(
      0.9, "Decay of Adam's mean gradient.", must_be=_SHARE_BELOW_1)
  adam_beta2: float = setting(
      0.999, "Decay of Adam's squared gradient.", must_be=_SHARE_BELOW_1)
  adam_epsilon: float = setting(
      1e-8, "Adam's guard against division by zero.", must_be=_ABOVE_0)
  momentum: float = setting(
      0.9, 'Of the momentum optimizer.', must_be=_SHARE_BELOW_1)
  nesterov: bool = setting(False, 'Let the momentum optimizer look ahead.')
  weight_decay: float = setting(
      0.0, 'Part of each weight that a step takes away, times the learning '
      'rate; of adamw and momentum.', must_be=_AT_LEAST_0)
  weight_decay_exclude: tuple[str, ...] = setting(
      ('bias$', '(gamma|beta)$', 'embedding$'),
      'Regular expressions; variables with one in their name do not decay.')
  freeze: tuple[str, ...] = setting(
      (), 'Regular expressions; variables with one in their name, batch norm '
      'statistics too, keep their values.')
  learning_rate_factors: tuple[str, ...] = setting(
      (), 'PATTERN=FACTOR pairs; the first whose regular expression is in the '
      "name of a variable scales that variable's updates.")
  clip_norm: float = setting(
      0.0, 'Largest global norm of the gradients; 0 sets no limit.',
      must_be=_AT_LEAST_0)
  accumulate_steps: int = setting(
      1, 'Parts in which a device reads its images of a batch, one after the '
      'other, with the memory of one part.', must_be=_AT_LEAST_1)
  towers: int = setting(
      1, 'Parts that a device works on side by side, of a batch or of each of '
      "accumulate_steps' parts, each op on its share of the threads. As many "
      'as there are CPU cores are faster than one, from some 32 images a '
      'part.', must_be=_AT_LEAST_1)
  average_decay: float = setting(
      0.0, 'Decay of the moving averages of the weights, by which the model '
      'is evaluated and exported; 0 keeps none.', must_be=_SHARE_BELOW_1)
  label_smoothing: float = setting(
      0.0, 'Probability spread evenly over all classes in the training loss.',
      must_be=_SHARE_BELOW_1)
  max_loss_rise: float = setting(
      2.0, 'Training ends when the mean loss of 100 steps is more nats per '
      'character than this above its lowest; 0 never ends it so.',
      must_be=_AT_LEAST_0)
  save_steps: int = setting(
      1000, 'Steps between checkpoints; a killed run loses at most these.',
      must_be=_AT_LEAST_1)
  keep_checkpoints: int = setting(
      5, 'Newest checkpoints kept in model_dir.', must_be=_AT_LEAST_1)
  log_steps: int = setting(
      100, 'Steps between log lines and between TensorBoard summaries.',
      must_be=_AT_LEAST_1)
  eval_steps: int = setting(
      5000, 'Steps between evaluations on the sets of eval_lmdb.',
      must_be=_AT_LEAST_1)
  eval_minutes: float = setting(
      0.0, 'Minutes after which the next checkpoint is evaluated, whatever '
      'eval_steps says; 0 leaves it to eval_steps.', must_be=_AT_LEAST_0)
  eval_limit: int = setting(
      0, 'Records of each set, from its beginning, that evaluations during '
      'the training read; the last one reads all. 0 reads all every time.',
      must_be=_AT_LEAST_0)
  best_metric: str = setting(
      '', 'SET/METRIC that the best checkpoints are chosen by, as '
      'Val/word_accuracy/alnum_ci; METRIC is word_accuracy/ or ned/ with '
      'alnum_ci, case_sensitive or exact, or loss. If not given, '
      'word_accuracy/alnum_ci of the first set whose name is not that of a '
      'test set.')
  keep_best: int = setting(
      1, 'Best checkpoints kept in model_dir/best; 0 keeps none.',
      must_be=_AT_LEAST_0)
  early_stop_evals: int = setting(
      0, 'Training ends after this many evaluations without a better value of '
      'best_metric; 0 never ends it early.', must_be=_AT_LEAST_0)

  def __post_init__(self):
    super().__post_init__()
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
    only records how a model was made, may hold what nothing reads.

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
class DecodeConfig(_Settings):
  """How texts are searched for."""
  beam_size: int = setting(
      1, 'Texts followed at a time; 1 is greedy search, 5 a usual beam, which '
      'takes longer and finds likelier texts.', must_be=_AT_LEAST_1)
  length_penalty: float = setting(
      0.6, 'Scores of beams are log probabilities over ((5 + length) / 6) to '
      'this power; 0 favours short texts.', must_be=_AT_LEAST_0)
  early_stop: bool = setting(
      True, 'End the search of a batch when all its texts have ended. Off, '
      'the texts are the same and take max_label_length + 1 steps.')


@dataclasses.dataclass(frozen=True)
class ExportConfig(_Settings):
  """The form in which a model is served. Its texts are those of the model."""
  format: str = setting(
      'saved_model', 'saved_model, for TensorFlow and TensorFlow Serving; '
      'onnx, for ONNX Runtime, from decoded images to class ids (needs the '
      'extra "onnx"); or checkpoint, the weights alone as a model directory, '
      'without what a training needs to go on.',
      choices=('saved_model', 'onnx', 'checkpoint'))
  convolution: str = setting(
      'winograd', 'How 3x3 convolutions of many channels are done. winograd: '
      'about twice as fast on CPUs, at three times the memory for weights. '
      'direct: as the runtime does them; for GPUs.', choices=CONVOLUTIONS)
  dtype: str = setting(
      'float32', 'Type of the weights and features of the backbone; the '
      'decoder stays float32. The 16-bit types are for accelerators that have '
      'them; texts may differ where two characters are equally likely.',
      choices=DTYPES)
  jit_compile: bool = setting(
      False, 'Compile the backbone with XLA when it is first used, for each '
      'batch size anew, which takes seconds; only for accelerators.')

  def __post_init__(self):
    super().__post_init__()
    if self.format != 'saved_model':
      _check(self.dtype == 'float32',
             f'--dtype={self.dtype}: --format={self.format} is written in '
             'float32.')
      _check(not self.jit_compile,
             '--jit_compile: is for --format=saved_model.')


@dataclasses.dataclass(frozen=True)
class Config:
  """Everything a model directory's `config.json` holds.

  `data` and `train` record how the model was made; they are None for a model
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
