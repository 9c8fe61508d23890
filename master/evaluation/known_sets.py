"""The field's evaluation sets, recognised by their names and sizes.

A wrong guess costs a remark or a row of a table, never a figure. Sets whose
sizes vary from paper to paper are not in the table.
"""

import itertools
import re
from typing import Iterable, Mapping, NamedTuple, Optional, Sequence

TEST = 'test'
TRAIN = 'train'


class _Family(NamedTuple):
  """A set and its parts.

  Attributes:
    pattern: of its name in lower case, without what stands around it.
    test: usual numbers of records of the test set, rising.
    train: the same of its training split; none where they are not known.
  """
  pattern: str
  test: tuple[int, ...]
  train: tuple[int, ...] = ()


_BETWEEN = '[^a-z0-9]*'


def _icdar(year: str) -> str:
  return f'ic(?:dar)?{_BETWEEN}(?:20)?{year}'


# The sizes of IC03, IC13 and IC15 differ by which words are left out: those of
# fewer than three characters, those with others than letters and digits,
# those that are not upright.
_FAMILIES = {
    'IIIT5K': _Family(f'iiit(?:{_BETWEEN}5k)?', (3000,), (2000,)),
    'SVT': _Family('svt', (647,), (257,)),
    'SVTP': _Family(f'svt{_BETWEEN}p(?:erspective)?', (645,)),
    'IC03': _Family(_icdar('03'), (860, 867)),
    'IC13': _Family(_icdar('13'), (857, 1015, 1095), (848,)),
    'IC15': _Family(_icdar('15'), (1811, 2077), (4468,)),
    'CUTE80': _Family(f'cute(?:{_BETWEEN}80)?', (288,)),
}

# What may follow without a gap, as in IIIT5kWords, IC13test or SVT647.
_PART = (r'(?:words?)?(?P<part>train(?:ing|val)?|val(?:id(?:ation)?)?|'
         r'test(?:ing)?|eval(?:uation)?)')


def _whole(family: _Family) -> re.Pattern:
  """Of a family's name as a whole word: 'svt' within one is another name."""
  sizes = '|'.join(map(str, family.test + family.train))
  return re.compile(rf'(?<![^\W_])(?:{family.pattern})'
                    rf'(?=(?:words?)?(?:{_PART})?(?:{sizes})?(?![^\W_]))')


_PATTERNS = {name: _whole(family) for name, family in _FAMILIES.items()}
_PART_WORD = re.compile(_PART)
_WORD = re.compile(r'[^\W\d_]+|\d+')
# What a name may say besides its family and still mean the set as it is.
_FILLER = re.compile(
    rf'{_PART}|words?|lmdb|data|set|dataset|benchmark|real|recognition|str|'
    r'numbers?|full|\d+')

# Most pictures of IC13 are those of IC03, and some that IC03 trains on are in
# the test set of IC13. SVTP is of the same street views as SVT, but shows
# other words from other sides, and the field does combine the two.
_RELATED = frozenset({'IC03', 'IC13'})


class Known(NamedTuple):
  """A set that the field knows.

  Attributes:
    family: its usual name.
    part: TEST or TRAIN.
    sizes: usual numbers of records of that part; none if not known.
    remark: what is unusual about it, in a sentence; None if nothing is.
  """
  family: str
  part: str
  sizes: tuple[int, ...]
  remark: Optional[str]


def _family_in(name: str) -> Optional[tuple[str, str]]:
  """The family that a name in lower case means, and what else it says."""
  found = {}
  for family, pattern in _PATTERNS.items():
    match = pattern.search(name)
    if match:
      found[match.start()] = max(found.get(match.start(), (0, '')),
                                 (match.end(), family))
  if len(found) != 1:  # A name of several is one of a mixture.
    return None
  (start, (end, family)), = found.items()
  return family, f'{name[:start]} {name[end:]}'


def _part_word(words: Iterable[str]) -> str:
  """The word for a part of a set, '' where none is said."""
  return next((match['part'] for match in map(_PART_WORD.fullmatch, words)
               if match), '')


