"""flags.txt of a model directory: its settings as a flagfile."""

import copy
import dataclasses
import os
from typing import Any, Iterable, Optional, Sequence

from absl import flags

from master import charset as charset_lib
from master import config as config_lib
from master import files

FILE = 'flags.txt'
CHARSET_FILE = 'charset.txt'


def _write_lines(path: str, lines: Iterable[str]):
  files.write(path, ''.join(line + '\n' for line in lines))


def _charset(characters: str, directory: str, final_directory: str) -> str:
  """What --charset takes for `characters`; a file of them if need be."""
  for name, named in charset_lib.NAMED_CHARSETS.items():
    if characters == named:
      return name
  _write_lines(os.path.join(directory, CHARSET_FILE), characters)
  return os.path.abspath(os.path.join(final_directory, CHARSET_FILE))


def _line(flag: flags.Flag, value: Any) -> str:
  """The flag as it would be written with this value; '' for None."""
  # A copy, for setting the flag itself would show wherever flags are read.
  flag = copy.deepcopy(flag)
  flag.value = value
  return flag.serialize()


def write(model_dir: str, flags_obj: flags.FlagValues, names: Sequence[str],
          model_config: config_lib.ModelConfig,
          final_dir: Optional[str] = None):
  """Writes flags.txt; charset.txt too, for a charset that has no name.

  The settings of the model do not depend on the working directory that the
  flagfile is used from.

  Args:
    model_dir: directory to write to.
    flags_obj: has a flag of each name.
    names: of the flags to write, in order.
    model_config: gives the values of flags that are its fields; the others
      are written as they were given.
    final_dir: where `model_dir` is moved later, if it is.

  Raises:
    OSError: if a file cannot be written.
  """
  settings = {field.name: getattr(model_config, field.name)
              for field in dataclasses.fields(model_config)}
  lines = ['# The effective flags of the command that last wrote here.']
  for name in names:
    value = settings.get(name, flags_obj[name].value)
    if name == 'charset':
      value = _charset(value, model_dir, final_dir or model_dir)
    elif isinstance(value, tuple):
      value = [str(number) for number in value]
    lines.append(_line(flags_obj[name], value))
  _write_lines(os.path.join(model_dir, FILE), filter(None, lines))
