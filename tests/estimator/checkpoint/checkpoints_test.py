"""Finding checkpoints, whether they fit, and warm starts."""

import os

import numpy as np
import tensorflow.compat.v1 as tf

from master import errors
from master.estimator.checkpoint import checkpoints
from master.estimator.checkpoint import warm_start
from tests.support import linear_model


class CheckpointsTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.source = linear_model.estimator()
    cls.source.train(linear_model.input_fn(4, repeat=True), max_steps=6)

  def start(self, **arguments):
    """Variables after a step so small that it shows where they started."""
    runner = linear_model.estimator(params={'rate': 1e-12}, **arguments)
    runner.train(linear_model.input_fn(4, repeat=True), max_steps=1)
    return linear_model.values(runner)

  def test_find(self):
    path = f'{self.source.model_dir}/model.ckpt-6'
    self.assertEqual(path, checkpoints.find(self.source.model_dir))
    self.assertEqual(path, checkpoints.find(path))
    self.assertEqual(6, checkpoints.step(path))
    with self.assertRaisesRegex(errors.InputError, 'ckpt-4: no such'):
      checkpoints.find(f'{self.source.model_dir}/model.ckpt-4')
    empty = self.create_tempdir().full_path
    with self.assertRaisesRegex(errors.InputError, empty):
      checkpoints.find(empty)

  def test_names_the_first_that_differ(self):
    variables = {name: np.zeros([2, 3]) for name in 'abcde'}
    with self.assertRaisesRegex(
        errors.InputError,
        'ckpt-6 does not fit the model: a is not in it; b is not in it; '
        'c is not in it; and 2 more'):
      with tf.Graph().as_default():
        checkpoints.check_fits(
            {name: tf.Variable(value) for name, value in variables.items()},
            checkpoints.find(self.source.model_dir))

  def test_torn_checkpoint(self):
    directory = self.create_tempdir().full_path
    path = os.path.join(directory, 'model.ckpt-1')
    with open(path + '.index', 'wb') as f:
      f.write(b'nonsense')
    with self.assertRaisesRegex(errors.InputError, 'not a readable'):
      checkpoints.check_fits({}, path)

  def test_warm_start_takes_the_model_but_no_optimizer(self):
    values = self.start(warm_start_from=self.source.model_dir)
    expected = linear_model.values(self.source)
    for name in ('linear/weights', 'linear/bias', 'linear/moving'):
      self.assertAllClose(expected[name], values[name], msg=name)
    self.assertEqual(1, values['global_step'])
    self.assertAllClose(0.9 ** 2, values['beta1_power'])

  def test_warm_start_of_some(self):
    values = self.start(warm_start_from=warm_start.WarmStartSettings(
        self.source.model_dir, vars_to_warm_start='.*bias'))
    self.assertAllClose(self.source.get_variable_value('linear/bias'),
                        values['linear/bias'])
    self.assertAllClose(np.zeros([3, 1]), values['linear/weights'])

  def test_warm_start_of_a_list_is_of_all_variables(self):
    values = self.start(warm_start_from=warm_start.WarmStartSettings(
        self.source.model_dir, vars_to_warm_start=['global_step']))
    self.assertEqual(7, values['global_step'])

  def test_warm_start_under_another_name(self):
    values = self.start(warm_start_from=warm_start.WarmStartSettings(
        self.source.model_dir, 'linear/weights',
        {'linear/weights': 'linear/weights/Adam'}))
    self.assertAllClose(
        self.source.get_variable_value('linear/weights/Adam'),
        values['linear/weights'])

  def test_resuming_beats_a_warm_start(self):
    runner = linear_model.estimator()
    runner.train(linear_model.input_fn(4, repeat=True), max_steps=2)
    before = runner.get_variable_value('linear/weights')
    values = linear_model.estimator(
        runner.model_dir, {'rate': 1e-12},
        warm_start_from=self.source.model_dir)
    values.train(linear_model.input_fn(4, repeat=True), max_steps=3)
    self.assertAllClose(before, values.get_variable_value('linear/weights'))

  def settings_of(self, saved, **variables):
    """What a graph with `variables` beside a weight makes of `saved` ones."""
    path = os.path.join(self.create_tempdir().full_path, 'model.ckpt')
    with tf.Graph().as_default(), tf.Session() as session:
      tf.train.create_global_step()
      for name in saved:
        tf.Variable(1.0, name=name)
      session.run(tf.global_variables_initializer())
      path = tf.train.Saver().save(session, path)
    with tf.Graph().as_default():
      tf.train.create_global_step()
      for name, trainable in {'m/weight': True, **variables}.items():
        tf.Variable(1.0, name=name, trainable=trainable)
      settings = warm_start.without_optimizer(path)
      return settings and sorted(warm_start.warm_started(settings))

  def test_without_optimizer(self):
    model = {'m/mean': False}
    adam = {'m/weight/Adam': False, 'power': False}
    expected = ['global_step', 'm/mean', 'm/weight']
    saved = ['m/weight', 'm/mean']
    self.assertEqual(expected, self.settings_of(saved, **model, **adam))
    # Nothing is missing.
    self.assertIsNone(self.settings_of(saved, **model))
    # Some state of an optimizer is there.
    for other in ('power', 'm/weight/Adam', 'm/weight/Momentum'):
      self.assertIsNone(self.settings_of([*saved, other], **model, **adam))
    # Lacking a variable of the model, it is for the check to refuse.
    self.assertEqual(expected,
                     self.settings_of(['m/weight'], **model, **adam))

  def test_without_optimizer_torn(self):
    path = os.path.join(self.create_tempdir().full_path, 'model.ckpt-1')
    with open(path + '.index', 'wb') as f:
      f.write(b'nonsense')
    with tf.Graph().as_default():
      tf.train.create_global_step()
      with self.assertRaisesRegex(errors.InputError, 'not a readable'):
        warm_start.without_optimizer(path)

  def test_warm_start_without_the_excluded(self):
    values = self.start(warm_start_from=warm_start.WarmStartSettings(
        self.source.model_dir, exclude=['weights$']))
    self.assertAllClose(np.zeros([3, 1]), values['linear/weights'])
    self.assertAllClose(self.source.get_variable_value('linear/bias'),
                        values['linear/bias'])

  def test_excluded_that_is_not_there(self):
    with self.assertRaisesRegex(errors.InputError,
                                '--warm_start_exclude=nonsense: found in no'):
      self.start(warm_start_from=warm_start.WarmStartSettings(
          self.source.model_dir, exclude=['weights', 'nonsense']))

  def test_warm_start_that_does_not_fit_names_the_flag(self):
    with self.assertRaisesRegex(errors.InputError, '--warm_start_exclude'):
      self.start(warm_start_from=warm_start.WarmStartSettings(
          self.source.model_dir, 'linear/bias', {'linear/bias': 'other'}))

  def test_the_log_has_all_that_differs(self):
    names = ['a', 'b', 'c', 'd', 'e']
    with tf.Graph().as_default(), self.assertLogs('absl', 'INFO') as log:
      with self.assertRaisesRegex(errors.InputError, 'and 2 more'):
        checkpoints.check_fits({name: tf.Variable(0.0) for name in names},
                               checkpoints.find(self.source.model_dir))
    for name in names:
      self.assertIn(f'{name} is not in it', log.output[0])

  def test_warm_start_of_nothing(self):
    with self.assertRaisesRegex(errors.InputError, 'no variable'):
      self.start(warm_start_from=warm_start.WarmStartSettings(
          self.source.model_dir, 'nonsense'))


if __name__ == '__main__':
  tf.test.main()
