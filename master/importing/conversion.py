"""Strict matching of the tensors of a file with our variables."""

import functools
import logging
from typing import Any, Iterator, Mapping, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master.importing import dialect as dialect_lib
from master.importing import settings as settings_lib
from master.importing import state as state_lib
from master.layers import position
from master.models import recognizer

# Faults that fit into one line; more are listed in the log before it.
_MAX_NAMED = 3
_MODEL = 'master/'


class Variable(NamedTuple):
  """One of our variables."""
  shape: tuple[int, ...]
  trainable: bool


class Conversion(NamedTuple):
  """What becomes of a file.

  Attributes:
    state: the file.
    settings: of the model.
    variables: of the model, by name without the model's.
    origins: where each comes from, by the same names.
    spellings: names in the file by first name.
    unused: first names of the tensors on the list of unused ones.
  """
  state: state_lib.State
  settings: settings_lib.Settings
  variables: dict[str, Variable]
  origins: dict[str, dialect_lib.Origin]
  spellings: dict[str, list[str]]
  unused: list[str]


# Building the graph takes a second, and files of one shape may be many.
@functools.lru_cache(maxsize=4)
def _variables(config: config_lib.ModelConfig) -> dict[str, Variable]:
  with tf.Graph().as_default():
    return {v.op.name.removeprefix(_MODEL): Variable(
        tuple(v.shape.as_list()), v.trainable)
            for v in recognizer.Recognizer(config).variables}


def _spellings(state: state_lib.State,
               dialect: dialect_lib.Dialect) -> dict[str, list[str]]:
  spellings = {}
  for name in state.shapes:
    spellings.setdefault(dialect.first_name(name), []).append(name)
  return spellings


def _twin_faults(dialect: dialect_lib.Dialect, state: state_lib.State,
                 spellings: Mapping[str, list[str]]) -> list[str]:
  """Tensors that stand under two names, and those that should but do not.

  The file of a whole model has every tensor under both of its names. Where
  one lacks its second name, something happened to the file.
  """
  twins = {first for first, names in spellings.items() if len(names) > 1}
  faults = []
  for first, names in spellings.items():
    shapes = [state.shapes[name] for name in names]
    if any(shape != shapes[0] for shape in shapes):
      faults.append(f'{" and ".join(names)} are one tensor but have shapes '
                    f'{" and ".join(map(_shape, shapes))}')
    elif twins and first not in twins and dialect.other_name(first):
      faults.append(f'{dialect.other_name(names[0])} is missing, though '
                    f'{names[0]}, the same tensor, is there')
  return faults


def _expected(shape: tuple[int, ...],
              layout: dialect_lib.Layout) -> tuple[int, ...]:
  """Their shape of what has `shape` here; costs no memory."""
  return layout.to_theirs(np.broadcast_to(np.float32(0), shape)).shape


def _our_shapes(state: state_lib.State,
                origins: Mapping[str, dialect_lib.Origin],
                spellings: Mapping[str, list[str]]
                ) -> dict[str, tuple[int, ...]]:
  """Shapes in our layout; a tensor of another rank has none."""
  shapes = {}
  for ours, origin in origins.items():
    if origin.name not in spellings:
      continue
    theirs = state.shapes[spellings[origin.name][0]]
    try:
      shape = origin.layout.to_ours(
          np.broadcast_to(np.float32(0), theirs)).shape
      if _expected(shape, origin.layout) == theirs:
        shapes[ours] = shape
    except ValueError:
      continue
  # A layout that changes nothing takes any rank.
  return {name: shape for name, shape in shapes.items()
          if len(shape) == _rank(name)}


def _rank(name: str) -> int:
  if name.endswith('/join_norm/gamma') or name.endswith('/join_norm/beta'):
    return 3
  if name.endswith('/kernel'):
    return 4 if name.startswith('backbone/') else 2
  return 2 if name == 'decoder/embedding' else 1


def _shape(shape: tuple[int, ...]) -> str:
  return f'[{", ".join(map(str, shape))}]'


def _fit_faults(conversion: Conversion) -> list[str]:
  """What is missing and what is of a wrong shape."""
  faults = []
  for ours, variable in conversion.variables.items():
    origin = conversion.origins[ours]
    if origin.name is None:
      continue
    expected = _expected(variable.shape, origin.layout)
    names = conversion.spellings.get(origin.name)
    if names is None:
      faults.append(f'{origin.name} {_shape(expected)} is missing')
    elif conversion.state.shapes[names[0]] != expected:
      faults.append(
          f'{names[0]} has shape {_shape(conversion.state.shapes[names[0]])}, '
          f'must have {_shape(expected)}')
  return faults


