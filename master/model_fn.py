"""The Estimator-style model function: joins model, training and evaluation."""

import contextlib
from typing import Any, Callable, Mapping, Optional

import tensorflow.compat.v1 as tf

from master import charset as charset_lib
from master import config as config_lib
from master import errors
from master.decoding import teacher_forcing
from master.estimator import model_fn as model_fn_lib
from master.estimator import moving_averages
from master.estimator.export import export_output
from master.inputs import resume
from master.layers import masks
from master.metrics import streaming
from master.models import invalid_images as invalid_images_lib
from master.models import recognizer as recognizer_lib
from master.training import hooks
from master.training import losses
from master.training import optimization


def _total_loss(recognizer: recognizer_lib.Recognizer, memory: tf.Tensor,
                ids: tf.Tensor, label_smoothing: float,
                is_training: bool) -> tf.Tensor:
  """Sum of the cross entropies of the labels' symbols, in nats."""
  ids = losses.cut_padding(ids, charset_lib.PAD_ID)
  logits = recognizer.forward(
      memory, teacher_forcing.shift_right(ids, charset_lib.SOS_ID),
      is_training)
  weights = masks.label_weights(ids, charset_lib.PAD_ID)
  return losses.cross_entropy(logits, ids, weights, label_smoothing,
                              collect_rows=is_training)


def _num_symbols(ids: tf.Tensor) -> tf.Tensor:
  """Of the labels, `<EOS>` counted: float32 scalar."""
  return tf.reduce_sum(masks.label_weights(ids, charset_lib.PAD_ID))


def _part_losses(recognizer: recognizer_lib.Recognizer, images: tf.Tensor,
                 ids: tf.Tensor, config: config_lib.TrainConfig
                 ) -> Callable[[int], tf.Tensor]:
  """Number of a part of the batch to its share of the mean loss."""
  parts = optimization.num_parts(config)
  flag = ('accumulate_steps' if config.accumulate_steps == parts else
          'towers' if config.towers == parts else 'accumulate_steps * towers')
  if parts > 1 and images.shape[0] is not None and images.shape[0] % parts:
    raise errors.InputError(
        f'--{flag}={parts}: must divide the {images.shape[0]} images '
        'of --batch_size that a device has.')
  # Of the whole batch: parts hold different numbers of characters.
  num_symbols = losses.sum_over_replicas(_num_symbols(ids))
  image_parts, id_parts = tf.split(images, parts), tf.split(ids, parts)

  def loss(part):
    memory = recognizer.encode(image_parts[part], is_training=True,
                               dtype=tf.as_dtype(config.precision))
    total = _total_loss(recognizer, memory, id_parts[part],
                        config.label_smoothing, is_training=True)
    return losses.part_of_mean(total, num_symbols)

  return loss


def _train_spec(model_config: config_lib.ModelConfig,
                train_config: config_lib.TrainConfig,
                features: Mapping[str, tf.Tensor],
                labels: Mapping[str, tf.Tensor]) -> model_fn_lib.EstimatorSpec:
  recognizer = recognizer_lib.Recognizer(model_config)
  # A level for the whole session would compile the input's functions too.
  with (tf.xla.experimental.jit_scope() if train_config.xla
        else contextlib.nullcontext()):
    loss, train_op = optimization.step(
        _part_losses(recognizer, features['image'], labels['ids'],
                     train_config),
        recognizer.trainable_variables, train_config)
  rows = tf.get_collection(losses.ROWS)
  if 'source' in features and rows:
    tf.add_to_collection(hooks.SAMPLES, (
        features['source'], features['index'], tf.concat(rows, axis=0)))
  if resume.FEATURE in features:
    train_op = tf.group(train_op, resume.record(
        features[resume.FEATURE]))
  return model_fn_lib.EstimatorSpec(model_fn_lib.ModeKeys.TRAIN, loss=loss,
                                    train_op=train_op)


def _predictions(features: Mapping[str, tf.Tensor],
                 reading: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
  """What PREDICT gives for each image; bytes that are no image read as ''."""
  predictions = {key: reading[key] for key in
                 ('ids', 'text', 'confidence', 'char_confidence')}
  if 'valid' in features:
    predictions.update(invalid_images_lib.mask_invalid(
        reading, features['valid']))
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
  has_averages = bool(train_config and train_config.average_decay)

  def model_fn(features, labels, mode, params=None):
    del params
    if mode == model_fn_lib.ModeKeys.TRAIN:
      return _train_spec(model_config, train_config, features, labels)
    with (moving_averages.reading() if has_averages
          else contextlib.nullcontext()):
      recognizer = recognizer_lib.Recognizer(model_config)
    memory = recognizer.encode(features['image'], is_training=False)

    if mode == model_fn_lib.ModeKeys.PREDICT:
      predictions = _predictions(
          features, recognizer.read_memory(memory, decode_config))
      output = export_output.PredictOutput(
          {key: value for key, value in predictions.items()
           if key != 'index'})
      return model_fn_lib.EstimatorSpec(
          mode, predictions=predictions,
          export_outputs={export_output.DEFAULT_SIGNATURE: output})

    if mode == model_fn_lib.ModeKeys.EVAL:
      loss = losses.mean_over_replicas(
          _total_loss(recognizer, memory, labels['ids'], label_smoothing=0.0,
                      is_training=False), _num_symbols(labels['ids']))
      reading = recognizer.read_memory(memory, decode_config)
      tf.add_to_collection(
          hooks.PICTURES, (features['image'], labels['text'], reading['text']))
      return model_fn_lib.EstimatorSpec(
          mode, loss=loss, predictions=_predictions(features, reading),
          eval_metric_ops=streaming.word_metric_ops(reading['text'],
                                                    labels['text']))

  return model_fn
