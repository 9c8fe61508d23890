"""Progress lines and rates."""

import tensorflow.compat.v1 as tf

from master.estimator.hooks import loop_hooks
from master.estimator.hooks import progress_hook
from master.estimator.hooks import summary_hook


class Clock:
  """Goes on by two seconds at each look."""

  def __init__(self):
    self.now = 0.0

  def __call__(self):
    self.now += 2.0
    return self.now


class HooksTest(tf.test.TestCase):

  def run_hooks(self, all_hooks, runs):
    """Runs steps whose loss is the step before them plus a half."""
    step = tf.train.get_or_create_global_step()
    loss = tf.cast(step, tf.float32) + 0.5
    with tf.control_dependencies([loss]):
      train_op = tf.assign_add(step, 1)
    hooks_made = all_hooks(loss)
    with tf.train.MonitoredSession(hooks=hooks_made) as session:
      for _ in range(runs):
        if not session.should_stop():
          session.run(train_op)
    return hooks_made

  def test_progress(self):
    directory = self.create_tempdir().full_path
    told = []

    def make(loss):
      tf.add_to_collection(progress_hook.PROGRESS_TENSORS,
                           tf.identity(loss / 10, 'scope/learning_rate'))
      return [progress_hook.ProgressHook(
          3, total_steps=70, examples_per_step=5, tensors={'loss': loss},
          unit='images', output_dir=directory, clock=Clock(),
          progress_fn=lambda *line: told.append(line))]

    with tf.Graph().as_default(), self.assertLogs('absl', level='INFO') as logs:
      self.run_hooks(make, 7)
    lines = [line.split(':', 2)[2] for line in logs.output
             if 'steps/s' in line]
    # A step takes one tick. The clock is looked at once at the start, twice
    # a step and once for the time left: 16 s in steps 1 to 3, 28 to 6.
    self.assertEqual([
        'step 3/70, loss 2.5, learning_rate 0.25, 0.5 steps/s, '
        '2.5 images/s, 0:05:12 left',
        'step 6/70, loss 5.5, learning_rate 0.55, 0.5 steps/s, '
        '2.5 images/s, 0:04:58 left'], lines)
    path, = tf.gfile.Glob(f'{directory}/events*')
    rates = [(event.step, value.tag, value.simple_value)
             for event in tf.train.summary_iterator(path)
             for value in event.summary.value]
    self.assertCountEqual([
        (3, 'global_step/sec', 0.5), (3, 'images_per_second', 2.5),
        (6, 'global_step/sec', 0.5), (6, 'images_per_second', 2.5)], rates)

    self.assertEqual([3, 6], [step for step, _ in told])
    self.assertEqual(['loss', 'learning_rate', 'steps_per_second',
                      'images_per_second'], list(told[0][1]))
    self.assertAllClose([2.5, 0.25, 0.5, 2.5], list(told[0][1].values()))

  def _summaries(self, make_summary, runs):
    """Steps at which a summary is written; fetches of each step."""
    directory = self.create_tempdir().full_path
    fetched = []

    class Note(summary_hook.SummaryHook):

      def before_run(self, run_context):
        found = super().before_run(run_context)
        fetched.append(found is not None)
        return found

    with tf.Graph().as_default():

      def make(loss):
        scaffold = tf.train.Scaffold(summary_op=make_summary(loss))
        return [Note(3, directory, scaffold)]

      self.run_hooks(make, runs)
    path, = tf.gfile.Glob(f'{directory}/events*')
    return [event.step for event in tf.train.summary_iterator(path)
            if event.summary.value], fetched

  def test_scalars_are_fetched_at_every_step(self):
    written, fetched = self._summaries(
        lambda loss: tf.summary.scalar('loss', loss), 7)
    self.assertEqual([1, 4, 7], written)
    self.assertEqual([True] * 7, fetched)

  def test_other_summaries_are_fetched_when_due(self):
    written, fetched = self._summaries(
        lambda loss: tf.summary.histogram('loss', loss), 7)
    self.assertEqual([1, 4, 7], written)
    self.assertEqual([True, False, False] * 2 + [True], fetched)

  def test_stop_after_batches(self):
    with tf.Graph().as_default():
      hook, = self.run_hooks(lambda _: [loop_hooks.StopAfterBatchesHook(3)], 5)
    self.assertEqual(3, hook.count)


if __name__ == '__main__':
  tf.test.main()
