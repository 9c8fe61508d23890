"""Predictors: one interface to read images with any form of a model."""

import dataclasses
import os
from typing import (
  Any,
  Callable,
  Collection,
  Mapping,
  NamedTuple,
  Optional,
  Sequence,
)

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master.estimator import moving_averages
from master.estimator import run_config
from master.estimator.checkpoint import checkpoints
from master.estimator.export import versions
from master.export import inference_graph
from master.export import reading as reading_lib

# Beside the SavedModel's own files, where its format leaves room for others.
EXTRA_DIR = 'assets.extra'

# Those that every SavedModel of this project has, and those that older ones
# lack.
_SIGNATURES = (inference_graph.SERVING_DEFAULT, inference_graph.DECODE,
               inference_graph.TF_EXAMPLE)
_NEWER_SIGNATURES = (inference_graph.ATTENTION,
                     inference_graph.DECODE_ATTENTION)

_NO_CHANGES: Mapping[str, Any] = {}


class ImageReadings(NamedTuple):
  """What was read of a batch of images.

  Attributes:
    texts: N texts.
    confidence: float32 [N], probability of the whole texts.
    char_confidence: float32 [N, T], of each symbol, `<EOS>` included, then 0;
      None where an older SavedModel does not give it.
    attention: where asked for, float32 [N, T, h, w], where the decoder looked
      for each symbol, on the feature map's grid; each map sums to 1, those
      after `<EOS>` are zeros.
  """
  texts: list[str]
  confidence: np.ndarray
  char_confidence: Optional[np.ndarray] = None
  attention: Optional[np.ndarray] = None


def new_session(graph: tf.Graph) -> tf.Session:
  """A session that leaves room on the accelerator for others."""
  return tf.Session(graph=graph,
                    config=run_config.session_config(share_gpu=True))


