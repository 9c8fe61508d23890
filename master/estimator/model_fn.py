"""ModeKeys and EstimatorSpec: what a `model_fn` is called with and returns."""

import collections
from typing import Any, Mapping, Optional, Sequence

import tensorflow.compat.v1 as tf

from master.estimator import compat
from master.estimator.export import export_output


class _ModeKeys:
  """Names of what a `model_fn` is asked for."""
  TRAIN = 'train'
  EVAL = 'eval'
  PREDICT = 'infer'


ModeKeys = compat.ESTIMATOR.ModeKeys if compat.ESTIMATOR else _ModeKeys

_HOOK_FIELDS = ('training_chief_hooks', 'training_hooks', 'evaluation_hooks',
                'prediction_hooks')
_NEEDED = {ModeKeys.TRAIN: ('loss', 'train_op'), ModeKeys.EVAL: ('loss',),
           ModeKeys.PREDICT: ('predictions',)}


def _scalar_loss(loss: Any) -> tf.Tensor:
  loss = tf.convert_to_tensor(loss)
  if loss.shape.num_elements() not in (1, None):
    raise ValueError(f'loss must be a scalar, but has shape {loss.shape}.')
  return loss if loss.shape.rank == 0 else tf.reshape(loss, [])


def _check_metrics(metrics: Any):
  if not isinstance(metrics, Mapping):
    raise TypeError('eval_metric_ops must be a dictionary, but is '
                    f'{metrics!r}.')
  for name, pair in metrics.items():
    if not isinstance(pair, tuple) or len(pair) != 2:
      raise TypeError(f'eval_metric_ops[{name!r}] must be the pair (value, '
                      f'update op), but is {pair!r}.')


def _check_export_outputs(outputs: Any):
  if not isinstance(outputs, Mapping):
    raise TypeError(f'export_outputs must be a dictionary, but is '
                    f'{outputs!r}.')
  for name, output in outputs.items():
    if not isinstance(output, export_output.ExportOutput):
      raise TypeError(f'export_outputs[{name!r}] must be an ExportOutput such '
                      f'as PredictOutput, but is {output!r}.')


class _EstimatorSpec(collections.namedtuple(
    'EstimatorSpec',
    ('mode', 'predictions', 'loss', 'train_op', 'eval_metric_ops',
     'export_outputs', 'training_chief_hooks', 'training_hooks', 'scaffold',
     'evaluation_hooks', 'prediction_hooks'))):
  """Ops and tensors of one mode.

  Attributes:
    mode: one of `ModeKeys`.
    predictions: tensor or dict of tensors [B, ...]; PREDICT needs it.
    loss: scalar; TRAIN and EVAL need it.
    train_op: runs one step and counts up the global step; TRAIN needs it.
    eval_metric_ops: dict of (value tensor, update op) as `tf.metrics` makes.
    export_outputs: dict of signature name to `ExportOutput`.
    training_chief_hooks: hooks of TRAIN for the worker that saves.
    training_hooks: hooks of TRAIN.
    scaffold: `tf.train.Scaffold` with the model's own saver or init ops.
    evaluation_hooks: hooks of EVAL.
    prediction_hooks: hooks of PREDICT.
  """
  __slots__ = ()

  def __new__(cls, mode: str, predictions: Any = None, loss: Any = None,
              train_op: Any = None,
              eval_metric_ops: Optional[Mapping[str, tuple]] = None,
              export_outputs: Optional[Mapping[str, Any]] = None,
              training_chief_hooks: Optional[Sequence[Any]] = None,
              training_hooks: Optional[Sequence[Any]] = None,
              scaffold: Optional[tf.train.Scaffold] = None,
              evaluation_hooks: Optional[Sequence[Any]] = None,
              prediction_hooks: Optional[Sequence[Any]] = None):
    """Checks that `mode` has what it needs.

    Raises:
      ValueError: if something is missing or the loss is no scalar.
      TypeError: if a field is of the wrong type.
    """
    if mode not in _NEEDED:
      raise ValueError(f'mode must be one of ModeKeys, but is {mode!r}.')
    fields = dict(predictions=predictions, loss=loss, train_op=train_op)
    for name in _NEEDED[mode]:
      if fields[name] is None:
        raise ValueError(f'EstimatorSpec: mode {mode!r} needs {name}.')
    if loss is not None:
      loss = _scalar_loss(loss)
    eval_metric_ops = {} if eval_metric_ops is None else eval_metric_ops
    _check_metrics(eval_metric_ops)
    if export_outputs is not None:
      _check_export_outputs(export_outputs)
    hooks = [tuple(hooks or ()) for hooks in (
        training_chief_hooks, training_hooks, evaluation_hooks,
        prediction_hooks)]
    for name, group in zip(_HOOK_FIELDS, hooks):
      for hook in group:
        if not isinstance(hook, tf.train.SessionRunHook):
          raise TypeError(f'{name}: {hook!r} is no SessionRunHook.')
    scaffold = tf.train.Scaffold() if scaffold is None else scaffold
    if not isinstance(scaffold, tf.train.Scaffold):
      raise TypeError(f'scaffold: {scaffold!r} is no tf.train.Scaffold.')
    return super().__new__(
        cls, mode, {} if predictions is None else predictions, loss, train_op,
        eval_metric_ops, export_outputs, hooks[0], hooks[1], scaffold,
        hooks[2], hooks[3])


EstimatorSpec = (compat.ESTIMATOR.EstimatorSpec if compat.ESTIMATOR
                 else _EstimatorSpec)
