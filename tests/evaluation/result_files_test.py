"""Tests of master/evaluation/result_files.py."""

import json
import os

from absl.testing import absltest

from master import errors
from master.evaluation import result_files
from master.metrics import counts

SAMPLE = counts.Sample(5, 'é"', 'e\n', 0.25, (31, 97))


class ResultsFolderTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = os.path.join(self.create_tempdir().full_path, 'new')

  def _read(self, name):
    with open(os.path.join(self.folder, name), encoding='utf-8') as f:
      return f.read()

  def _rows(self, name):
    return [json.loads(line) for line in self._read(name).splitlines()]

  def test_writes_the_files_of_the_contract(self):
    with result_files.ResultsFolder(self.folder) as folder:
      folder.add('A', SAMPLE, [0.5, 0.123456])
      folder.add('A', SAMPLE._replace(confidence=None), None)
      folder.skip('A', 'image-6', 'undecodable_image')
      folder.skip('A', 'image-5', 'empty_label', 'exact')
      folder.publish({'model': 'é'})
    row = {'set': 'A', 'index': 5, 'label': 'é"', 'text': 'e\n',
           'confidence': 0.25, 'width': 97, 'height': 31}
    self.assertEqual([{**row, 'char_confidence': [0.5, 0.1235]},
                      {**row, 'confidence': None}],
                     self._rows('predictions.jsonl'))
    self.assertIn('é', self._read('predictions.jsonl'))
    self.assertEqual(
        [{'set': 'A', 'key': 'image-6', 'reason': 'undecodable_image'},
         {'set': 'A', 'key': 'image-5', 'reason': 'empty_label',
          'protocol': 'exact'}], self._rows('skipped.jsonl'))
    self.assertEqual({'model': 'é'}, json.loads(self._read('results.json')))
    self.assertCountEqual(
        ['results.json', 'predictions.jsonl', 'skipped.jsonl'],
        os.listdir(self.folder))

  def test_a_lone_surrogate_is_written_escaped(self):
    with result_files.ResultsFolder(self.folder) as folder:
      folder.add('A', SAMPLE._replace(text='a\udc80'), None)
      folder.publish({})
    self.assertEqual('a\udc80', self._rows('predictions.jsonl')[0]['text'])

  def test_changes_appear_where_something_was_compared(self):
    with result_files.ResultsFolder(self.folder) as folder:
      folder.publish({}, iter([{'change': 'gained'}]))
    self.assertEqual([{'change': 'gained'}], self._rows('changes.jsonl'))

  def test_what_an_earlier_evaluation_alone_had_goes(self):
    with result_files.ResultsFolder(self.folder) as folder:
      folder.publish({}, [])
    for name in ('report.html', 'other.txt'):
      with open(os.path.join(self.folder, name), 'w') as f:
        f.write('old')
    with result_files.ResultsFolder(self.folder) as folder:
      folder.publish({})
    self.assertCountEqual(
        ['results.json', 'predictions.jsonl', 'skipped.jsonl', 'other.txt'],
        os.listdir(self.folder))

  def test_a_failure_leaves_the_old_files(self):
    with result_files.ResultsFolder(self.folder) as folder:
      folder.publish({'old': 1})
    with self.assertRaises(RuntimeError):
      with result_files.ResultsFolder(self.folder) as folder:
        folder.add('A', SAMPLE, None)
        raise RuntimeError()
    self.assertEqual({'old': 1}, json.loads(self._read('results.json')))
    self.assertEqual('', self._read('predictions.jsonl'))
    self.assertCountEqual(
        ['results.json', 'predictions.jsonl', 'skipped.jsonl'],
        os.listdir(self.folder))

  def test_values_that_cannot_be_written_leave_the_old_files(self):
    with result_files.ResultsFolder(self.folder) as folder:
      folder.publish({'old': 1})
    with self.assertRaises(TypeError):
      with result_files.ResultsFolder(self.folder) as folder:
        folder.publish({'new': object()})
    self.assertEqual({'old': 1}, json.loads(self._read('results.json')))
    self.assertLen(os.listdir(self.folder), 3)

  def test_a_file_in_the_way_is_named(self):
    path = self.create_tempfile('taken').full_path
    with self.assertRaisesRegex(errors.InputError, '--output_dir=.*taken'):
      result_files.ResultsFolder(path)


if __name__ == '__main__':
  absltest.main()
