"""Readings: what a model read of one picture."""

import dataclasses
from typing import Optional

import numpy as np

NO_IMAGE = 'not a readable JPEG, PNG, BMP or GIF image'


@dataclasses.dataclass(frozen=True, eq=False)
class Attention:
  """Where the decoder looked for the S symbols of a text, its end the last.

  Attributes:
    image: float32 [H, W, C] in [-1, 1], the picture as the model saw it.
    maps: float32 [S, h, w], weights of each symbol on the feature map's grid
      over that image; each map sums to 1.
    symbol_confidence: float32 [S], probability of each symbol.
  """
  image: np.ndarray
  maps: np.ndarray
  symbol_confidence: np.ndarray


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
  """What was read of one picture.

  Attributes:
    text: the text; '' where nothing was read.
    confidence: probability of the whole text, in [0, 1].
    char_confidence: float32 [len(text)], probability of each character. NaN
      where symbols that stand for none, as `<UNK>`, are among those read.
    valid: whether there was a picture to be read.
    error: why not; '' where it is valid.
    candidates: where the search has several beams, the best texts with their
      scores, the best first and none twice.
    attention: where it was asked for.
  """
  text: str
  confidence: float
  char_confidence: np.ndarray
  valid: bool
  error: str = ''
  candidates: tuple[tuple[str, float], ...] = ()
  attention: Optional[Attention] = None


def of_characters(text: str, symbol_confidence: np.ndarray) -> np.ndarray:
  """Probabilities of a text's characters among those of its symbols.

  Args:
    text: that was read.
    symbol_confidence: float32 [T], of each symbol, `<EOS>` included, then 0.

  Returns:
    float32 [len(text)], NaN where it is not known which symbols they are of.
  """
  num_symbols = np.count_nonzero(symbol_confidence)
  if text and num_symbols != min(len(text) + 1, len(symbol_confidence)):
    return np.full(len(text), np.nan, np.float32)
  return symbol_confidence[:len(text)]
