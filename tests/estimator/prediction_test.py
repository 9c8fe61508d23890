"""Prediction: order, keys, batches, what the caller may do meanwhile."""

import tensorflow.compat.v1 as tf

from tests.support import linear_model


class PredictionTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.runner = linear_model.estimator()
    cls.runner.train(linear_model.input_fn(4, repeat=True), max_steps=3)
    cls.expected = (
        linear_model.INPUTS @ cls.runner.get_variable_value('linear/weights')
        + cls.runner.get_variable_value('linear/bias'))

  def test_each_example_in_order(self):
    rows = list(self.runner.predict(linear_model.input_fn(4)))
    self.assertAllClose(self.expected, [row['y'] for row in rows])
    self.assertAllClose(2 * self.expected, [row['double'] for row in rows])

  def test_keys(self):
    row = next(self.runner.predict(linear_model.input_fn(4),
                                   predict_keys=['double']))
    self.assertEqual(['double'], list(row))
    with self.assertRaisesRegex(ValueError, 'nonsense'):
      next(self.runner.predict(linear_model.input_fn(4),
                               predict_keys=['nonsense']))

  def test_batches(self):
    batches = list(self.runner.predict(linear_model.input_fn(4),
                                       yield_single_examples=False))
    self.assertEqual([4, 4, 3], [len(batch['y']) for batch in batches])

  def test_two_at_a_time(self):
    # The graph of one must not be the default one for the other.
    outside = tf.get_default_graph()
    pairs = zip(self.runner.predict(linear_model.input_fn(4)),
                self.runner.predict(linear_model.input_fn(3)))
    for first, second in pairs:
      self.assertAllClose(first['y'], second['y'])
      self.assertIs(outside, tf.get_default_graph())

  def test_tensors_instead_of_a_dataset(self):

    def input_fn():
      x = tf.constant(linear_model.INPUTS)
      return {'x': tf.train.limit_epochs(x, num_epochs=1)}

    rows = list(self.runner.predict(input_fn))
    self.assertAllClose(self.expected, [row['y'] for row in rows])


if __name__ == '__main__':
  tf.test.main()
