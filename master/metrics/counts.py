"""Counts of one set under one protocol."""

import collections
import dataclasses
from typing import Any, Mapping, NamedTuple, Optional

import numpy as np

from master.metrics import bins as bins_lib
from master.metrics import calibration
from master.metrics import edit_distance
from master.metrics import protocols
from master.metrics import significance

# What a table of bins is over -> its bins, in order.
_BREAKDOWNS = {'by_length': bins_lib.LENGTHS, 'by_aspect': bins_lib.ASPECTS,
               'by_kind': bins_lib.KINDS}


class Sample(NamedTuple):
  """One image that was read.

  Attributes:
    index: the number in its record's keys.
    label: the true text.
    text: what was read.
    confidence: probability of the whole text, in [0, 1]; None if unknown.
    size: height and width of the image file in pixels.
  """
  index: int
  label: str
  text: str
  confidence: Optional[float]
  size: tuple[int, int]


class BinCount:
  """Samples of a bin, and how many of them were read rightly."""
  __slots__ = ('samples', 'correct')

  def __init__(self):
    self.samples = 0
    self.correct = 0

  def add(self, samples: int, correct: int):
    self.samples += samples
    self.correct += correct

  def to_dict(self) -> dict[str, Any]:
    return {'samples': self.samples, 'correct': self.correct,
            'word_accuracy': self.correct / self.samples}


def _no_bins() -> dict[str, dict[str, BinCount]]:
  return {name: {} for name in _BREAKDOWNS}


@dataclasses.dataclass
class Tally:
  """Sums under one protocol.

  Attributes:
    protocol: its name.
    samples: samples scored.
    correct: of them, read without a fault.
    ned_sum: sum of their 1 - normalised edit distance.
    left_out: samples that the protocol does not score, by reason.
    bins: counts by name of the breakdown and of the bin.
    confusions: how often (character of the label, character read) were found
      in each other's place; '' is nothing.
    characters: how often each character stands in the labels that count.
    confidences: of the scored samples that have one.
    confident_correct: whether each of those was read without a fault.
  """
  protocol: str
  samples: int = 0
  correct: int = 0
  ned_sum: float = 0.0
  left_out: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  bins: dict[str, dict[str, BinCount]] = dataclasses.field(
      default_factory=_no_bins)
  confusions: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  characters: collections.Counter = dataclasses.field(
      default_factory=collections.Counter)
  confidences: list[float] = dataclasses.field(default_factory=list)
  confident_correct: list[bool] = dataclasses.field(default_factory=list)

  def __post_init__(self):
    self._rules = protocols.get(self.protocol)

  def add(self, sample: Sample) -> Optional[bool]:
    """Counts one sample.

    Returns:
      Whether it was read without a fault; None if the protocol leaves it out.
    """
    rules = self._rules
    reason = rules.left_out(sample.label)
    if reason:
      self.left_out[reason] += 1
      return None
    label, text = rules.fold_label(sample.label), rules.fold_text(sample.text)
    correct = label == text
    self.samples += 1
    self.correct += correct
    self.ned_sum += rules.ned(label, text)
    self.characters.update(label)
    if not correct:
      self.confusions.update(
          pair for pair in edit_distance.align(label, text)
          if pair[0] != pair[1])
    for name, found in (
        ('by_length', bins_lib.length_bin(len(label))),
        ('by_aspect', bins_lib.aspect_bin(*sample.size)),
        ('by_kind', bins_lib.kind(sample.label))):
      self._bin(name, found).add(1, correct)
    if sample.confidence is not None:
      self.confidences.append(sample.confidence)
      self.confident_correct.append(correct)
    return correct

  def _bin(self, name: str, found: str) -> BinCount:
    bins = self.bins[name]
    if found not in bins:
      bins[found] = BinCount()
    return bins[found]

  def merge(self, other: 'Tally'):
    """Adds what another set has under the same protocol."""
    self.samples += other.samples
    self.correct += other.correct
    self.ned_sum += other.ned_sum
    self.left_out.update(other.left_out)
    self.confusions.update(other.confusions)
    self.characters.update(other.characters)
    self.confidences += other.confidences
    self.confident_correct += other.confident_correct
    for name, bins in other.bins.items():
      for found, count in bins.items():
        self._bin(name, found).add(count.samples, count.correct)

  @property
  def word_accuracy(self) -> float:
    """In [0, 1]; 0 where no sample was scored."""
    return self.correct / self.samples if self.samples else 0.0

  @property
  def ned(self) -> float:
    """In [0, 1]; 0 where no sample was scored."""
    return self.ned_sum / self.samples if self.samples else 0.0

  def to_dict(self) -> dict[str, Any]:
    """What results.json holds of it."""
    return {
        'samples': self.samples, 'correct': self.correct,
        'word_accuracy': self.word_accuracy,
        'word_accuracy_interval': list(significance.wilson_interval(
            self.correct, self.samples)),
        'ned': self.ned,
        'empty_label': self.left_out[protocols.EMPTY_LABEL],
        'left_out': dict(sorted(self.left_out.items())),
        **{name: _in_order(self.bins[name], order)
           for name, order in _BREAKDOWNS.items()},
        'confusions': [[*pair, number] for pair, number in sorted(
            self.confusions.items(), key=lambda item: (-item[1], item[0]))],
        'characters': dict(sorted(self.characters.items())),
        'calibration': calibration.calibrate(
            np.array(self.confidences, np.float64),
            np.array(self.confident_correct, bool)),
    }


def _in_order(bins: Mapping[str, BinCount],
              order: tuple[str, ...]) -> dict[str, Any]:
  return {name: bins[name].to_dict() for name in order if name in bins}
