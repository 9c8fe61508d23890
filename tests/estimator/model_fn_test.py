"""What each mode needs, and what no mode takes."""

from absl.testing import parameterized
import tensorflow.compat.v1 as tf

from master import estimator as estimator_lib
from master.estimator import compat

_MODES = estimator_lib.ModeKeys
# Where tf.estimator exists, its own class checks, in its own words.
_FAULTS = (ValueError, TypeError)


class SpecsTest(tf.test.TestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    graph = tf.Graph().as_default()
    graph.__enter__()
    self.addCleanup(graph.__exit__, None, None, None)

  def test_modes(self):
    self.assertEqual(('train', 'eval', 'infer'),
                     (_MODES.TRAIN, _MODES.EVAL, _MODES.PREDICT))

  @parameterized.parameters(
      (_MODES.TRAIN, 'loss'), (_MODES.TRAIN, 'train_op'),
      (_MODES.EVAL, 'loss'), (_MODES.PREDICT, 'predictions'))
  def test_missing_field(self, mode, name):
    fields = dict(predictions={'y': tf.zeros([2])}, loss=tf.constant(1.0),
                  train_op=tf.no_op())
    estimator_lib.EstimatorSpec(mode, **fields)
    fields[name] = None
    with self.assertRaisesRegex(_FAULTS, f'(?i){name}'):
      estimator_lib.EstimatorSpec(mode, **fields)

  @parameterized.parameters(
      (_MODES.EVAL, 'eval_metric_ops', {'a': 3}),
      (_MODES.PREDICT, 'export_outputs', {'a': 3}),
      (_MODES.EVAL, 'evaluation_hooks', [3]), (_MODES.EVAL, 'scaffold', 3),
      (_MODES.EVAL, 'loss', [1.0, 2.0]))
  def test_field_of_a_wrong_type(self, mode, name, value):
    fields = dict(loss=tf.constant(1.0), predictions={'y': tf.zeros([2])})
    fields[name] = tf.constant(value) if name == 'loss' else value
    with self.assertRaises(_FAULTS):
      estimator_lib.EstimatorSpec(mode, **fields)

  def test_unknown_mode(self):
    if compat.ESTIMATOR is not None:
      self.skipTest('The class of tf.estimator takes any mode.')
    with self.assertRaises(_FAULTS):
      estimator_lib.EstimatorSpec('training', loss=tf.constant(1.0))

  def test_loss_of_one_element_becomes_a_scalar(self):
    spec = estimator_lib.EstimatorSpec(_MODES.EVAL, loss=tf.constant([3.0]))
    self.assertEqual([], spec.loss.shape.as_list())
    self.assertIsInstance(spec.scaffold, tf.train.Scaffold)


if __name__ == '__main__':
  tf.test.main()
