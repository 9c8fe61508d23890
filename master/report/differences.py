"""Differences of a text from its label."""

from typing import Callable, NamedTuple

from master.metrics import edit_distance
from master.metrics import protocols

SAME = '.'
SUBSTITUTED = 's'
MISSING = 'm'
ADDED = 'a'
# Differs, but does not count under the protocol.
UNCOUNTED = 'u'


class Differences(NamedTuple):
  """Marks of the characters.

  Attributes:
    of_label: a mark for each character of the label.
    of_text: the same of the text.
  """
  of_label: str
  of_text: str


def _owners(value: str, fold: Callable[[str], str]) -> list[int]:
  """Which character of `value` each one of the folded text is from.

  Where folding does not go by characters, those that folding leaves are taken
  to be the first ones.
  """
  folded = fold(value)
  parts = [fold(character) for character in value]
  if ''.join(parts) != folded:
    return [min(i, len(value) - 1) for i in range(len(folded))]
  return [i for i, part in enumerate(parts) for _ in part]


def _mark(pairs: list[tuple[str, str]], label_marks: list[str],
          text_marks: list[str], label_owners: list[int],
          text_owners: list[int], name: Callable[[str], str]):
  """Enters what an alignment found, where nothing is entered yet."""
  i = j = 0
  for left, right in pairs:
    if left != right:
      found = (MISSING if not right else ADDED if not left else SUBSTITUTED)
      if left and label_marks[label_owners[i]] == SAME:
        label_marks[label_owners[i]] = name(found)
      if right and text_marks[text_owners[j]] == SAME:
        text_marks[text_owners[j]] = name(found)
    i += bool(left)
    j += bool(right)


def find(label: str, text: str, protocol: str) -> Differences:
  """Which characters differ, those that count under a protocol apart.

  Args:
    label: the true text.
    text: what was read.
    protocol: a key of `protocols.ALL`.
  """
  rules = protocols.get(protocol)
  label_marks, text_marks = [SAME] * len(label), [SAME] * len(text)
  _mark(edit_distance.align(rules.fold_label(label), rules.fold_text(text)),
        label_marks, text_marks, _owners(label, rules.fold_label),
        _owners(text, rules.fold_text), lambda found: found)
  # The rest, such as another case or a full stop.
  _mark(edit_distance.align(label, text), label_marks, text_marks,
        list(range(len(label))), list(range(len(text))),
        lambda unused_found: UNCOUNTED)
  return Differences(''.join(label_marks), ''.join(text_marks))
