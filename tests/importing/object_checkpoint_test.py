"""Tests of master/importing/object_checkpoint.py."""

import os

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master.importing import object_checkpoint
from tests.support import imported_models


class ObjectCheckpointTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.prefix = os.path.join(self.folder, 'ckpt', 'Best')

  def write(self, **tensors):
    return imported_models.write_checkpoint(tensors, self.prefix)

  def test_reads_what_tf_train_checkpoint_writes(self):
    # The way of TensorFlow 2, whose files these are.
    with tf.Graph().as_default(), tf.Session() as session:
      variable = tf.Variable([[1., 2., 3.]], use_resource=True)
      module = tf.Module()
      module.layer = tf.Module()
      module.layer.kernel = variable
      session.run(variable.initializer)
      with session.as_default():
        prefix = tf.train.Checkpoint(model=module).save(self.prefix, session)
    state = object_checkpoint.read(prefix)
    self.assertEqual((1, 3), state.shapes['model/layer/kernel'])
    self.assertIn('_CHECKPOINTABLE_OBJECT_GRAPH', state.shapes)
    self.assertAllEqual([[1, 2, 3]], state.read('model/layer/kernel'))

  def test_names_shapes_and_values(self):
    state = object_checkpoint.read(self.write(
        a=np.float32([[1, 2]]), b=np.float16([3]), c=np.int64(4)))
    self.assertEqual({'a': (1, 2), 'b': (1,), 'c': ()}, state.shapes)
    self.assertAllEqual([3], state.read('b'))
    self.assertEqual(np.float32, state.read('b').dtype)
    with self.assertRaisesRegex(errors.InputError, 'c holds int64, not weig'):
      state.read('c')

  def test_no_checkpoint(self):
    with self.assertRaisesRegex(errors.InputError, 'no such checkpoint'):
      object_checkpoint.read(self.prefix)
    with self.assertRaisesRegex(errors.InputError, 'no checkpoint in this'):
      object_checkpoint.read(self.folder)

  def test_damaged_files(self):
    self.write(a=np.zeros([100, 100], np.float32))
    data = f'{self.prefix}.data-00000-of-00001'
    os.truncate(data, 1000)
    state = object_checkpoint.read(self.prefix)
    with self.assertRaisesRegex(errors.InputError, 'Best: damaged'):
      state.read('a')
    os.remove(data)
    with self.assertRaisesRegex(errors.InputError, 'Best: damaged'):
      object_checkpoint.read(self.prefix).read('a')
    for content in (b'', b'no checkpoint', os.urandom(500)):
      with open(f'{self.prefix}.index', 'wb') as f:
        f.write(content)
      with self.assertRaisesRegex(errors.InputError, 'Best: damaged'):
        object_checkpoint.read(self.prefix)


if __name__ == '__main__':
  tf.test.main()
