"""Tests of tools/long_training/rate.py."""

from absl.testing import absltest

from tools.long_training import rate as rate_lib


class RateTest(absltest.TestCase):

  def test_nothing_to_tell_at_first(self):
    rate = rate_lib.Rate()
    self.assertIsNone(rate.see(5.0, 1000))
    self.assertIsNone(rate.see(65.0, 1000))
    self.assertEqual(50.0, rate.see(125.0, 7000))

  def test_one_message_more_or_less_changes_little(self):
    # 100 words a second, told 6,400 at a time, once a minute.
    rate = rate_lib.Rate()
    found = [rate.see(60.0 * minute, 6000 * minute // 6400 * 6400)
             for minute in range(120)]
    self.assertLess(max(abs(value - 100) for value in found[30:]), 5)
    self.assertLess(max(abs(value - 100) for value in found[10:]), 12)

  def test_forgets_what_is_older_than_half_an_hour(self):
    rate = rate_lib.Rate()
    for minute in range(60):
      rate.see(60.0 * minute, 600 * minute)
    for minute in range(60, 91):
      value = rate.see(60.0 * minute, 600 * 59 + 6000 * (minute - 59))
    self.assertEqual(100.0, value)

  def test_waiting_counts(self):
    rate = rate_lib.Rate()
    rate.see(0.0, 0)
    rate.see(60.0, 6000)
    self.assertEqual(50.0, rate.see(120.0, 6000))

  def test_begins_anew_where_steps_were_undone(self):
    rate = rate_lib.Rate()
    rate.see(0.0, 0)
    rate.see(60.0, 6000)
    self.assertIsNone(rate.see(120.0, 3000))
    self.assertEqual(100.0, rate.see(180.0, 9000))


if __name__ == '__main__':
  absltest.main()
