"""Two processes train one model: as one device does, stop and end together."""

import glob
import os

import tensorflow.compat.v1 as tf

from tests.support import linear_model
from tests.support import linear_worker
from tests.support import workers

_WORKER = ('-m', 'tests.support.linear_worker')


class MultiWorkerTest(linear_model.RunnerTestCase):

  def test_learns_as_one_device_does(self):
    folder = self.create_tempdir().full_path
    chief, other = workers.finish(workers.start(
        2, *_WORKER, 'train_twice', folder))
    for status, _, err in (chief, other):
      self.assertEqual(0, status, err)
    one = linear_model.estimator(params=linear_worker.PARAMS)
    # The wish comes after step 6, so that the next one is the last.
    for steps in (3, 7, 11):
      self.train(one, steps)
    self.assert_same_values(one, linear_model.estimator(folder))
    # The chief alone tells, writes and evaluates.
    self.assertIn('step 11/11', chief[2])
    self.assertIn('evaluation at step 11: ', chief[2])
    self.assertNotIn('step 11', other[2])
    self.assertNotIn('Saved', other[2])
    self.assertLen(glob.glob(os.path.join(folder, 'eval', 'events*')), 1)
    events, = glob.glob(os.path.join(folder, 'events*'))
    self._assert_losses_of_one_device(events)

  def _assert_losses_of_one_device(self, path):
    losses = {event.step: value.simple_value
              for event in tf.train.summary_iterator(path)
              for value in event.summary.value if value.tag == 'loss'}
    one = linear_model.estimator(save_summary_steps=1)
    for steps in (3, 7, 11):
      self.train(one, steps)
    expected, = glob.glob(os.path.join(one.model_dir, 'events*'))
    self.assertLen(losses, 11)
    for event in tf.train.summary_iterator(expected):
      for value in event.summary.value:
        if value.tag == 'loss':
          self.assertAllClose(value.simple_value, losses[event.step])

  def test_the_others_end_when_one_dies(self):
    folder = self.create_tempdir().full_path
    chief, other = workers.finish(workers.start(
        2, *_WORKER, 'die', folder))
    self.assertEqual(-9, other[0])
    self.assertEqual(1, chief[0])
    self.assertRegex(
        chief[2], r'WorkerLostError: worker 1 \(localhost:\d+\) is gone: .*; '
        'start all workers again to go on from the last checkpoint')
    # A restart goes on from there.
    moved = linear_model.estimator(folder, linear_worker.PARAMS)
    self.assertEqual(0, moved.get_variable_value('global_step'))
    self.train(moved, 5)


if __name__ == '__main__':
  tf.test.main()
