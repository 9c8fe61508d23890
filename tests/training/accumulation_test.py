"""Parts of a batch: their order and the sum of their gradients.

tests/model_fn_test.py compares the parts of a real batch with the whole.
"""

import tensorflow.compat.v1 as tf

from master.training import accumulation


class AccumulationTest(tf.test.TestCase):

  def test_sums(self):
    with tf.Graph().as_default(), tf.Session() as session:
      x, unused = tf.Variable(3.0), tf.Variable([5.0, 7.0])
      loss, gradients = accumulation.gradients(
          lambda part: (part + 1) * x ** 2, 3, [x, unused], lambda: [],
          scale=0.5)
      session.run(tf.global_variables_initializer())
      loss, gradients = session.run([loss, gradients])
    self.assertEqual((1 + 2 + 3) * 9, loss)
    self.assertEqual(0.5 * (1 + 2 + 3) * 6, gradients[0])
    self.assertAllEqual([0, 0], gradients[1])

  def test_side_by_side_no_part_waits_for_another(self):
    with tf.Graph().as_default(), tf.Session() as session:
      x = tf.Variable(3.0)
      updates = []

      def loss_fn(part):
        updates.append(tf.no_op(f'update{part}'))
        return tf.identity((part + 1) * x ** 2, f'loss{part}')

      _, gradients = accumulation.gradients(
          loss_fn, 3, [x], lambda: updates, side_by_side=3)
      session.run(tf.global_variables_initializer())
      self.assertEqual((1 + 2 + 3) * 6, session.run(gradients[0]))
      last = session.graph.get_operation_by_name('loss2')
      self.assertEmpty(last.control_inputs + last.inputs[0].op.control_inputs)

  def test_a_part_begins_when_the_one_before_is_done(self):
    with tf.Graph().as_default(), tf.Session() as session:
      x = tf.Variable(1.0)
      done = tf.Variable(0.0, use_resource=True)
      updates, seen = [], []

      def loss_fn(part):
        seen.append(done.read_value())
        with tf.control_dependencies(seen[-1:]):
          updates.append(done.assign_add(1).op)
        return x * (part + 1)

      loss, gradients = accumulation.gradients(
          loss_fn, 4, [x], lambda: updates)
      session.run(tf.global_variables_initializer())
      # What is seen is fetched beside the last update, which waits for all.
      values, _, _ = session.run([seen, [loss, *gradients], updates])
    self.assertEqual([0, 1, 2, 3], values)


if __name__ == '__main__':
  tf.test.main()
