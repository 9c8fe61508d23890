"""Tests of master/evaluation/results.py."""

from absl.testing import absltest

from master.evaluation import results
from master.metrics import counts


def _set_result(pairs, **fields):
  result = results.SetResult.of(**fields)
  for i, (label, text) in enumerate(pairs):
    result.add(counts.Sample(i, label, text, 0.5, (10, 20)))
  return result


def _to_dict(sets, **more):
  return results.to_dict('m', 'abc', sets, {'batch_size': 2}, **more)


class SetResultTest(absltest.TestCase):

  def test_counts_every_sample_once(self):
    result = _set_result(
        [('Ab', 'ab'), ('c', 'd'), ('!', '!'), ('', 'x')], records=6,
        path='/p', skipped={'undecodable_image': 2}, seconds=0.5)
    values = result.to_dict()
    self.assertEqual(('/p', 6, 4), tuple(
        values[key] for key in ('path', 'records', 'samples')))
    self.assertEqual({'undecodable_image': 2}, values['skipped'])
    self.assertEqual(2, result.num_skipped)
    self.assertEqual(8.0, values['images_per_second'])
    for protocol, expected in (
        ('alnum_ci', (2, 1, 0.5, 0.5, 2)),
        ('case_sensitive', (2, 0, 0.0, 0.25, 2)),
        ('exact', (3, 1, 1 / 3, 0.5, 1))):
      self.assertEqual(expected, tuple(
          values['protocols'][protocol][key] for key in (
              'samples', 'correct', 'word_accuracy', 'ned', 'empty_label')))

  def test_an_empty_set_has_no_quotient(self):
    values = _set_result([]).to_dict()
    self.assertEqual(0.0, values['images_per_second'])
    self.assertEqual(0.0, values['protocols']['exact']['ned'])


class ToDictTest(absltest.TestCase):

  def test_fields_of_the_contract(self):
    values = _to_dict({'A': _set_result([('a', 'a')])})
    self.assertEqual(['model', 'charset'], list(values)[:2])
    self.assertEqual(('m', 'abc', False, {'batch_size': 2}, None), tuple(
        values[key] for key in ('model', 'charset', 'partial', 'settings',
                                'comparison')))
    self.assertContainsSubset(
        ['samples', 'skipped', 'images_per_second', 'protocols'],
        values['sets']['A'])

  def test_combined_weighs_samples_not_sets(self):
    row, = _to_dict({
        'A': _set_result([('a', 'a')] * 3, skipped={'x': 1}, seconds=1.0,
                         records=4),
        'B': _set_result([('a', 'b')], skipped={'x': 2, 'y': 5}, seconds=1.0,
                         records=8)})['combined']
    self.assertEqual(('A+B', ['A', 'B'], 12, {'x': 3, 'y': 5}, 2.0), tuple(
        row[key] for key in ('name', 'parts', 'records', 'skipped',
                             'images_per_second')))
    self.assertEqual(0.75, row['protocols']['alnum_ci']['word_accuracy'])

  def test_overlapping_sets_are_never_combined(self):
    sets = {name: _set_result([('a', 'a')], records=records)
            for name, records in (('IC13_857', 857), ('IC13_1015', 1015),
                                  ('SVT', 647))}
    self.assertCountEqual(
        [['IC13_857', 'SVT'], ['IC13_1015', 'SVT']],
        [row['parts'] for row in _to_dict(sets)['combined']])
    # Nor are those that were found to share pictures.
    two = {'A': _set_result([]), 'B': _set_result([])}
    self.assertEmpty(_to_dict(two, shared=[('A', 'B')])['combined'])

  def test_remarks_on_unusual_counts(self):
    sets = {'SVT': _set_result([], records=600),
            'IIIT5K': _set_result([], records=3000)}
    remark, = results.remarks(sets)
    self.assertIn('SVT', remark)
    self.assertIn('600', remark)
    self.assertIn('647', remark)

  def test_latency_is_of_whole_batches(self):
    result = _set_result([('a', 'a')] * 5,
                         batch_seconds=[(2, 0.2), (1, 9.0), (2, 0.4)])
    latency = _to_dict({'A': result})['sets']['A']['latency']
    self.assertEqual((2, 2), (latency['batch_size'], latency['batches']))
    self.assertAlmostEqual(300.0, latency['median_ms'])
    self.assertAlmostEqual(390.0, latency['p95_ms'])
    few = _set_result([('a', 'a')], batch_seconds=[(1, 9.0)])
    self.assertIsNone(_to_dict({'A': few})['sets']['A']['latency'])


if __name__ == '__main__':
  absltest.main()
