"""The Estimator-style model function: joins model, training and evaluation.

Guarded by tests/model_fn_test.py.
"""

from typing import Any, Callable, Mapping, Optional

import tensorflow.compat.v1 as tf

from master import charset as charset_lib
from master import config as config_lib
from master.estimator import exporting
from master.estimator import specs
from master.evaluation import metrics
from master.inputs import data_position
from master.layers import masks
from master.models import reading as reading_lib
from master.models import recognizer as recognizer_lib
from master.training import hooks
from master.training import losses
from master.training import optimization


def _loss(recognizer: recognizer_lib.Recognizer, memory: tf.Tensor,
          ids: tf.Tensor, label_smoothing: float,
          is_training: bool) -> tf.Tensor:
  """Mean cross entropy of the labels, in nats a symbol, `<EOS>` counted."""
  ids = losses.cut_padding(ids, charset_lib.PAD_ID)
  logits = recognizer.forward(
      memory, losses.decoder_inputs(ids, charset_lib.SOS_ID), is_training)
  weights = masks.label_weights(ids, charset_lib.PAD_ID)
  total = losses.cross_entropy(logits, ids, weights, label_smoothing)
  return losses.mean_over_replicas(total, tf.reduce_sum(weights))


def _predictions(features: Mapping[str, tf.Tensor],
                 reading: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """What PREDICT gives for each image; bytes that are no image read as ''."""
  predictions = {key: reading[key] for key in
                 ('ids', 'text', 'confidence', 'char_confidence')}
  if 'valid' in features:
    predictions.update(reading_lib.mask_invalid(reading, features['valid']))
  if 'index' in features:
    predictions['index'] = tf.identity(features['index'])
  return predictions


def model_fn_builder(
    model_config: config_lib.ModelConfig,
    train_config: Optional[config_lib.TrainConfig] = None,
    decode_config: config_lib.DecodeConfig = config_lib.DecodeConfig()
) -> Callable[..., Any]:
  """Binds the configuration to a `model_fn` for an Estimator.

  Args:
    model_config: of the model.
    train_config: of the training; TRAIN needs it.
    decode_config: of the search in EVAL and PREDICT.

  Returns:
    model_fn(features, labels, mode, params). Features: `image` float32
    [B, H, W, C] in [-1, 1]; in TRAIN also, if there, `position` int64
    [B, 2], which checkpoints then hold; in PREDICT also, if there, `valid`
    bool [B] and `index` int64 [B], which pass through. Labels: `ids` int32
    [B, max_label_length + 1] (`<EOS>`, then `<PAD>`), and in EVAL `text`
    string [B]. `params` is not read: the typed configuration holds all.
  """

  def model_fn(features, labels, mode, params=None):
    del params
    recognizer = recognizer_lib.Recognizer(model_config)
    is_training = mode == specs.ModeKeys.TRAIN
    memory = recognizer.encode(features['image'], is_training)

    if mode == specs.ModeKeys.PREDICT:
      predictions = _predictions(
          features, recognizer.read_memory(memory, decode_config))
      output = exporting.PredictOutput(
          {key: value for key, value in predictions.items()
           if key != 'index'})
      return specs.EstimatorSpec(
          mode, predictions=predictions,
          export_outputs={exporting.DEFAULT_SIGNATURE: output})

    if mode == specs.ModeKeys.EVAL:
      loss = _loss(recognizer, memory, labels['ids'], 0.0, is_training)
      reading = recognizer.read_memory(memory, decode_config)
      tf.add_to_collection(
          hooks.PICTURES, (features['image'], labels['text'], reading['text']))
      return specs.EstimatorSpec(
          mode, loss=loss, predictions=_predictions(features, reading),
          eval_metric_ops=metrics.word_metric_ops(reading['text'],
                                                  labels['text']))

    loss = _loss(recognizer, memory, labels['ids'],
                 train_config.label_smoothing, is_training)
    train_op = optimization.train_op(loss, recognizer.trainable_variables,
                                     train_config)
    if data_position.FEATURE in features:
      train_op = tf.group(train_op, data_position.record(
          features[data_position.FEATURE]))
    return specs.EstimatorSpec(mode, loss=loss, train_op=train_op)

  return model_fn
