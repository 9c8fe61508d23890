"""Serving input receivers for models exported by an Estimator.

For those who use `Estimator.export_saved_model` in place of bin/export.
"""

from typing import Any, Callable

from master import config as config_lib
from master.estimator.export import serving_input_receiver
from master.export import inference_graph

ReceiverFn = Callable[[], Any]


def _features(inputs: inference_graph.ImageInputs) -> dict[str, Any]:
  return {'image': inputs.image, 'valid': inputs.valid}


def image_bytes_receiver_fn(
    model_config: config_lib.ModelConfig) -> ReceiverFn:
  """Requests are `image_bytes` string [N]: JPEG, PNG, BMP or GIF.

  Args:
    model_config: of the model_fn.

  Returns:
    A serving_input_receiver_fn with the features `image` float32
    [N, H, W, C] and `valid` bool [N].
  """

  def serving_input_receiver_fn():
    inputs = inference_graph.image_inputs(model_config)
    return serving_input_receiver.ServingInputReceiver(
        _features(inputs), {'image_bytes': inputs.image_bytes})

  return serving_input_receiver_fn


def tf_example_receiver_fn(
    model_config: config_lib.ModelConfig) -> ReceiverFn:
  """Requests are `examples` string [N]: tf.Examples with `image/encoded`.

  Args:
    model_config: of the model_fn.

  Returns:
    A serving_input_receiver_fn, as `image_bytes_receiver_fn` returns.
  """

  def serving_input_receiver_fn():
    inputs = inference_graph.image_inputs(model_config)
    return serving_input_receiver.ServingInputReceiver(
        _features(inputs), {'examples': inputs.examples})

  return serving_input_receiver_fn
