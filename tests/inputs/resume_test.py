"""Guards master/inputs/resume.py; tests/inputs/input_fn_test.py too."""

import os

import tensorflow.compat.v1 as tf

from master.inputs import resume
from master.inputs import sampling

_ORDER = sampling.EpochOrder(100, 1, True)


class DataPositionTest(tf.test.TestCase):

  def _save(self, value, name=resume.NAME) -> str:
    folder = self.create_tempdir().full_path
    with tf.Graph().as_default(), tf.Session() as session:
      tf.get_variable(name, initializer=tf.constant(value, tf.int64))
      session.run(tf.global_variables_initializer())
      tf.train.Saver().save(session, os.path.join(folder, 'model.ckpt-1'))
    return folder

  def test_restored(self):
    folder = self._save([70, _ORDER.fingerprint()])
    self.assertEqual(resume.restored_place(folder, _ORDER), 70)

  def test_no_checkpoint(self):
    self.assertEqual(resume.restored_place(None, _ORDER), 0)
    folder = self.create_tempdir().full_path
    self.assertEqual(resume.restored_place(folder, _ORDER), 0)

  def test_a_checkpoint_that_does_not_tell(self):
    with self.assertLogs(level='WARNING') as logs:
      place = resume.restored_place(self._save([1, 2], 'other'),
                                    _ORDER)
    self.assertEqual(place, 0)
    self.assertIn('does not tell its place', logs.output[0])

  def test_record_takes_the_first_row(self):
    with tf.Graph().as_default(), tf.Session() as session:
      fed = tf.placeholder(tf.int64, [None, 2])
      record = resume.record(fed)
      variable, = tf.global_variables()
      session.run(variable.initializer)
      session.run(record, {fed: [[2**40, 5]] * 3})
      self.assertAllEqual(session.run(variable), [2**40, 5])
    self.assertEqual(variable.op.name, resume.NAME)
    self.assertEmpty(tf.trainable_variables())


if __name__ == '__main__':
  tf.test.main()
