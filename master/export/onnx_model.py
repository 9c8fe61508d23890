"""ONNX files of a model, and reading with them in ONNX Runtime.

The file takes decoded images and gives class ids, with the whole search
inside; what an image file holds and what an id stands for are outside of it.
Needs the extra `onnx`.
Legend: `N` images, `H W C` pixels and channels, `T` steps, `V` classes.
"""

import dataclasses
import json
import logging
import os
from typing import Any, Collection, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from master import charset as charset_lib
from master import config as config_lib
from master import errors
from master.export import inference_graph
from master.export import predictor as predictor_lib
from master.export import publishing
from master.layers import initializers
from master.models import folded_conv
from master.models import recognizer as recognizer_lib

FILE = 'model.onnx'

_INPUT = 'image'
_OUTPUTS = ('ids', 'logits', 'confidence', 'char_confidence')

# What ONNX Runtime of the last years reads, and has all that is used here.
_OPSET = 17


def _import(name: str) -> Any:
  try:
    return __import__(name)
  except ImportError as e:
    raise errors.InputError(
        f'--format=onnx and --onnx_model need the package {name} ({e}): pip '
        "install 'master-ocr[onnx]'.") from e


def export_onnx(
    model: predictor_lib.Predictor, export_dir: str,
    export_config: config_lib.ExportConfig = config_lib.ExportConfig(
        format='onnx')) -> str:
  """Exports a model as `export_dir/<version>/model.onnx`.

  As `saved_model.export_model` does: nothing appears that has not been loaded
  into ONNX Runtime and compared with the model.

  Args:
    model: made of a checkpoint.
    export_dir: folder of versions, made if need be.
    export_config: the form in which it is served; its format is onnx.

  Returns:
    Path of the version's folder.

  Raises:
    InputError: if export_dir cannot be written to, a package is missing, or
      the model's search is no greedy one, whose loop alone converts rightly.
    RuntimeError: if the file does not read as the model does.
  """
  if model.config.decode.beam_size > 1:
    raise errors.InputError(
        f'--beam_size={model.config.decode.beam_size}: --format=onnx has '
        'greedy search alone; give --beam_size=1.')
  config = dataclasses.replace(model.config, export=export_config)
  proto = _convert(model, config)

  def write(folder: str):
    _import('onnx').save(proto, os.path.join(folder, FILE))
    config_lib.write(config, folder)

  return publishing.publish(model, export_dir, write,
                            OnnxPredictor.from_folder)


def _convert(model: predictor_lib.Predictor, config: config_lib.Config) -> Any:
  """The ModelProto, from images to ids."""
  _import('onnxruntime')  # Told before the work, not after it.
  from_tensorflow = _import('tf2onnx').convert
  logging.getLogger('tf2onnx').setLevel(logging.WARNING)
  with tf.Graph().as_default() as graph:
    with initializers.weights_as_inputs() as weights:
      recognizer = recognizer_lib.Recognizer(config.model, config.export)
    shape = [config.model.image_height, config.model.image_width,
             config.model.image_channels]
    images = tf.placeholder(tf.float32, [None, *shape], _INPUT)
    reading = recognizer.read(images, config.decode)
    for name in _OUTPUTS:
      tf.identity(reading[name], name)
    values = {weight.name: value for weight, value in folded_conv.values(
        recognizer, weights, model.variable_values())}
    proto, _ = from_tensorflow.from_graph_def(
        graph.as_graph_def(), name='master',
        input_names=[f'{_INPUT}:0', *values],
        output_names=[f'{name}:0' for name in _OUTPUTS], opset=_OPSET)
  _fill_in(proto, values)
  _name(proto, config)
  return proto


def _fill_in(proto: Any, values: dict[str, np.ndarray]):
  """Makes constants of the inputs that are weights."""
  from onnx import numpy_helper
  graph = proto.graph
  inputs = [value for value in graph.input if value.name not in values]
  del graph.input[:]
  graph.input.extend(inputs)
  used = {name for node in _nodes(graph) for name in node.input}
  graph.initializer.extend(
      numpy_helper.from_array(value, name) for name, value in values.items()
      if name in used)


