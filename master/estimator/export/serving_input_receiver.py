"""Inputs of a served model: placeholders and the features made of them."""

import collections
from typing import Any, Callable, Mapping, Optional

import tensorflow.compat.v1 as tf

from master.estimator import compat


def _named(tensors: Any, name: str, what: str) -> dict[str, Any]:
  """`tensors` as a dictionary; a single tensor gets `name`."""
  if not isinstance(tensors, Mapping):
    tensors = {name: tensors}
  if not tensors or any(value is None for value in tensors.values()):
    raise ValueError(f'{what} must be a tensor or a dictionary of tensors.')
  return dict(tensors)


class _ServingInputReceiver(collections.namedtuple(
    'ServingInputReceiver',
    ('features', 'receiver_tensors', 'receiver_tensors_alternatives'))):
  """Inputs of a served model.

  Attributes:
    features: dict of tensors for the `model_fn`; a single tensor is `feature`.
    receiver_tensors: dict of placeholders that requests feed; a single one is
      `input`.
    receiver_tensors_alternatives: dict of name to other placeholders (inner
      tensors of the same graph) that may be fed instead.
  """
  __slots__ = ()

  def __new__(cls, features: Any, receiver_tensors: Any,
              receiver_tensors_alternatives: Optional[Mapping] = None):
    return super().__new__(
        cls, _named(features, 'feature', 'features'),
        _named(receiver_tensors, 'input', 'receiver_tensors'),
        receiver_tensors_alternatives)


class _TensorServingInputReceiver(collections.namedtuple(
    'TensorServingInputReceiver',
    ('features', 'receiver_tensors', 'receiver_tensors_alternatives'))):
  """As ServingInputReceiver, for a `model_fn` whose features are one tensor."""
  __slots__ = ()

  def __new__(cls, features: tf.Tensor, receiver_tensors: Any,
              receiver_tensors_alternatives: Optional[Mapping] = None):
    if not isinstance(features, tf.Tensor):
      raise ValueError(f'features must be one tensor, but is {features!r}.')
    return super().__new__(
        cls, features, _named(receiver_tensors, 'input', 'receiver_tensors'),
        receiver_tensors_alternatives)


if compat.ESTIMATOR:
  ServingInputReceiver = compat.ESTIMATOR.export.ServingInputReceiver
  TensorServingInputReceiver = (
      compat.ESTIMATOR.export.TensorServingInputReceiver)
else:
  ServingInputReceiver = _ServingInputReceiver
  TensorServingInputReceiver = _TensorServingInputReceiver


def build_raw_serving_input_receiver_fn(
    features: Mapping[str, tf.Tensor],
    default_batch_size: Optional[int] = None
) -> Callable[[], ServingInputReceiver]:
  """Serving from tensors that look like `features`.

  Args:
    features: name to tensor [B, ...], of which dtype and shape are taken.
    default_batch_size: of the placeholders; None takes any.
  """
  looks = {name: (tensor.dtype, tensor.shape.as_list()[1:])
           for name, tensor in features.items()}

  def serving_input_receiver_fn():
    tensors = {
        name: tf.placeholder(dtype, [default_batch_size] + shape, name)
        for name, (dtype, shape) in looks.items()}
    return ServingInputReceiver(tensors, tensors)

  return serving_input_receiver_fn


def build_parsing_serving_input_receiver_fn(
    feature_spec: Mapping[str, Any], default_batch_size: Optional[int] = None
) -> Callable[[], ServingInputReceiver]:
  """Serving from serialized tf.Examples, fed as `examples` string [B].

  Args:
    feature_spec: for tf.io.parse_example.
    default_batch_size: of the placeholder; None takes any.
  """

  def serving_input_receiver_fn():
    examples = tf.placeholder(tf.string, [default_batch_size],
                              'input_example_tensor')
    features = tf.io.parse_example(examples, feature_spec)
    return ServingInputReceiver(features, {'examples': examples})

  return serving_input_receiver_fn
