"""Tests of master/evaluation/comparison.py on hand cases."""

import json

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from master.evaluation import comparison
from master.metrics import significance


def _row(name, index, label, text, **more):
  return json.dumps({'set': name, 'index': index, 'label': label,
                     'text': text, 'confidence': 0.5, **more}) + '\n'


_PREDICTIONS = _row('A', 3, 'é', 'e') + _row('B', 3, 'x', 'y')
# As versions before wrote it, but for fields that do not matter.
_RESULTS = json.dumps({
    'model': 'runs/a', 'charset': 'ab',
    'sets': {'A': {'samples': 1}, 'B': {'samples': 1}, 'C': {'samples': 0}}})


class ReadTest(parameterized.TestCase):

  def _read(self, results=_RESULTS, predictions=_PREDICTIONS):
    folder = self.create_tempdir()
    self._folder = folder.full_path
    if results is not None:
      folder.create_file('results.json', results)
    if predictions is not None:
      folder.create_file('predictions.jsonl', predictions)
    return comparison.read(self._folder)

  def test_results_without_the_newer_fields(self):
    other = self._read()
    self.assertEqual((self._folder, 'runs/a'), (other.path, other.model))
    self.assertEqual({('A', 3): ('é', 'e'), ('B', 3): ('x', 'y')},
                     other.texts)

  @parameterized.named_parameters(
      ('no_results', None, 'results.json: cannot be read .*; name the '
       '--output_dir'),
      ('torn', _RESULTS[:30], 'results.json: is torn or no JSON; evaluate'),
      ('empty', '', 'results.json: is empty; name'),
      ('list', '[]', 'results.json: is not of an evaluation; name'),
      ('no_sets', '{"model": "m"}', 'results.json: is not of an evaluation'),
      ('no_model', '{"sets": {}}', 'results.json: is not of an evaluation'))
  def test_faults_of_results(self, results, pattern):
    with self.assertRaisesRegex(errors.InputError, pattern) as caught:
      self._read(results)
    self.assertStartsWith(str(caught.exception), self._folder)

  @parameterized.named_parameters(
      ('none', None, ': cannot be read'),
      ('torn', _PREDICTIONS[:-9], ':2: .*may be torn'),
      ('cut_off', _row('A', 3, 'é', 'e'), ': has 0 lines of set B, but '
       'results.json has 1; evaluate'),
      ('no_label', '{"set": "A", "index": 3, "text": ""}\n',
       ':1: "label" is None, no string; evaluate'),
      ('no_index', _row('A', '3', 'a', 'b'), ":1: \"index\" is '3'"),
      ('twice', _row('A', 3, 'é', 'e') * 2, ':2: set A, record 3 stands'))
  def test_faults_of_predictions(self, predictions, pattern):
    with self.assertRaisesRegex(errors.InputError,
                                f'predictions.jsonl{pattern}') as caught:
      self._read(predictions=predictions)
    self.assertNotIn('\n', str(caught.exception))


def _lower(label, text):
  return None if label == '!' else label.lower() == text.lower()


def _exact(label, text):
  return label == text


_CORRECT = {'lower': _lower, 'exact': _exact}
_OTHER = comparison.Other('dir', 'runs/b', {
    ('A', 1): ('a', 'a'), ('A', 2): ('b', 'x'), ('A', 3): ('c', 'c'),
    ('A', 4): ('d', 'y'), ('A', 5): ('e', 'E'), ('A', 6): ('!', '!'),
    ('A', 7): ('g', 'g'), ('B', 1): ('z', 'z')})
_SAMPLES = {
    'A': [(1, 'a', 'a'), (2, 'b', 'b'), (3, 'c', 'x'), (4, 'd', 'x'),
          (5, 'e', 'e'), (6, '!', 'x'), (8, 'h', 'h'), (9, 'i', '')],
    'B': [(1, 'z', 'Z')],
    'C': [(1, 'c', 'c')]}


def _compared(samples, other=_OTHER, correct=_CORRECT):
  """A Comparison that has taken `samples`, and what it told of each."""
  found = comparison.Comparison(other, correct)
  told = [found.add(name, index, label, text,
                    {protocol: is_right(label, text)
                     for protocol, is_right in correct.items()})
          for name, of_set in samples.items() for index, label, text in of_set]
  return found, told


class ComparisonTest(parameterized.TestCase):

  def test_counts(self):
    found = _compared(_SAMPLES)[0].results()
    self.assertEqual(('dir', 'runs/b'), (found['with'], found['model']))
    self.assertEqual(['A', 'B', 'C'], list(found['sets']))
    self.assertEqual({
        'common': 6, 'only_here': 2, 'only_there': 1, 'protocols': {
            'lower': {'samples': 5, 'both_correct': 2, 'gained': 1, 'lost': 1,
                      'both_wrong': 1, 'p_value': 1.0},
            'exact': {'samples': 6, 'both_correct': 1, 'gained': 2, 'lost': 2,
                      'both_wrong': 1, 'p_value': 1.0}}}, found['sets']['A'])
    self.assertEqual(
        {'samples': 1, 'both_correct': 0, 'gained': 0, 'lost': 1,
         'both_wrong': 0, 'p_value': 1.0},
        found['sets']['B']['protocols']['exact'])
    self.assertEqual((0, 1, 0), tuple(
        found['sets']['C'][name] for name in (
            'common', 'only_here', 'only_there')))
    self.assertEqual(found, json.loads(json.dumps(found)))

  def test_changes_are_under_the_first_protocol(self):
    changes = _compared(_SAMPLES)[0].changes
    self.assertEqual(
        [('A', 2, 'gained', 'x'), ('A', 3, 'lost', 'c'),
         ('A', 4, 'other', 'y'), ('A', 5, 'other', 'E'),
         ('A', 6, 'other', '!'), ('B', 1, 'other', 'z')], changes)
    changes = _compared(_SAMPLES, correct={'exact': _exact})[0].changes
    self.assertEqual(
        [(2, 'gained'), (3, 'lost'), (4, 'other'), (5, 'gained'), (6, 'lost'),
         (1, 'lost')], [(c.index, c.change) for c in changes])

  def test_chance(self):
    samples = {'A': [(i, 'a', 'a' if i < 9 else 'b') for i in range(11)]}
    other = comparison.Other('dir', 'm', {
        ('A', i): ('a', 'b' if i < 9 else 'a') for i in range(11)})
    found, _ = _compared(samples, other, {'exact': _exact})
    self.assertEqual(
        significance.mcnemar(9, 2),
        found.results()['sets']['A']['protocols']['exact']['p_value'])

  def test_other_labels_are_other_data(self):
    with self.assertRaisesRegex(
        comparison.OtherDataError, "^--compare=dir: not the same data: set A, "
        "record 2 has the label 'B' here and 'b' there; evaluate [^\n]*$"):
      _compared({'A': [(2, 'B', 'b')]})

  def test_tells_of_each_sample_how_the_other_model_read_it(self):
    _, told = _compared({'A': [(1, 'a', 'a'), (2, 'b', 'b'), (99, 'b', '')]})
    self.assertEqual([('A', 1, '', 'a'), ('A', 2, 'gained', 'x'), None], told)


if __name__ == '__main__':
  absltest.main()
