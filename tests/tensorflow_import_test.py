"""Tests of master/tensorflow_import.py; tests/reader_test.py has its rest."""

import logging
import os
from unittest import mock

from absl.testing import absltest
import tensorflow.compat.v1 as tf

from master import tensorflow_import


class TensorFlowImportTest(absltest.TestCase):

  def test_variables_that_are_set_stay(self):
    with mock.patch.dict(os.environ, {'TF_ENABLE_ONEDNN_OPTS': '0'}):
      os.environ.pop('TF_CPP_MIN_LOG_LEVEL', None)
      tensorflow_import.set_environment()
      self.assertEqual('0', os.environ['TF_ENABLE_ONEDNN_OPTS'])
      self.assertEqual('3', os.environ['TF_CPP_MIN_LOG_LEVEL'])

  def test_warnings_are_muted_within(self):
    logger = tf.get_logger()
    logger.setLevel(logging.INFO)
    with self.assertLogs(logger, logging.INFO) as logs:
      with self.assertRaises(KeyError):
        with tensorflow_import.without_warnings():
          logger.warning('within')
          raise KeyError
      logger.info('behind')
    self.assertEqual(['INFO:tensorflow:behind'], logs.output)


if __name__ == '__main__':
  absltest.main()
