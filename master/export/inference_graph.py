"""The graph that is served: encoded images or tensors in, texts out.

Guarded by tests/export/inference_graph_test.py.
Legend: `N` images, `H W C` pixels and channels, `T` steps, `V` classes.
"""

from typing import NamedTuple

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.inputs import image_ops
from master.models import reading as reading_lib
from master.models import recognizer as recognizer_lib

SERVING_DEFAULT = 'serving_default'
DECODE = 'decode'
TF_EXAMPLE = 'tf_example'

EXAMPLE_FEATURE = 'image/encoded'


class Signature(NamedTuple):
  """Tensors of one signature by their names outside the graph."""
  inputs: dict[str, tf.Tensor]
  outputs: dict[str, tf.Tensor]


class ImageInputs(NamedTuple):
  """A chain from request to image; each link can be fed.

  Attributes:
    examples: string [N], serialized tf.Examples.
    image_bytes: string [N], JPEG, PNG, BMP or GIF.
    image: float32 [N, H, W, C] in [-1, 1].
    valid: bool [N], whether the bytes were an image.
  """
  examples: tf.Tensor
  image_bytes: tf.Tensor
  image: tf.Tensor
  valid: tf.Tensor


def image_inputs(model_config: config_lib.ModelConfig) -> ImageInputs:
  """Builds the chain that all ways of asking for a text share.

  A tf.Example without EXAMPLE_FEATURE counts as bytes that are no image.

  Args:
    model_config: decides the image's size and channels.

  Returns:
    An ImageInputs in the default graph.
  """
  examples = tf.placeholder(tf.string, [None], 'examples')
  parsed = tf.io.parse_example(
      examples, {EXAMPLE_FEATURE: tf.io.FixedLenFeature([], tf.string, '')})
  # Signatures feed these two by name, so they must not be folded away.
  image_bytes = tf.identity(parsed[EXAMPLE_FEATURE], 'image_bytes')
  image, valid = image_ops.decode_images(image_bytes, model_config)
  return ImageInputs(examples, image_bytes, tf.identity(image, 'image'),
                     tf.identity(valid, 'valid'))


def build_inference_graph(
    config: config_lib.Config) -> dict[str, Signature]:
  """Builds the model and all its signatures in the default graph.

  One chain of ops serves all three; a signature feeds it at its own place,
  so nothing before that place is run.

  Args:
    config: of the model and its search.

  Returns:
    Signatures by name, as the README describes them.
  """
  inputs = image_inputs(config.model)
  recognizer = recognizer_lib.Recognizer(config.model)
  reading = recognizer.read(inputs.image, config.decode)
  decoded = {key: tf.identity(reading[key])
             for key in ('ids', 'logits', 'text', 'confidence', 'nbest_text',
                         'nbest_score') if key in reading}
  served = reading_lib.mask_invalid(reading, inputs.valid)
  return {
      SERVING_DEFAULT: Signature({'image_bytes': inputs.image_bytes}, served),
      DECODE: Signature({'image': inputs.image}, decoded),
      TF_EXAMPLE: Signature({'examples': inputs.examples}, served),
  }
