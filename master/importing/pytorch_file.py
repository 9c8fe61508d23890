"""`.pth` files, read without running what is in them.

PyTorch is needed, an extra of this package.
"""

import logging
import os
import pickle
import pickletools
import re
from typing import Any, Mapping, Optional
import warnings
import zipfile

import numpy as np

from master import errors
from master.importing import state as state_lib

STATE_KEY = 'model_state_dict'

# MASTER-pytorch's trainer saves these objects beside the weights. An inert
# class stands for each, so that nothing of theirs is looked up or called.
_INERT_GLOBALS = (
    'parse_config.ConfigParser',
    'pathlib.PosixPath', 'pathlib.WindowsPath',
    'pathlib._local.PosixPath', 'pathlib._local.WindowsPath',
    'numpy.dtype', 'numpy.core.multiarray.scalar',
    'numpy._core.multiarray.scalar',
)


class _Inert:
  """Keeps what an object was to be made of."""

  def __init__(self, *arguments):
    self.arguments = arguments
    self.state = None

  def __setstate__(self, state):
    self.state = state


def _import_torch():
  try:
    import torch
  except ImportError as e:
    raise errors.InputError(
        '--source=master_pytorch: needs PyTorch to read the file; install it '
        "with: pip install 'master-ocr[pytorch]'.") from e
  if not hasattr(torch.serialization, 'safe_globals'):
    raise errors.InputError(
        f'--source=master_pytorch: PyTorch {torch.__version__} is too old to '
        'read a file safely; install 2.6 or newer.')
  return torch


def _load(path: str) -> Any:
  """What `torch.save` wrote: tensors and plain values alone."""
  torch = _import_torch()
  if not os.path.isfile(path):
    raise errors.InputError(f'--input={path}: no such file.')
  try:
    with torch.serialization.safe_globals(
        [(_Inert, name) for name in _INERT_GLOBALS]):
      with warnings.catch_warnings():
        # They speak of pickles that the next line refuses anyway.
        warnings.simplefilter('ignore')
        # Mapped, so that an optimizer's state in the file costs no memory.
        return torch.load(path, map_location='cpu', weights_only=True,
                          mmap=zipfile.is_zipfile(path))
  except MemoryError:
    raise
  # A damaged file may break the reader in any way.
  except Exception as e:  # pylint: disable=broad-except
    raise errors.InputError(_why_refused(path, e)) from e


def _called_by_plain_pickle(path: str) -> Optional[str]:
  """What a file of pickle's own would call; None if nothing. Runs nothing."""
  texts = []
  try:
    with open(path, 'rb') as f:
      for operation, argument, _ in pickletools.genops(f):
        if operation.name in ('GLOBAL', 'INST'):
          return argument.replace(' ', '.')
        if operation.name == 'STACK_GLOBAL':
          return '.'.join(texts[-2:])
        if isinstance(argument, str):
          texts.append(argument)
  # genops raises whatever its decoding of an argument does.
  except Exception:  # pylint: disable=broad-except
    pass
  return None


def _why_refused(path: str, error: Exception) -> str:
  text = ' '.join(str(error).split()).split('WeightsUnpickler error: ')[-1]
  named = re.search(r'GLOBAL ([\w.]+)', text)
  called = named.group(1) if named and isinstance(
      error, pickle.UnpicklingError) else _called_by_plain_pickle(path)
  if called:
    return (f'--input={path}: refused, as reading it would run code '
            f'({called}); save the tensors alone, with '
            'torch.save(model.state_dict(), FILE), where you trust it.')
  return (f'--input={path}: damaged, or not a file of torch.save '
          f'({type(error).__name__}: {text.split(". ")[0][:120]}); fetch it '
          'again.')


def _tensors(path: str, loaded: Any) -> Mapping[str, Any]:
  torch = _import_torch()
  found = loaded.get(STATE_KEY, loaded) if isinstance(loaded, dict) else None
  if (not isinstance(found, dict) or not found
      or not all(isinstance(value, torch.Tensor) for value in found.values())):
    what = (f'a dict of {", ".join(map(repr, list(loaded)[:5]))}'
            if isinstance(loaded, dict) else f'a {type(loaded).__name__}')
    raise errors.InputError(
        f'--input={path}: holds no state dict, neither bare nor under '
        f'{STATE_KEY!r}, but {what}.')
  return found


def _get(tree: Any, *keys: str) -> Any:
  for key in keys:
    tree = tree.get(key) if isinstance(tree, dict) else None
  return tree


def _embedded_config(loaded: Any) -> Optional[dict[str, Any]]:
  """The training's configuration, which MASTER-pytorch saves as an object."""
  config = _get(loaded, 'config')
  if isinstance(config, _Inert):
    config = _get(config.state, '_config')
  return config if isinstance(config, dict) else None


def _settings(path: str, config: Mapping[str, Any]) -> dict[str, Any]:
  """Fields of ModelConfig that no tensor shows, from the training's."""
  common = ('model_arch', 'args', 'common_kwargs')
  decoder = ('model_arch', 'args', 'decoder_kwargs')
  if _get(config, *common, 'with_encoder') in (True, 'true'):
    raise errors.InputError(
        f'--input={path}: was trained with_encoder, with a transformer '
        'encoder after the backbone, which this model does not have.')
  places = {
      'num_heads': (int, (*common, 'multiheads')),
      'num_layers': (int, (*decoder, 'stacks')),
      'dropout_rate': (float, (*decoder, 'dropout')),
      'image_height': (int, ('train_dataset', 'args', 'img_h')),
      'image_width': (int, ('train_dataset', 'args', 'img_w')),
  }
  found = {field: (kind, _get(config, *keys))
           for field, (kind, keys) in places.items()}
  return {field: kind(value) for field, (kind, value) in found.items()
          if isinstance(value, (int, float)) and not isinstance(value, bool)}


def read(path: str) -> state_lib.State:
  """Opens a state dict, bare or under `model_state_dict`.

  Args:
    path: of the file.

  Raises:
    InputError: if PyTorch is missing, the file is damaged, would run code or
      holds no state dict.
  """
  loaded = _load(path)
  torch = _import_torch()
  tensors = _tensors(path, loaded)

  def read_one(name: str) -> np.ndarray:
    tensor = tensors[name]
    if not tensor.is_floating_point() or tensor.is_sparse:
      raise errors.InputError(
          f'--input={path}: {name} holds {tensor.dtype}, not weights.')
    return tensor.detach().to(torch.float32).numpy()

  config = _embedded_config(loaded)
  if config is not None:
    logging.info('%s holds the configuration of its training', path)
  return state_lib.State(
      path, {name: tuple(tensor.shape) for name, tensor in tensors.items()},
      read_one, _settings(path, config) if config else {})
