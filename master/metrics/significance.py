"""Confidence intervals of a word accuracy, and tests of differences."""

import math

# Of the normal distribution, 95 % lie within this many standard deviations.
_DEVIATIONS = 1.959963984540054


def wilson_interval(correct: int, samples: int) -> tuple[float, float]:
  """Where the accuracy of which `samples` are a sample lies, at 95 %.

  The score interval of E. B. Wilson, "Probable inference, the law of
  succession, and statistical inference", 1927: unlike the usual one it holds
  for few samples and near 0 and 1 too.

  Args:
    correct: samples that were read without a fault.
    samples: all samples.

  Returns:
    Its ends, both in [0, 1]; (0, 1) where there are no samples.

  Raises:
    ValueError: if more are correct than there are, or fewer than none.
  """
  if not 0 <= correct <= samples:
    raise ValueError(f'{correct} correct of {samples} samples')
  if not samples:
    return 0.0, 1.0
  share = correct / samples
  square = _DEVIATIONS ** 2 / samples
  middle = share + square / 2
  radius = math.sqrt(square * (share * (1 - share) + square / 4))
  # The ends are 0 and 1 there, but for rounding.
  low = (middle - radius) / (1 + square) if correct else 0.0
  high = (middle + radius) / (1 + square) if correct < samples else 1.0
  return low, high


def mcnemar(gained: int, lost: int) -> float:
  """How probable so great a difference is if neither model is the better.

  The exact test of McNemar, 1947, on samples that one of two models reads
  rightly: each of these then is as likely the one's as the other's.

  Args:
    gained: samples that only the first model reads rightly.
    lost: samples that only the second one does.

  Returns:
    The two-sided p-value, in [0, 1]: the probability of a difference as great
    or greater, either way; 1 where there is no such sample.

  Raises:
    ValueError: if a number is negative.
  """
  fewer, total = min(gained, lost), gained + lost
  if fewer < 0:
    raise ValueError(f'{gained} gained and {lost} lost')
  # In integers, for a term of many samples is no float: it would be 0.
  term = tail = 1
  for i in range(fewer):
    term = term * (total - i) // (i + 1)
    tail += term
  return min(1.0, (tail << 1) / (1 << total))
