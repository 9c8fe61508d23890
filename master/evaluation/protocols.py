"""Evaluation protocols: what of a text counts, and how a reading is judged.

The one judge of all commands, in-graph metrics included. Guarded by
tests/evaluation/protocols_test.py.
"""

import string
from typing import Callable, NamedTuple, Optional
import unicodedata

_LOWER = frozenset(string.digits + string.ascii_lowercase)
_LETTERS = _LOWER | frozenset(string.ascii_uppercase)


def _to_ascii(text: str) -> str:
  """Accents and widths dropped, then what is not ASCII dropped."""
  decomposed = unicodedata.normalize('NFKD', text)
  return decomposed.encode('ascii', 'ignore').decode('ascii')


def _alnum_ci(text: str) -> str:
  return ''.join(c for c in _to_ascii(text).lower() if c in _LOWER)


def _case_sensitive(text: str) -> str:
  return ''.join(c for c in _to_ascii(text) if c in _LETTERS)


def _exact(text: str) -> str:
  return text


# In the order of tables; the first is the headline number.
PROTOCOLS: dict[str, Callable[[str], str]] = {
    'alnum_ci': _alnum_ci,
    'case_sensitive': _case_sensitive,
    'exact': _exact,
}


# Of the protocols, as evaluations in the graph name them; the first is the
# headline number again.
METRICS = (*(f'word_accuracy/{protocol}' for protocol in PROTOCOLS),
           *(f'ned/{protocol}' for protocol in PROTOCOLS))


class Judgement(NamedTuple):
  """How good one reading is.

  Attributes:
    correct: whether label and text are equal after folding.
    ned: 1 - edit distance / length of the longer, in [0, 1]; 1 is equal.
  """
  correct: bool
  ned: float


def fold(text: str, protocol: str) -> str:
  """What of `text` counts under a protocol: alnum_ci, case_sensitive, exact.

  Raises:
    ValueError: if there is no such protocol.
  """
  if protocol not in PROTOCOLS:
    raise ValueError(f'protocol {protocol!r}: must be one of '
                     f'{", ".join(PROTOCOLS)}')
  return PROTOCOLS[protocol](text)


def edit_distance(a: str, b: str) -> int:
  """Fewest insertions, deletions and replacements of code points (a to b)."""
  if a == b:
    return 0
  previous = list(range(len(b) + 1))
  for i, in_a in enumerate(a, 1):
    current = [i]
    for j, in_b in enumerate(b, 1):
      current.append(min(previous[j] + 1, current[j - 1] + 1,
                         previous[j - 1] + (in_a != in_b)))
    previous = current
  return previous[-1]


def ned(label: str, text: str) -> float:
  """1 - edit distance / length of the longer; two empty texts give 1."""
  longer = max(len(label), len(text))
  return 1 - edit_distance(label, text) / longer if longer else 1.0


def judge(label: str, text: str, protocol: str) -> Optional[Judgement]:
  """Compares a reading with its label.

  Args:
    label: the true text.
    text: the text read.
    protocol: a key of PROTOCOLS.

  Returns:
    A Judgement; None where the label is empty after folding, which leaves the
    sample out of this protocol.
  """
  folded_label = fold(label, protocol)
  if not folded_label:
    return None
  folded_text = fold(text, protocol)
  return Judgement(folded_label == folded_text,
                   ned(folded_label, folded_text))
