"""Finding, checking, saving and warm starting from checkpoints.

Guarded by tests/estimator/checkpoints_test.py.
"""

import collections
import os
import re
import types
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator import checkpoint_files
from master.estimator import companions
from master.estimator import row_maps

BASE_NAME = 'model.ckpt'
_MAX_NAMED = 3
_MEND = 'Use the settings it was trained with or another directory.'
_WARM_START_MEND = (
    'Use the settings it was trained with, or let --warm_start_exclude name '
    'what shall start anew.')

WarmStartSettings = collections.namedtuple(
    'WarmStartSettings',
    ('ckpt_to_initialize_from', 'vars_to_warm_start',
     'var_name_to_prev_var_name', 'exclude', 'row_maps'),
    defaults=('.*', None, (), None))
WarmStartSettings.__doc__ = """Where variables start from.

Attributes:
  ckpt_to_initialize_from: checkpoint, or a model directory for its latest.
  vars_to_warm_start: regular expression on the names of variables: trainable
    ones and those beside them that move with them (moving averages), but no
    state of the optimizer. Or a list of expressions, on all variables.
  var_name_to_prev_var_name: dict of a variable's name to its name in the
    checkpoint, where they differ.
  exclude: regular expressions; variables in whose names one is found start
    anew. tf.estimator's own settings lack this field and the next.
  row_maps: dict of a variable's name to a `row_maps.RowMap`, where the
    checkpoint's rows are not those of the model.
"""


def find(path: str) -> str:
  """The checkpoint that `path` (a checkpoint or a directory) names.

  Raises:
    InputError: if there is none, or none that is intact.
  """
  latest = checkpoint_files.latest(path) if tf.io.gfile.isdir(
      path) else path
  state = None if latest else tf.train.get_checkpoint_state(path)
  if state is not None:
    raise errors.InputError(
        f'{state.model_checkpoint_path}: damaged, and no older checkpoint '
        'beside it is intact; restore it from a copy.')
  if latest is None:
    raise errors.InputError(
        f'{path}: no checkpoint in this directory; train a model there or '
        'name another.')
  if not tf.io.gfile.exists(f'{latest}.index'):
    raise errors.InputError(
        f'{latest}: no such checkpoint; give its path without .index or '
        '.data.')
  return latest


def step(path: Optional[str]) -> int:
  """Global step of the checkpoint at `path`; 0 for None."""
  if path is None:
    return 0
  return int(tf.train.load_variable(path, tf.GraphKeys.GLOBAL_STEP))


def named_variables() -> dict[str, Any]:
  """Name to variable, of all that a checkpoint of this graph holds."""
  return {_name(variable): variable for variable in tf.global_variables()}


def _name(variable: Any) -> str:
  return variable.name.split(':')[0]


def saver(config: Any) -> tf.train.Saver:
  """A Saver of this graph's variables.

  It is given a list: with a dictionary, restoring would reach the first copy
  of a mirrored variable only. A copy has no name in the checkpoint, so that
  it serves any number of devices.
  """
  return tf.train.Saver(
      tf.global_variables(), max_to_keep=config.keep_checkpoint_max,
      keep_checkpoint_every_n_hours=config.keep_checkpoint_every_n_hours,
      save_relative_paths=True)


def saved_shapes(path: str) -> dict[str, list[int]]:
  """Shape by name of what the checkpoint at `path` holds.

  Raises:
    InputError: if it cannot be read.
  """
  try:
    return tf.train.load_checkpoint(path).get_variable_to_shape_map()
  except (tf.errors.OpError, ValueError) as e:
    raise errors.InputError(f'{path}: not a readable checkpoint.') from e


def check_fits(variables: Mapping[str, Any], path: str, mend: str = _MEND,
               maps: Mapping[str, row_maps.RowMap] = types.MappingProxyType({})
               ):
  """Checks that the checkpoint at `path` has all of `variables`.

  Args:
    variables: name in the checkpoint to variable.
    path: of the checkpoint.
    mend: what the user may do, at the end of the message.
    maps: by name in the checkpoint, of the variables whose rows are not
      those of the model.

  Raises:
    InputError: if not; it names the first that differ, the log has all.
  """
  saved = saved_shapes(path)
  faults = []
  for name, variable in sorted(variables.items()):
    shape = variable.shape.as_list()
    expected = maps[name].source_shape(shape) if name in maps else shape
    if name not in saved:
      faults.append(f'{name} is not in it')
    elif saved[name] != expected:
      faults.append(
          f'{name} has shape {saved[name]} in it, {shape} in the model'
          + (f', {expected} by its charset' if expected != shape else ''))
  if faults:
    if len(faults) > _MAX_NAMED:
      logging.info('%s does not fit the model:\n  %s', path,
                   '\n  '.join(faults))
    more = len(faults) - _MAX_NAMED
    directory, base = os.path.split(path)
    raise errors.InputError(
        f'{directory}: {base} does not fit the model: '
        + '; '.join(faults[:_MAX_NAMED])
        + (f'; and {more} more' if more > 0 else '')
        + f'. {mend}')


