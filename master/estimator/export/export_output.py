"""Outputs of a model for serving, and their signatures."""

import abc
from typing import Any, Mapping, Optional, Union

import tensorflow.compat.v1 as tf

from master.estimator import compat

DEFAULT_SIGNATURE = tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY

Tensors = Union[tf.Tensor, Mapping[str, tf.Tensor]]


class _ExportOutput(abc.ABC):
  """What one signature returns."""

  @abc.abstractmethod
  def as_signature_def(self, receiver_tensors: Mapping[str, tf.Tensor]) -> Any:
    """The SignatureDef from `receiver_tensors` to this output."""


class _PredictOutput(_ExportOutput):
  """Named tensors of any kind."""

  def __init__(self, outputs: Tensors):
    """Wraps `outputs`: a dict of tensors, or a tensor to be called `output`.

    Raises:
      ValueError: if a value is no tensor.
    """
    if not isinstance(outputs, Mapping):
      outputs = {'output': outputs}
    for name, tensor in outputs.items():
      if not isinstance(tensor, tf.Tensor):
        raise ValueError(f'PredictOutput: {name!r} must be a tensor, but is '
                         f'{tensor!r}.')
    self._outputs = dict(outputs)

  @property
  def outputs(self) -> dict[str, tf.Tensor]:
    return self._outputs

  def as_signature_def(self, receiver_tensors: Mapping[str, tf.Tensor]) -> Any:
    return tf.saved_model.predict_signature_def(receiver_tensors,
                                                self._outputs)


if compat.ESTIMATOR:
  ExportOutput = compat.ESTIMATOR.export.ExportOutput
  PredictOutput = compat.ESTIMATOR.export.PredictOutput
else:
  ExportOutput = _ExportOutput
  PredictOutput = _PredictOutput


def with_default(export_outputs: Optional[Mapping[str, Any]],
                 predictions: Tensors) -> dict[str, Any]:
  """`export_outputs` with a default signature among them.

  Args:
    export_outputs: of the EstimatorSpec; None exports the predictions.
    predictions: of the EstimatorSpec.

  Returns:
    Signature name to ExportOutput. A single output is also the default.

  Raises:
    ValueError: if there are several and none is the default.
  """
  if not export_outputs:
    return {DEFAULT_SIGNATURE: PredictOutput(predictions)}
  outputs = dict(export_outputs)
  if len(outputs) == 1:
    outputs[DEFAULT_SIGNATURE] = next(iter(outputs.values()))
  if DEFAULT_SIGNATURE not in outputs:
    raise ValueError(f'export_outputs: one of {sorted(outputs)} must be '
                     f'called {DEFAULT_SIGNATURE!r}.')
  return outputs


def signature_defs(receiver: Any,
                   export_outputs: Mapping[str, Any]) -> dict[str, Any]:
  """All signatures of a model.

  Args:
    receiver: ServingInputReceiver or TensorServingInputReceiver.
    export_outputs: signature name to ExportOutput.

  Returns:
    Signature name to SignatureDef: each output under its own name from
    `receiver_tensors`, and under `ALTERNATIVE:NAME` from each of
    `receiver_tensors_alternatives`.
  """
  signatures = {
      name: output.as_signature_def(receiver.receiver_tensors)
      for name, output in export_outputs.items()}
  alternatives = receiver.receiver_tensors_alternatives or {}
  for alternative, tensors in alternatives.items():
    if not isinstance(tensors, Mapping):
      tensors = {'input': tensors}
    for name, output in export_outputs.items():
      signatures[f'{alternative}:{name}'] = output.as_signature_def(tensors)
  return signatures
