"""Flags of the configurations, made from their fields.

Each field has the flag of the same name, with its default, help text and
choices. Values are checked by the dataclass while flags are parsed.
"""

import dataclasses
from typing import (
  Any,
  Callable,
  Collection,
  Mapping,
  Optional,
  Sequence,
  Type,
)

from absl import flags

from master import charset as charset_lib
from master import config as config_lib
from master import errors

# Parsed flags -> the ModelConfig that settles flags which were not given.
InheritFn = Callable[[flags.FlagValues], Optional[config_lib.ModelConfig]]

# The flag names the characters that are the field's default.
_CHARSET = '62'

_DEFINE = {int: flags.DEFINE_integer, float: flags.DEFINE_float,
           bool: flags.DEFINE_bool, str: flags.DEFINE_string,
           tuple[int, ...]: flags.DEFINE_list,
           tuple[str, ...]: flags.DEFINE_list}


def _define_flag(field: dataclasses.Field, default: Any, note: str = ''):
  help_text, choices, must_be = (
      field.metadata[key] for key in ('help', 'choices', 'must_be'))
  if choices:
    flags.DEFINE_enum(field.name, default, choices, help_text + note)
    return
  if must_be:
    help_text += f' Must be {must_be.text}.'
  _DEFINE[field.type](field.name, default, help_text + note)


def define_charset_flag():
  """--charset, for tools that need no model."""
  for field in dataclasses.fields(config_lib.ModelConfig):
    if field.name == 'charset':
      _define_flag(field, _CHARSET)


def define(cls: Type[Any], inherit: Optional[InheritFn] = None,
           validate: bool = True):
  """Flags of all fields of a configuration.

  Args:
    cls: one of the dataclasses of master/config.py.
    inherit: of a command whose model may have settings already: those that
      are given are checked together with these, not with the defaults.
    validate: whether to check them as they are parsed; not where most
      settings are learned later.
  """
  for field in dataclasses.fields(cls):
    default = field.default
    if field.name == 'charset':
      default = _CHARSET
    elif isinstance(default, tuple):
      default = list(map(str, default))
    _define_flag(field, default)

  def check(values: dict[str, Any]):
    try:
      inherited = inherit(flags.FLAGS) if inherit else None
    except errors.InputError:
      # No fault of a flag: the command meets it again and reports it.
      return
    from_flags(cls, flags.FLAGS if inherited else values, inherited)

  if validate:
    _validate([field.name for field in dataclasses.fields(cls)], check)


def define_unset(cls: Type[Any], names: Sequence[str], note: str):
  """Flags of some fields whose default is None, for "not given".

  Args:
    cls: one of the dataclasses of master/config.py.
    names: of its fields.
    note: what holds where they are not given; ends their help texts.
  """
  for field in dataclasses.fields(cls):
    if field.name in names:
      _define_flag(field, None, f' {note}')
  _validate(names, lambda values: cls(**{
      name: value for name, value in values.items() if value is not None}))


def _validate(names: Sequence[str], check: Callable[[dict[str, Any]], Any]):
  """Lets `check` raise InputError for values of flags as they are parsed."""

  def is_valid(values: dict[str, Any]) -> bool:
    try:
      check(values)
    except errors.InputError as e:
      raise flags.ValidationError(str(e)) from e
    return True

  flags.register_multi_flags_validator(names, is_valid)


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
  """Values of the other fields, not checked yet."""
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


def validate_named_paths(flag: str):
  """The flag holds NAME=PATH pairs whose names differ."""
  _validate([flag], lambda values: named_paths(flag, values[flag]))


def validate_names(flag: str, what: str, known: Collection[str],
                   may_be_empty: bool = True):
  """The list flag holds names of what there is.

  Args:
    flag: its name.
    what: what a name is of, for messages.
    known: the names that there are.
    may_be_empty: whether the list may be.
  """
  def check(values: Mapping[str, Sequence[str]]):
    names = values[flag] or ([] if may_be_empty else [''])
    for name in names:
      if name not in known:
        raise errors.InputError(
            f'--{flag}={",".join(names)}: no {what} {name!r}; there are '
            f'{", ".join(known)}.')

  _validate([flag], check)


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
