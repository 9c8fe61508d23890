"""Warm starts: variables that begin with another checkpoint's values."""

import collections
import os
import re
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence

from absl import logging
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator.checkpoint import checkpoints
from master.estimator.checkpoint import optional_variables

_name = checkpoints.variable_name
_WARM_START_FIX = (
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
    ones and those that belong to them (moving averages), but no
    state of the optimizer. Or a list of expressions, on all variables.
  var_name_to_prev_var_name: dict of a variable's name to its name in the
    checkpoint, where they differ.
  exclude: regular expressions; variables in whose names one is found start
    anew. tf.estimator's own settings lack this field and the next.
  row_maps: dict of a variable's name to a `row_maps.RowMap`, where the
    checkpoint's rows are not those of the model.
"""


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
    model_saver = checkpoints.saver(config)
    if checkpoint:
      checkpoints.check_fits(checkpoints.named_variables(), checkpoint)
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
  if not (checkpoints.saved_shapes(path).keys() <= names
          < checkpoints.named_variables().keys()):
    return None
  return _settings_for(path, names)


def without_optional_variables(path: str) -> Optional[WarmStartSettings]:
  """How to go on from a checkpoint that lacks `optional_variables` alone.

  Args:
    path: of the checkpoint.

  Returns:
    Settings for all other variables; None where the checkpoint lacks nothing
    or something else.

  Raises:
    InputError: if it cannot be read.
  """
  names = checkpoints.named_variables().keys()
  missing = names - checkpoints.saved_shapes(path).keys()
  optional = set(map(checkpoints.variable_name, optional_variables.variables()))
  if not missing or not missing <= optional:
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
  path = checkpoints.find(settings.ckpt_to_initialize_from)
  variables = warm_started(settings)
  by_name = getattr(settings, 'row_maps', None) or {}
  maps = {name: by_name[_name(variable)] for name, variable
          in variables.items() if _name(variable) in by_name}
  checkpoints.check_fits(variables, path, _WARM_START_FIX, maps)
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
