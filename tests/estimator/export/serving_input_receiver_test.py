"""Placeholders and features of serving."""

import numpy as np
import tensorflow.compat.v1 as tf

from master.estimator.export import serving_input_receiver


class ServingTest(tf.test.TestCase):

  def test_raw(self):
    receiver_fn = serving_input_receiver.build_raw_serving_input_receiver_fn(
        {'x': tf.TensorSpec([7, 3], tf.float32)}, default_batch_size=5)
    with tf.Graph().as_default():
      receiver = receiver_fn()
      self.assertEqual([5, 3], receiver.features['x'].shape.as_list())
      self.assertIs(receiver.features['x'], receiver.receiver_tensors['x'])

  def test_parsing(self):
    build = serving_input_receiver.build_parsing_serving_input_receiver_fn
    receiver_fn = build(
        {'x': tf.FixedLenFeature([3], tf.float32)})
    example = tf.train.Example()
    example.features.feature['x'].float_list.value.extend([1, 2, 3])
    with tf.Graph().as_default(), tf.Session() as session:
      receiver = receiver_fn()
      values = session.run(receiver.features['x'], {
          receiver.receiver_tensors['examples']: [
              example.SerializeToString()] * 2})
    self.assertAllEqual(np.tile([[1, 2, 3]], [2, 1]), values)

  def test_single_tensors_get_names(self):
    with tf.Graph().as_default():
      x = tf.placeholder(tf.float32, [None])
      receiver = serving_input_receiver.ServingInputReceiver(x, x)
      self.assertEqual(['feature'], list(receiver.features))
      self.assertEqual(['input'], list(receiver.receiver_tensors))
      receiver = serving_input_receiver.TensorServingInputReceiver(x, x)
      self.assertIs(x, receiver.features)
      with self.assertRaises(ValueError):
        serving_input_receiver.TensorServingInputReceiver({'x': x}, x)


if __name__ == '__main__':
  tf.test.main()
