"""The command lines of a long training: what renders, trains and evaluates."""

import hashlib
import os
import sys
from typing import Sequence

from master import config as config_lib
from master import errors
from tools.long_training import folder as folder_lib
from tools.long_training import plan as plan_lib


def _python(module: str, *arguments: str) -> list[str]:
  return [sys.executable, '-m', module, *arguments]


def _flag_contents(flags: Sequence[str], root: str) -> list[str]:
  """The flags, each flagfile followed by what it holds."""
  found = []
  for flag in flags:
    found.append(flag)
    if flag.startswith('--flagfile='):
      path = os.path.join(root, flag.partition('=')[2])
      try:
        with open(path, encoding='utf-8') as f:
          found += _flag_contents(f.read().split(), root)
      except OSError as e:
        raise errors.InputError(
            f'{flag}: cannot be read ({e.strerror}); relative paths start at '
            f'{root}.') from e
  return found


class Commands:
  """Of one plan and folder."""

  def __init__(self, plan: plan_lib.Plan, folder: folder_lib.Folder,
               root: str):
    self._plan = plan
    self._folder = folder
    self._root = root

  def shard_path(self, shard: plan_lib.Shard) -> str:
    """Where a shard is; the name tells all that decides its words."""
    flags = self._plan.stages[shard.stage].render_flags
    text = '\n'.join([*_flag_contents(flags, self._root), str(shard)])
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return os.path.join(self._folder.shards,
                        f'{shard.stage:02d}-{shard.number:05d}-{digest}')

  def render(self, shard: plan_lib.Shard) -> list[str]:
    """Renders a shard; it appears whole or not at all."""
    return _python(
        'master.cli.render_lmdb',
        *self._plan.stages[shard.stage].render_flags,
        f'--output={self.shard_path(shard)}', f'--count={shard.words}',
        f'--seed={shard.seed}', f'--processes={self._plan.render_processes}')

  def _train_flags(self, stage: plan_lib.Stage) -> list[str]:
    sizes = {name: getattr(stage, name)
             for name in ('image_height', 'image_width')}
    return [*stage.train_flags, f'--batch_size={stage.batch_size}',
            *(f'--{name}={value}' for name, value in sizes.items() if value),
            f'--schedule_steps={self._plan.schedule_steps}',
            f'--change_model={",".join(config_lib.CHANGEABLE)}',
            f'--model_dir={self._folder.model_dir}']

  def hard_path(self, run: plan_lib.Run) -> str:
    """Where the hard words are that a run reads again."""
    return self.shard_path(run.shards[0]) + '-hard'

  def losses_path(self, run: plan_lib.Run) -> str:
    """Where the losses of a run's words are."""
    return os.path.join(self._folder.losses,
                        os.path.basename(self.shard_path(run.shards[0])))

  def paths(self, run: plan_lib.Run) -> list[str]:
    """The LMDBs of a run, the new words first."""
    return [*map(self.shard_path, run.shards),
            *([self.hard_path(run)] if run.hard_words else [])]

  def train(self, run: plan_lib.Run) -> list[str]:
    """Trains from the newest checkpoint to the end of a run."""
    losses = ([f'--sample_losses={self.losses_path(run)}',
               '--distribution=none']
              if self._plan.has_hard_words(run) else [])
    return _python(
        'master.cli.train', *self._train_flags(self._plan.stages[run.stage]),
        '--train_lmdb=' + ','.join(self.paths(run)), *losses,
        f'--train_steps={run.last_step}', f'--seed={run.seed}')

  def pack(self, run: plan_lib.Run) -> list[str]:
    """Packs the hard words that a run reads again."""
    before = self._plan.run_before(run)
    return _python(
        'tools.long_training.hard_words', self.losses_path(before),
        self.hard_path(run), str(run.hard_words),
        *map(self.shard_path, before.shards))

  def evaluate(self) -> list[str]:
    """Exports the newest averages and evaluates them, into `pending`."""
    return _python(
        'tools.long_training.evaluation', self._folder.path, self._root,
        *(f'{name}={path}' for name, path in self._plan.eval_sets.items()))

  def repair(self) -> list[str]:
    """Makes `checkpoint` list the newest intact checkpoint."""
    code = ('import sys\n'
            'from master.estimator.checkpoint import checkpoint_files\n'
            'checkpoint_files.repair(sys.argv[1])')
    return [sys.executable, '-c', code, self._folder.model_dir]

  def flag_checks(self) -> list[tuple[str, list[str]]]:
    """(Field of the plan, command that checks it); none twice."""
    found = {}
    for number, stage in enumerate(self._plan.stages):
      for field, command, flags in (
          ('render_flags', 'render_lmdb',
           [*stage.render_flags, '--output=o', '--count=1']),
          ('train_flags', 'train',
           [*self._train_flags(stage), '--train_lmdb=l',
            f'--train_steps={self._plan.total_steps}'])):
        found.setdefault((command, *flags), f'stages[{number}].{field}')
    return [(field, _python('tools.long_training.flag_check', *command))
            for command, field in found.items()]
