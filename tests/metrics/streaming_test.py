"""Tests of master/metrics/streaming.py."""

import tensorflow.compat.v1 as tf

from master.metrics import streaming

# (text, label): of these the 2nd and 3rd differ in case and accents alone,
# and the 5th label has nothing that alnum_ci or case_sensitive count.
PAIRS = (('one', 'one'), ('Two', 'two'), ('cafe', 'café'), ('', 'four'),
         ('!', '!!'))
NAMES = ('ned/alnum_ci', 'ned/case_sensitive', 'ned/exact',
         'word_accuracy/alnum_ci',
         'word_accuracy/case_sensitive', 'word_accuracy/exact')


def _evaluate(batches, weights=None):
  """Final values by name after one update for each batch of pairs."""
  with tf.Graph().as_default(), tf.Session() as session:
    texts = tf.placeholder(tf.string, [None])
    labels = tf.placeholder(tf.string, [None])
    weight = tf.placeholder(tf.float32, [None]) if weights else None
    ops = streaming.word_metric_ops(texts, labels, weight)
    session.run(tf.local_variables_initializer())
    for i, batch in enumerate(batches):
      feed = {texts: [t.encode() for t, _ in batch],
              labels: [label.encode() for _, label in batch]}
      if weights:
        feed[weight] = weights[i]
      session.run([update for _, update in ops.values()], feed)
    return session.run({name: value for name, (value, _) in ops.items()})


class WordMetricOpsTest(tf.test.TestCase):

  def test_values_over_uneven_batches(self):
    values = _evaluate([PAIRS[:3], PAIRS[3:]])
    self.assertCountEqual(NAMES, values)
    self.assertAllClose(values['word_accuracy/alnum_ci'], 3 / 4)
    self.assertAllClose(values['word_accuracy/case_sensitive'], 2 / 4)
    self.assertAllClose(values['word_accuracy/exact'], 1 / 5)
    self.assertAllClose(values['ned/alnum_ci'], 3 / 4)

  def test_weight_zero_leaves_a_sample_out(self):
    values = _evaluate([PAIRS], [[1, 0, 0, 1, 1]])
    self.assertAllClose(values['word_accuracy/alnum_ci'], 1 / 2)
    self.assertAllClose(values['word_accuracy/exact'], 1 / 3)

  def test_no_sample_judged_gives_zero(self):
    values = _evaluate([PAIRS[4:]])
    self.assertAllClose(values['word_accuracy/alnum_ci'], 0)

  def test_replicas_add_up(self):
    """Two replicas, each with its own part of the pairs, count as one."""
    parts = [PAIRS[:1], PAIRS[1:]]

    def step():
      replica = tf.distribute.get_replica_context()
      part = parts[tf.get_static_value(replica.replica_id_in_sync_group)]
      texts, labels = zip(*part)
      return streaming.word_metric_ops(tf.constant(texts), tf.constant(labels))

    with tf.Graph().as_default():
      strategy = tf.distribute.MirroredStrategy(['/cpu:0', '/cpu:1'])
      with strategy.scope():
        ops = strategy.extended.call_for_each_replica(step)
      value, update = ops['word_accuracy/alnum_ci']
      with tf.Session(config=tf.ConfigProto(device_count={'CPU': 2})) as s:
        s.run(tf.local_variables_initializer())
        s.run(strategy.experimental_local_results(update))
        value = s.run(strategy.experimental_local_results(value)[0])
    self.assertAllClose(value, 3 / 4)


if __name__ == '__main__':
  tf.test.main()
