"""Tests of master/training/optimizers.py and of the settings it reads."""

import dataclasses
import math

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master.layers import normalization
from master.training import optimization
from tests.support import test_util

_START = np.array([1., -2., 3.], np.float32)
_ADAMW = dict(optimizer='adamw', learning_rate=0.1, weight_decay=0.5)
_MOMENTUM = dict(optimizer='momentum', learning_rate=0.1)


def _adamw(steps=3, rate=0.1, decay=0.5):
  """Loshchilov & Hutter 2019, algorithm 2, on sum(x ** 2)."""
  x, mean, square = _START.astype(np.float64), 0, 0
  for t in range(1, steps + 1):
    gradient = 2 * x
    mean = 0.9 * mean + 0.1 * gradient
    square = 0.999 * square + 0.001 * gradient ** 2
    corrected = rate * math.sqrt(1 - 0.999 ** t) / (1 - 0.9 ** t)
    x = x - rate * decay * x - corrected * mean / (np.sqrt(square) + 1e-8)
  return x


def _momentum(steps=3, rate=0.1, decay=0., nesterov=False):
  x, velocity = _START.astype(np.float64), 0
  for _ in range(steps):
    gradient = 2 * x
    velocity = 0.9 * velocity + gradient
    step = gradient + 0.9 * velocity if nesterov else velocity
    x = x - rate * decay * x - rate * step
  return x


def _variables(*names):
  return [tf.Variable(lambda: _START, name=name, use_resource=True,
                      dtype=tf.float32) for name in names]


