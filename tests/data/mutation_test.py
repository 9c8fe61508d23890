"""Damaged records everywhere: nothing crashes, and each counts exactly once.

Guards what input_fn, check_lmdb and evaluation say together.
"""

import json
import os
import tempfile

from absl.testing import absltest
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.data import records as records_lib
from master.evaluation import results
from master.inputs import input_fn as input_fn_lib
from master.metrics import counts
from tests.support import commands
from tests.support import mutations
from tests.support import test_util

MODEL = test_util.tiny_config(charset='0123456789', max_label_length=5)
NUM_MUTATED = 2000
BATCH_SIZE = 50


def _batches(input_fn):
  """Batches of labels' texts and features' indices, as lists."""
  with test_util.graph_session() as session:
    iterator = tf.data.make_initializable_iterator(input_fn())
    features, labels = iterator.get_next()
    session.run(iterator.initializer)
    while True:
      try:
        indices, texts = session.run((features['index'], labels['text']))
      except tf.errors.OutOfRangeError:
        return
      yield indices.tolist(), texts.tolist()


def _train_epoch(path: str, counter: records_lib.SkipCounter) -> list[int]:
  """Numbers of the records that one epoch of training uses, in order."""
  train = input_fn_lib.make_train_input_fn(
      [path], MODEL, config_lib.DataConfig(BATCH_SIZE, shuffle=False), 1,
      counter)
  used = []
  for indices, _ in _batches(train):
    for index in indices:
      if used and index <= used[-1]:
        return used  # The second epoch has begun.
      used.append(index)
  raise AssertionError('Training does not go on for ever.')


def _check(path: str, charset: str, *arguments: str):
  """Exit status and JSON of check_lmdb."""
  process = commands.run('-m', 'master.cli.check_lmdb', path, '--json=-',
                         f'--charset={charset}', '--max_label_length=5',
                         '--max_listed=100000', *arguments)
  return process.returncode, json.loads(process.stdout)


class MutationTest(absltest.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    temporary = tempfile.TemporaryDirectory()
    cls.addClassCleanup(temporary.cleanup)
    folder = temporary.name
    cls.path = os.path.join(folder, 'mutated')
    cls.fixed = os.path.join(folder, 'fixed')
    cls.charset = os.path.join(folder, 'charset.txt')
    with open(cls.charset, 'w', encoding='utf-8') as f:
      f.write('\n'.join(MODEL.charset))
    cls.count = mutations.write(cls.path, NUM_MUTATED, seed=3)
    cls.status, cls.found = _check(cls.path, cls.charset,
                                   f'--fix={cls.fixed}')

  def test_training_uses_or_counts_each_record_once(self):
    counter = records_lib.SkipCounter()
    used = _train_epoch(self.path, counter)
    self.assertEqual(self.count, len(used) + counter.total)
    self.assertGreater(counter.total, self.count / 5)
    self.assertGreater(len(used), self.count / 2)
    # Only of damaged images check_lmdb may know more than the decoders.
    expected = dict(self.found['skipped_in_training'])
    counted = dict(counter.counts)
    self.assertGreaterEqual(expected.pop('undecodable_image'),
                            counted.pop('undecodable_image'))
    self.assertEqual(expected, counted)

  def test_evaluation_judges_or_counts_each_record_once(self):
    counter = records_lib.SkipCounter()
    evaluate = input_fn_lib.make_eval_input_fn(
        self.path, MODEL, config_lib.DataConfig(BATCH_SIZE), counter)
    result = results.SetResult.of()
    used = []
    for indices, texts in _batches(evaluate):
      used += indices
      for text in texts:
        result.add(counts.Sample(0, text.decode('utf-8'), '12345', None,
                                 (1, 1)))
    self.assertEqual(sorted(set(used)), used)
    self.assertEqual(self.count, result.samples + counter.total)
    self.assertLen(used, result.samples)
    self.assertContainsSubset(counter.counts, records_lib.FATAL)
    for protocol, scores in result.protocols.items():
      self.assertEqual(result.samples, scores.samples + scores.left_out.total(),
                       protocol)

  def test_check_judges_each_record_once(self):
    self.assertEqual(1, self.status)
    unusable = self.found['unusable']
    keys = [broken['key'] for broken in unusable['listed']]
    self.assertLen(set(keys), unusable['records'])
    self.assertEqual(self.count, self.found['records'])
    self.assertEqual(self.count,
                     unusable['records'] + self.found['fixed']['records'])
    self.assertEqual(unusable['reasons'], self.found['fixed']['left_out'])
    self.assertEqual(
        {*records_lib.FATAL, records_lib.LABEL_EMPTY},
        set(unusable['reasons']))

  def test_what_check_calls_usable_is(self):
    broken = {int(record['key'].split('-')[1])
              for record in self.found['unusable']['listed']}
    used = _train_epoch(self.path, records_lib.SkipCounter())
    refused = set(range(1, self.count + 1)) - broken - set(used)
    made = mutations.items(NUM_MUTATED, seed=3)
    for number in refused:
      text = made[number - 1].label.decode('utf-8')
      self.assertTrue(len(text) > 5 or set(text) - set('0123456789'),
                      f'image {number} is not read')

  def test_fixed_copy_is_fine(self):
    status, found = _check(self.fixed, self.charset)
    self.assertEqual((0, 0), (status, found['unusable']['records']))
    self.assertEqual(self.found['fixed']['records'], found['records'])
    self.assertEqual('standard', found['layout']['name'])
    counter = records_lib.SkipCounter()
    used = _train_epoch(self.fixed, counter)
    self.assertEqual(found['records'], len(used) + counter.total)
    self.assertContainsSubset(
        counter.counts, [records_lib.LABEL_TOO_LONG,
                         records_lib.LABEL_OUTSIDE_CHARSET])


if __name__ == '__main__':
  absltest.main()
