"""Stand-ins for what a long training starts: quick, and all words are noted.

As a program it is the command itself with these stand-ins, which take a
fraction of a second where TensorFlow's start alone takes many:

  python -m tests.support.long_training_parts run PLAN FOLDER

A word is named by its shard's seed and its number; a checkpoint holds all words
that were trained on.
"""

import json
import logging
import os
import shutil
import signal
import sys
import time

from master import files
from tools.long_training import commands as commands_lib
from tools.long_training import folder as folder_lib
from tools.long_training import plan as plan_lib
from tools.long_training import supervisor

SAVE_STEPS = 3
_STEP_SECONDS = 0.01


class Commands(commands_lib.Commands):
  """Those of this module in place of the project's."""

  def _own(self, *arguments):
    return [sys.executable, '-m', 'tests.support.long_training_parts',
            *map(str, arguments)]

  def render(self, shard):
    return self._own('render', self.shard_path(shard), shard.words, shard.seed)

  def train(self, run):
    stage = self._plan.stages[run.stage]
    return self._own('train', self._folder.model_dir, run.first_step,
                     run.last_step, stage.batch_size, stage.epochs_per_shard,
                     *self.paths(run))

  def pack(self, run):
    before = self._plan.run_before(run)
    return self._own('pack', self.hard_path(run), run.hard_words,
                     *map(self.shard_path, before.shards))

  def evaluate(self):
    return self._own('evaluate', self._folder.path)

  def repair(self):
    return ['true']


def render(path: str, words: str, seed: str):
  """Writes a shard a little at a time."""
  parent, name = os.path.split(path)
  hidden = os.path.join(parent, f'.{name}.tmp')
  # As render_lmdb and the packer remove what a killed one has left.
  shutil.rmtree(hidden, ignore_errors=True)
  os.mkdir(hidden)
  with open(os.path.join(hidden, 'words'), 'w', encoding='utf-8') as f:
    for i in range(int(words)):
      f.write(f'{seed}:{i}\n')
      f.flush()
      time.sleep(_STEP_SECONDS / 10)
  os.rename(hidden, path)


def pack(path: str, count: str, *shards: str):
  """Takes the last words of shards as the hard ones."""
  words = []
  for shard in shards:
    with open(os.path.join(shard, 'words'), encoding='utf-8') as f:
      words += f.read().split()
  hidden = os.path.join(os.path.dirname(path),
                        f'.{os.path.basename(path)}.tmp')
  # As render_lmdb and the packer remove what a killed one has left.
  shutil.rmtree(hidden, ignore_errors=True)
  os.mkdir(hidden)
  files.write(os.path.join(hidden, 'words'),
              '\n'.join(words[-int(count):]))
  os.rename(hidden, path)


def trained(model_dir: str) -> list[str]:
  """The words that the newest checkpoint was trained on."""
  step = folder_lib.step_in(model_dir)
  if not step:
    return []
  with open(os.path.join(model_dir, f'model.ckpt-{step}'),
            encoding='utf-8') as f:
    return f.read().split()


def _save(model_dir: str, step: int, words: list[str]):
  files.write(os.path.join(model_dir, f'model.ckpt-{step}'),
              '\n'.join(words))
  files.write(os.path.join(model_dir, 'checkpoint'),
              f'model_checkpoint_path: "model.ckpt-{step}"\n')
  with open(os.path.join(model_dir, 'metrics.jsonl'), 'a',
            encoding='utf-8') as f:
    print(json.dumps({'kind': 'train', 'step': step, 'values': {
        'loss': 1 / step, 'learning_rate': 0.1}}), file=f)


def train(model_dir: str, first: str, last: str, batch: str, epochs: str,
          *shards: str) -> int:
  """Goes on from the newest checkpoint."""
  heard = []
  signal.signal(signal.SIGTERM, lambda *_: heard.append(True))
  os.makedirs(model_dir, exist_ok=True)
  words = []
  for shard in shards:
    with open(os.path.join(shard, 'words'), encoding='utf-8') as f:
      words += f.read().split()
  words *= int(epochs)
  step, seen = folder_lib.step_in(model_dir), trained(model_dir)
  while step < int(last) and not heard:
    start = (step - int(first)) * int(batch)
    seen += words[start:start + int(batch)]
    step += 1
    time.sleep(_STEP_SECONDS)
    if step % SAVE_STEPS == 0:
      _save(model_dir, step, seen)
  _save(model_dir, step, seen)
  return 143 if heard else 0


def evaluate(path: str):
  """Writes what an evaluation leaves to be published."""
  folder = folder_lib.Folder(path)
  step = folder.step()
  weights = os.path.join(folder.pending, 'weights', '17')
  results = os.path.join(folder.pending, 'results')
  os.makedirs(weights)
  os.makedirs(results)
  time.sleep(_STEP_SECONDS)
  files.write(os.path.join(weights, 'values'), f'of step {step}')
  files.write(os.path.join(weights, 'checkpoint'),
              f'model_checkpoint_path: "model.ckpt-{step}"\n')
  scores = {'word_accuracy': 0.25, 'ned': 0.5, 'samples': 4}
  files.write(os.path.join(results, 'results.json'), json.dumps({
      'sets': {'Own': {'samples': 4, 'protocols': {
          'alnum_ci': scores, 'case_sensitive': scores}}}}))


def run(plan_path: str, path: str) -> int:
  """The command with these stand-ins."""
  plan, folder = plan_lib.read(plan_path), folder_lib.Folder(path)
  root = os.getcwd()
  logging.basicConfig(level=logging.INFO)
  folder.make()
  folder.lock()
  return supervisor.Supervisor(
      plan, folder, Commands(plan, folder, root), root,
      supervisor.Pace(pause_seconds=0.05, max_failures=12)).run()


if __name__ == '__main__':
  sys.exit({'render': render, 'pack': pack, 'train': train,
            'evaluate': evaluate, 'run': run}[sys.argv[1]](*sys.argv[2:]))