def _refuse(path: str, title: str, faults: list[str]):
  if len(faults) > _MAX_NAMED:
    for fault in faults:
      logging.error('%s', fault)
  more = len(faults) - _MAX_NAMED
  raise errors.InputError(
      f'--input={path}: is no MASTER of {title}, {len(faults)} '
      f'{"fault" if len(faults) == 1 else "faults"}: '
      + '; '.join(faults[:_MAX_NAMED])
      + (f'; and {more} more, listed above' if more > 0 else '')
      + '. Nothing was written.')


def plan(state: state_lib.State, dialect: dialect_lib.Dialect,
         given: Mapping[str, Any]) -> Conversion:
  """Finds the model a file holds, and where each variable comes from.

  Args:
    state: the file.
    dialect: what wrote it.
    given: fields of ModelConfig that the user set; `charset` by default.

  Returns:
    The conversion: every variable has its tensor, every tensor is used or on
    the list of unused ones.

  Raises:
    InputError: naming what is missing, unknown or of a wrong shape, or the
      flag that does not fit.
  """
  spellings = _spellings(state, dialect)
  unused = [name for name in spellings if dialect.is_unused(name)]
  structure = dialect.structure(spellings)
  origins = dialect.origins(structure)
  theirs = {origin.name for origin in origins.values()}
  if not theirs & spellings.keys():
    raise errors.InputError(
        f'--input={state.path}: is no MASTER of {dialect.title}: none of its '
        f'{len(state.shapes)} tensors has a name of that model (the first is '
        f'{next(iter(state.shapes), "none")}).')
  found, num_classes = settings_lib.from_shapes(
      dialect, structure, _our_shapes(state, origins, spellings))
  settings = settings_lib.resolve(state.path, dialect, found, state.settings,
                                  given)
  settings_lib.check_charset(state.path, settings.config, num_classes)
  variables = _variables(settings.config)
  conversion = Conversion(
      state, settings, variables,
      {name: origins[name] for name in variables if name in origins},
      spellings, unused)
  used = {origin.name for origin in conversion.origins.values()}
  faults = _fit_faults(conversion) + [
      f'{name} {_shape(state.shapes[names[0]])} is unknown'
      for name, names in spellings.items()
      if name not in used and name not in unused
  ] + _twin_faults(dialect, state, spellings)
  if faults:
    _refuse(state.path, dialect.title, faults)
  _check_position_tables(state, dialect, spellings, settings.config)
  return conversion


def _check_position_tables(state: state_lib.State,
                           dialect: dialect_lib.Dialect,
                           spellings: Mapping[str, list[str]],
                           config: config_lib.ModelConfig):
  """Warns of a position code that is not the one we compute."""
  for table in dialect.position_tables:
    if table not in spellings:
      continue
    name = spellings[table][0]
    # [1, positions, size]
    saved = state.read(name).reshape([-1, *state.shapes[name][2:]])[:256]
    expected = position.sinusoids(len(saved), config.hidden_size)
    if saved.shape != expected.shape or not np.allclose(
        saved, expected, atol=1e-3):
      logging.warning('%s is not the sinusoidal position code; that code is '
                      'used, not the tensor', name)


def values(conversion: Conversion) -> Iterator[tuple[str, np.ndarray]]:
  """Each variable's name, without the model's, and its value.

  Raises:
    InputError: if a tensor cannot be read, holds a value that is no finite
      number, or differs under its two names.
  """
  state = conversion.state
  for ours, variable in conversion.variables.items():
    origin = conversion.origins[ours]
    if origin.name is None:
      yield ours, origin.absent(variable.shape)
      continue
    name, *others = conversion.spellings[origin.name]
    value = state.read(name)
    if not np.isfinite(value).all():
      raise errors.InputError(
          f'--input={state.path}: {name} holds values that are no finite '
          'numbers; the training it comes from went wrong.')
    for other in others:
      if not np.array_equal(value, state.read(other)):
        raise errors.InputError(
            f'--input={state.path}: {name} and {other} are one tensor but '
            'differ.')
    yield ours, origin.layout.to_ours(value)
