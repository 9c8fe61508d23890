"""Tests of master/metrics/calibration.py against a plain loop."""

import json

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.metrics import calibration


def _plain(confidences, correct):
  """As the definition has it."""
  bins, error = [], 0.0
  for i in range(10):
    low, high = i / 10, (i + 1) / 10
    held = [(c, r) for c, r in zip(confidences, correct)
            if low <= c < high or (i == 9 and c == 1.0)]
    if held:
      mean = sum(c for c, _ in held) / len(held)
      accuracy = sum(r for _, r in held) / len(held)
      error += len(held) / len(confidences) * abs(accuracy - mean)
      bins.append({'low': low, 'high': high, 'samples': len(held),
                   'confidence': mean, 'accuracy': accuracy})
  return error, bins


class CalibrationTest(parameterized.TestCase):

  def _assert_is_plain(self, confidences, correct):
    found = calibration.calibrate(confidences, correct)
    error, bins = _plain(confidences, correct)
    self.assertAlmostEqual(error, found['ece'])
    self.assertLen(found['bins'], len(bins))
    for expected, actual in zip(bins, found['bins']):
      self.assertEqual(list(expected), list(actual))
      for name, value in expected.items():
        self.assertAlmostEqual(value, actual[name])

  @parameterized.parameters(1, 7, 1009)
  def test_is_that_of_a_plain_loop(self, samples):
    rng = np.random.default_rng(samples)
    confidences = rng.random(samples)
    self._assert_is_plain(confidences, rng.random(samples) < confidences)

  def test_bounds_belong_to_the_bin_above(self):
    bounds = np.arange(11) / 10
    below = np.nextafter(bounds[1:], 0)
    confidences = np.concatenate([bounds, below])
    self._assert_is_plain(confidences, np.arange(len(confidences)) % 3 == 0)

  def test_a_hand_case(self):
    found = calibration.calibrate([0.95, 1.0, 0.05, 0.95],
                                  [True, True, False, False])
    # Of four samples one is off by 0.05, three by 2.9 / 3 - 2 / 3.
    self.assertAlmostEqual((0.05 + 2.9 - 2) / 4, found['ece'])
    self.assertEqual([1, 3], [b['samples'] for b in found['bins']])
    self.assertEqual([0.0, 0.9], [b['low'] for b in found['bins']])
    self.assertEqual(found, json.loads(json.dumps(found)))

  def test_without_samples_there_is_none(self):
    self.assertIsNone(calibration.calibrate([], []))

  @parameterized.parameters(-0.001, 1.001, float('nan'), float('inf'))
  def test_confidences_are_probabilities(self, confidence):
    with self.assertRaisesRegex(ValueError, f'{confidence}.*in .0, 1'):
      calibration.calibrate([0.5, confidence], [True, True])

  @parameterized.parameters(([0.5, 0.5], [True]), ([[0.5]], [[True]]))
  def test_shapes(self, confidences, correct):
    with self.assertRaisesRegex(ValueError, r'must be \[N\]'):
      calibration.calibrate(confidences, correct)


if __name__ == '__main__':
  absltest.main()
