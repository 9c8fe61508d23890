"""Functions get the arguments they name, and no others."""

from absl.testing import parameterized
import tensorflow.compat.v1 as tf

from master.estimator import model_fn as model_fn_lib
from master.estimator import user_functions

_TRAIN, _PREDICT = model_fn_lib.ModeKeys.TRAIN, model_fn_lib.ModeKeys.PREDICT


class CallingTest(tf.test.TestCase, parameterized.TestCase):

  def test_input_fn(self):
    given = dict(mode=_TRAIN, params={'a': 3}, config='config')
    everything = user_functions.InputFn(
        lambda config, mode, params, input_context: (
            config, mode, params, input_context), **given)
    self.assertEqual(('config', _TRAIN, {'a': 3}, 'context'),
                     everything('context'))
    self.assertEqual(5, user_functions.InputFn(lambda: 5, **given)('context'))
    self.assertEqual({'a': 3},
                     user_functions.InputFn(lambda params: params, **given)())

  def test_params_are_a_copy(self):
    params = {'a': 3}

    def input_fn(params):
      params['a'] = 5

    user_functions.InputFn(input_fn, _TRAIN, params, None)()
    self.assertEqual({'a': 3}, params)

  def test_model_fn_must_take_what_is_given(self):
    with self.assertRaisesRegex(ValueError, '`features`'):
      user_functions.ModelFn(lambda labels: None, {}, None)
    with self.assertRaisesRegex(ValueError, '`params`'):
      user_functions.ModelFn(lambda features: None, {'a': 3}, None)
    model_fn = user_functions.ModelFn(lambda features: None, {}, None)
    with self.assertRaisesRegex(ValueError, '`labels`'):
      model_fn(1, 2, _TRAIN)

  def test_model_fn_gets_what_it_names(self):
    seen = {}

    def model_fn(features, mode, params):
      seen.update(features=features, mode=mode, params=params)

    with self.assertRaisesRegex(ValueError, 'EstimatorSpec'):
      user_functions.ModelFn(model_fn, {'a': 3}, 'config')(1, None, _TRAIN)
    self.assertEqual(dict(features=1, mode=_TRAIN, params={'a': 3}), seen)

  def test_model_fn_of_another_mode(self):

    def model_fn(features):
      del features
      return model_fn_lib.EstimatorSpec(
          _PREDICT, predictions={'y': tf.zeros([2])})

    with tf.Graph().as_default(), self.assertRaisesRegex(
        ValueError, "mode 'train'"):
      user_functions.ModelFn(model_fn, {}, None)(1, None, _TRAIN)

  @parameterized.parameters(
      ((1, 2), _TRAIN, (1, 2)), ((1, 2), _PREDICT, (1, None)),
      ({'x': 1}, _TRAIN, ({'x': 1}, None)), ([1, 2], _TRAIN, (1, 2)))
  def test_split(self, element, mode, expected):
    self.assertEqual(expected, user_functions.split(element, mode))

  def test_split_of_three(self):
    with self.assertRaisesRegex(ValueError, '3 things'):
      user_functions.split((1, 2, 3), _TRAIN)


if __name__ == '__main__':
  tf.test.main()
