"""How fast a long training goes, over more than one message."""

import collections
from typing import Optional

# bin/train tells of every 50th step alone, so that between two messages there
# may be none, or two; evaluations and shards that are waited for come between.
_WINDOW_SECONDS = 1800.0


class Rate:
  """Words per second over the last half hour, as far as it was seen."""

  def __init__(self):
    self._seen: collections.deque[tuple[float, int]] = collections.deque()

  def see(self, now: float, samples: int) -> Optional[float]:
    """Notes how far it is.

    Args:
      now: seconds of any clock that does not go back.
      samples: words trained on. Fewer than before, where a kill has undone
        some, begins anew.

    Returns:
      Words per second; None until there is something to tell.
    """
    seen = self._seen
    if seen and samples < seen[-1][1]:
      seen.clear()
    seen.append((now, samples))
    # The last of those that are older begins the window.
    while len(seen) > 2 and seen[1][0] <= now - _WINDOW_SECONDS:
      seen.popleft()
    first, begun = seen[0]
    return (samples - begun) / (now - first) if samples > begun else None
