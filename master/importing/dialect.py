"""Names and layouts of tensors in other implementations of MASTER.

A dialect is a table, one row a layer. Expanded for the structure of a file
it says which of their tensors each of our variables comes from.
"""

import collections
import itertools
import re
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Optional

import numpy as np


class Layout(NamedTuple):
  """The axes of one tensor, theirs and ours.

  Both functions raise ValueError for an array of another rank; that of SAME
  takes any.
  """
  to_ours: Callable[[np.ndarray], np.ndarray]
  to_theirs: Callable[[np.ndarray], np.ndarray]


def permuted(*axes: int) -> Layout:
  """Our axis i is their axis axes[i]."""
  back = np.argsort(axes)
  return Layout(lambda x: np.transpose(x, axes),
                lambda x: np.transpose(x, back))


SAME = Layout(lambda x: x, lambda x: x)


class Leaf(NamedTuple):
  """One variable of a layer.

  Attributes:
    ours: its name within the layer.
    theirs: their name for it.
    layout: of its axes.
    absent: from our shape to the value that stands for a layer they lack.
  """
  ours: str
  theirs: str
  layout: Layout = SAME
  absent: Optional[Callable[[tuple[int, ...]], np.ndarray]] = None


class Row(NamedTuple):
  """One layer, or one for each value of the fields in its names.

  Fields: `conv` 1 to 6, the convolutions outside the blocks; `stage` and
  `block` (`block0` counts from 0); `part` 1 or 2, the convolutions of a
  block; `layer` (`layer0`) of the decoder; `fusion` of the context block.

  Attributes:
    ours: name of the layer, without the model's.
    theirs: their name for it.
    leaves: its variables.
    optional: their file may lack all rows marked so; `Leaf.absent` then gives
      the values.
  """
  ours: str
  theirs: str
  leaves: tuple[Leaf, ...]
  optional: bool = False


class Structure(NamedTuple):
  """What the names in a file say.

  Attributes:
    stage_blocks: blocks of the four stages, at least 1 each.
    num_layers: decoder layers that the file has weights of, at least 1.
    fusion: of the context blocks; None where there are none.
    in_all_blocks: whether context blocks stand behind the first of a stage.
    lacks_optional: whether all optional rows are absent.
    has_join_norm: whether the norm after a join has variables.
  """
  stage_blocks: tuple[int, ...]
  num_layers: int
  fusion: Optional[str]
  in_all_blocks: bool
  lacks_optional: bool
  has_join_norm: bool


class Origin(NamedTuple):
  """Where the value of one of our variables comes from.

  Attributes:
    name: of their tensor; None where `absent` gives the value.
    layout: of its axes.
    absent: as in Leaf.
  """
  name: Optional[str]
  layout: Layout
  absent: Optional[Callable[[tuple[int, ...]], np.ndarray]] = None


class Dialect(NamedTuple):
  """One implementation.

  Attributes:
    title: its name.
    separator: between the parts of its tensors' names.
    rows: its layers.
    aliases: beginnings of second names, to those of the first.
    wrappers: beginnings that training may have put before all names.
    unused: patterns of names that stand for nothing in the model.
    position_tables: names of its sinusoidal tables, which we compute.
    fixed: fields of ModelConfig that this table itself decides.
    usual: fields of ModelConfig as the implementation has them.
  """
  title: str
  separator: str
  rows: tuple[Row, ...]
  aliases: Mapping[str, str]
  wrappers: tuple[str, ...]
  unused: tuple[str, ...]
  position_tables: tuple[str, ...]
  fixed: Mapping[str, Any]
  usual: Mapping[str, Any]

  def first_name(self, name: str) -> str:
    """The name by which the table knows a tensor."""
    name = self._unwrapped(name)
    for alias, first in self.aliases.items():
      if name.startswith(alias):
        return first + name[len(alias):]
    return name

  def other_name(self, name: str) -> Optional[str]:
    """The first name to a second one, the second to a first; None if none."""
    name = self._unwrapped(name)
    if self.first_name(name) != name:
      return self.first_name(name)
    for alias, first in self.aliases.items():
      if name.startswith(first):
        return alias + name[len(first):]
    return None

  def _unwrapped(self, name: str) -> str:
    while name.startswith(self.wrappers):
      name = name[len(next(w for w in self.wrappers if name.startswith(w))):]
    return name

  def is_unused(self, name: str) -> bool:
    """Whether a first name is on the list of unused ones."""
    return any(re.fullmatch(pattern, name) for pattern in self.unused)

  def structure(self, names: Iterable[str]) -> Structure:
    """Reads the structure off first names.

    One name is enough to show a block or a layer, so that a file which lacks
    a tensor is still understood, and the tensor missed.
    """
    blocks, layers = [1, 1, 1, 1], 1
    fusions = collections.Counter()
    in_all, join_norm, optional = False, False, False
    patterns = [(row, self._pattern(row)) for row in self.rows]
    for name in names:
      for row, pattern in patterns:
        match = pattern.fullmatch(name)
        if not match:
          continue
        found = match.groupdict()
        if 'block0' in found:
          stage, block = int(found['stage']) - 1, int(found['block0'])
          blocks[stage] = max(blocks[stage], block + 1)
          in_all |= '/context/' in row.ours and block > 0
        if 'layer0' in found:
          layers = max(layers, int(found['layer0']) + 1)
        if 'fusion' in found:
          fusions[found['fusion']] += 1
        optional |= row.optional
        join_norm |= row.ours.endswith('/join_norm')
    return Structure(
        tuple(blocks), layers,
        fusions.most_common(1)[0][0] if fusions else None, in_all,
        not optional, join_norm)

  def _pattern(self, row: Row) -> re.Pattern:
    values = {'fusion': 'add|mul|concat', 'stage': '[1-4]', 'conv': '[1-6]',
              'part': '[12]'}
    parts = re.split(r'\{(\w+)\}', row.theirs)
    for i, part in enumerate(parts):
      parts[i] = (f'(?P<{part}>{values.get(part, "[0-9]+")})' if i % 2
                  else re.escape(part))
    leaves = '|'.join(re.escape(leaf.theirs) for leaf in row.leaves)
    return re.compile(
        f'{"".join(parts)}{re.escape(self.separator)}(?:{leaves})')

  def origins(self, structure: Structure) -> dict[str, Origin]:
    """Our variables' names, without the model's, to where they come from.

    There may be more than the model has: every first block is given a
    shortcut and every block a context.
    """
    origins = {}
    for row in self.rows:
      for fields in _each(row.ours, structure):
        absent = row.optional and structure.lacks_optional
        for leaf in row.leaves:
          theirs = self.separator.join(
              [row.theirs.format(**fields), leaf.theirs])
          origins[f'{row.ours.format(**fields)}/{leaf.ours}'] = Origin(
              None if absent else theirs, leaf.layout, leaf.absent)
    return origins


def _each(template: str, structure: Structure) -> Iterable[dict[str, Any]]:
  """The values of all fields, once for each layer that a row stands for."""
  axes = {
      'conv': [{'conv': n} for n in range(1, 7)],
      'block': [{'stage': stage, 'block': b + 1, 'block0': b}
                for stage, count in enumerate(structure.stage_blocks, 1)
                for b in range(count)],
      'part': [{'part': 1}, {'part': 2}],
      'layer': [{'layer': i + 1, 'layer0': i}
                for i in range(structure.num_layers)],
  }
  used = [values for axis, values in axes.items() if f'{{{axis}}}' in template]
  for choice in itertools.product(*used):
    fields = {'fusion': structure.fusion or 'add'}
    for part in choice:
      fields.update(part)
    yield fields
