"""What is dropped hangs on seed, place and step."""

import numpy as np
import tensorflow.compat.v1 as tf

from master.layers import dropout

_SIZE = 997


def _masks(seed, steps, places=2, first_step=0):
  """What is kept, bool [steps, places, _SIZE], in a graph of its own."""
  with tf.Graph().as_default(), tf.Session() as session:
    tf.set_random_seed(seed)
    step = tf.train.get_or_create_global_step()
    x = tf.ones([_SIZE])
    dropped = tf.stack([dropout.dropout(x, 0.3) for _ in range(places)])
    with tf.control_dependencies([dropped]):
      count = step.assign_add(1)
    session.run(tf.global_variables_initializer())
    session.run(step.assign(first_step))
    return np.stack([session.run([dropped, count])[0] > 0
                     for _ in range(steps)])


class DropoutTest(tf.test.TestCase):

  def test_rate_and_scale(self):
    with tf.Graph().as_default(), tf.Session() as session:
      tf.set_random_seed(3)
      tf.train.create_global_step()
      x = np.arange(1, 1 + _SIZE, dtype=np.float32)
      y = dropout.dropout(tf.constant(x), 0.3)
      session.run(tf.global_variables_initializer())
      kept = session.run(y)
    self.assertAllClose(np.where(kept > 0, x / 0.7, 0), kept, rtol=1e-6)
    self.assertBetween(np.mean(kept > 0), 0.65, 0.75)

  def test_goes_on_where_it_was(self):
    whole = _masks(5, 6)
    self.assertAllEqual(whole[:4], _masks(5, 4))
    self.assertAllEqual(whole[4:], _masks(5, 2, first_step=4))

  def test_seed_place_and_step_matter(self):
    masks = _masks(5, 2)
    others = [masks[0, 1], masks[1, 0], _masks(6, 1)[0, 0]]
    for other in others:
      # Independent masks agree in 0.7**2 + 0.3**2 of the values.
      self.assertBetween(np.mean(masks[0, 0] == other), 0.5, 0.66)

  def test_without_a_seed_or_a_step(self):
    for seed, has_step in ((None, True), (7, False)):
      with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(seed)
        if has_step:
          tf.train.create_global_step()
        y = dropout.dropout(tf.ones([_SIZE]), 0.3)
        session.run(tf.global_variables_initializer())
        self.assertNotAllEqual(session.run(y), session.run(y))


if __name__ == '__main__':
  tf.test.main()
