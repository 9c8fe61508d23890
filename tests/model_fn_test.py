"""Tests of master/model_fn.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import charset
from master import config as config_lib
from master import errors
from master import estimator as estimator_lib
from master import model_fn as model_fn_lib
from master.estimator.export import export_output
from master.models import recognizer as recognizer_lib
from master.training import hooks
from tests.support import reference
from tests.support import test_util

# One block a stage: training graphs take long to build.
TINY = test_util.tiny_config(stage_blocks=(1, 1, 1, 1), num_layers=1)
_TRAIN = config_lib.TrainConfig(learning_rate=1e-2, label_smoothing=0.1)
_TEXTS = ('abc', 'de', '', 'fgabc')


def _features(**more):
  return {'image': tf.constant(test_util.formula_images(4)),
          **{key: tf.constant(value) for key, value in more.items()}}


def _labels(texts=_TEXTS):
  known = charset.Charset(TINY.charset)
  ids = np.stack([known.encode(text, TINY.num_steps) for text in texts])
  return {'ids': tf.constant(ids), 'text': tf.constant(list(texts))}


def _build(mode, features, labels=None, train_config=_TRAIN):
  tf.train.get_or_create_global_step()
  model_fn = model_fn_lib.model_fn_builder(TINY, train_config)
  return model_fn(features, labels, mode)


def _model_variables():
  return [v for v in tf.global_variables() if v.name.startswith('master/')
          and 'Adam' not in v.name]


def _initialize(session):
  session.run([tf.global_variables_initializer(),
               tf.local_variables_initializer()])
  return test_util.assign_reading(session, _model_variables())


class PredictTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    with test_util.graph_session() as session:
      # Neither labels nor a TrainConfig: there are none when serving.
      spec = _build(estimator_lib.ModeKeys.PREDICT,
                    _features(), train_config=None)
      assert spec.loss is None and spec.train_op is None
      cls.plain_updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
      _initialize(session)
      cls.plain = session.run(spec.predictions)

  def test_normalises_by_the_moving_averages(self):
    self.assertEmpty(self.plain_updates)

  def test_reads_as_the_recognizer(self):
    self.assertCountEqual(['ids', 'text', 'confidence', 'char_confidence'],
                          self.plain)
    with test_util.graph_session() as session:
      model = recognizer_lib.Recognizer(TINY)
      read = model.read(_features()['image'], config_lib.DecodeConfig())
      test_util.assign_reading(session, model.variables)
      read = session.run(read)
    self.assertAllEqual(read['ids'], self.plain['ids'])
    self.assertAllEqual(read['text'], self.plain['text'])
    self.assertAllClose(read['confidence'], self.plain['confidence'])
    self.assertAllClose(read['char_confidence'],
                        self.plain['char_confidence'])

  def test_what_is_no_image_reads_as_nothing_and_index_passes(self):
    valid = np.array([True, False, True, False])
    index = np.array([7, 3, 2 ** 40, 1])
    with test_util.graph_session() as session:
      spec = _build(estimator_lib.ModeKeys.PREDICT,
                    _features(valid=valid, index=index))
      _initialize(session)
      predictions = session.run(spec.predictions)
      (name, output), = spec.export_outputs.items()
    self.assertAllEqual(valid, predictions['valid'])
    self.assertAllEqual(index, predictions['index'])
    self.assertEqual(np.int64, predictions['index'].dtype)
    for key, nothing in (('text', b''), ('confidence', 0),
                         ('char_confidence', 0)):
      self.assertAllEqual(self.plain[key][valid], predictions[key][valid])
      self.assertTrue(np.all(predictions[key][~valid] == nothing))
    self.assertEqual(export_output.DEFAULT_SIGNATURE, name)
    self.assertCountEqual(
        ['ids', 'text', 'confidence', 'char_confidence', 'valid'],
        output.outputs)


class TrainTest(tf.test.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    with test_util.graph_session() as session:
      # Training needs no text.
      labels = {'ids': _labels()['ids']}
      spec = _build(estimator_lib.ModeKeys.TRAIN, _features(), labels)
      variables = _model_variables()
      twin = recognizer_lib.Recognizer(TINY, name='twin')
      cls.ids = session.run(labels['ids'])
      shifted = np.concatenate([[[2]] * 4, cls.ids[:, :-1]], axis=1)
      logits = twin.forward(
          twin.encode(_features()['image'], is_training=True),
          tf.constant(shifted), is_training=True)
      weights = _initialize(session)
      session.run([v.assign(weights[v.op.name.replace('twin/', 'master/')])
                   for v in twin.variables])
      cls.logits = session.run(logits)
      before = session.run(variables)
      cls.losses = [session.run([spec.loss, spec.train_op])[0]
                    for _ in range(15)]
      cls.changes = {
          v.name: np.abs(new - old).max()
          for v, old, new in zip(variables, before, session.run(variables))}
      cls.steps = session.run(tf.train.get_global_step())

  def test_loss_is_the_mean_over_the_symbols(self):
    """By NumPy from the logits of the right texts; `<EOS>` counts."""
    self.assertEqual(3 + 2 + 0 + 5 + 4, np.sum(self.ids != 0))
    targets = 0.9 * np.eye(TINY.num_classes)[self.ids] + 0.1 / TINY.num_classes
    losses = -np.sum(targets * np.log(reference.softmax(self.logits)), axis=-1)
    self.assertAllClose(losses[self.ids != 0].mean(), self.losses[0],
                        rtol=1e-4)

  def test_loss_falls(self):
    self.assertEqual(15, self.steps)
    self.assertLess(self.losses[-1], 0.8 * self.losses[0])

  def test_every_variable_moves(self):
    self.assertIn('master/backbone/conv1/norm/moving_mean:0', self.changes)
    # But for rounding, a number added to all logits of a softmax alike
    # learns nothing: such are the biases of masks and keys.
    self.assertEmpty([name for name, change in self.changes.items()
                      if change == 0
                      and not name.endswith(('mask/bias:0', 'key/bias:0'))])


class AccumulationTest(tf.test.TestCase):

  def _learned(self, parts, flag='accumulate_steps'):
    """Loss of a step, and the kernels after it."""
    config = config_lib.TrainConfig(
        learning_rate=0.1, optimizer='momentum', **{flag: parts})
    with test_util.graph_session() as session, test_util.moving_statistics():
      spec = _build(estimator_lib.ModeKeys.TRAIN, _features(),
                    {'ids': _labels()['ids']}, config)
      _initialize(session)
      loss, _ = session.run([spec.loss, spec.train_op])
      return loss, session.run(
          {v.op.name: v for v in tf.trainable_variables()})

  def test_parts_are_the_whole(self):
    """Though they hold different numbers of characters."""
    loss, weights = self._learned(1)
    for flag in ('accumulate_steps', 'towers'):
      parts_loss, parts_weights = self._learned(2, flag)
      self.assertAllClose(loss, parts_loss, rtol=1e-5)
      self.assertAllClose(weights, parts_weights, rtol=1e-4, atol=1e-5)

  def test_parts_that_do_not_go_round(self):
    for flag in ('accumulate_steps', 'towers'):
      with tf.Graph().as_default(), self.assertRaisesRegex(
          errors.InputError, f'--{flag}=3: must divide the 4 images'):
        _build(estimator_lib.ModeKeys.TRAIN, _features(),
               {'ids': _labels()['ids']}, config_lib.TrainConfig(**{flag: 3}))


class PrecisionTest(tf.test.TestCase, parameterized.TestCase):

  def _step(self, precision):
    """Loss of a step, all variables after it, and types of the products."""
    images = test_util.random(16, TINY.image_height, TINY.image_width, 1)
    with test_util.graph_session() as session:
      spec = _build(
          estimator_lib.ModeKeys.TRAIN, {
              'image': tf.constant(images.clip(-1, 1))},
          {'ids': _labels(_TEXTS * 4)['ids']},
          config_lib.TrainConfig(precision=precision))
      session.run(tf.global_variables_initializer())
      loss, _ = session.run([spec.loss, spec.train_op])
      products = {
          op.name: op.get_attr('T') for op in session.graph.get_operations()
          if op.type in ('Conv2D', 'MatMul', 'BatchMatMulV2')
          and op.name.startswith('master')
          and not op.name.startswith('master/Recogn')}
      variables = {v.op.name: v for v in tf.global_variables()}
      self.assertContainsSubset({v.dtype for v in variables.values()},
                                {tf.float32, tf.int64})
      return loss, session.run(variables), products

  @parameterized.parameters(('bfloat16', 0.01), ('float16', 1e-3))
  def test_learns_as_float32_does(self, precision, tolerance):
    exact_loss, exact, exact_products = self._step('float32')
    loss, weights, products = self._step(precision)
    self.assertAllClose(exact_loss, loss, rtol=tolerance)
    self.assertNotEqual(exact_loss, loss)
    self.assertEqual({tf.float32}, set(exact_products.values()))
    # Of the products those of the context blocks and of the classes stay.
    kept = [name for name, dtype in products.items()
            if dtype != tf.as_dtype(precision)]
    self.assertNotEmpty(kept)
    for name in kept:
      self.assertRegex(name, '/context/|/classes/')
    for name, bound in (
        ('decoder/classes/kernel', 10 * tolerance),
        ('decoder/layer1/feed_forward/filter/kernel', 10 * tolerance),
        # Through the norms of an untrained backbone little errors grow: noise
        # of 1e-3 on the images turns this gradient by a quarter in float32.
        ('backbone/conv1/conv/kernel', 0.5)):
      # Adam's first slot is a tenth of the gradient.
      expected, got = (values[f'master/{name}/Adam']
                       for values in (exact, weights))
      error = np.linalg.norm(got - expected) / np.linalg.norm(expected)
      self.assertBetween(error, 1e-7, bound, name)


class EvalTest(tf.test.TestCase):

  def test_metrics_loss_and_predictions(self):
    with test_util.graph_session() as session:
      labels = {**_labels(), 'text': tf.placeholder(tf.string, [4])}
      spec = _build(estimator_lib.ModeKeys.EVAL, _features(index=[5, 6, 7, 8]),
                    labels, train_config=None)
      self.assertIsNone(spec.train_op)
      self.assertEmpty(tf.get_collection(tf.GraphKeys.UPDATE_OPS))
      _initialize(session)
      predictions, loss = session.run([spec.predictions, spec.loss])
      # The labels of two rows are what the model reads there.
      read = predictions['text']
      texts = [read[0], read[1], b'gg', b'ggggg']
      (pictures,) = tf.get_collection(hooks.PICTURES)
      updates = [update for _, update in spec.eval_metric_ops.values()]
      (images, shown_labels, shown), _ = session.run(
          [pictures, updates], {labels['text']: texts})
      metrics = session.run({name: value for name, (value, _)
                             in spec.eval_metric_ops.items()})
    self.assertCountEqual(['ids', 'text', 'confidence', 'char_confidence',
                           'index'], predictions)
    self.assertAllEqual([5, 6, 7, 8], predictions['index'])
    self.assertGreater(loss, 0)
    self.assertCountEqual(['word_accuracy/alnum_ci', 'word_accuracy/exact',
                           'word_accuracy/case_sensitive', 'ned/alnum_ci',
                           'ned/case_sensitive', 'ned/exact'],
                          metrics)
    self.assertEqual(0.5, metrics['word_accuracy/exact'])
    self.assertBetween(metrics['ned/alnum_ci'], 0.5, 0.9)
    self.assertAllEqual(test_util.formula_images(4), images)
    self.assertEqual(texts, list(shown_labels))
    self.assertAllEqual(read, shown)


if __name__ == '__main__':
  tf.test.main()
