"""Evaluates the averaged weights, and keeps copies of them.

  python -m tools.long_training.evaluation FOLDER ROOT NAME=PATH...

A process of its own exports the averages of the newest checkpoint and
evaluates them into FOLDER/pending; the command then has `publish` make a copy
of them under FOLDER/averaged, by a rename.
"""

import hashlib
import json
import os
import shutil
import sys
from typing import Any, Mapping, Sequence

from master import files
from tools.long_training import folder as folder_lib
from tools.long_training import processes

PROTOCOLS = ('alnum_ci', 'case_sensitive')
FIGURES_FILE = 'evaluation.json'
_SUMS_FILE = 'SHA256SUMS'
_WEIGHTS, _RESULTS = 'weights', 'results'


def _run(arguments: Sequence[str], folder: folder_lib.Folder, root: str):
  process = processes.start([sys.executable, '-m', *arguments], folder.path,
                            folder.log('evaluate'), root)
  status = process.wait()
  if status:
    sys.exit(1)


def main(path: str, root: str, sets: Sequence[str]):
  """Exports and evaluates."""
  folder = folder_lib.Folder(path)
  weights = os.path.join(folder.pending, _WEIGHTS)
  _run(['master.cli.export', '--format=checkpoint',
        f'--model_dir={folder.model_dir}', f'--export_dir={weights}'],
       folder, root)
  if sets:
    _run(['master.cli.eval', f'--model_dir={_pending_weights(folder)}',
          f'--eval_lmdb={",".join(sets)}', '--num_replicas=1',
          f'--output_dir={os.path.join(folder.pending, _RESULTS)}'],
         folder, root)


def _pending_weights(folder: folder_lib.Folder) -> str:
  weights = os.path.join(folder.pending, _WEIGHTS)
  version, = os.listdir(weights)
  return os.path.join(weights, version)


def pending_step(folder: folder_lib.Folder) -> int:
  """Step of the weights that were exported."""
  return folder_lib.step_in(_pending_weights(folder))


def pending_figures(folder: folder_lib.Folder) -> dict[str, Any]:
  """By set, its samples, and word accuracy and ned by protocol in [0, 1]."""
  path = os.path.join(folder.pending, _RESULTS, 'results.json')
  if not os.path.exists(path):
    return {}
  with open(path, encoding='utf-8') as f:
    sets = json.load(f)['sets']
  return {name: {'samples': values['samples'], **{
      protocol: {key: values['protocols'][protocol][key]
                 for key in ('word_accuracy', 'ned')}
      for protocol in PROTOCOLS}} for name, values in sets.items()}


def _write_sums(path: str):
  lines = []
  for name in sorted(os.listdir(path)):
    if name != _SUMS_FILE:
      with open(os.path.join(path, name), 'rb') as f:
        lines.append(f'{hashlib.sha256(f.read()).hexdigest()}  {name}\n')
        os.fsync(f.fileno())
  files.write(os.path.join(path, _SUMS_FILE), ''.join(lines))


def publish(folder: folder_lib.Folder, record: Mapping[str, Any], keep: int):
  """Makes the pending weights a copy under `averaged`; tells the metrics.

  Args:
    folder: of the training.
    record: the line of metrics.jsonl; `step` is that of the weights.
    keep: how many copies stay.
  """
  path = os.path.join(folder.averaged, f'STEP-{record["step"]:09d}')
  source = _pending_weights(folder)
  files.write(os.path.join(source, FIGURES_FILE),
              json.dumps(record, indent=2) + '\n')
  _write_sums(source)
  if os.path.exists(path):
    folder_lib.remove(path)
  os.rename(source, path)
  complete(folder)
  for name in copies(folder)[:-keep]:
    folder_lib.remove(os.path.join(folder.averaged, name))
  shutil.rmtree(folder.pending)


def copies(folder: folder_lib.Folder) -> list[str]:
  """Names of the copies, the newest last."""
  return sorted(name for name in os.listdir(folder.averaged)
                if name.startswith('STEP-'))


def complete(folder: folder_lib.Folder):
  """Tells the metrics of a copy that a kill kept from being told of."""
  told = {record['step'] for record in folder.metrics('evaluation')}
  for name in copies(folder):
    path = os.path.join(folder.averaged, name, FIGURES_FILE)
    with open(path, encoding='utf-8') as f:
      record = json.load(f)
    if record['step'] not in told:
      folder.append(record)


if __name__ == '__main__':
  main(sys.argv[1], sys.argv[2], sys.argv[3:])
