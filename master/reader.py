"""Readers: the text of pictures in any form, by a model in any form."""

import dataclasses
import glob
import itertools
import os
import sys
from typing import (
  TYPE_CHECKING,
  Any,
  Iterable,
  Iterator,
  Optional,
  Union,
  overload,
)

from master import config as config_lib
from master import errors
from master import pretrained
from master import tensorflow_import
from master.export import reading as reading_lib
from master.images import encode

if TYPE_CHECKING:
  from master.export import predictor as predictor_lib

Picture = encode.Picture
Reading = reading_lib.Reading

# Form of a model -> a file in its folder, by which it is known, and whether it
# may be in a folder of versions.
_MARKS = {
    'saved_model': ('saved_model.pb*', True),
    'onnx_model': ('model.onnx', True),
    # The last, for folders of the others can hold this file too.
    'model_dir': (config_lib.CONFIG_FILE, False),
}
_FORMS = (*_MARKS, 'checkpoint')


class Reader:
  """A model that reads pictures. A context manager that frees its memory.

  Several threads may read with one reader at the same time.

  Attributes:
    predictor: the model itself, for images of its own size.
    name: where the model came from.
  """

  def __init__(self, predictor: 'predictor_lib.Predictor'):
    """Wraps a predictor and closes it; `load` is the way to get a reader."""
    self.predictor = predictor
    self.name: str = predictor.name

  # A path is an iterable too, of characters: type checkers take the first.
  @overload
  def read(  # type: ignore[overload-overlap]
      self, pictures: Picture, *, batch_size: int = ...,
      with_attention: bool = ...) -> Reading:
    ...

  @overload
  def read(self, pictures: Iterable[Picture], *, batch_size: int = ...,
           with_attention: bool = ...) -> list[Reading]:
    ...

  def read(self, pictures, *, batch_size=32, with_attention=False):
    """Reads one picture or several, each of any size and kind.

    A picture is
      - a path, `str` or `os.PathLike`, of a JPEG, PNG, BMP or GIF file;
      - the contents of such a file, `bytes`;
      - a Pillow picture;
      - an array uint8 [H, W], [H, W, 1], [H, W, 3] or [H, W, 4] in [0, 255],
        with the channels red, green, blue, alpha. OpenCV has blue first:
        give `image[:, :, ::-1]`.

    What is no image, or a file that cannot be opened, gives a reading that is
    not `valid`, with the reason as its `error`; the others are read all the
    same. Alpha is dropped and an orientation in EXIF not applied, as
    docs/data.md says.

    Args:
      pictures: one picture, or an iterable of them, as a list or a generator,
        of which one batch at a time is held.
      batch_size: pictures read at a time. More is quicker on a GPU.
      with_attention: whether readings get `attention`.

    Returns:
      A Reading of one picture; of an iterable the list of them, in order.

    Raises:
      InputError: if an array or Pillow picture is of a wrong kind, batch_size
        below 1, or attention asked of a model that gives none.
      TypeError: if something is no picture.
    """
    readings = self.stream(pictures, batch_size=batch_size,
                           with_attention=with_attention)
    return next(readings) if encode.is_picture(pictures) else list(readings)

  def stream(self, pictures: Union[Picture, Iterable[Picture]], *,
             batch_size: int = 32, with_attention: bool = False
             ) -> Iterator[Reading]:
    """As `read`, one reading after the other, for more than memory holds.

    Args:
      pictures: as of `read`.
      batch_size: pictures that are taken and read at a time.
      with_attention: as of `read`.

    Yields:
      A Reading of each picture, in order.

    Raises:
      InputError, TypeError: as of `read`.
    """
    if batch_size < 1:
      raise errors.InputError(f'batch_size={batch_size}: must be at least 1.')
    several: Any = [pictures] if encode.is_picture(pictures) else pictures
    left = iter(several)
    while batch := list(itertools.islice(left, batch_size)):
      contents, faults = zip(*map(encode.encode, batch))
      for reading, fault in zip(
          self.predictor.read_bytes(contents, with_attention), faults):
        yield dataclasses.replace(reading, error=fault) if fault else reading

  def close(self):
    """Frees the model's memory; it cannot read after that."""
    self.predictor.close()

  def __enter__(self) -> 'Reader':
    return self

  def __exit__(self, *unused_exception: Any):
    self.close()


