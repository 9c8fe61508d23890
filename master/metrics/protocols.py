"""Evaluation protocols: normalisation of texts, and what counts as right.

The one scorer of all commands, in-graph metrics included.
"""

import re
import string
from typing import Callable, NamedTuple, Optional
import unicodedata

from master.metrics import edit_distance

# Why a protocol leaves a sample out.
EMPTY_LABEL = 'empty_label'
LABEL_TOO_LONG = 'label_too_long'
LABEL_OUTSIDE_CHARSET = 'label_outside_charset'

_LOWER = frozenset(string.digits + string.ascii_lowercase)
_LETTERS = _LOWER | frozenset(string.ascii_uppercase)


class Protocol(NamedTuple):
  """How texts are compared.

  Attributes:
    fold_label: what of a label counts.
    fold_text: what of a text that was read counts.
    left_out: of a label as it is, why its sample is not scored; None where it
      is.
    ned: similarity in [0, 1] of a label and a text, both folded.
  """
  fold_label: Callable[[str], str]
  fold_text: Callable[[str], str]
  left_out: Callable[[str], Optional[str]]
  ned: Callable[[str, str], float] = edit_distance.ned


def _to_ascii(text: str) -> str:
  """Accents and widths dropped, then what is not ASCII dropped."""
  if text.isascii():
    return text
  decomposed = unicodedata.normalize('NFKD', text)
  return decomposed.encode('ascii', 'ignore').decode('ascii')


def _alnum_ci(text: str) -> str:
  return ''.join(c for c in _to_ascii(text).lower() if c in _LOWER)


def _case_sensitive(text: str) -> str:
  return ''.join(c for c in _to_ascii(text) if c in _LETTERS)


def _exact(text: str) -> str:
  return text


def _with_labels(fold_text: Callable[[str], str]) -> Protocol:
  """Judges every sample of whose label something counts."""
  return Protocol(fold_text, fold_text,
                  lambda label: None if fold_text(label) else EMPTY_LABEL)


# In the order of tables; the first is the headline number.
PROTOCOLS: dict[str, Protocol] = {
    'alnum_ci': _with_labels(_alnum_ci),
    'case_sensitive': _with_labels(_case_sensitive),
    'exact': _with_labels(_exact),
}


# The deep text recognition benchmark's --batch_max_length, and what MASTER-TF
# has room for; both of labels as they are.
_DTRB_MAX_LENGTH = 25
_MASTER_TF_MAX_LENGTH = 50


def _dtrb_left_out(label: str) -> Optional[str]:
  if len(label) > _DTRB_MAX_LENGTH:
    return LABEL_TOO_LONG
  if any(c not in _LOWER for c in label.lower()):
    return LABEL_OUTSIDE_CHARSET
  return None


def _dtrb_text(text: str) -> str:
  """What its models of 36 characters, or its evaluation of others, leave."""
  return ''.join(c for c in text.lower() if c in _LOWER)


def _dtrb_ned(label: str, text: str) -> float:
  # 0 where either is empty, both included, as ICDAR 2019 has it.
  return edit_distance.ned(label, text) if label and text else 0.0


def _master_tf_left_out(label: str) -> Optional[str]:
  return LABEL_TOO_LONG if len(label) > _MASTER_TF_MAX_LENGTH else None


# The expression of its source: within the brackets only the first ^ negates,
# so that the others are kept as characters.
_MMOCR_DROPPED = re.compile('[^A-Z^a-z^0-9^\u4e00-\u9fa5]')


def _mmocr(text: str) -> str:
  return _MMOCR_DROPPED.sub('', text.lower())


def _judges_all(unused_label: str) -> None:
  return None


# Those of other projects, by request.
OPTIONAL: dict[str, Protocol] = {
    'dtrb': Protocol(str.lower, _dtrb_text, _dtrb_left_out, _dtrb_ned),
    'master_tf': Protocol(str.lower, str.lower, _master_tf_left_out),
    'mmocr': Protocol(_mmocr, _mmocr, _judges_all),
}

ALL = {**PROTOCOLS, **OPTIONAL}

# Of the protocols, as evaluations in the graph name them; the first is the
# headline number again.
METRICS = (*(f'word_accuracy/{protocol}' for protocol in PROTOCOLS),
           *(f'ned/{protocol}' for protocol in PROTOCOLS))


class Score(NamedTuple):
  """How good one reading is.

  Attributes:
    correct: whether label and text are equal after folding.
    ned: 1 - edit distance / length of the longer, in [0, 1]; 1 is equal.
  """
  correct: bool
  ned: float


def get(protocol: str) -> Protocol:
  """A protocol by its name.

  Raises:
    ValueError: if there is no such protocol.
  """
  if protocol not in ALL:
    raise ValueError(f'protocol {protocol!r}: must be one of '
                     f'{", ".join(ALL)}')
  return ALL[protocol]


def folded(label: str, text: str,
           protocol: str) -> Optional[tuple[str, str]]:
  """What of label and text is compared; None where the sample is left out."""
  rules = get(protocol)
  if rules.left_out(label):
    return None
  return rules.fold_label(label), rules.fold_text(text)


def is_correct(label: str, text: str, protocol: str) -> Optional[bool]:
  """As `score`, without the distance."""
  pair = folded(label, text, protocol)
  return pair and pair[0] == pair[1]


def score(label: str, text: str, protocol: str) -> Optional[Score]:
  """Compares a reading with its label.

  Args:
    label: the true text.
    text: the text read.
    protocol: a key of ALL.

  Returns:
    A Score; None where the protocol leaves the sample out.
  """
  pair = folded(label, text, protocol)
  return pair and Score(pair[0] == pair[1], get(protocol).ned(*pair))
