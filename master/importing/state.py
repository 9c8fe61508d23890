"""The tensors of a file, whatever wrote it."""

import dataclasses
from typing import Any, Callable, Mapping

import numpy as np


@dataclasses.dataclass(frozen=True)
class State:
  """Named tensors that are read one at a time.

  Attributes:
    path: of the file, for messages.
    shapes: of all tensors, by name, in the file's order.
    read: from a name to the tensor's value, float32. Raises InputError where
      it cannot be read or is of another kind.
    settings: fields of ModelConfig that the file holds besides its tensors.
  """
  path: str
  shapes: Mapping[str, tuple[int, ...]]
  read: Callable[[str], np.ndarray]
  settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
