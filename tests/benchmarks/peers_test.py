"""Tests of benchmarks/peers.py, with a stand-in for rapidocr."""

import json
import os
import pathlib
import types
from unittest import mock

from absl.testing import absltest
from absl.testing import parameterized

from benchmarks import peer_environment
from benchmarks import peers
from benchmarks import report
from master import errors
from master.data import lmdb_writer
from tests.support import commands
from tests.support import extras
from tests.support import model_files
from tests.support import stub_rapidocr


class FakeProbe:
  """Reads `answers` by position, and notes how it was asked."""

  def __init__(self, name, answers):
    self.name, self.versions, self.asked = name, 'fake 1.0', []
    self._answers = answers

  def read(self, positions, batch_size):
    self.asked.append((list(positions), batch_size))
    return [self._answers[i] for i in positions]


class _Flags(types.SimpleNamespace):
  """Values of flags, found as in a FlagValues."""

  def __getitem__(self, name):
    return types.SimpleNamespace(value=getattr(self, name))


def _flags(**changes):
  return _Flags(**{
      'limit': None, 'protocols': [], 'timed_words': 3, 'repeats': 2,
      'batch_sizes': ['1', '2'], **changes})


class PeersTest(parameterized.TestCase):

  def _sets(self, **labels):
    """Writes LMDBs of pictures that all differ; returns their paths."""
    folder = self.create_tempdir().full_path
    seeds = iter(range(99))
    for name, words in labels.items():
      with lmdb_writer.LmdbWriter(os.path.join(folder, name)) as writer:
        for label in words:
          writer.add(model_files.encoded_image(next(seeds)), label)
    return {name: os.path.join(folder, name) for name in labels}

  def test_pictures_are_those_of_all_sets_in_order(self):
    paths = self._sets(a=['x', 'y', 'z'], b=['u', 'v'])
    folder = os.path.join(self.create_tempdir().full_path, 'pictures')
    places = peers.write_pictures(paths, 2, folder)
    self.assertEqual([('a', 1), ('a', 2), ('b', 1), ('b', 2)], places)
    names = sorted(os.listdir(folder))
    self.assertLen(names, 4)
    for name, seed in zip(names, (0, 1, 3, 4)):
      self.assertEqual(model_files.encoded_image(seed),
                       pathlib.Path(folder, name).read_bytes())

  def test_a_record_without_an_image_has_no_picture(self):
    path = os.path.join(self.create_tempdir().full_path, 'a')
    with lmdb_writer.LmdbWriter(path) as writer:
      writer.add(model_files.encoded_image(0), 'x')
    with mock.patch.object(peers.lmdb_reader.LmdbReader, 'read',
                           lambda self, i: mock.Mock(image=None)):
      with self.assertRaisesRegex(errors.InputError,
                                  '--eval_lmdb=a: hold no images'):
        peers.write_pictures({'a': path}, None, f'{path}/pictures')

  def test_bin_eval_judges_what_was_read(self):
    paths = self._sets(a=['Go', 'new', 'left'], b=['\u00e9t\u00e9 "1"'])
    probes = {
        'good': FakeProbe('good', [('Go', 0.5), ('NEW', 0.25), None,
                                   ('\u00e9t\u00e9 "1"', 1.0)]),
        'bad': FakeProbe('bad', [('no', 0.5), ('', 0.0), ('left', 0.75),
                                 ('ete\t1\n', 0.5)])}
    places = [peers.Place('a', i) for i in (1, 2, 3)] + [peers.Place('b', 1)]
    folder = self.create_tempdir().full_path
    scores = peers._score(probes, places, paths, _flags(protocols=['mmocr']),
                          folder)
    self.assertEqual(['good', 'bad'], list(scores))
    found = {(name, set_name, protocol): figures['correct']
             for name, sets in scores.items()
             for set_name, row in sets.items()
             for protocol, figures in row.items()}
    self.assertEqual({
        ('good', 'a', 'alnum_ci'): 2, ('good', 'a', 'case_sensitive'): 1,
        ('good', 'a', 'exact'): 1, ('good', 'a', 'mmocr'): 2,
        ('good', 'b', 'alnum_ci'): 1, ('good', 'b', 'case_sensitive'): 1,
        ('good', 'b', 'exact'): 1, ('good', 'b', 'mmocr'): 1,
        ('bad', 'a', 'alnum_ci'): 1, ('bad', 'a', 'case_sensitive'): 1,
        ('bad', 'a', 'exact'): 1, ('bad', 'a', 'mmocr'): 1,
        ('bad', 'b', 'alnum_ci'): 1, ('bad', 'b', 'case_sensitive'): 1,
        ('bad', 'b', 'exact'): 0, ('bad', 'b', 'mmocr'): 0,
    }, {key: value for key, value in found.items() if key[1] in 'ab'})
    self.assertEqual(3, found['good', 'a+b', 'alnum_ci'])
    self.assertEqual(4, scores['good']['a+b']['exact']['samples'])
    # A text must not depend on its neighbours.
    self.assertEqual([([0, 1, 2, 3], 1)], probes['good'].asked)
    # What bin/eval was given: a line for each picture that was one.
    lines = pathlib.Path(folder, 'good.jsonl').read_text(
        encoding='utf-8').splitlines()
    self.assertEqual([
        {'set': 'a', 'index': 1, 'text': 'Go', 'confidence': 0.5},
        {'set': 'a', 'index': 2, 'text': 'NEW', 'confidence': 0.25},
        {'set': 'b', 'index': 1, 'text': '\u00e9t\u00e9 "1"',
         'confidence': 1.0}], [json.loads(line) for line in lines])

  def test_all_read_the_same_words_in_turn(self):
    probes = {name: FakeProbe(name, [('a', 1.0)] * 9)
              for name in (peers.OURS, 'peer')}
    rows = peers._time(probes, 9, _flags())
    self.assertEqual([('ours', 1), ('peer', 1), ('ours', 2), ('peer', 2)],
                     [(row['name'], row['batch']) for row in rows])
    asked = probes['peer'].asked
    self.assertEqual(asked, probes['ours'].asked)
    # A warm-up and two repeats of each batch size.
    self.assertEqual([1, 1, 1, 2, 2, 2], [batch for _, batch in asked])
    words = asked[0][0]
    self.assertLen(set(words), 3)
    self.assertEqual([words] * 6, [positions for positions, _ in asked])

  def test_fewer_words_than_wanted(self):
    probes = {'peer': FakeProbe('peer', [('a', 1.0)] * 2)}
    peers._time(probes, 2, _flags())
    self.assertCountEqual([0, 1], probes['peer'].asked[0][0])

  def test_what_is_no_image_is_not_timed(self):
    with self.assertRaisesRegex(errors.InputError, 'peer takes a picture for'):
      peers._time({'peer': FakeProbe('peer', [None])}, 1, _flags())

  def test_accuracy_table(self):
    def row(right):
      return {'alnum_ci': {'samples': 8, 'word_accuracy': right / 8},
              'exact': {'samples': 8, 'word_accuracy': 0}}
    self.assertEqual(
        'alnum_ci  words   ours  peer_a\n'
        'SVT           8  87.50   12.50\n'
        '\n'
        'exact  words  ours  peer_a\n'
        'SVT        8  0.00    0.00',
        peers.accuracy_table({'ours': {'SVT': row(7)},
                              'peer_a': {'SVT': row(1)}}))

  @parameterized.parameters(
      (['--eval_lmdb=a'], '--eval_lmdb=a: write NAME=PATH'),
      (['--eval_lmdb=a=b', '--peers=ppocrv6_tiny,best'],
       "--peers=ppocrv6_tiny,best: no peer 'best'; there are ppocrv6_tiny, "),
      (['--eval_lmdb=a=b', '--protocols=x'], '--protocols=x: no protocol'),
      (['--eval_lmdb=a=b', '--batch_sizes=0'], '--batch_sizes=0: must be'),
      (['--eval_lmdb=a=/no/such'], '/no/such: '))
  def test_faults_are_one_line(self, arguments, message):
    process = commands.run('-m', 'benchmarks.peers', *arguments)
    self.assertEqual((2, ''), (process.returncode, process.stdout))
    self.assertStartsWith(process.stderr, f'peers: error: {message}')
    self.assertEqual(1, process.stderr.count('\n'))

  @extras.needs('onnx')
  def test_reads_judges_and_times(self):
    folder = self.create_tempdir().full_path
    model_dir = os.path.join(folder, 'model')
    model_files.write_tiny_model_dir(model_dir)
    # The stand-in reads the size of a picture.
    paths = self._sets(a=['19x37of1', 'no'], b=['no'] * 3)
    python = stub_rapidocr.write(os.path.join(folder, 'stub'))
    path = os.path.join(folder, 'found.json')
    values = {
        'eval_lmdb': [f'{name}={value}' for name, value in paths.items()],
        'peers': ['ppocrv6_tiny'], 'peer_models': None,
        'peer_venv': os.path.join(folder, 'venv'), 'model_dir': model_dir,
        'turn_tall': False, 'output_dir': os.path.join(folder, 'scores'),
        'protocols': [], 'accuracy': True, 'limit': None, 'timed_words': 2,
        'batch_sizes': ['1', '2'], 'threads': 1, 'repeats': 1, 'json': path}

    with mock.patch.object(
        peer_environment, 'make', lambda folder: python), (
        mock.patch.object(peer_environment, 'find', lambda *unused: {
            'ppocrv6_tiny': peer_environment.Found('/a.onnx', None)})):
      self.assertEqual(0, peers.main(_Flags(**values), []))
    with open(path, encoding='utf-8') as f:
      found = json.load(f)
    self.assertEqual(['ours', 'ppocrv6_tiny'], list(found['accuracy']))
    scores = found['accuracy']['ppocrv6_tiny']
    self.assertEqual([1, 0, 1], [scores[name]['alnum_ci']['correct']
                                 for name in ('a', 'b', 'a+b')])
    self.assertEqual([('ours', 1), ('ppocrv6_tiny', 1), ('ours', 2),
                      ('ppocrv6_tiny', 2)],
                     [(row['name'], row['batch']) for row in found['rows']])
    self.assertEqual(
        report.ratios(found['rows'], {
            'ppocrv6_tiny_over_ours': ('ppocrv6_tiny', 'ours')}),
        found['ratios'])
    self.assertEqual('rapidocr 3.0, onnxruntime 1.0',
                     found['settings']['versions']['ppocrv6_tiny'])
    self.assertTrue(os.path.exists(
        os.path.join(folder, 'scores', 'ppocrv6_tiny', 'predictions.jsonl')))


if __name__ == '__main__':
  absltest.main()
