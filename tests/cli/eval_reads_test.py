"""Tests that bin/eval reads each record once, whatever its flags."""

import collections
import contextlib
import io
import json
import os
import types
from unittest import mock

from absl import flags
from absl.testing import absltest
from absl.testing import flagsaver
import lmdb

from master.cli import eval as eval_lib
from master.data import lmdb_reader
from tests.support import flag_registry
from tests.support import model_files
from tests.support import pictures
from tests.support import word_sets


class _CountingEnvironment:
  """An lmdb.Environment that counts the keys it is asked for."""

  def __init__(self, environment: lmdb.Environment,
               counts: collections.Counter):
    self._environment = environment
    self._counts = counts

  @contextlib.contextmanager
  def begin(self):
    with self._environment.begin() as transaction:

      def get(key):
        self._counts[self._environment.path(), key] += 1
        return transaction.get(key)

      yield types.SimpleNamespace(get=get)


class EvalReadsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    flag_registry.isolate(self)
    eval_lib.define_flags()
    folder = self.create_tempdir().full_path
    self._model, self._first, self._other = (
        os.path.join(folder, name) for name in ('model', 'first', 'other'))
    model_files.write_tiny_model_dir(self._model)
    word_sets.write_words(self._first, ['abc'] * 150, broken=3)
    pictures.change_lmdb(self._first, {
        'image-000000002': None, 'label-000000005': None,
        'label-000000007': b'\xff', 'label-000000009': b''})
    word_sets.write_words(self._other, ['abc', 'g'], broken=1)
    self._sets = f'--eval_lmdb=A={self._first},B={self._other}'
    self._folder = folder
    self._counts = collections.Counter()
    really_open = lmdb.open
    self.enter_context(mock.patch.object(
        lmdb, 'open', lambda *args, **settings: _CountingEnvironment(
            really_open(*args, **settings), self._counts)))
    self._readers = self.enter_context(mock.patch.object(
        lmdb_reader, 'LmdbReader', wraps=lmdb_reader.LmdbReader))

  def _evaluate(self, *arguments: str):
    """Evaluates on both sets; fails where a key was asked for twice."""
    self._counts.clear()
    self._readers.reset_mock()
    with flagsaver.flagsaver(), contextlib.redirect_stdout(io.StringIO()):
      flags.FLAGS(['eval', self._sets, *arguments])
      self.assertEqual(0, eval_lib.main(flags.FLAGS, []))
    self.assertEqual(
        {(os.path.join(path, 'data.mdb'), b'%s-%09d' % (part, number)): 1
         for path, count in ((self._first, 153), (self._other, 3))
         for number in range(1, count + 1) for part in (b'image', b'label')},
        self._counts)
    self.assertEqual([mock.call(self._first), mock.call(self._other)],
                     self._readers.call_args_list)

  def _read(self, name: str, file: str) -> str:
    with open(os.path.join(self._folder, name, file), encoding='utf-8') as f:
      return f.read()

  def test_each_key_is_asked_for_once(self):
    model = f'--model_dir={self._model}'
    plain = os.path.join(self._folder, 'plain')
    # By the folder that it writes: flags of an evaluation.
    evaluations = {
        'plain': [model],
        'compared': [model, f'--compare={plain}', '--batch_size=7'],
        'all': [model, f'--compare={plain}', '--report', '--protocols=dtrb'],
        'texts': [f'--predictions={plain}', f'--compare={plain}', '--report']}
    self._evaluate(model)
    for name, arguments in evaluations.items():
      self._evaluate(f'--output_dir={os.path.join(self._folder, name)}',
                     *arguments)
    texts = [[(row['set'], row['index'], row['label'], row['text'])
              for row in map(json.loads, self._read(
                  name, 'predictions.jsonl').splitlines())]
             for name in evaluations]
    self.assertLen(texts[0], 149)
    self.assertEqual([texts[0]] * len(evaluations), texts)
    # Copies are told of by what the records hold, read or not.
    for name in evaluations:
      notes = json.loads(self._read(name, 'results.json'))['notes']
      self.assertIn('A: 2 of its pictures are copies of others in it', notes)
      self.assertIn('A and B have 2 pictures in common: no row combines them',
                    notes)
    self.assertEqual(self._read('plain', 'skipped.jsonl'),
                     self._read('compared', 'skipped.jsonl'))


if __name__ == '__main__':
  absltest.main()
