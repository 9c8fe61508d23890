"""Tests of master/models/invalid_images.py."""

import numpy as np
import tensorflow.compat.v1 as tf

from master.models import invalid_images


class MaskInvalidTest(tf.test.TestCase):

  def test_only_invalid_rows_change(self):
    with tf.Graph().as_default(), tf.Session() as session:
      masked = session.run(invalid_images.mask_invalid(
          {'text': tf.constant(['ab', 'cd', '']),
           'confidence': tf.constant([0.5, 0.25, 0.75]),
           'char_confidence': tf.constant([[0.5, 1.], [.25, 1.], [.75, 0.]])},
          tf.constant([True, False, True])))
    self.assertEqual([b'ab', b'', b''], masked['text'].tolist())
    self.assertAllEqual([0.5, 0, 0.75], masked['confidence'])
    self.assertAllEqual([[0.5, 1], [0, 0], [0.75, 0]],
                        masked['char_confidence'])
    self.assertAllEqual([True, False, True], masked['valid'])

  def test_candidates(self):
    with tf.Graph().as_default(), tf.Session() as session:
      masked = session.run(invalid_images.mask_invalid(
          {'text': tf.constant(['ab', 'cd']),
           'confidence': tf.constant([0.5, 0.25]),
           'char_confidence': tf.constant([[0.5], [.25]]),
           'nbest_text': tf.constant([['ab', 'a'], ['cd', 'c']]),
           'nbest_score': tf.constant([[-1., -2.], [-3., -4.]])},
          tf.constant([True, False])))
    self.assertEqual([[b'ab', b'a'], [b'', b'']],
                     masked['nbest_text'].tolist())
    self.assertAllEqual([[-1, -2], [-np.inf, -np.inf]], masked['nbest_score'])

  def test_keeps_an_unknown_batch(self):
    with tf.Graph().as_default():
      masked = invalid_images.mask_invalid(
          {'text': tf.placeholder(tf.string, [None]),
           'confidence': tf.placeholder(tf.float32, [None]),
           'char_confidence': tf.placeholder(tf.float32, [None, 3])},
          tf.placeholder(tf.bool, [None]))
      self.assertEqual([None, 3], masked['char_confidence'].shape.as_list())
      for key in ('text', 'confidence', 'valid'):
        self.assertEqual([None], masked[key].shape.as_list())


if __name__ == '__main__':
  tf.test.main()
