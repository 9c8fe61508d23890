"""Calibration: confidence against accuracy."""

from typing import Any, Optional

import numpy as np

_NUM_BINS = 10


def calibrate(confidences: np.ndarray,
              correct: np.ndarray) -> Optional[dict[str, Any]]:
  """Expected calibration error, and the bins of a reliability diagram.

  As in Guo et al., "On calibration of modern neural networks", 2017, section
  2, but that a bin holds its lower bound in place of its upper one, so that a
  confidence of 0 is in a bin as well. The last holds 1.

  Args:
    confidences: float [N], probability of a whole text, in [0, 1].
    correct: bool [N], whether the text is without a fault.

  Returns:
    `ece`: difference of accuracy and mean confidence of a bin, in [0, 1], the
    mean over all samples. `bins`: of those that hold samples, in order, `low`
    and `high` bound, `samples`, mean `confidence` and `accuracy`. None where
    there are no samples.

  Raises:
    ValueError: if the lengths differ or a confidence is not in [0, 1].
  """
  confidences = np.asarray(confidences, np.float64)
  correct = np.asarray(correct, bool)
  if confidences.ndim != 1 or confidences.shape != correct.shape:
    raise ValueError(f'confidences of shape {confidences.shape}, correct of '
                     f'{correct.shape}: both must be [N]')
  outside = confidences[~((confidences >= 0) & (confidences <= 1))]
  if outside.size:
    raise ValueError(f'confidence {outside[0]}: must be in [0, 1]')
  if not confidences.size:
    return None
  return _table(confidences, correct)


def _table(confidences: np.ndarray, correct: np.ndarray) -> dict[str, Any]:
  bounds = np.arange(_NUM_BINS + 1) / _NUM_BINS
  bins = np.searchsorted(bounds[1:-1], confidences, side='right')
  counts = np.bincount(bins, minlength=_NUM_BINS)
  held = np.flatnonzero(counts)
  means, accuracies = (
      np.bincount(bins, values, _NUM_BINS)[held] / counts[held]
      for values in (confidences, correct))
  gaps = np.abs(accuracies - means)
  return {
      'ece': float(np.average(gaps, weights=counts[held])),
      'bins': [{'low': float(bounds[i]), 'high': float(bounds[i + 1]),
                'samples': int(counts[i]), 'confidence': float(mean),
                'accuracy': float(accuracy)}
               for i, mean, accuracy in zip(held, means, accuracies)],
  }