def _part(said: str, family: _Family, num_records: int) -> str:
  """Which part a set is, by what its name says or else by its size."""
  if said.startswith('train'):
    return TRAIN
  if said.startswith('val'):
    # Some call what they test on so.
    return TEST if num_records in family.test else TRAIN
  return TRAIN if not said and num_records in family.train else TEST


def _either(sizes: Sequence[int]) -> str:
  *most, last = map(str, sizes)
  return f'{", ".join(most)} or {last}' if most else last


def _remark(begin: str, words: Sequence[str], known: Known,
            num_records: int) -> Optional[str]:
  """What is unusual about a set; `begin` names it and its size."""
  family, said = _FAMILIES[known.family], _part_word(words)
  # A validation set is any share of the training split.
  if not known.sizes or (known.part == TRAIN and 'val' in said):
    return None
  if num_records not in known.sizes:
    compares = {1: 'does not compare', 2: 'compares to neither'}.get(
        len(known.sizes), 'compares to none')
    use = 'uses' if known.part == TEST else 'trains on'
    return (f'{begin}; the field {use} {_either(known.sizes)}, so this figure '
            f'{compares}')
  if known.part == TRAIN and not said:
    return (f'{begin}, as the training split has; the field tests on '
            f'{_either(family.test)}')
  stated = {int(word) for word in words if word.isdecimal()}.intersection(
      family.test + family.train)
  if stated and num_records not in stated:
    return f'{begin}, though its name says {_either(sorted(stated))}'
  return None


def recognise(name: str, num_records: int) -> Optional[Known]:
  """The set of the field that a set is, by its name.

  A name that says more than family, part and size may mean a set made from
  the known one; it is taken for that only if it is of a usual size.

  Args:
    name: as the user gave it, such as IIIT5k-Words, svt_test or IC13_857.
    num_records: that it holds.
  """
  found = _family_in(name.lower())
  if found is None:
    return None
  family_name, rest = found
  family, words = _FAMILIES[family_name], _WORD.findall(rest)
  if not all(map(_FILLER.fullmatch, words)) and (
      num_records not in family.test + family.train):
    return None
  part = _part(_part_word(words), family, num_records)
  known = Known(family_name, part,
                family.test if part == TEST else family.train, None)
  return known._replace(remark=_remark(
      f'{name}: {num_records} records', words, known, num_records))


def overlap(a: Known, b: Known) -> bool:
  """Whether two sets hold the same pictures, by what they are."""
  if a.family != b.family:
    return {a.family, b.family} <= _RELATED
  return a.part == b.part


def overlapping_pairs(sizes: Mapping[str, int]) -> list[tuple[str, str]]:
  """Names of sets that hold the same pictures, by what they are.

  Args:
    sizes: numbers of records by name.
  """
  known = {name: recognise(name, size) for name, size in sizes.items()}
  return [(a, b) for a, b in itertools.combinations(sizes, 2)
          if known[a] and known[b] and overlap(known[a], known[b])]


def _take(names: Iterable[str],
          overlapping: Sequence[tuple[str, str]]) -> set[str]:
  """Each name in turn, but for those that overlap one taken before."""
  taken = set()
  for name in names:
    if not any(name in pair and taken.intersection(pair)
               for pair in overlapping):
      taken.add(name)
  return taken


def selections(names: Sequence[str], overlapping: Sequence[tuple[str, str]],
               sizes: Mapping[str, int]) -> list[tuple[str, ...]]:
  """Which sets may stand in one row, so that no picture counts twice.

  Args:
    names: of all sets.
    overlapping: pairs of names that hold the same pictures.
    sizes: numbers of records by name.

  Returns:
    No rows, one or two, each of two names or more in the order of `names`,
    none of which overlap and to which no other could be added: of sets that
    overlap, the first row prefers the smaller, the second the larger.
  """
  rising = sorted(names, key=sizes.__getitem__)
  falling = sorted(names, key=sizes.__getitem__, reverse=True)
  rows = []
  for order in (rising, falling):
    taken = _take(order, overlapping)
    rows.append(tuple(name for name in names if name in taken))
  return [row for row in dict.fromkeys(rows) if len(row) > 1]
