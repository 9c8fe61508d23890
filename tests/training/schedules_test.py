"""Tests of master/training/schedules.py."""

import math

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.training import schedules
from tests.support import test_util


class SchedulesTest(tf.test.TestCase, parameterized.TestCase):

  def rates(self, steps, **settings):
    config = config_lib.TrainConfig(
        **{'learning_rate': 0.5, 'train_steps': 100, **settings})
    with test_util.graph_session() as session:
      step = tf.placeholder(tf.int64, [])
      rate = schedules.learning_rate(config, step)
      self.assertEqual((tf.float32, []), (rate.dtype, rate.shape.as_list()))
      return [session.run(rate, {step: s}) for s in steps]

  def test_constant(self):
    self.assertAllClose([0.5] * 3, self.rates([0, 7, 1000]))

  @parameterized.parameters('constant', 'inverse_sqrt')
  def test_warm_up_rises_to_the_full_rate(self, schedule):
    rates = self.rates([0, 1, 4, 9], schedule=schedule, warmup_steps=10)
    self.assertAllClose([0.05, 0.1, 0.25, 0.5], rates)

  def test_constant_after_warm_up(self):
    self.assertAllClose([0.5] * 2, self.rates([10, 99], warmup_steps=10))

  def test_cosine(self):
    rates = self.rates([0, 25, 50, 75, 100, 200], schedule='cosine')
    root = math.sqrt(0.5)
    self.assertAllClose([0.5, 0.25 * (1 + root), 0.25, 0.25 * (1 - root), 0,
                         0], rates, atol=1e-6)

  def test_cosine_starts_after_the_warm_up(self):
    rates = self.rates([9, 19, 20, 60, 100], schedule='cosine',
                       warmup_steps=20)
    self.assertAllClose([0.25, 0.5, 0.5, 0.25, 0], rates, atol=1e-6)

  def test_cosine_that_is_all_warm_up(self):
    rates = self.rates([49, 99], schedule='cosine', warmup_steps=100)
    self.assertAllClose([0.25, 0.5], rates)

  def test_cosine_ends_at_its_floor(self):
    rates = self.rates([0, 50, 100, 200], schedule='cosine', cosine_floor=0.2)
    self.assertAllClose([0.5, 0.3, 0.1, 0.1], rates, atol=1e-6)

  def test_step_falls_at_each_boundary(self):
    rates = self.rates([4, 9, 19, 20, 49, 50, 200], schedule='step',
                       decay_boundaries=(20, 50), decay_factor=0.5,
                       warmup_steps=10)
    self.assertAllClose([0.25, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125], rates)

  def test_exponential_falls_evenly_to_its_factor(self):
    rates = self.rates([9, 20, 60, 100, 200], schedule='exponential',
                       decay_factor=0.01, warmup_steps=20)
    self.assertAllClose([0.25, 0.5, 0.05, 0.005, 0.005], rates, rtol=1e-5)

  def test_inverse_sqrt_halves_in_four_times_the_steps(self):
    rates = self.rates([9, 39, 159], schedule='inverse_sqrt',
                       warmup_steps=10)
    self.assertAllClose([0.5, 0.25, 0.125], rates, rtol=1e-5)

  @parameterized.parameters(
      ('constant', lambda step: 1.0),
      ('inverse_sqrt', lambda step: math.sqrt(10 / max(step + 1, 10))))
  def test_cool_down_falls_evenly_to_0(self, schedule, factor):
    steps = [9, 40, 59, 60, 61, 80, 95, 100, 130]
    rates = self.rates(steps, schedule=schedule, warmup_steps=10,
                       cooldown_steps=40)
    self.assertAllClose([
        0.5 * factor(step) * min(1, max(0, 100 - step) / 40)
        for step in steps], rates, rtol=1e-5)

  @parameterized.parameters(('cosine', dict(cosine_floor=0.1)),
                            ('exponential', dict(decay_factor=0.01)))
  def test_parts_of_a_training_share_one_schedule(self, schedule, settings):
    settings = dict(settings, schedule=schedule, warmup_steps=12)
    steps = np.arange(70)
    done = np.clip((steps - 12) / (60 - 12), 0, 1)
    falls = {'cosine': 0.1 + 0.9 * (1 + np.cos(np.pi * done)) / 2,
             'exponential': 0.01 ** done}[schedule]
    expected = 0.5 * falls * np.minimum(1, (steps + 1) / 12)
    whole = self.rates(steps, train_steps=60, **settings)
    self.assertAllClose(expected, whole, rtol=1e-5)
    # The first part ends before the warm-up does.
    found, start = [], 0
    for end in (7, 20, 21, 59, 70):
      found += self.rates(steps[start:end], train_steps=end,
                          schedule_steps=60, **settings)
      start = end
    self.assertAllEqual(whole, found)


if __name__ == '__main__':
  tf.test.main()
