"""Random draws that use no random number where the chance is zero.

So a kind of picture that is off changes none of the others: the same seed
gives the same bytes as before that kind existed.
"""

import random
from typing import Mapping, Optional


def happens(rng: random.Random, rate: float) -> bool:
  """Whether something does that has this chance, 0 to 1."""
  return rate > 0 and rng.random() < rate


def pick(rng: random.Random, rates: Mapping[str, float]) -> Optional[str]:
  """One of several things of which at most one happens.

  Args:
    rng: decides.
    rates: the chance of each, together at most 1.

  Returns:
    Its name; None for none.
  """
  if not any(rates.values()):
    return None
  left = rng.random()
  for name, rate in rates.items():
    left -= rate
    if left < 0:
      return name
  return None