def _nodes(graph: Any):
  """Nodes of a GraphProto and of the graphs inside them."""
  for node in graph.node:
    yield node
    for attribute in node.attribute:
      if attribute.HasField('g'):
        yield from _nodes(attribute.g)


def _name(proto: Any, config: config_lib.Config):
  """Gives inputs and outputs plain names, and the model its configuration."""
  graph = proto.graph
  plain = {f'{name}:0': name for name in (_INPUT, *_OUTPUTS)}
  for node in _nodes(graph):
    for names in (node.input, node.output):
      names[:] = [plain.get(name, name) for name in names]
  for value in (*graph.input, *graph.output):
    value.name = plain[value.name]
    value.type.tensor_type.shape.dim[0].dim_param = 'N'
  for key, value in (('config', config.to_json()),
                     ('classes', json.dumps(
                         [*charset_lib.SPECIAL_NAMES,
                          *config.model.charset]))):
    entry = proto.metadata_props.add()
    entry.key, entry.value = key, value


class OnnxPredictor(predictor_lib.Predictor):
  """A model in ONNX Runtime; TensorFlow decodes the images, no more."""

  def __init__(self, config: config_lib.Config, name: str, runtime: Any):
    """Wraps a session of ONNX Runtime.

    Args:
      config: of the model.
      name: where the model came from.
      runtime: onnxruntime.InferenceSession.
    """
    graph = tf.Graph()
    with graph.as_default():
      self._images = inference_graph.image_inputs(config.model)
    super().__init__(config, name, predictor_lib.new_session(graph), {})
    self._runtime = runtime
    self._charset = charset_lib.Charset(config.model.charset)

  @classmethod
  def from_folder(cls, path: str) -> 'OnnxPredictor':
    """An exported model.

    Args:
      path: folder of a version, or of versions, of which the newest is taken.

    Raises:
      InputError: if it holds no model that bin/export wrote.
    """
    runtime = _import('onnxruntime')
    folder = predictor_lib.version_folder(
        path, lambda name: os.path.isfile(os.path.join(name, FILE)), FILE)
    config = config_lib.read(folder)
    file = os.path.join(folder, FILE)
    try:
      session = runtime.InferenceSession(
          file, providers=runtime.get_available_providers())
    except Exception as e:  # pylint: disable=broad-except
      # ONNX Runtime's own exceptions have no common base.
      raise errors.InputError(f'{file}: damaged ONNX file ({e}); export it '
                              'again.') from e
    return cls(config, folder, session)

  def output_names(self, signature: str) -> Collection[str]:
    """Names of the outputs of `decode`."""
    del signature
    return (*_OUTPUTS, 'text')

  def run(self, signature: str, outputs: Sequence[str] = (),
          **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Runs `decode` or `serving_default`, as a SavedModel has them.

    Args:
      signature: its name.
      outputs: what to return of it; everything if empty.
      **inputs: its inputs by name.

    Returns:
      Outputs by name; texts as UTF-8 bytes.
    """
    if signature == inference_graph.DECODE:
      found = self._decode(inputs['image'], outputs)
    else:
      image, valid = self.session.run(
          [self._images.image, self._images.valid],
          {self._images.image_bytes: inputs['image_bytes']})
      found = self._decode(image, ())
      found['text'] = np.where(valid, found['text'], b'')
      for name in ('confidence', 'char_confidence'):
        found[name][~valid] = 0
      found = {name: found[name]
               for name in ('text', 'confidence', 'char_confidence')}
      found['valid'] = valid
    return {name: found[name] for name in outputs or found}

  def _decode(self, image: np.ndarray,
              outputs: Sequence[str]) -> dict[str, np.ndarray]:
    wanted = [name for name in _OUTPUTS
              if not outputs or name in outputs
              or (name == 'ids' and 'text' in outputs)]
    found = dict(zip(wanted, self._runtime.run(wanted, {_INPUT: image})))
    if not outputs or 'text' in outputs:
      found['text'] = np.array(
          [self._charset.decode(ids).encode('utf-8') for ids in found['ids']],
          object)
    return found
