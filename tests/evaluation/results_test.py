"""Tests of master/evaluation/results.py."""

import json
import os

from absl.testing import absltest

from master import errors
from master.evaluation import results


def _set_result(pairs, skipped=None, seconds=0.0):
  result = results.SetResult(skipped=skipped or {}, seconds=seconds)
  for label, text in pairs:
    result.add(label, text)
  return result


class SetResultTest(absltest.TestCase):

  def test_counts_every_sample_once(self):
    result = _set_result([('Ab', 'ab'), ('c', 'd'), ('!', '!'), ('', 'x')],
                         {'undecodable_image': 2}, seconds=0.5)
    values = result.to_dict()
    self.assertEqual(4, values['samples'])
    self.assertEqual({'undecodable_image': 2}, values['skipped'])
    self.assertEqual(8.0, values['images_per_second'])
    self.assertEqual(
        {'samples': 2, 'correct': 1, 'word_accuracy': 0.5, 'ned': 0.5,
         'empty_label': 2}, values['protocols']['alnum_ci'])
    self.assertEqual(
        {'samples': 2, 'correct': 0, 'word_accuracy': 0.0, 'ned': 0.25,
         'empty_label': 2}, values['protocols']['case_sensitive'])
    self.assertEqual(
        {'samples': 3, 'correct': 1, 'word_accuracy': 1 / 3, 'ned': 0.5,
         'empty_label': 1}, values['protocols']['exact'])

  def test_an_empty_set_has_no_quotient(self):
    values = results.SetResult().to_dict()
    self.assertEqual(0.0, values['images_per_second'])
    self.assertEqual(0.0, values['protocols']['exact']['ned'])

  def test_combined_weighs_samples_not_sets(self):
    total = results.combined({
        'A': _set_result([('a', 'a')] * 3, {'x': 1}, seconds=1.0),
        'B': _set_result([('a', 'b')], {'x': 2, 'y': 5}, seconds=1.0)})
    self.assertEqual(0.75, total.protocols['alnum_ci'].word_accuracy)
    self.assertEqual({'x': 3, 'y': 5}, total.skipped)
    self.assertEqual(2.0, total.images_per_second)


class TableTest(absltest.TestCase):

  def test_names_protocols_parts_and_what_is_left_out(self):
    sets = {'IIIT5K': _set_result([('a', 'a'), ('b', 'B'), ('!', '.')],
                                  {'missing_label': 7}, seconds=1.0),
            'SVT': _set_result([('a', 'x')], seconds=1.0)}
    lines = results.table(sets).split('\n')
    self.assertEqual(['alnum_ci', 'case_sensitive', 'exact'],
                     lines[0].split())
    self.assertEqual(['IIIT5K', '3', '7', '3.0', '100.00', '100.00', '50.00',
                      '50.00', '33.33', '33.33'], lines[2].split())
    self.assertEqual(['IIIT5K+SVT', '4', '7', '2.0', '66.67'],
                     lines[4].split()[:5])
    self.assertIn('7 skipped: missing_label', lines[5])
    self.assertIn('1 not in alnum_ci', lines[6])
    self.assertLen({len(line) for line in lines[:5]}, 1)

  def test_one_set_has_no_combined_row(self):
    text = results.table({'A': _set_result([('a', 'a')])})
    self.assertLen(text.split('\n'), 3)

  def test_a_protocol_without_samples_shows_no_percentage(self):
    text = results.table({'A': _set_result([('!', '!')])})
    self.assertEqual(['-', '-', '-', '-', '100.00', '100.00'],
                     text.split('\n')[2].split()[4:])


class ReportTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = os.path.join(self.create_tempdir().full_path, 'new')

  def _read(self, name):
    with open(os.path.join(self.folder, name), encoding='utf-8') as f:
      return f.read()

  def test_writes_both_files_of_the_contract(self):
    sets = {'A': _set_result([('é"', 'e')])}
    with results.Report(self.folder) as report:
      report.add('A', 5, 'é"', 'e', 0.25)
      report.publish(results.to_dict('m', 'abc', sets))
    self.assertEqual(
        {'set': 'A', 'index': 5, 'label': 'é"', 'text': 'e',
         'confidence': 0.25}, json.loads(self._read('predictions.jsonl')))
    self.assertIn('é', self._read('predictions.jsonl'))
    values = json.loads(self._read('results.json'))
    self.assertEqual(['model', 'charset', 'sets'], list(values))
    self.assertEqual(['samples', 'skipped', 'images_per_second', 'protocols'],
                     list(values['sets']['A']))
    self.assertCountEqual(['results.json', 'predictions.jsonl'],
                          os.listdir(self.folder))

  def test_a_failure_leaves_the_old_report(self):
    with results.Report(self.folder) as report:
      report.publish({'old': 1})
    with self.assertRaises(RuntimeError):
      with results.Report(self.folder) as report:
        report.add('A', 1, 'a', 'a', 1.0)
        raise RuntimeError()
    self.assertEqual({'old': 1}, json.loads(self._read('results.json')))
    self.assertEqual('', self._read('predictions.jsonl'))
    self.assertCountEqual(['results.json', 'predictions.jsonl'],
                          os.listdir(self.folder))

  def test_a_file_in_the_way_is_named(self):
    path = self.create_tempfile('taken').full_path
    with self.assertRaisesRegex(errors.InputError, '--output_dir=.*taken'):
      results.Report(path)


if __name__ == '__main__':
  absltest.main()