class Predictor:
  """A model in a session of its own. A context manager that ends it.

  Attributes:
    config: of the model.
    name: where the model came from.
    session: holds its variables.
    signatures: what can be asked of it, by name.
  """

  def __init__(self, config: config_lib.Config, name: str,
               session: tf.Session,
               signatures: Mapping[str, inference_graph.Signature]):
    """Wraps a session; the classmethods are the ways to get one.

    Args:
      config: of the model.
      name: where the model came from.
      session: with all variables initialised; the predictor closes it.
      signatures: as `inference_graph.build_inference_graph` returns.
    """
    self.config = config
    self.name = name
    self.session = session
    self.signatures = signatures

  @classmethod
  def from_model_dir(cls, model_dir: str,
                     search: Mapping[str, Any] = _NO_CHANGES,
                     use_average: bool = True,
                     device: Optional[str] = None) -> 'Predictor':
    """The newest checkpoint of a model directory.

    Args:
      model_dir: the directory.
      search: fields of DecodeConfig that replace those of its config.json.
      use_average: take the averages of the weights where there are some.
      device: that is to read, as '/gpu:1'; TensorFlow's choice if None.

    Raises:
      InputError: if there is none, or it cannot be read.
    """
    config = config_lib.read(model_dir)
    return cls._restored(config, checkpoints.find(model_dir), search,
                         use_average, device)

  @classmethod
  def from_checkpoint(cls, path: str,
                      search: Mapping[str, Any] = _NO_CHANGES,
                      use_average: bool = True,
                      device: Optional[str] = None) -> 'Predictor':
    """A checkpoint with its `config.json` beside it.

    Args:
      path: path prefix of the checkpoint, as `runs/a/model.ckpt-100`.
      search: fields of DecodeConfig that replace those of its config.json.
      use_average: take the averages of the weights where there are some.
      device: that is to read, as '/gpu:1'; TensorFlow's choice if None.

    Raises:
      InputError: if there is none, or it cannot be read.
    """
    if os.path.isdir(path):
      raise errors.InputError(
          f'{path}: a directory; use --model_dir for it, or name a '
          'checkpoint in it, as model.ckpt-100.')
    prefix = checkpoints.find(path)
    return cls._restored(config_lib.read(config_lib.directory_of(prefix)),
                         prefix, search, use_average, device)

  @classmethod
  def _restored(cls, config: config_lib.Config, prefix: str,
                search: Mapping[str, Any], use_average: bool,
                device: Optional[str]) -> 'Predictor':
    config = dataclasses.replace(
        config, decode=dataclasses.replace(config.decode, **search))
    graph = tf.Graph()
    session = new_session(graph)
    with graph.as_default(), tf.device(device):
      signatures = inference_graph.build_inference_graph(config).signatures
      # A training checkpoint also holds optimizer slots, which stay there.
      variables = checkpoints.named_variables()
      if use_average:
        variables = moving_averages.restored(variables,
                                             checkpoints.saved_shapes(prefix))
      checkpoints.check_fits(variables, prefix)
      try:
        tf.train.Saver(variables).restore(session, prefix)
      except (tf.errors.OpError, ValueError) as e:
        raise errors.InputError(
            f'{prefix}: damaged checkpoint ({_first_line(e)}); use an older '
            'one.') from e
    return cls(config, prefix, session, signatures)

  @classmethod
  def from_saved_model(cls, path: str,
                       device: Optional[str] = None) -> 'Predictor':
    """An exported model: no code of the model is run, only its graph.

    Args:
      path: folder of a version, or of versions, of which the newest is taken.
      device: that is to read, as '/gpu:1'; TensorFlow's choice if None.

    Raises:
      InputError: if it is no SavedModel that bin/export wrote.
    """
    folder = version_folder(
        path, tf.saved_model.loader.maybe_saved_model_directory, 'SavedModel')
    config = _exported_config(folder)
    graph = tf.Graph()
    session = new_session(graph)
    try:
      with graph.as_default(), tf.device(device):
        meta_graph = tf.saved_model.loader.load(
            session, [tf.saved_model.tag_constants.SERVING], folder)
    except (tf.errors.OpError, OSError, RuntimeError, ValueError) as e:
      raise errors.InputError(
          f'{folder}: damaged SavedModel ({_first_line(e)}); export it '
          'again.') from e
    return cls(config, folder, session,
               _loaded_signatures(graph, meta_graph, folder))

  def read_bytes(self, image_bytes: Sequence[bytes],
                 with_attention: bool = False) -> list[reading_lib.Reading]:
    """Reads one batch of encoded images.

    Args:
      image_bytes: contents of JPEG, PNG, BMP or GIF files; whatever else
        gives a reading that is not valid.
      with_attention: whether readings get `attention`.

    Raises:
      InputError: if the model gives no attention maps.
    """
    if not image_bytes:
      return []
    signature = inference_graph.SERVING_DEFAULT
    if with_attention:
      signature = inference_graph.ATTENTION
      if signature not in self.signatures:
        raise errors.InputError(
            f'{self.name}: gives no attention maps; name a checkpoint, or a '
            'SavedModel exported anew.')
    # NumPy's own byte strings would lose zeros at their end.
    found = self.run(signature, image_bytes=np.array(image_bytes, object))
    return [_reading({name: values[i] for name, values in found.items()})
            for i in range(len(image_bytes))]

  def read_images(self, images: np.ndarray,
                  with_attention: bool = False) -> ImageReadings:
    """Reads one batch of images of the model's size.

    Args:
      images: float32 [N, H, W, C] in [-1, 1].
      with_attention: whether readings get `attention`, where the model
        gives it (`tells_attention`).

    Returns:
      An ImageReadings.
    """
    with_attention = with_attention and self.tells_attention
    signature = (inference_graph.DECODE_ATTENTION if with_attention
                 else inference_graph.DECODE)
    wanted = [name for name in ('text', 'confidence', 'char_confidence',
                                'attention')
              if name in self.output_names(signature)]
    found = self.run(signature, wanted, image=images)
    return ImageReadings(
        [text.decode('utf-8') for text in found['text']],
        found['confidence'], found.get('char_confidence'),
        found.get('attention'))

  @property
  def tells_attention(self) -> bool:
    """Whether `read_images` can give attention maps."""
    return inference_graph.DECODE_ATTENTION in self.signatures

  def output_names(self, signature: str) -> Collection[str]:
    """Names of the outputs of a signature."""
    return self.signatures[signature].outputs.keys()

  def run(self, signature: str, outputs: Sequence[str] = (),
          **inputs: np.ndarray) -> dict[str, np.ndarray]:
    """Runs one signature.

    Args:
      signature: its name.
      outputs: what to fetch of it; everything if empty.
      **inputs: its inputs by name.

    Returns:
      Outputs by name.
    """
    tensors = self.signatures[signature]
    fetches = {name: tensors.outputs[name]
               for name in outputs or tensors.outputs}
    return self.session.run(
        fetches, {tensors.inputs[name]: value
                  for name, value in inputs.items()})

  def variable_values(self) -> dict[str, np.ndarray]:
    """All variables of the model by name."""
    with self.session.graph.as_default():
      return self.session.run(
          {variable.op.name: variable for variable in tf.global_variables()})

  def close(self):
    """Frees the model's memory; it cannot read after that."""
    self.session.close()

  def __enter__(self) -> 'Predictor':
    return self

  def __exit__(self, *unused_exception):
    self.close()


