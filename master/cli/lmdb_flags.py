"""The flag --exclude: LMDBs whose words shall occur nowhere else."""

from typing import Callable

from absl import flags

from master import errors
from master.data import lmdb_reader


def define(what: str, alike: str = 'case aside,'):
  """Defines the flag.

  Args:
    what: what becomes of the labels that are found there.
    alike: in what two labels may differ and count as the same.
  """
  flags.DEFINE_list(
      'exclude', [],
      f'LMDBs, separated by commas, none of whose labels, {alike} is {what}: '
      'a set to evaluate on thus holds no word of the training set, or the '
      'other way round.')


def labels(paths: list[str], fold: Callable[[str], str] = str.casefold
           ) -> frozenset[str]:
  """The labels of the LMDBs.

  Args:
    paths: of the LMDBs.
    fold: gives what two labels have in common that count as the same.

  Raises:
    InputError: if one cannot be read.
  """
  found = set()
  for path in paths:
    try:
      reader = lmdb_reader.LmdbReader(path)
      for position in range(len(reader)):
        label = reader.read(position).label
        if label is not None:
          found.add(fold(label.decode('utf-8', 'replace')))
    except errors.InputError as e:
      raise errors.InputError(f'--exclude: {e}') from e
  return frozenset(found)
