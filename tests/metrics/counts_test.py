"""Tests of master/metrics/counts.py on hand cases."""

from absl.testing import absltest
from absl.testing import parameterized

from master.metrics import counts


def _sample(label, text, confidence=0.5, size=(10, 25)):
  return counts.Sample(1, label, text, confidence, size)


def _tally(protocol, *samples):
  tally = counts.Tally(protocol)
  for sample in samples:
    tally.add(sample)
  return tally


class TallyTest(parameterized.TestCase):

  def test_tells_how_each_sample_was_judged(self):
    tally = counts.Tally('alnum_ci')
    self.assertEqual([True, False, None],
                     [tally.add(_sample('Ab!', 'ab')),
                      tally.add(_sample('Ab', 'a')),
                      tally.add(_sample('?!', '?!'))])
    self.assertEqual((2, 1, 0.5), (tally.samples, tally.correct,
                                   tally.word_accuracy))
    self.assertEqual(0.75, tally.ned)
    self.assertEqual({'empty_label': 1}, tally.left_out)

  def test_breaks_down_by_what_counts(self):
    found = _tally('alnum_ci',
                   _sample("it's", 'its', size=(10, 9)),
                   _sample('12', '12', size=(10, 30)),
                   _sample('r2d2', 'r2d', size=(10, 39)),
                   _sample('four', 'four', size=(10, 30)),
                   _sample('x' * 30, 'x', size=(0, 0))).to_dict()
    # The apostrophe does not count, so its label is of three characters.
    self.assertEqual(
        {'2': (1, 1), '3': (1, 1), '4': (2, 1), '26-50': (1, 0)},
        {name: (count['samples'], count['correct'])
         for name, count in found['by_length'].items()})
    self.assertEqual(['2', '3', '4', '26-50'], list(found['by_length']))
    self.assertEqual(
        {'<1': 1.0, '3-4': 2 / 3, 'unknown': 0.0},
        {name: count['word_accuracy']
         for name, count in found['by_aspect'].items()})
    self.assertEqual(
        {'letters': 2, 'digits': 1, 'mixed': 1, 'punctuation': 1},
        {name: count['samples'] for name, count in found['by_kind'].items()})

  def test_confusions_and_characters_are_those_of_folded_texts(self):
    found = _tally('alnum_ci', _sample('ZOO', 'z00'), _sample('zoo', 'zo0'),
                   _sample('ab', 'a'), _sample('b', 'sb')).to_dict()
    self.assertEqual([['o', '0', 3], ['', 's', 1], ['b', '', 1]],
                     found['confusions'])
    self.assertEqual({'a': 1, 'b': 2, 'o': 4, 'z': 2}, found['characters'])
    exact = _tally('exact', _sample('ZOO', 'z00')).to_dict()
    self.assertEqual([['O', '0', 2], ['Z', 'z', 1]], exact['confusions'])

  def test_calibration_is_over_those_with_a_confidence(self):
    tally = _tally('exact', _sample('a', 'a', 0.95), _sample('a', 'b', 0.95),
                   _sample('a', 'a', None))
    calibration = tally.to_dict()['calibration']
    self.assertAlmostEqual(0.45, calibration['ece'])
    self.assertEqual([(2, 0.5)], [(b['samples'], b['accuracy'])
                                  for b in calibration['bins']])
    self.assertIsNone(
        _tally('exact', _sample('a', 'a', None)).to_dict()['calibration'])

  def test_nothing_judged(self):
    found = counts.Tally('exact').to_dict()
    self.assertEqual((0, 0, 0.0, [0.0, 1.0], 0.0, 0, {}),
                     tuple(found[key] for key in (
                         'samples', 'correct', 'word_accuracy',
                         'word_accuracy_interval', 'ned', 'empty_label',
                         'left_out')))

  def test_merged_is_all_samples_at_once(self):
    samples = [_sample('ZOO', 'z00', 0.1), _sample('a!', 'a', 0.9, (3, 40)),
               _sample('!', '!'), _sample('12', '1', None)]
    for protocol in ('alnum_ci', 'exact', 'dtrb'):
      merged = _tally(protocol, *samples[:1])
      merged.merge(_tally(protocol, *samples[1:]))
      self.assertEqual(_tally(protocol, *samples).to_dict(),
                       merged.to_dict())

  def test_a_label_of_200_characters(self):
    found = _tally('exact', _sample('x' * 200, 'x' * 50)).to_dict()
    self.assertAlmostEqual(0.25, found['ned'])
    self.assertEqual([['x', '', 150]], found['confusions'])
    self.assertEqual(['51+'], list(found['by_length']))


if __name__ == '__main__':
  absltest.main()
