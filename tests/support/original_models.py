"""The two original implementations of MASTER, in NumPy, for tests.

Names and shapes of their tensors, and what they compute of them, written
without the tables of master/importing. tests/importing/peers_test.py holds
these functions against outputs of the originals themselves.
"""

import dataclasses
from typing import Mapping
import zlib

import numpy as np

from tests.support import reference

State = dict[str, np.ndarray]
Shapes = dict[str, tuple[int, ...]]


@dataclasses.dataclass(frozen=True)
class Settings:
  """Of an original; the defaults are small and differ wherever they can.

  `positions` is the length of MASTER-pytorch's table of position codes.
  """
  channels: int = 1
  height: int = 16
  width: int = 20
  stem: tuple[int, int] = (3, 5)
  stages: tuple[int, ...] = (7, 10, 14, 22)
  blocks: tuple[int, ...] = (1, 2, 1, 2)
  heads: int = 1
  ratio: int = 3
  fusion: str = 'add'
  layers: int = 2
  multiheads: int = 2
  filter: int = 13
  classes: int = 11
  positions: int = 5000
  share_parameter: bool = False
  context_in_all: bool = False

  @property
  def size(self) -> int:
    return self.stages[-1]


# Of the published configurations.
BASE = Settings(height=48, width=160, stem=(64, 128),
                stages=(256, 256, 512, 512), blocks=(1, 2, 5, 3), ratio=16,
                layers=3, multiheads=8, filter=2048, classes=66)


def _blocks(settings: Settings):
  """(stage from 1, block from 0, input and output channels, context)."""
  before = settings.stem[1]
  for stage, (width, count) in enumerate(
      zip(settings.stages, settings.blocks), 1):
    for block in range(count):
      yield stage, block, before, width, stage > 1 and (
          block == 0 or settings.context_in_all)
      before = width


def _conv_widths(settings: Settings):
  """(number, input and output channels) of the convolutions outside."""
  yield 1, settings.channels, settings.stem[0]
  yield 2, *settings.stem
  for i, width in enumerate(settings.stages):
    yield i + 3, width, width


