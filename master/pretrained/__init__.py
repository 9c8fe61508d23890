"""The weights that come with the package: a model directory, and its name.

Where a command is given no model it reads with these, and
`--warm_start_from=pretrained` starts from them. The README.md beside this
file is their model card.
"""

import os

from master import config as config_lib
from master import errors

# Stands for the directory where a flag names a model.
NAME = 'pretrained'


def directory() -> str:
  """The model directory inside the package.

  Raises:
    InputError: if the installation lacks it.
  """
  path = os.path.dirname(os.path.abspath(__file__))
  if not os.path.isfile(os.path.join(path, config_lib.CONFIG_FILE)):
    raise errors.InputError(
        f'{path}: this installation has no weights; install the package anew, '
        'or name a model by --model_dir.')
  return path


def resolve(path: str) -> str:
  """`directory()` for NAME, any other path as it is.

  Raises:
    InputError: as of `directory`.
  """
  return directory() if path == NAME else path
