"""The configuration of a model, inferred from its tensors."""

import collections
import dataclasses
import re
from typing import Any, Mapping, NamedTuple

from master import charset as charset_lib
from master import config as config_lib
from master import errors
from master.importing import dialect as dialect_lib

# Shapes by our names, without the model's.
Shapes = Mapping[str, tuple[int, ...]]

FROM_FILE = 'the file'
FROM_FLAG = 'flag'
FROM_TRAINING = 'configuration in the file'
FROM_DEFAULT = 'default'


class Settings(NamedTuple):
  """A configuration, and where each of its fields was learned."""
  config: config_lib.ModelConfig
  sources: dict[str, str]


class _Votes:
  """What most tensors say, so that one of a wrong shape does not decide."""

  def __init__(self):
    self._counters = collections.defaultdict(collections.Counter)

  def add(self, key: Any, value: int):
    self._counters[key][value] += 1

  def get(self, key: Any, default: Any = None) -> Any:
    counter = self._counters.get(key)
    return counter.most_common(1)[0][0] if counter else default


def _vote(shapes: Shapes) -> _Votes:
  """Collects sizes: channels of the parts, classes, width of the filter."""
  votes = _Votes()
  for name, shape in shapes.items():
    norm = re.match(r'backbone/(?:conv|stage)(\d)\w*/(?:conv\d/)?norm/', name)
    if norm:
      number = int(norm.group(1))
      is_stem = name.startswith('backbone/conv') and number <= 2
      # conv3 to conv6 follow stages 1 to 4.
      stage = number - 2 if name.startswith('backbone/conv') else number
      votes.add(('stem', number) if is_stem else ('stage', stage), shape[0])
    elif name == 'backbone/conv1/conv/kernel':
      votes.add('image_channels', shape[2])
    elif name in ('decoder/embedding', 'decoder/classes/bias'):
      votes.add('num_classes', shape[0])
    elif name == 'decoder/classes/kernel':
      votes.add('num_classes', shape[1])
    elif '/feed_forward/filter/' in name:
      votes.add('filter_size', shape[-1])
    elif name.endswith('/feed_forward/output/kernel'):
      votes.add('filter_size', shape[0])
  return votes


def _vote_context(shapes: Shapes, channels: tuple[int, ...]) -> _Votes:
  """Collects what context blocks show, given the channels of the stages."""
  votes = _Votes()
  for name, shape in shapes.items():
    block = re.match(r'backbone/stage(\d)_block\d+/context/(.+)', name)
    if not block:
      continue
    stage, leaf = int(block.group(1)), block.group(2)
    width = channels[stage - 1]
    if leaf == 'mask/kernel' and shape[2] and width % shape[2] == 0:
      votes.add('gcb_heads', width // shape[2])
    elif leaf == 'reduce/bias' and shape[0]:
      votes.add('gcb_ratio', width // shape[0])
    elif leaf == 'join_norm/gamma':
      # Stage 2 sees a quarter of the height, stages 3 and 4 an eighth; all
      # a quarter of the width.
      votes.add('image_height', shape[0] * (4 if stage == 2 else 8))
      votes.add('image_width', shape[1] * 4)
  return votes


def from_shapes(dialect: dialect_lib.Dialect,
                structure: dialect_lib.Structure,
                shapes: Shapes) -> tuple[dict[str, Any], int]:
  """What names and shapes determine.

  Args:
    dialect: of the file.
    structure: what the names said.
    shapes: of the tensors in our layout, by our names.

  Returns:
    Fields of ModelConfig, and the number of classes; 0 if unknown.
  """
  votes = _vote(shapes)
  default = config_lib.ModelConfig()
  stem, stages = (
      tuple(votes.get((part, number + 1), channels)
            for number, channels in enumerate(getattr(default, field)))
      for part, field in (('stem', 'stem_channels'),
                          ('stage', 'stage_channels')))
  found = {
      'stem_channels': stem,
      'stage_channels': stages,
      'stage_blocks': structure.stage_blocks,
      'hidden_size': stages[-1],
      'gcb_placement': 'all' if structure.in_all_blocks else 'first',
      'gcb_join_norm': structure.has_join_norm,
  }
  context = _vote_context(shapes, stages)
  for field, value in (
      ('image_channels', votes.get('image_channels')),
      ('filter_size', votes.get('filter_size')),
      ('gcb_fusion', structure.fusion),
      *((field, context.get(field)) for field in (
          'gcb_heads', 'gcb_ratio', 'image_height', 'image_width'))):
    if value is not None:
      found[field] = value
  if found.get('image_channels') not in (1, 3):
    # No model reads such images: the tensor will be listed as wrong.
    found.pop('image_channels', None)
  if structure.num_layers > 1 or 'shared_layers' in dialect.fixed:
    found.update(num_layers=structure.num_layers, shared_layers=False)
  return found, votes.get('num_classes', 0)


def resolve(path: str, dialect: dialect_lib.Dialect, found: Mapping[str, Any],
            in_file: Mapping[str, Any],
            given: Mapping[str, Any]) -> Settings:
  """Joins what is known from all sides.

  Args:
    path: of the file, for messages.
    dialect: of the file.
    found: what its tensors determine. No flag may say otherwise.
    in_file: what else the file says.
    given: fields that the user set by flags.

  Raises:
    InputError: if a flag contradicts the tensors, or the whole is no model.
  """
  ranked = (({**dialect.fixed, **found}, FROM_FILE), (given, FROM_FLAG),
            (in_file, FROM_TRAINING), (dialect.usual, dialect.title))
  values, sources = {}, {}
  for field in dataclasses.fields(config_lib.ModelConfig):
    default = ({field.name: field.default}, FROM_DEFAULT)
    for fields, source in (*ranked, default):
      if field.name in fields:
        values[field.name], sources[field.name] = fields[field.name], source
        break
  if 'shared_layers' not in found:
    # The file has the weights of one layer, used as often as there are layers.
    values['shared_layers'] = values['num_layers'] > 1
    sources['shared_layers'] = FROM_FILE
  for name, value in given.items():
    if values[name] != value:
      raise errors.InputError(
          f'--{name}={_shown(value)}: {path} says {_shown(values[name])}; '
          'leave the flag out.')
  try:
    return Settings(config_lib.ModelConfig(**values), sources)
  except errors.InputError as e:
    if any(str(e).startswith(f'--{name}=') for name in given):
      raise
    raise errors.InputError(
        f'--input={path}: its tensors make no model ({e})') from e


def _shown(value: Any) -> str:
  return (','.join(map(str, value)) if isinstance(value, tuple)
          else str(value))


def check_charset(path: str, config: config_lib.ModelConfig,
                  num_classes: int):
  """Refuses a charset of another size than the file's.

  Args:
    path: of the file, for messages.
    config: of the model.
    num_classes: of the file, the special ones included; 0 if unknown.
  """
  if num_classes in (0, config.num_classes):
    return
  characters = num_classes - charset_lib.NUM_SPECIAL
  known = [name for name, named in charset_lib.NAMED_CHARSETS.items()
           if len(named) == characters]
  hint = (f'--charset={known[0]} is one of that size' if known
          else 'give a file of them, one a line')
  raise errors.InputError(
      f'--charset: holds {len(config.charset)} characters, but {path} has '
      f'{num_classes} classes, which is {characters} characters and '
      f'{charset_lib.NUM_SPECIAL} special ones; {hint}.')
