"""Tests of master/decoding/teacher_forcing.py."""

import numpy as np
import tensorflow.compat.v1 as tf

from master.decoding import teacher_forcing
from master.models import recognizer as recognizer_lib
from tests.support import test_util

_PAD, _EOS, _SOS = 0, 1, 2


class ShiftTest(tf.test.TestCase):

  def test_each_label_is_predicted_from_those_before_it(self):
    with test_util.graph_session() as session:
      inputs = teacher_forcing.shift_right(
          tf.constant([[7, 8, 9, _EOS], [7, _EOS, _PAD, _PAD]]), _SOS)
      self.assertEqual([2, 4], inputs.shape.as_list())
      self.assertEqual(tf.int32, inputs.dtype)
      self.assertAllEqual([[_SOS, 7, 8, 9], [_SOS, 7, _EOS, _PAD]],
                          session.run(inputs))

  def test_no_label_reaches_its_own_prediction(self):
    """The shift and the mask together: label i moves logits from i + 1 on."""
    ids = np.array([[4, 5, 6, 7, 8, _EOS]])
    with test_util.graph_session() as session:
      model = recognizer_lib.Recognizer(test_util.TINY)
      fed = tf.placeholder(tf.int32, [1, 6])
      logits = model.forward(
          tf.constant(test_util.random(1, 10, 22)),
          teacher_forcing.shift_right(fed, _SOS), is_training=False)
      test_util.assign_formula(session, model.decoder.variables)
      before = session.run(logits, {fed: ids})
      for i in range(5):
        changed = ids.copy()
        changed[0, i] = 10
        after = session.run(logits, {fed: changed})
        self.assertAllEqual(before[:, :i + 1], after[:, :i + 1])
        self.assertNotAllClose(before[:, i + 1], after[:, i + 1])


if __name__ == '__main__':
  tf.test.main()