def _reading(row: Mapping[str, Any]) -> reading_lib.Reading:
  """A row of the outputs of a signature that takes bytes."""
  text = row['text'].decode('utf-8')
  valid = bool(row['valid'])
  attention = None
  if valid and 'attention' in row:
    count = np.count_nonzero(row['char_confidence'])
    attention = reading_lib.Attention(row['image'], row['attention'][:count],
                                      row['char_confidence'][:count])
  candidates: dict[str, float] = {}
  for candidate, score in zip(row.get('nbest_text', ()),
                              row.get('nbest_score', ())):
    if np.isfinite(score):
      candidates.setdefault(candidate.decode('utf-8'), float(score))
  return reading_lib.Reading(
      text, float(row['confidence']),
      reading_lib.of_characters(text, row['char_confidence']), valid,
      '' if valid else reading_lib.NO_IMAGE, tuple(candidates.items()),
      attention)


def _first_line(error: Exception) -> str:
  return str(error).split('\n', maxsplit=1)[0]


def version_folder(path: str, is_model: Callable[[str], bool],
                   what: str) -> str:
  """`path` itself if it holds a model, else its newest version.

  Args:
    path: folder of a version, or of versions.
    is_model: whether a folder is that of a version.
    what: what such a folder holds, for messages.

  Raises:
    InputError: if there is none.
  """
  if not os.path.isdir(path):
    raise errors.InputError(f'{path}: no such directory; name what '
                            'bin/export printed.')
  if is_model(path):
    return path
  found = list(filter(is_model, versions.paths(path)))
  if not found:
    raise errors.InputError(
        f'{path}: holds no {what}; name what bin/export printed, or its '
        'parent.')
  return found[-1]


def _exported_config(folder: str) -> config_lib.Config:
  extra = os.path.join(folder, EXTRA_DIR)
  if not os.path.isfile(os.path.join(extra, config_lib.CONFIG_FILE)):
    raise errors.InputError(
        f'{folder}: not exported by this project (no {EXTRA_DIR}/'
        f'{config_lib.CONFIG_FILE} in it); name what bin/export printed.')
  return config_lib.read(extra)


def _loaded_signatures(
    graph: tf.Graph, meta_graph: tf.MetaGraphDef,
    folder: str) -> dict[str, inference_graph.Signature]:
  missing = [name for name in _SIGNATURES
             if name not in meta_graph.signature_def]
  if missing:
    raise errors.InputError(
        f'{folder}: has no signature {missing[0]}; export it again.')

  def tensors(infos):
    return {name: graph.get_tensor_by_name(info.name)
            for name, info in infos.items()}

  return {
      name: inference_graph.Signature(
          tensors(meta_graph.signature_def[name].inputs),
          tensors(meta_graph.signature_def[name].outputs))
      for name in (*_SIGNATURES, *_NEWER_SIGNATURES)
      if name in meta_graph.signature_def}
