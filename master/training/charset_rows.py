"""Warm starts with another charset: common characters keep their rows."""

import logging
import os
from typing import Sequence

from master import charset as charset_lib
from master import config as config_lib
from master.estimator.checkpoint import row_maps

# Variables with a row for each class, by their axis of classes.
AXES = {
    'master/decoder/embedding': 0,
    'master/decoder/classes/kernel': 1,
    'master/decoder/classes/bias': 0,
}
_MAX_NAMED = 20  # characters in a log line


def _named(characters: Sequence[str]) -> str:
  if not characters:
    return '0'
  more = ' ...' if len(characters) > _MAX_NAMED else ''
  return f'{len(characters)} ({"".join(characters[:_MAX_NAMED])}{more})'


def between(old: str, new: str) -> dict[str, row_maps.RowMap]:
  """How the classes of one charset become those of another.

  Args:
    old: characters of the checkpoint, in class order.
    new: those of the model.

  Returns:
    A RowMap by the variable's name; none for equal charsets. The special
    classes keep their rows.
  """
  if old == new:
    return {}
  places = {c: charset_lib.NUM_SPECIAL + i for i, c in enumerate(old)}
  sources = (*range(charset_lib.NUM_SPECIAL), *(places.get(c, -1) for c in new))
  return {name: row_maps.RowMap(axis, sources,
                                charset_lib.NUM_SPECIAL + len(old))
          for name, axis in AXES.items()}


def since(source: str, new: str) -> dict[str, row_maps.RowMap]:
  """As `between`, from the charset that a checkpoint was trained with.

  Args:
    source: checkpoint or model directory. Where no `config.json` gives its
      charset, it is taken to be the same.
    new: characters of the model.
  """
  directory = config_lib.directory_of(source)
  if not os.path.isfile(os.path.join(directory, config_lib.CONFIG_FILE)):
    return {}
  old = config_lib.read(directory).model.charset
  maps = between(old, new)
  if maps:
    logging.info(
        'Charset of the warm start: %d characters are kept, new are %s, '
        'dropped are %s', len(set(old) & set(new)),
        _named([c for c in new if c not in old]),
        _named([c for c in old if c not in new]))
  return maps