def prepare_scaffold(scaffold: tf.train.Scaffold, config: Any,
                     checkpoint: Optional[str] = None,
                     warm_start: Any = None) -> tf.train.Scaffold:
  """`scaffold` with a saver and, where nothing is restored, a warm start.

  Args:
    scaffold: of the model_fn; a saver in it is kept.
    config: RunConfig.
    checkpoint: that the session will restore; it is checked to fit.
    warm_start: WarmStartSettings for when there is no `checkpoint`.
  """
  if scaffold.saver is not None:
    model_saver = scaffold.saver
  else:
    model_saver = saver(config)
    if checkpoint:
      check_fits(named_variables(), checkpoint)
  init_fn = None
  if warm_start and not checkpoint:
    init_fn = _warm_start_init_fn(as_settings(warm_start), scaffold.init_fn)
  return tf.train.Scaffold(saver=model_saver, init_fn=init_fn,
                           copy_from_scaffold=scaffold)


def as_settings(warm_start: Any) -> Any:
  """WarmStartSettings from themselves or a path."""
  if isinstance(warm_start, (str, os.PathLike)):
    return WarmStartSettings(os.fspath(warm_start))
  return warm_start


def _beside_trainable() -> list[Any]:
  """Trainable variables, and others of the model that belong to them.

  An optimizer's slots lie below a trainable variable's name, its scalars
  outside the model's scope.
  """
  trainable = [_name(v) for v in tf.trainable_variables()]
  scopes = {name.split('/')[0] for name in trainable if '/' in name}
  slots = tuple(name + '/' for name in trainable)
  return [v for v in tf.global_variables()
          if _name(v) in trainable
          or (_name(v).split('/')[0] in scopes
              and not _name(v).startswith(slots))]


def _settings_for(path: str, names: Iterable[str]) -> WarmStartSettings:
  """Takes exactly the variables of these names."""
  return WarmStartSettings(
      path, [f'(?:{"|".join(map(re.escape, sorted(names)))})$'])


def without_optimizer(path: str) -> Optional[WarmStartSettings]:
  """How to start from a checkpoint that lacks the optimizer's state alone.

  Such are those of imported models. A start by these settings raises where a
  variable of the model is missing too or has another shape.

  Args:
    path: of the checkpoint.

  Returns:
    Settings for the variables of the model and the global step; None where
    the checkpoint holds others as well, or the graph has no others.

  Raises:
    InputError: if it cannot be read.
  """
  names = {_name(v) for v in _beside_trainable()} | {
      _name(tf.train.get_global_step())}
  if not (saved_shapes(path).keys() <= names < named_variables().keys()):
    return None
  return _settings_for(path, names)


def without_companions(path: str) -> Optional[WarmStartSettings]:
  """How to go on from a checkpoint that lacks `companions` alone.

  Args:
    path: of the checkpoint.

  Returns:
    Settings for all other variables; None where the checkpoint lacks nothing
    or something else.

  Raises:
    InputError: if it cannot be read.
  """
  names = named_variables().keys()
  missing = names - saved_shapes(path).keys()
  if not missing or not missing <= set(map(_name, companions.variables())):
    return None
  return _settings_for(path, names - missing)


def warm_started(settings: Any) -> dict[str, Any]:
  """Name in the checkpoint to variable, of those that `settings` mean."""
  patterns = settings.vars_to_warm_start
  if isinstance(patterns, str):
    variables, patterns = _beside_trainable(), [patterns]
  else:
    variables = tf.global_variables()
  previous = settings.var_name_to_prev_var_name or {}
  chosen = {previous.get(_name(v), _name(v)): v for v in variables
            if any(re.match(pattern, _name(v)) for pattern in patterns or ())}
  if not chosen:
    raise errors.InputError(
        f'warm start from {settings.ckpt_to_initialize_from}: no variable of '
        f'the model matches {patterns}.')
  return _without(chosen, getattr(settings, 'exclude', ()))


def _without(chosen: Mapping[str, Any],
             patterns: Sequence[str]) -> dict[str, Any]:
  """Those of `chosen` in whose names no pattern is found."""
  for pattern in patterns:
    if not any(re.search(pattern, _name(v)) for v in chosen.values()):
      raise errors.InputError(
          f'--warm_start_exclude={pattern}: found in no name of a variable '
          'that would start from the checkpoint; correct it or leave it out.')
  return {name: v for name, v in chosen.items()
          if not any(re.search(pattern, _name(v)) for pattern in patterns)}


def _warm_start_init_fn(settings: Any,
                        inner: Optional[Callable]) -> Callable[..., None]:
  path = find(settings.ckpt_to_initialize_from)
  variables = warm_started(settings)
  by_name = getattr(settings, 'row_maps', None) or {}
  maps = {name: by_name[_name(variable)] for name, variable
          in variables.items() if _name(variable) in by_name}
  check_fits(variables, path, _WARM_START_MEND, maps)
  # A Saver cannot give a mirrored variable another name than its own.
  values = {name: tf.placeholder(variable.dtype.base_dtype, variable.shape)
            for name, variable in variables.items()}
  assigns = {name: tf.group(variable.assign(values[name]))
             for name, variable in variables.items()}
  initials = {name: variables[name].read_value() for name in maps}

  def init_fn(scaffold, session):
    del scaffold
    if inner is not None:
      inner(session)
    reader = tf.train.load_checkpoint(path)
    starts = {name: reader.get_tensor(name) for name in variables}
    for name, initial in session.run(initials).items():
      starts[name] = maps[name].apply(starts[name], initial)
    # In one run: each new set of fetches prunes the whole graph anew.
    session.run(list(assigns.values()), {
        value: starts[name] for name, value in values.items()})
    logging.info('Warm started %d variables from %s.', len(assigns), path)

  return init_fn