def load(path: Union[str, os.PathLike, None] = None, *,
         form: Optional[str] = None, use_average: bool = True,
         beam_size: Optional[int] = None,
         length_penalty: Optional[float] = None,
         device: Optional[str] = None) -> Reader:
  """Loads a model.

  TensorFlow is imported here, without what it writes to stderr. Where the
  program has not done so before, oneDNN is turned on (TF_ENABLE_ONEDNN_OPTS)
  and C++ logs are off (TF_CPP_MIN_LOG_LEVEL), unless these variables are set.

  Args:
    path: a model directory, whose newest checkpoint is used; the path prefix
      of a checkpoint, as runs/a/model.ckpt-100; what bin/export wrote, a
      version or the folder of versions, of which the newest is used, or a
      model.onnx (needs the extra "onnx"). None stands for the model that comes
      with the package.
    form: model_dir, checkpoint, saved_model or onnx_model, if `path` is to be
      nothing else; found by looking if None.
    use_average: take the moving averages of the weights where a checkpoint
      has them. An exported model has one of both.
    beam_size: beams of the search; as the model has it if None. An exported
      model searches as it was exported.
    length_penalty: exponent of the beam search; as `beam_size`.
    device: that is to read, as '/gpu:1'; TensorFlow's choice if None. ONNX
      Runtime makes its own.

  Raises:
    InputError: if there is no model or it cannot be read; the message says
      what was looked for.
  """
  path = pretrained.directory() if path is None else os.fsdecode(path)
  if not path:
    raise errors.InputError('path: is empty; name a model, or leave it out to '
                            'read with the one that comes with the package.')
  if form is None:
    form = _form(path)
  elif form not in _FORMS:
    raise errors.InputError(f'form={form!r}: must be {", ".join(_FORMS)}.')
  if 'tensorflow' not in sys.modules:
    tensorflow_import.import_quietly()
  search = {name: value for name, value in (
      ('beam_size', beam_size), ('length_penalty', length_penalty))
            if value is not None}
  with tensorflow_import.without_warnings():
    return Reader(_predictor(form, path, search, use_average, device))


def _form(path: str) -> str:
  """The form of the model at a path, by the files there are."""
  for form, (mark, may_be_versions) in _MARKS.items():
    folder = glob.escape(path)
    if glob.glob(os.path.join(folder, mark)) or (
        may_be_versions and glob.glob(os.path.join(folder, '[0-9]*', mark))):
      return form
  if os.path.isfile(path) and os.path.basename(path) == 'model.onnx':
    return 'onnx_model'
  if os.path.isfile(f'{path}.index'):
    return 'checkpoint'
  raise errors.InputError(
      f'{path}: no model; looked for a model directory (config.json in it), a '
      'SavedModel (saved_model.pb in it or its versions), an ONNX model '
      f'(model.onnx in it or its versions) and a checkpoint ({path}.index); '
      'name one of them.')


def _predictor(form: str, path: str, search: dict[str, Any],
               use_average: bool, device: Optional[str]
               ) -> 'predictor_lib.Predictor':
  from master.export import predictor as predictor_lib
  kind = predictor_lib.Predictor
  if form == 'model_dir':
    return kind.from_model_dir(path, search, use_average, device)
  if form == 'checkpoint':
    return kind.from_checkpoint(path, search, use_average, device)
  if form == 'saved_model':
    predictor = kind.from_saved_model(path, device)
  else:
    from master.export import onnx_model
    if os.path.basename(path) == onnx_model.FILE and os.path.isfile(path):
      path = os.path.dirname(path) or os.curdir
    predictor = onnx_model.OnnxPredictor.from_folder(path)
  for name, value in search.items():
    exported = getattr(predictor.config.decode, name)
    if exported != value:
      predictor.close()
      raise errors.InputError(
          f'--{name}={value}: {predictor.name} was exported with {exported}; '
          f'export it again with --{name}={value}.')
  return predictor
