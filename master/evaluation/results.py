"""Counts of an evaluation's sets, and the contents of results.json."""

import dataclasses
from typing import Any, Iterable, Mapping, Optional, Sequence

import numpy as np

from master.evaluation import known_sets
from master.metrics import counts
from master.metrics import protocols

RESULTS_FILE = 'results.json'
PREDICTIONS_FILE = 'predictions.jsonl'
SKIPPED_FILE = 'skipped.jsonl'
CHANGES_FILE = 'changes.jsonl'
REPORT_FILE = 'report.html'


@dataclasses.dataclass
class SetResult:
  """Counts of one evaluation set, or of several together.

  Attributes:
    protocols: tallies by protocol.
    path: of the LMDB; '' for several.
    records: that there are, or of which samples were to be taken.
    samples: images read.
    skipped: records that could not be read, by reason.
    seconds: time it took to read the images.
    batch_seconds: of each batch of this set alone, its images, and the time
      from them to their texts.
    is_partial: whether the reading was interrupted.
  """
  protocols: dict[str, counts.Tally]
  path: str = ''
  records: int = 0
  samples: int = 0
  skipped: dict[str, int] = dataclasses.field(default_factory=dict)
  seconds: float = 0.0
  batch_seconds: list[tuple[int, float]] = dataclasses.field(
      default_factory=list)
  is_partial: bool = False

  @classmethod
  def of(cls, names: Iterable[str] = protocols.PROTOCOLS,
         **fields: Any) -> 'SetResult':
    """An empty result under the protocols `names`."""
    return cls({name: counts.Tally(name) for name in names}, **fields)

  def add(self, sample: counts.Sample) -> dict[str, Optional[bool]]:
    """Counts one sample.

    Returns:
      By protocol, whether it was read without a fault; None where the
      protocol leaves it out.
    """
    self.samples += 1
    return {name: tally.add(sample)
            for name, tally in self.protocols.items()}

  def merge(self, other: 'SetResult'):
    """Adds the samples of another set, each weighing the same."""
    self.records += other.records
    self.samples += other.samples
    self.seconds += other.seconds
    self.is_partial |= other.is_partial
    for reason, number in other.skipped.items():
      self.skipped[reason] = self.skipped.get(reason, 0) + number
    for name, tally in self.protocols.items():
      tally.merge(other.protocols[name])

  @property
  def num_skipped(self) -> int:
    """Over all reasons."""
    return sum(self.skipped.values())

  @property
  def images_per_second(self) -> float:
    """0 where nothing was read."""
    return self.samples / self.seconds if self.seconds else 0.0

  def to_dict(self) -> dict[str, Any]:
    """What results.json holds of it."""
    return {
        'path': self.path,
        'records': self.records,
        'samples': self.samples,
        'skipped': dict(sorted(self.skipped.items())),
        'partial': self.is_partial,
        'images_per_second': self.images_per_second,
        'protocols': {name: tally.to_dict()
                      for name, tally in self.protocols.items()},
    }


def _latency(result: SetResult, batch_size: int) -> Optional[dict[str, Any]]:
  """Of whole batches alone: a last one that is smaller takes less."""
  whole = [seconds for count, seconds in result.batch_seconds
           if count == batch_size]
  if not whole:
    return None
  median, p95 = 1000 * np.percentile(whole, [50, 95])
  return {'batch_size': batch_size, 'batches': len(whole),
          'median_ms': float(median), 'p95_ms': float(p95)}


def remarks(sets: Mapping[str, SetResult]) -> list[str]:
  """What is unusual about sets that the field knows, in sentences."""
  found = [known_sets.recognise(name, result.records)
           for name, result in sets.items()]
  return [known.remark for known in found if known and known.remark]


def combined(sets: Mapping[str, SetResult],
             shared: Iterable[tuple[str, str]]
             ) -> dict[tuple[str, ...], SetResult]:
  """Sets together, as far as they may be: every sample weighs the same.

  Args:
    sets: results by name.
    shared: pairs of names whose sets hold pictures in common, in addition to
      those that are known to.

  Returns:
    Results by the names of their parts. No two parts overlap; where sets do,
    one result takes the smaller of them and one the larger.
  """
  sizes = {name: result.records for name, result in sets.items()}
  overlapping = [*shared, *known_sets.overlapping_pairs(sizes)]
  rows = {}
  for parts in known_sets.selections(list(sets), overlapping, sizes):
    rows[parts] = SetResult.of(sets[parts[0]].protocols)
    for part in parts:
      rows[parts].merge(sets[part])
  return rows


def to_dict(model: str, charset: str, sets: Mapping[str, SetResult],
            settings: Mapping[str, Any], notes: Sequence[str] = (),
            shared: Iterable[tuple[str, str]] = (),
            comparison: Optional[Mapping[str, Any]] = None,
            is_partial: bool = False) -> dict[str, Any]:
  """What results.json holds; docs/evaluation.md explains each field.

  Args:
    model: what was evaluated.
    charset: its characters, in class order.
    sets: results by set name.
    settings: of the evaluation; `batch_size` is one of them.
    notes: what was said of the sets, in sentences.
    shared: as of `combined`.
    comparison: with another model, as `comparison.compare` gives it.
    is_partial: whether the evaluation ended before its time.
  """
  return {
      'model': model, 'charset': charset, 'partial': is_partial,
      'settings': dict(settings),
      'notes': list(notes),
      'sets': {name: {**result.to_dict(),
                      'latency': _latency(result, settings['batch_size'])}
               for name, result in sets.items()},
      'combined': [_combined_dict(parts, result) for parts, result
                   in combined(sets, shared).items()],
      'comparison': comparison and dict(comparison),
  }


def _combined_dict(parts: tuple[str, ...],
                   result: SetResult) -> dict[str, Any]:
  values = result.to_dict()
  del values['path']
  return {'name': '+'.join(parts), 'parts': list(parts), **values}
