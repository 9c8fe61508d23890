"""Classes of one charset in the place of another's."""

import os

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.models import recognizer as recognizer_lib
from master.training import charset_rows
from tests.support import test_util

_SPECIAL = 4


class CharsetRowsTest(tf.test.TestCase):

  def test_axes_are_those_of_the_model(self):
    """All variables with a row for each class, and no others."""
    shapes = []
    for charset in ('abc', 'abcdefghijk'):
      with tf.Graph().as_default():
        recognizer = recognizer_lib.Recognizer(
            test_util.tiny_config(charset=charset))
        config = test_util.tiny_config(charset=charset)
        memory = recognizer.encode(tf.zeros(
            [1, config.image_height, config.image_width,
             config.image_channels]), False)
        recognizer.forward(memory, tf.zeros([1, 2], tf.int32), False)
        shapes.append({v.op.name: v.shape.as_list()
                       for v in tf.trainable_variables()})
    axes = {name: int(np.flatnonzero(np.not_equal(shape, shapes[1][name]))[0])
            for name, shape in shapes[0].items() if shape != shapes[1][name]}
    self.assertEqual(charset_rows.AXES, axes)

  def test_kept_new_and_dropped(self):
    maps = charset_rows.between('abc', 'cxa')
    self.assertCountEqual(charset_rows.AXES, maps)
    rows = maps['master/decoder/embedding']
    # <PAD>, <EOS>, <SOS>, <UNK>, c, x, a.
    self.assertEqual((0, 1, 2, 3, 6, -1, 4), rows.sources)
    self.assertEqual((0, _SPECIAL + 3), (rows.axis, rows.source_size))
    self.assertEqual([_SPECIAL + 3, 9], rows.source_shape([_SPECIAL + 3, 9]))

  def test_the_same(self):
    self.assertEqual({}, charset_rows.between('abc', 'abc'))

  def test_reads_the_charset_beside_the_checkpoint(self):
    directory = self.create_tempdir().full_path
    self.assertEqual({}, charset_rows.since(directory, 'abc'))
    config_lib.write(config_lib.Config(test_util.tiny_config(charset='abé')),
                     directory)
    checkpoint = os.path.join(directory, 'model.ckpt-7')
    for source in (directory, checkpoint):
      with self.assertLogs(level='INFO') as logs:
        maps = charset_rows.since(source, 'xbyz')
      self.assertEqual((0, 1, 2, 3, -1, 5, -1, -1),
                       maps['master/decoder/classes/bias'].sources)
      self.assertIn('1 characters are kept, new are 3 (xyz), dropped are 2 '
                    '(aé)', logs.output[0])


if __name__ == '__main__':
  tf.test.main()
