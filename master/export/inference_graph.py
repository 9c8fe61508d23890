"""The graph that is served: encoded images or tensors in, texts out.

Legend: `N` images, `H W C` pixels and channels, `T` steps, `V` classes.
"""

from typing import NamedTuple

import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.images import decode
from master.models import invalid_images as invalid_images_lib
from master.models import recognizer as recognizer_lib

SERVING_DEFAULT = 'serving_default'
DECODE = 'decode'
TF_EXAMPLE = 'tf_example'
ATTENTION = 'attention'
DECODE_ATTENTION = 'decode_attention'

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
  image, valid = decode.decode_images(image_bytes, model_config)
  return ImageInputs(examples, image_bytes, tf.identity(image, 'image'),
                     tf.identity(valid, 'valid'))


class InferenceGraph(NamedTuple):
  """What the default graph holds.

  Attributes:
    recognizer: the model.
    signatures: what can be asked of it, by name.
  """
  recognizer: recognizer_lib.Recognizer
  signatures: dict[str, Signature]


def build_inference_graph(config: config_lib.Config) -> InferenceGraph:
  """Builds the model and all its signatures in the default graph.

  One chain of ops serves them all; a signature feeds it at its own place and
  fetches what it wants, so nothing else is run.

  Args:
    config: of the model and its search; with `export`, the model is built in
      the form in which it is served.

  Returns:
    An InferenceGraph with signatures by name, as docs/serving.md describes
    them.
  """
  inputs = image_inputs(config.model)
  recognizer = recognizer_lib.Recognizer(config.model, config.export)
  memory = recognizer.encode(inputs.image, is_training=False)
  reading = recognizer.read_memory(memory, config.decode)
  decoded = {key: tf.identity(reading[key])
             for key in ('ids', 'logits', 'text', 'confidence',
                         'char_confidence', 'nbest_text', 'nbest_score')
             if key in reading}
  served = invalid_images_lib.mask_invalid(reading, inputs.valid)
  maps = tf.identity(recognizer.attention_maps(memory, reading['ids']))
  explained = {
      **served, 'image': tf.identity(inputs.image),
      'attention': maps * tf.cast(inputs.valid,
                                  tf.float32)[:, None, None, None]}
  return InferenceGraph(recognizer, {
      SERVING_DEFAULT: Signature({'image_bytes': inputs.image_bytes}, served),
      DECODE: Signature({'image': inputs.image}, decoded),
      TF_EXAMPLE: Signature({'examples': inputs.examples}, served),
      ATTENTION: Signature({'image_bytes': inputs.image_bytes}, explained),
      DECODE_ATTENTION: Signature({'image': inputs.image}, {
          **{key: decoded[key] for key in ('text', 'confidence',
                                           'char_confidence')},
          'attention': maps}),
  })
