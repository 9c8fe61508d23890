"""Tests of master/runs/text_sources.py; tests/cli/eval_test.py has its rest."""

import os
import threading
import time

from absl.testing import absltest
import numpy as np

from master.export import predictor as predictor_lib
from master.runs import evaluation
from master.runs import text_sources
from tests.support import test_util
from tests.support import word_sets


class TextsTest(absltest.TestCase):

  def test_texts_in_place_of_a_model(self):
    folder = self.create_tempdir().full_path
    sets = evaluation.EvalSets({
        'A': word_sets.write_words(os.path.join(folder, 'a'), ['a']),
        'B': word_sets.write_words(os.path.join(folder, 'b'), ['b', 'c'])},
                                   test_util.TINY, 4)
    texts = {('A', 1): ('x', 0.25), ('B', 2): ('y', None)}
    with evaluation.Run(
        sets, text_sources.from_texts(texts, ['A', 'B']), ('exact',), 1,
        lambda: False) as run:
      rows = list(run.rows())
    self.assertEqual([('x', 0.25), ('', None), ('y', None)],
                     [(row.sample.text, row.sample.confidence)
                      for row in rows])
    note, = text_sources.missing_texts(texts, sets.sets)
    self.assertStartsWith(note, 'B: 1 records without a text')


class _Reader:
  """Stands in for a predictor; notes how many calls it has at a time."""

  def __init__(self):
    self.calls = self.at_a_time = self.most = 0
    self._lock = threading.Lock()

  def read_images(self, images, with_attention):
    with self._lock:
      self.calls += 1
      self.at_a_time += 1
      self.most = max(self.most, self.at_a_time)
    time.sleep(0.01)
    with self._lock:
      self.at_a_time -= 1
    return predictor_lib.ImageReadings([str(with_attention)], images)


class ReplicatedTest(absltest.TestCase):

  def test_each_reads_one_batch_at_a_time(self):
    models = [_Reader(), _Reader()]
    read = text_sources.replicated(models, with_attention=True)
    found = []
    threads = [threading.Thread(target=lambda: found.append(
        read({'image': np.zeros([1])}))) for _ in range(8)]
    for thread in threads:
      thread.start()
    for thread in threads:
      thread.join()
    self.assertEqual([['True']] * 8, [reading.texts for reading in found])
    self.assertEqual(8, sum(model.calls for model in models))
    self.assertEqual([1, 1], [model.most for model in models])

  def test_one_that_fails_is_used_again(self):
    reader = _Reader()
    read = text_sources.replicated([reader], with_attention=False)
    with self.assertRaises(KeyError):
      read({})
    self.assertEqual(['False'], read({'image': np.zeros([1])}).texts)

  def test_as_many_as_there_are_gpus_or_two_on_a_cpu(self):
    self.assertEqual([2, 1, 4], list(map(text_sources.usual_replicas,
                                         [0, 1, 4])))


if __name__ == '__main__':
  absltest.main()
