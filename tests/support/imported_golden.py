"""Small files as the originals write them, and what they should compute.

Run as a program, it writes them anew (needs the pytorch extra):
  python -m tests.support.imported_golden
"""

import os
import pathlib
import sys
from unittest import mock

import numpy as np

from tests.support import imported_models
from tests.support import original_models
from tests.support import trainer_files

FOLDER = pathlib.Path(__file__).parents[1] / 'importing' / 'testdata'
PTH = FOLDER / 'master_pytorch.pth'
CHECKPOINT = FOLDER / 'OCRTransformer-Best'
OUTPUTS = FOLDER / 'outputs.npz'

PYTORCH = original_models.Settings(heads=2, fusion='concat', channels=3,
                                   positions=64)
TF = original_models.Settings(context_in_all=True)


def outputs(name: str) -> dict[str, np.ndarray]:
  """Memory and logits of `imported_models.inputs`, by 'pytorch' or 'tf'."""
  with np.load(OUTPUTS) as file:
    return {part: file[f'{name}_{part}'] for part in ('memory', 'logits')}


def computed(name: str) -> dict[str, np.ndarray]:
  """The same from the originals in NumPy."""
  if name == 'pytorch':
    return original_models.pytorch_outputs(
        original_models.make_state(
            original_models.pytorch_shapes(PYTORCH)), PYTORCH,
        *imported_models.inputs(PYTORCH))
  return original_models.tf_outputs(
      original_models.make_state(original_models.tf_shapes(TF)), TF,
      *imported_models.inputs(TF))


def write():
  """Writes all files."""
  import torch
  FOLDER.mkdir(exist_ok=True)
  state = original_models.make_state(original_models.pytorch_shapes(PYTORCH))
  tensors = {}
  for name, value in state.items():
    # As in a real file, both names share one tensor.
    first = original_models.first_name(name)
    tensors[name] = tensors.get(first, torch.from_numpy(value))
  module, config = trainer_files.trainer_config()
  with mock.patch.dict(sys.modules, parse_config=module):
    torch.save({'arch': 'MASTER', 'epoch': 1, 'model_state_dict': tensors,
                'optimizer': {'state': {}, 'param_groups': []},
                'monitor_best': np.float64(0.5), 'config': config}, PTH)
  imported_models.write_checkpoint(
      {**original_models.make_state(original_models.tf_shapes(TF)),
       'save_counter': np.int64(1), 'step': np.int32(1),
       'epoch': np.int32(1), 'best_score': np.float32(0.5),
       'model/linear/bias/.OPTIMIZER_SLOT/optimizer/m':
           np.zeros([TF.classes], np.float32)}, os.fspath(CHECKPOINT))
  np.savez_compressed(OUTPUTS, **{
      f'{name}_{part}': value.astype(np.float32)
      for name in ('pytorch', 'tf')
      for part, value in computed(name).items()})


if __name__ == '__main__':
  write()