class OptimizersTest(tf.test.TestCase, parameterized.TestCase):

  def train(self, names, **settings):
    """Minimises sums of squares for three steps; returns the variables."""
    with test_util.graph_session() as session:
      variables = _variables(*names)
      loss = tf.add_n([tf.reduce_sum(v ** 2) for v in variables])
      op = optimization.train_op(loss, variables,
                                 config_lib.TrainConfig(**settings))
      session.run(tf.global_variables_initializer())
      for _ in range(3):
        session.run(op)
      return session.run(variables)

  def test_adamw_equals_numpy_and_spares_the_excluded(self):
    got = self.train(['kernel', 'bias', 'norm/gamma', 'embedding'], **_ADAMW)
    self.assertAllClose(_adamw(), got[0], rtol=1e-5)
    for value in got[1:]:
      self.assertAllClose(_adamw(decay=0.), value, rtol=1e-5)

  @parameterized.parameters(
      (dict(), ['Adam', 'Adam_1']), (_ADAMW, ['Adam', 'Adam_1']),
      (_MOMENTUM, ['Momentum']))
  def test_slots_keep_their_names_in_checkpoints(self, settings, slots):
    with test_util.graph_session():
      x, = _variables('x')
      optimization.train_op(tf.reduce_sum(x ** 2), [x],
                            config_lib.TrainConfig(**settings))
      names = [v.op.name for v in tf.global_variables()]
      self.assertEqual([f'x/{slot}' for slot in slots],
                       sorted(n for n in names if n.startswith('x/')))

  def test_exclusions_may_be_chosen(self):
    got = self.train(['kernel', 'bias'], weight_decay_exclude=('^kern',),
                     **_ADAMW)
    self.assertAllClose([_adamw(decay=0.), _adamw()], got, rtol=1e-5)

  @parameterized.parameters(
      dict(), dict(nesterov=True), dict(decay=0.5),
      dict(nesterov=True, decay=0.5))
  def test_momentum_equals_numpy(self, nesterov=False, decay=0.):
    got, = self.train(['kernel'], nesterov=nesterov, weight_decay=decay,
                      **_MOMENTUM)
    self.assertAllClose(_momentum(nesterov=nesterov, decay=decay), got,
                        rtol=1e-5)

  @parameterized.parameters((_ADAMW, _adamw), (_MOMENTUM, _momentum))
  def test_factors_scale_updates_and_the_first_match_wins(self, settings,
                                                          reference):
    got = self.train(['a/kernel', 'a/b/kernel', 'c/kernel'], **settings,
                     learning_rate_factors=('a/b=0.5', '^a/=0.25'))
    for value, rate in zip(got, (0.025, 0.05, 0.1)):
      self.assertAllClose(reference(rate=rate), value, rtol=1e-5)

  def test_frozen_variables_and_their_statistics_stay(self):
    with test_util.graph_session() as session:
      norms = [normalization.BatchNorm(2, decay=0.5, epsilon=0.1, name=name)
               for name in ('lower', 'upper')]
      x = tf.constant(3 + test_util.random(5, 3, 7, 2))
      loss = tf.add_n([tf.reduce_mean(norm(x, is_training=True) ** 2)
                       for norm in norms])
      op = optimization.train_op(
          loss, [v for norm in norms for v in norm.trainable_variables],
          config_lib.TrainConfig(freeze=('^lower/',)))
      session.run(tf.global_variables_initializer())
      before = session.run([norm.variables for norm in norms])
      session.run(op)
      after = session.run([norm.variables for norm in norms])
      self.assertAllEqual(before[0], after[0])
      for old, new in zip(before[1], after[1]):
        self.assertNotAllClose(old, new)

  @parameterized.parameters(
      (dict(freeze=('nothing',)), "--freeze: 'nothing' .* a, b/kernel"),
      (dict(freeze=('a', 'b')), '--freeze: matches every'),
      (dict(learning_rate_factors=('c=2',)), '--learning_rate_factors: .c'))
  def test_patterns_that_do_not_fit(self, settings, message):
    with self.assertRaisesRegex(errors.InputError, message):
      self.train(['a', 'b/kernel'], **settings)

  @parameterized.parameters(
      (dict(weight_decay=0.1), '--weight_decay: --optimizer=adam does not'),
      (dict(nesterov=True), '--nesterov: --optimizer=adam does not'),
      (dict(optimizer='momentum', adam_beta1=0.5), '--adam_beta1: '),
      (dict(cosine_floor=0.1), '--cosine_floor: --schedule=constant does'),
      (dict(decay_factor=0.5), '--decay_factor: .* step or exponential'))
  def test_settings_that_nothing_reads(self, settings, message):
    config = config_lib.TrainConfig(**settings)  # As an old file has it.
    with self.assertRaisesRegex(errors.InputError, message):
      config.check_all_is_read()

  def test_settings_that_are_read(self):
    config = config_lib.TrainConfig(optimizer='adamw', weight_decay=0.1,
                                    schedule='exponential', decay_factor=0.5)
    config.check_all_is_read()
    for changed, unread in ((dict(optimizer='adam'), '--weight_decay'),
                            (dict(schedule='constant'), '--decay_factor')):
      with self.assertRaisesRegex(errors.InputError, unread):
        dataclasses.replace(config, **changed).check_all_is_read()

  @parameterized.parameters(
      (dict(optimizer='adamw'), 'needs --weight_decay above 0'),
      (dict(schedule='step'), 'needs --decay_boundaries'),
      (dict(schedule='step', decay_boundaries=(5, 5)), 'must be rising'),
      (dict(schedule='exponential', decay_factor=0.), r'in \(0, 1\]'),
      (dict(schedule='cosine', cosine_floor=1.5), r'in \[0, 1\]'),
      (dict(freeze=('(',)), r"--freeze: '\(' is no regular expression"),
      (dict(learning_rate_factors=('a',)), 'must be PATTERN=FACTOR'),
      (dict(learning_rate_factors=('a=0',)), 'must be PATTERN=FACTOR'),
      (dict(learning_rate_factors=('(=1',)), 'no regular expression'))
  def test_settings_that_do_not_fit(self, settings, message):
    with self.assertRaisesRegex(errors.InputError, message):
      config_lib.TrainConfig(**settings)


if __name__ == '__main__':
  tf.test.main()
