"""Packs the words of a run that were hardest, to be seen once more.

  python -m tools.long_training.hard_words LOSSES OUTPUT COUNT SHARD...

OUTPUT becomes an LMDB of those COUNT records of the shards whose newest loss is
highest, each as it is; the training augments them anew. Where LOSSES is not
there, as after a crash that took the newest checkpoint back to an earlier run,
it takes them evenly. What was hard once is not picked again, as only the run's
new shards are named here, which come first in its --train_lmdb. After online
hard example mining (Shrivastava et al. 2016), a run late.
"""

import os
import sys
from typing import Sequence

import numpy as np

from master.data import lmdb_writer
from master.data import records as records_lib
from master.training import sample_losses


def choose(records: records_lib.Records, losses: str, count: int
           ) -> np.ndarray:
  """Positions of the hardest records, rising: int64 [count] or fewer.

  Args:
    records: of the shards, in the order of the training.
    losses: file of `master.training.sample_losses`.
    count: how many.
  """
  if not os.path.exists(losses):
    return np.linspace(0, len(records) - 1, min(count, len(records)),
                       dtype=np.int64)
  source, index, loss = sample_losses.read(losses)
  own = source < len(records.sizes)
  starts = np.cumsum([0, *records.sizes[:-1]])
  source, loss = source[own], loss[own]
  # The keys' numbers are counted from that of the first record.
  first = np.array([records.number(start) for start in starts.tolist()])
  positions = starts[source] + index[own] - first[source]
  hardest = np.argsort(-loss, kind='stable')[:count]
  return np.sort(positions[hardest])


def main(losses: str, output: str, count: int, shards: Sequence[str]):
  """Writes the LMDB, whole or not at all."""
  records = records_lib.Records(shards)
  with lmdb_writer.LmdbWriter(output) as writer:
    for position in choose(records, losses, count).tolist():
      record = records.read(position)
      writer.add(record.image, record.label.decode('utf-8'))


if __name__ == '__main__':
  main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
