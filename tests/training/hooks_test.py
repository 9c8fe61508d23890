"""Tests of master/training/hooks.py."""

import io
import pathlib

import numpy as np
from PIL import Image
import tensorflow.compat.v1 as tf

from master.data import records
from master.training import hooks


def _summaries(directory: str):
  """Values of all summaries in a directory's event files, with their step."""
  values = []
  for path in sorted(pathlib.Path(directory).glob('events*')):
    for event in tf.train.summary_iterator(str(path)):
      values += [(event.step, value) for value in event.summary.value]
  return values


class DrawReadingTest(tf.test.TestCase):

  def _picture(self, *args) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(hooks.draw_reading(*args))))

  def test_the_image_stands_above_the_texts(self):
    image = np.full([11, 23, 1], -1, np.float32)
    image[:, 12:] = 1
    picture = self._picture(image, 'left', 'left')
    height = round(11 * 256 / 23)
    self.assertEqual(256, picture.shape[1])
    self.assertGreater(picture.shape[0], height)
    self.assertAllEqual([0, 0, 0], picture[height // 2, 40])
    self.assertAllEqual([255, 255, 255], picture[height // 2, 216])

  def test_the_grey_is_the_nearest(self):
    for shift in (-0.4, 0.4):
      image = np.full([11, 23, 1], (100 + shift) / 127.5 - 1, np.float32)
      self.assertAllEqual([100] * 3, self._picture(image, 'a', 'a')[5, 40])

  def test_only_a_wrong_reading_is_red(self):
    image = np.zeros([11, 23, 3], np.float32)

    def has_red(picture):
      rows = picture[round(11 * 256 / 23):].astype(int)
      return bool(np.any(rows[..., 0] - rows[..., 1] > 100))

    self.assertFalse(has_red(self._picture(image, 'word', 'word')))
    self.assertTrue(has_red(self._picture(image, 'word', 'ward')))


class SkippedHookTest(tf.test.TestCase):

  def test_tells_of_new_reasons_and_of_doubled_numbers(self):
    directory = self.create_tempdir().full_path
    counter = records.SkipCounter()
    with tf.Graph().as_default():
      advance = tf.train.get_or_create_global_step().assign_add(1)
      with self.assertLogs(level='INFO') as logs, (
          tf.train.SingularMonitoredSession(
              [hooks.SkippedHook(counter, directory, 2)])) as session:
        for step in range(1, 11):
          if step in (3, 4, 6, 8, 9):
            counter.add(records.LABEL_EMPTY if step < 9 else
                        records.LABEL_STRIPPED, step, f'image-{step}')
          session.run(advance)
    lines = [record.getMessage() for record in logs.records
             if 'Training records' in record.getMessage()]
    self.assertEqual(lines, [
        'Training records: skipped 2 label_empty (image-3, ...)',
        'Training records: skipped 4 label_empty (image-3, ...)',
        'Training records: skipped 4 label_empty (image-3, ...); altered 1 '
        'label_stripped (image-9)'])
    tf.summary.FileWriterCache.clear()
    values = [(step, value.tag, value.simple_value)
              for step, value in _summaries(directory)]
    self.assertEqual(values, [
        (4, 'records/label_empty', 2), (6, 'records/label_empty', 3),
        (8, 'records/label_empty', 4), (10, 'records/label_empty', 4),
        (10, 'records/label_stripped', 1)])


class PicturesHookTest(tf.test.TestCase):

  def test_writes_the_first_batch_only(self):
    directory = self.create_tempdir().full_path
    with tf.Graph().as_default():
      step = tf.train.get_or_create_global_step()
      images = tf.zeros([5, 7, 13, 1])
      texts = tf.constant(['a', 'b', 'c', 'd', 'é'])
      tf.add_to_collection(hooks.PICTURES, (images, texts, texts))
      advance = step.assign_add(1)
      with tf.train.SingularMonitoredSession(
          [hooks.PicturesHook(directory, count=3)]) as session:
        session.run(advance)
        session.run(advance)
    values = _summaries(directory)
    self.assertEqual(['readings/0', 'readings/1', 'readings/2'],
                     [value.tag for _, value in values])
    picture = Image.open(io.BytesIO(values[0][1].image.encoded_image_string))
    self.assertEqual(
        picture.size, (values[0][1].image.width, values[0][1].image.height))


if __name__ == '__main__':
  tf.test.main()
