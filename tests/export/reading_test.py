"""Tests of master/export/reading.py."""

from absl.testing import absltest
import numpy as np

from master.export import reading


class OfCharactersTest(absltest.TestCase):

  def test_the_end_and_what_follows_are_left_out(self):
    symbols = np.array([0.5, 0.25, 0.75, 0, 0], np.float32)
    self.assertEqual([0.5, 0.25], reading.of_characters('ab', symbols).tolist())
    self.assertEmpty(reading.of_characters('', symbols))

  def test_a_text_without_an_end(self):
    symbols = np.array([0.5, 0.25, 0.75], np.float32)
    self.assertEqual([0.5, 0.25, 0.75],
                     reading.of_characters('abc', symbols).tolist())

  def test_symbols_that_are_no_characters(self):
    for symbols in ([0.5, 0.25, 0.75, 0.5, 0], [0.5, 0.25, 0.75, 0.5]):
      found = reading.of_characters('ab', np.array(symbols, np.float32))
      self.assertEqual((2,), found.shape)
      self.assertTrue(np.isnan(found).all())

  def test_of_nothing_read(self):
    self.assertEmpty(reading.of_characters('', np.zeros(3, np.float32)))


if __name__ == '__main__':
  absltest.main()
