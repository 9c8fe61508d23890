"""Tests of master/model_fn.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import charset
from master import config as config_lib
from master import model_fn as model_fn_lib
from master.estimator import exporting
from master.estimator import specs
from master.models import recognizer as recognizer_lib
from master.training import hooks
from tests import reference
from tests import test_util

# One block a stage: training graphs take long to build.
TINY = test_util.tiny_config(stage_blocks=(1, 1, 1, 1), num_layers=1)
_TRAIN = config_lib.TrainConfig(learning_rate=1e-2)
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

  def predict(self, **more):
    with test_util.graph_session() as session:
      spec = _build(specs.ModeKeys.PREDICT, _features(**more))
      _initialize(session)
      return session.run(spec.predictions)

  def test_needs_neither_labels_nor_train_config(self):
    with test_util.graph_session() as session:
      spec = _build(specs.ModeKeys.PREDICT, _features(), train_config=None)
      self.assertIsNone(spec.loss)
      self.assertIsNone(spec.train_op)
      self.assertEmpty(tf.get_collection(tf.GraphKeys.UPDATE_OPS))
      self.assertNotIn('placeholder', ' '.join(
          op.type.lower() for op in session.graph.get_operations()))

  def test_reads_as_the_recognizer(self):
    predictions = self.predict()
    self.assertCountEqual(['ids', 'text', 'confidence', 'char_confidence'],
                          predictions)
    with test_util.graph_session() as session:
      model = recognizer_lib.Recognizer(TINY)
      read = model.read(_features()['image'], config_lib.DecodeConfig())
      test_util.assign_reading(session, model.variables)
      read = session.run(read)
    self.assertAllEqual(read['ids'], predictions['ids'])
    self.assertAllEqual(read['text'], predictions['text'])
    self.assertAllClose(read['confidence'], predictions['confidence'])
    self.assertAllClose(read['char_confidence'],
                        predictions['char_confidence'])

  def test_what_is_no_image_reads_as_nothing_and_index_passes(self):
    plain = self.predict()
    valid = np.array([True, False, True, False])
    index = np.array([7, 3, 2 ** 40, 1])
    predictions = self.predict(valid=valid, index=index)
    self.assertAllEqual(valid, predictions['valid'])
    self.assertAllEqual(index, predictions['index'])
    self.assertEqual(np.int64, predictions['index'].dtype)
    for key, nothing in (('text', b''), ('confidence', 0),
                         ('char_confidence', 0)):
      self.assertAllEqual(plain[key][valid], predictions[key][valid])
      self.assertTrue(np.all(predictions[key][~valid] == nothing))

  def test_export_outputs(self):
    with tf.Graph().as_default():
      spec = _build(specs.ModeKeys.PREDICT,
                    _features(valid=[True] * 4, index=[1, 2, 3, 4]))
      (name, output), = spec.export_outputs.items()
    self.assertEqual(exporting.DEFAULT_SIGNATURE, name)
    self.assertCountEqual(
        ['ids', 'text', 'confidence', 'char_confidence', 'valid'],
        output.outputs)


class TrainTest(tf.test.TestCase, parameterized.TestCase):

  def test_loss_falls_and_everything_moves(self):
    with test_util.graph_session() as session:
      spec = _build(specs.ModeKeys.TRAIN, _features(), _labels())
      self.assertEqual([], spec.loss.shape.as_list())
      session.run(tf.global_variables_initializer())
      before = session.run(_model_variables())
      values = [session.run([spec.loss, spec.train_op])[0]
                for _ in range(15)]
      after = session.run(_model_variables())
      self.assertEqual(15, session.run(tf.train.get_global_step()))
    self.assertLess(values[-1], 0.8 * values[0])
    still = [v.name for v, old, new
             in zip(_model_variables(), before, after)
             if np.array_equal(old, new)]
    # A bias added to all logits of a softmax alike learns nothing: the mask
    # is weighed over the positions, the key over the memory.
    self.assertEmpty([name for name in still
                      if not name.endswith(('mask/bias:0', 'key/bias:0'))])

  def test_loss_is_the_mean_over_the_symbols(self):
    """By NumPy from the logits of the right texts."""
    with test_util.graph_session() as session:
      labels = _labels()
      spec = _build(specs.ModeKeys.TRAIN, _features(), labels,
                    config_lib.TrainConfig(label_smoothing=0.1))
      model = recognizer_lib.Recognizer(TINY, name='same')
      ids = session.run(labels['ids'])
      shifted = np.concatenate([[[2]] * 4, ids[:, :-1]], axis=1)
      logits = model.forward(
          model.encode(_features()['image'], is_training=True),
          tf.constant(shifted), is_training=True)
      weights = _initialize(session)
      session.run([v.assign(weights[v.op.name.replace('same/', 'master/')])
                   for v in model.variables])
      loss, logits = session.run([spec.loss, logits])
    targets = 0.9 * np.eye(TINY.num_classes)[ids] + 0.1 / TINY.num_classes
    losses = -np.sum(targets * np.log(reference.softmax(logits)), axis=-1)
    self.assertEqual(3 + 2 + 0 + 5 + 4, np.sum(ids != 0))
    self.assertAllClose(losses[ids != 0].mean(), loss, rtol=1e-4)

  def test_training_needs_no_text(self):
    with tf.Graph().as_default():
      labels = _labels()
      del labels['text']
      spec = _build(specs.ModeKeys.TRAIN, _features(), labels)
      self.assertIsNotNone(spec.train_op)


class EvalTest(tf.test.TestCase):

  def test_metrics_loss_and_predictions(self):
    with test_util.graph_session() as session:
      # The labels of two rows are what the model reads there.
      predict = _build(specs.ModeKeys.PREDICT, _features())
      _initialize(session)
      read = [text.decode() for text in
              session.run(predict.predictions['text'])]
    texts = [read[0], read[1], 'gg', 'ggggg']
    with test_util.graph_session() as session:
      spec = _build(specs.ModeKeys.EVAL, _features(index=[5, 6, 7, 8]),
                    _labels(texts), train_config=None)
      self.assertIsNone(spec.train_op)
      self.assertEmpty(tf.get_collection(tf.GraphKeys.UPDATE_OPS))
      self.assertEqual({'word_accuracy/alnum_ci',
                        'word_accuracy/case_sensitive',
                        'word_accuracy/exact', 'ned/alnum_ci'},
                       set(spec.eval_metric_ops))
      _initialize(session)
      updates = [update for _, update in spec.eval_metric_ops.values()]
      predictions, loss, _ = session.run([spec.predictions, spec.loss,
                                          updates])
      metrics = session.run({name: value for name, (value, _)
                             in spec.eval_metric_ops.items()})
      (pictures,) = tf.get_collection(hooks.PICTURES)
      images, labels, shown = session.run(pictures)
    self.assertEqual(read, [text.decode() for text in predictions['text']])
    self.assertAllEqual([5, 6, 7, 8], predictions['index'])
    self.assertGreater(loss, 0)
    self.assertEqual(0.5, metrics['word_accuracy/exact'])
    self.assertBetween(metrics['ned/alnum_ci'], 0, 1)
    self.assertEqual((4, 16, 20, 1), images.shape)
    self.assertEqual(texts, [text.decode() for text in labels])
    self.assertAllEqual(predictions['text'], shown)

  def test_no_mode_adds_a_variable_to_the_model(self):
    names = []
    for mode in (specs.ModeKeys.TRAIN, specs.ModeKeys.EVAL,
                 specs.ModeKeys.PREDICT):
      with tf.Graph().as_default():
        _build(mode, _features(), _labels())
        names.append([v.name for v in _model_variables()])
    self.assertEqual(names[0], names[1])
    self.assertEqual(names[0], names[2])


if __name__ == '__main__':
  tf.test.main()