def pytorch_shapes(settings: Settings, both_names: bool = True) -> Shapes:
  """The state dict of MASTER-pytorch's model, in its order.

  Args:
    settings: of the model.
    both_names: whether tensors stand under their second names too, as in the
      state dict of a whole model.
  """
  shapes = {}

  def norm(name, width):
    shapes.update({f'{name}.{leaf}': (width,) for leaf in (
        'weight', 'bias', 'running_mean', 'running_var')})
    shapes[f'{name}.num_batches_tracked'] = ()

  def conv(name, before, width, size, bias=False):
    shapes[f'{name}.weight'] = (width, before, size, size)
    if bias:
      shapes[f'{name}.bias'] = (width,)

  def linear(name, before, width):
    shapes.update({f'{name}.weight': (width, before),
                   f'{name}.bias': (width,)})

  root = 'conv_embedding_gc.backbone'
  for number, before, width in _conv_widths(settings):
    conv(f'{root}.conv{number}', before, width, 3)
    norm(f'{root}.bn{number}', width)
  for stage, block, before, width, has_context in _blocks(settings):
    name = f'{root}.layer{stage}.{block}'
    conv(f'{name}.conv1', before, width, 3)
    norm(f'{name}.bn1', width)
    conv(f'{name}.conv2', width, width, 3)
    norm(f'{name}.bn2', width)
    if before != width:
      conv(f'{name}.downsample.0', before, width, 1)
      norm(f'{name}.downsample.1', width)
    if has_context:
      planes = width // settings.ratio
      name = f'{name}.context_block'
      conv(f'{name}.conv_mask', width // settings.heads, 1, 1, bias=True)
      transform = f'{name}.channel_{settings.fusion}_conv'
      conv(f'{transform}.0', width, planes, 1, bias=True)
      shapes[f'{transform}.1.weight'] = (planes, 1, 1)
      shapes[f'{transform}.1.bias'] = (planes, 1, 1)
      conv(f'{transform}.3', planes, width, 1, bias=True)
      if settings.fusion == 'concat':
        conv(f'{name}.cat_conv', 2 * width, width, 1, bias=True)

  size = settings.size
  layers = 1 if settings.share_parameter else settings.layers
  for part, attentions in (('encoder', ('attention',)),
                           ('decoder', ('attention', 'source_attention'))):
    for i in range(layers):
      for attention in attentions:
        for j in range(4):
          linear(f'{part}.{attention}.{i}.linears.{j}', size, size)
      linear(f'{part}.position_feed_forward.{i}.w_1', size, settings.filter)
      linear(f'{part}.position_feed_forward.{i}.w_2', settings.filter, size)
    shapes[f'{part}.position.pe'] = (1, settings.positions, size)
    shapes.update({f'{part}.layer_norm.weight': (size,),
                   f'{part}.layer_norm.bias': (size,)})
  shapes['decoder.embedding.weight'] = (settings.classes, size)
  linear('generator.fc', size, settings.classes)
  if both_names:
    for first, second in SECOND_NAMES.items():
      shapes.update({second + name[len(first):]: shape
                     for name, shape in list(shapes.items())
                     if name.startswith(first)})
  return shapes


SECOND_NAMES = {
    'conv_embedding_gc.': 'encode_stage.0.', 'encoder.': 'encode_stage.1.',
    'decoder.': 'decode_stage.0.', 'generator.': 'decode_stage.1.'}


def first_name(name: str) -> str:
  """The name of a tensor of MASTER-pytorch without its second one."""
  for first, second in SECOND_NAMES.items():
    if name.startswith(second):
      return first + name[len(second):]
  return name


def tf_shapes(settings: Settings) -> Shapes:
  """MASTER-TF's object checkpoint, without the keys' suffix."""
  shapes = {}

  def norm(name, width, moving=True):
    leaves = ('beta', 'gamma', 'moving_mean', 'moving_variance')
    shapes.update({f'{name}/{leaf}': (width,)
                   for leaf in leaves[:4 if moving else 2]})

  def layer(name, *shape, bias=True):
    shapes[f'{name}/kernel'] = shape
    if bias:
      shapes[f'{name}/bias'] = shape[-1:]

  root = 'model/feature_extractor'
  for number, before, width in _conv_widths(settings):
    layer(f'{root}/conv{number}', 3, 3, before, width, bias=False)
    norm(f'{root}/bn{number}', width)
  for stage, block, before, width, has_context in _blocks(settings):
    name = f'{root}/layer{stage}/layer_with_weights-{block}'
    layer(f'{name}/conv1', 3, 3, before, width, bias=False)
    norm(f'{name}/bn1', width)
    layer(f'{name}/conv2', 3, 3, width, width, bias=False)
    norm(f'{name}/bn2', width)
    if before != width:
      layer(f'{name}/downsample/layer_with_weights-0', 1, 1, before, width,
            bias=False)
      norm(f'{name}/downsample/layer_with_weights-1', width)
    if has_context:
      planes = width // settings.ratio
      name = f'{name}/gcb'
      layer(f'{name}/conv_mask', 1, 1, width // settings.heads, 1)
      transform = f'{name}/channel_{settings.fusion}_conv/layer_with_weights'
      layer(f'{transform}-0', 1, 1, width, planes)
      shapes[f'{transform}-1/gamma'] = (1, 1, planes)
      shapes[f'{transform}-1/beta'] = (1, 1, planes)
      layer(f'{transform}-2', 1, 1, planes, width)
      if settings.fusion == 'concat':
        layer(f'{name}/cat_conv', 1, 1, 2 * width, width)
        rows = settings.height // (4 if stage == 2 else 8)
        for leaf in ('gamma', 'beta'):
          shapes[f'{name}/layer_norm/{leaf}'] = (
              rows, settings.width // 4, width)
  size = settings.size
  for i in range(settings.layers):
    name = f'model/decoder/layers/{i}'
    layer(f'{name}/feed_forward/dense_1', size, settings.filter)
    layer(f'{name}/feed_forward/dense_2', settings.filter, size)
    # It makes four projections and applies, and so builds, the last.
    for attention in ('self_attn', 'src_attn'):
      layer(f'{name}/{attention}/linears/3', size, size)
    for j in range(3):
      norm(f'{name}/sublayer/{j}/norm', size, moving=False)
  norm('model/decoder/norm', size, moving=False)
  layer('model/linear', size, settings.classes)
  shapes['model/seq_embedding/embeddings'] = (settings.classes, size)
  return dict(sorted(shapes.items()))


def make_state(shapes: Shapes) -> State:
  """A value for each tensor, decided by its first name and its shape."""
  state = {}
  for name, shape in shapes.items():
    leaf = name.replace('/', '.').split('.')[-1]
    if leaf == 'num_batches_tracked':
      state[name] = np.zeros(shape, np.int64)
      continue
    if leaf == 'pe':
      state[name] = reference.sinusoids(*shape[1:])[None].astype(np.float32)
      continue
    draws = np.random.RandomState(
        zlib.crc32(first_name(name).encode())).uniform(-1, 1, shape)
    if leaf in ('running_var', 'moving_variance', 'gamma') or (
        leaf == 'weight' and len(shape) in (1, 3)):
      draws = 1 + draws / 2
    elif leaf in ('weight', 'kernel'):
      fan_in = shape[:-1] if leaf == 'kernel' else shape[1:]
      draws *= np.sqrt(6 / np.prod(fan_in))
    else:
      draws /= 5
    state[name] = draws.astype(np.float32)
  return state


def _pytorch_weights(state: Mapping[str, np.ndarray]) -> State:
  """By the names and in the layout of tests/support/reference.py."""
  weights = {}
  for name, value in state.items():
    name = first_name(name)
    for old, new in (
        ('.linears.0', '.query'), ('.linears.1', '.key'),
        ('.linears.2', '.value'), ('.linears.3', '.output'),
        ('.w_1', '.filter'), ('.w_2', '.output'),
        ('context_block.conv_mask', 'context.mask'),
        ('context_block.cat_conv', 'context.join'),
        *[(f'context_block.channel_{fusion}_conv.{i}', f'context.{part}')
          for fusion in ('add', 'mul', 'concat')
          for i, part in ((0, 'reduce'), (1, 'reduce_norm'), (3, 'expand'))]):
      name = name.replace(old, new)
    module, _, leaf = name.rpartition('.')
    module = module.replace('.', '/')
    if leaf == 'weight' and value.ndim == 4:
      weights[f'{module}/kernel'] = value.transpose(2, 3, 1, 0)
    elif leaf == 'weight' and value.ndim == 2:
      weights[f'{module}/kernel'] = value.T
    elif leaf == 'weight':
      weights[f'{module}/gamma'] = value.ravel()
    elif leaf == 'bias':
      # A norm's and a layer's look alike.
      weights[f'{module}/bias'] = weights[f'{module}/beta'] = value.ravel()
    elif leaf == 'running_mean':
      weights[f'{module}/moving_mean'] = value
    elif leaf == 'running_var':
      weights[f'{module}/moving_variance'] = value
  return weights


def _tf_weights(state: Mapping[str, np.ndarray], settings: Settings) -> State:
  """By the names and in the layout of tests/support/reference.py."""
  weights = {}
  for name, value in state.items():
    for old, new in (
        ('model/', ''), ('linears/3', 'output'), ('layer_with_weights-', ''),
        ('dense_1', 'filter'), ('dense_2', 'output'),
        ('gcb/conv_mask', 'context/mask'), ('gcb/cat_conv', 'context/join'),
        ('gcb/layer_norm', 'context/join_norm'),
        *[(f'gcb/channel_{fusion}_conv/{i}', f'context/{part}')
          for fusion in ('add', 'mul', 'concat')
          for i, part in enumerate(('reduce', 'reduce_norm', 'expand'))]):
      name = name.replace(old, new)
    weights[name] = value.ravel() if 'reduce_norm' in name else value
  for i in range(settings.layers):
    for attention in ('self_attn', 'src_attn'):
      for part in ('query', 'key', 'value'):
        name = f'decoder/layers/{i}/{attention}/{part}'
        weights[f'{name}/kernel'] = np.eye(settings.size)
        weights[f'{name}/bias'] = np.zeros(settings.size)
  return weights


def _encode(images: np.ndarray, weights: State, settings: Settings, root: str,
            context_epsilon: float) -> np.ndarray:
  """Images [B, H, W, C] to the memory [B, S, size]."""

  def conv_norm(x, conv, norm):
    return reference.batch_norm(
        reference.conv2d(x, weights, conv), weights, norm, 1e-5)

  def outside(x, number):
    return np.maximum(conv_norm(x, f'{root}/conv{number}',
                                f'{root}/bn{number}'), 0)

  x = reference.max_pool(outside(outside(images, 1), 2), 2, 2)
  pools = {1: (2, 2), 2: (2, 1)}
  for stage, block, before, width, has_context in _blocks(settings):
    name = f'{root}/layer{stage}/{block}'
    y = np.maximum(conv_norm(x, f'{name}/conv1', f'{name}/bn1'), 0)
    y = conv_norm(y, f'{name}/conv2', f'{name}/bn2')
    if has_context:
      y = reference.gc_attention(
          y, weights, f'{name}/context', settings.heads, settings.fusion,
          'attention', False, context_epsilon)
    if before != width:
      x = conv_norm(x, f'{name}/downsample/0', f'{name}/downsample/1')
    x = np.maximum(x + y, 0)
    if block + 1 == settings.blocks[stage - 1]:
      x = outside(x, stage + 2)
      if stage in pools:
        x = reference.max_pool(x, *pools[stage])
  x = x.reshape([len(x), -1, settings.size])
  return x + reference.sinusoids(*x.shape[1:])


def pytorch_outputs(state: Mapping[str, np.ndarray], settings: Settings,
                    images: np.ndarray, targets: np.ndarray
                    ) -> dict[str, np.ndarray]:
  """What MASTER-pytorch computes, `with_encoder` false.

  Args:
    state: by either name.
    settings: of the model.
    images: [B, H, W, C] in [-1, 1].
    targets: int [B, T], `<SOS>` first.

  Returns:
    memory [B, S, size] and logits [B, T, classes].
  """
  weights = _pytorch_weights(state)
  memory = _encode(images, weights, settings, 'conv_embedding_gc/backbone',
                   1e-5)
  embedding = weights['decoder/embedding/kernel'].T
  x = embedding[targets] * np.sqrt(settings.size)
  x = x + reference.sinusoids(*x.shape[1:])
  mask = np.tril(np.ones([x.shape[1]] * 2, bool))

  def norm(x):
    return reference.layer_norm(x, weights, 'decoder/layer_norm', 1e-6)

  for layer in range(settings.layers):
    i = 0 if settings.share_parameter else layer
    x = x + reference.attention(norm(x), norm(x), weights,
                                f'decoder/attention/{i}', settings.multiheads,
                                mask)
    x = x + reference.attention(norm(x), memory, weights,
                                f'decoder/source_attention/{i}',
                                settings.multiheads)
    x = x + reference.feed_forward(norm(x), weights,
                                   f'decoder/position_feed_forward/{i}')
  return {'memory': memory,
          'logits': reference.linear(norm(x), weights, 'generator/fc')}


def tf_outputs(state: Mapping[str, np.ndarray], settings: Settings,
               images: np.ndarray, targets: np.ndarray
               ) -> dict[str, np.ndarray]:
  """What MASTER-TF computes in training, without dropout; see above."""
  weights = _tf_weights(state, settings)
  memory = _encode(images, weights, settings, 'feature_extractor', 1e-3)
  x = weights['seq_embedding/embeddings'][targets]
  x = x + reference.sinusoids(*x.shape[1:])
  mask = np.tril(np.ones([x.shape[1]] * 2, bool))
  for i in range(settings.layers):
    name = f'decoder/layers/{i}'

    def norm(x, j, name=name):
      return reference.layer_norm(x, weights, f'{name}/sublayer/{j}/norm',
                                  1e-6)

    x = x + reference.attention(norm(x, 0), norm(x, 0), weights,
                                f'{name}/self_attn', settings.multiheads,
                                mask)
    x = x + reference.attention(norm(x, 1), memory, weights,
                                f'{name}/src_attn', settings.multiheads)
    x = x + reference.feed_forward(norm(x, 2), weights,
                                   f'{name}/feed_forward')
  x = reference.layer_norm(x, weights, 'decoder/norm', 1e-3)
  return {'memory': memory, 'logits': reference.linear(x, weights, 'linear')}
