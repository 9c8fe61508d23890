"""Keeps a long training going: renders, trains, evaluates, goes on."""

import dataclasses
import logging
import os
import signal
import subprocess
import time
from typing import Any, Optional

from master import errors
from master.training import metrics_log
from tools.long_training import commands as commands_lib
from tools.long_training import evaluation
from tools.long_training import folder as folder_lib
from tools.long_training import plan as plan_lib
from tools.long_training import processes
from tools.long_training import rate as rate_lib

_TICK = 0.2  # Seconds between looks at the processes.
_PATIENCE = 120  # Seconds that a training has to save before it is killed.
_STATE, _PLAN = 'state.json', 'plan.json'
_KINDS = ('train', 'render', 'pack', 'evaluate')


@dataclasses.dataclass(frozen=True)
class Pace:
  """How often and how long.

  Attributes:
    tell_seconds: between progress lines.
    pause_seconds: before something that failed is tried again; for the n-th
      failure in a row n - 1 times as much.
    max_failures: in a row and without progress, after which all ends.
  """
  tell_seconds: float = 60
  pause_seconds: float = 10
  max_failures: int = 3


class _Failures:
  """Failures of one kind of process in a row."""

  def __init__(self, pause: float):
    self.count = 0
    self._pause = pause
    self._not_before = 0.0

  def add(self):
    self.count += 1
    self._not_before = time.monotonic() + self._pause * (self.count - 1)

  def reset(self):
    self.count = 0
    self._not_before = 0.0

  @property
  def may_try(self) -> bool:
    return time.monotonic() >= self._not_before


class Supervisor:
  """Of one plan and folder."""

  def __init__(self, plan: plan_lib.Plan, folder: folder_lib.Folder,
               commands: commands_lib.Commands, root: str,
               pace: Pace = Pace()):
    """Nothing is started or written yet.

    Args:
      plan: what to do.
      folder: where; locked by this process.
      commands: that do it.
      root: of the checkout.
      pace: how often and how long.
    """
    self._plan = plan
    self._folder = folder
    self._root = root
    self._commands = commands
    self._pace = pace
    self._children: dict[str, processes.Child] = {}
    self._failures = {kind: _Failures(pace.pause_seconds)
                      for kind in _KINDS}
    self._heard: Optional[int] = None
    self._started = time.monotonic()
    self._told = self._started
    self._rate = rate_lib.Rate()
    self._run_start = 0

  # What is known from start to start.

  def _restore(self):
    """Looks what there is, and checks whether the plan still fits it."""
    state = self._folder.read_json(_STATE) or {}
    self._seconds = state.get('seconds', 0.0)
    self._processor_seconds = {
        kind: state.get('processor_seconds', {}).get(kind, 0.0)
        for kind in _KINDS}
    self._begun = state.get('begun', time.time())
    self._folder.repair_metrics()
    evaluation.complete(self._folder)
    if os.path.exists(os.path.join(self._folder.model_dir, 'checkpoint')):
      process = processes.start(
          self._commands.repair(), self._folder.path,
          self._folder.log('train'), self._root)
      if process.wait():
        raise errors.InputError(
            f'{self._folder.model_dir}: no checkpoint in it is intact; '
            'restore one from a copy, or name another folder.')
    self._step = self._folder.step()
    self._plan.check_goes_on(self._folder.read_json(_PLAN) or [], self._step)
    self._folder.write_json(_PLAN, self._plan.to_layout())
    self._save_state()

  def _totals(self) -> tuple[float, dict[str, float]]:
    """Seconds and processor seconds, of earlier starts too."""
    costs = dict(self._processor_seconds)
    for kind, child in self._children.items():
      costs[kind] += child.processor_seconds()
    return self._seconds + time.monotonic() - self._started, costs

  def _save_state(self):
    seconds, costs = self._totals()
    self._folder.write_json(_STATE, {
        'begun': self._begun, 'seconds': seconds, 'processor_seconds': costs})

  # The loop.

  def run(self) -> int:
    """Works until all is trained and evaluated, or a signal came.

    Returns:
      The exit status: 0, or 128 + the signal's number.

    Raises:
      InputError: if something fails again and again.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
      if signal.getsignal(number) is not signal.SIG_IGN:
        signal.signal(number, self._hear)
    processes.end_marked(self._folder.path, _PATIENCE)
    self._folder.clean()
    self._restore()
    logging.info('From step %d of %d, %d of %d samples', self._step,
                 self._plan.total_steps, self._plan.samples_at(self._step),
                 self._plan.samples_at(self._plan.total_steps))
    try:
      while self._heard is None:
        self._look()
        if self._is_done():
          logging.info('Done: step %d, %d samples', self._step,
                       self._plan.samples_at(self._step))
          return 0
        self._start_renderer()
        self._start_packer()
        self._start_trainer()
        self._start_evaluator()
        if time.monotonic() - self._told >= self._pace.tell_seconds:
          self._tell()
        time.sleep(_TICK)
      return 128 + self._heard
    finally:
      self._end_all()
      self._save_state()

  def _hear(self, number: int, unused_frame: Any):
    self._heard = number
    os.write(2, f'{signal.Signals(number).name}: the training saves and '
             'ends; once more ends it at once\n'.encode())
    for each in (signal.SIGTERM, signal.SIGINT):
      signal.signal(each, signal.SIG_DFL)

  def _end_all(self):
    for child in self._children.values():  # All at the same time.
      child.send(signal.SIGTERM)
    for kind, child in list(self._children.items()):
      child.end(signal.SIGTERM, _PATIENCE if kind == 'train' else 5)
      self._forget(kind)
    processes.end_marked(self._folder.path, 5)  # What they had started.
    self._step = self._folder.step()

  def _forget(self, kind: str):
    self._processor_seconds[kind] += self._children.pop(
        kind).processor_seconds()

  def _look(self):
    """Sees what has ended."""
    for kind, child in list(self._children.items()):
      if child.poll() is None:
        continue
      self._forget(kind)
      is_good = child.status == 0
      if kind == 'train':
        is_good = self._trained(child)
      elif kind == 'evaluate' and is_good:
        self._evaluated()
      if is_good:
        self._failures[kind].reset()
      else:
        self._failed(child)
      self._save_state()

  def _trained(self, child: processes.Child) -> bool:
    """After a training has ended; whether it has come further."""
    self._step = self._folder.step()
    self._remove_used()
    if child.status:
      logging.warning('The training ended with status %d at step %d: %s',
                      child.status, self._step, child.last_words())
    return child.status != 2 and self._step > self._run_start

  def _failed(self, child: processes.Child):
    failures = self._failures[child.kind]
    failures.add()
    text = (f'{child.kind}: status {child.status}: {child.last_words()} '
            f'({child.log})')
    if child.kind == 'evaluate' and self._step < self._plan.total_steps:
      logging.warning('%s; tried again with the next one', text)
    elif failures.count >= self._pace.max_failures or child.status == 2:
      raise errors.InputError(text)
    else:
      logging.warning('%s; tried again', text)

  # Rendering.

  def _wanted(self) -> tuple[list[plan_lib.Shard], int]:
    """Shards to be there, in order; how many of them the run itself reads."""
    shards, own = [], 0
    for run in self._plan.runs_from(self._step):
      if not own and self._lacks_hard_words(run):
        shards += self._plan.run_before(run).shards
      shards += run.shards
      own = own or len(shards)
      if len(shards) >= own + self._plan.shards_ahead:
        break
    return shards[:own + self._plan.shards_ahead], own

  def _remove_used(self):
    """Removes what the run under way and those behind it do not read."""
    wanted = {self._commands.shard_path(shard) for shard in self._wanted()[0]}
    run, losses = next(self._plan.runs_from(self._step), None), set()
    if run:
      wanted.update(self._commands.paths(run))
      losses.add(self._commands.losses_path(run))
      if self._lacks_hard_words(run):
        losses.add(self._commands.losses_path(self._plan.run_before(run)))
    for name in os.listdir(self._folder.shards):
      path = os.path.join(self._folder.shards, name)
      if not name.startswith('.') and path not in wanted:
        folder_lib.remove(path)
    for name in os.listdir(self._folder.losses):
      if os.path.join(self._folder.losses, name) not in losses:
        os.remove(os.path.join(self._folder.losses, name))

  def _lacks_hard_words(self, run: plan_lib.Run) -> bool:
    return bool(run.hard_words) and not os.path.exists(
        self._commands.hard_path(run))

  def _start_renderer(self):
    if 'render' in self._children or not self._failures['render'].may_try:
      return
    for shard in self._wanted()[0]:
      if not os.path.exists(self._commands.shard_path(shard)):
        self._start('render', self._commands.render(shard), signal.SIGTERM)
        return

  def _start_packer(self):
    """Packs the hard words of the run before the next one, if it is to."""
    run = next(self._plan.runs_from(self._step), None)
    if run is None or not self._lacks_hard_words(run) or not (
        self._children.keys().isdisjoint(('pack', 'train'))
        and self._failures['pack'].may_try):
      return
    before = self._plan.run_before(run)
    if all(os.path.exists(self._commands.shard_path(shard))
           for shard in before.shards):
      self._start('pack', self._commands.pack(run), signal.SIGTERM)

  # Training.

  def _start_trainer(self):
    if 'train' in self._children or not self._failures['train'].may_try:
      return
    run = next(self._plan.runs_from(self._step), None)
    if run is None or not all(map(os.path.exists, self._commands.paths(run))):
      return
    self._remove_used()
    self._run_start = self._step
    logging.info('Stage %d of %d, %s: steps %d to %d', run.stage + 1,
                 len(self._plan.stages), self._plan.stages[run.stage].name,
                 self._step, run.last_step)
    self._start('train', self._commands.train(run), signal.SIGTERM)

  def _start(self, kind: str, arguments: list[str], death_signal: int):
    self._children[kind] = processes.Child(
        kind, arguments, self._folder.path, self._folder.log(kind),
        self._root, death_signal)

  # Evaluating.

  def _last_evaluation(self) -> dict[str, Any]:
    found = self._folder.metrics('evaluation')
    return found[-1] if found else {}

  def _is_done(self) -> bool:
    return (self._step >= self._plan.total_steps and not self._children
            and self._last_evaluation().get('step', 0) >= self._step)

  def _start_evaluator(self):
    failures = self._failures['evaluate']
    if 'evaluate' in self._children or not failures.may_try:
      return
    step, last = self._folder.step(), self._last_evaluation()
    if step <= last.get('step', 0):
      return
    waited = time.time() - last.get('unix_time', self._begun)
    if step < self._plan.total_steps and (
        waited < 60 * self._plan.evaluate_minutes):
      return
    if step >= self._plan.total_steps and 'train' in self._children:
      return  # It may still be busy with the last checkpoint.
    self._folder.clean_pending()
    self._start('evaluate', self._commands.evaluate(), signal.SIGTERM)

  def _evaluated(self):
    """Makes a copy of what was evaluated, and tells of it."""
    step = evaluation.pending_step(self._folder)
    seconds, costs = self._totals()
    last = self._last_evaluation()
    samples = self._plan.samples_at(step)
    passed = seconds - last.get('seconds', 0.0)
    progress = self._folder.progress(step)
    stage = self._plan.stage_at(step - 1)
    record = {
        'kind': 'evaluation', 'time': metrics_log.now(),
        'unix_time': time.time(), 'step': step, 'samples': samples,
        'stage': stage, 'stage_name': self._plan.stages[stage].name,
        'seconds': seconds, 'processor_seconds': costs,
        'words_per_second': (samples - last.get('samples', 0)) / passed,
        'loss': progress.get('loss'),
        'learning_rate': progress.get('learning_rate'),
        'sets': evaluation.pending_figures(self._folder)}
    evaluation.publish(self._folder, record, self._plan.keep_averaged)
    logging.info('Step %d: %s', step, ', '.join(
        f'{name} {100 * figures["alnum_ci"]["word_accuracy"]:.2f} %'
        for name, figures in record['sets'].items()) or 'no set to read')

  # Telling.

  def _tell(self):
    now = time.monotonic()
    progress = self._folder.progress()
    # What bin/train has told may be of steps that a kill undid.
    step = max(self._step, self._folder.step(),
               progress.get('step', 0) if 'train' in self._children else 0)
    samples, total = (self._plan.samples_at(s)
                      for s in (step, self._plan.total_steps))
    parts = [f'step {step}/{self._plan.total_steps}',
             f'{samples / 1e6:.3f} of {total / 1e6:.3f} million samples '
             f'({100 * samples / total:.1f} %)',
             f'stage {self._plan.stage_at(step) + 1}/{len(self._plan.stages)}']
    for name, text in (('loss', 'loss {:.4f}'),
                       ('learning_rate', 'learning rate {:.3g}'),
                       ('images_per_second', '{:.0f} words/s in steps')):
      if progress.get(name) is not None:
        parts.append(text.format(progress[name]))
    rate = self._rate.see(now, samples)
    if rate:
      parts.append(f'{rate:.0f} overall')
      parts.append(f'{(total - samples) / rate / 3600:.1f} h left')
    ready = sum(os.path.exists(self._commands.shard_path(shard))
                for shard in self._wanted()[0])
    parts.append(f'{ready} shards there')
    parts.append(f'busy: {", ".join(self._children) or "nothing"}')
    logging.info('%s', ', '.join(parts))
    self._told = now
    self._save_state()


def check_flags(commands: commands_lib.Commands, root: str, path: str):
  """Has the commands check the plan's flags.

  Args:
    commands: of the plan.
    root: of the checkout.
    path: of the plan, for messages.

  Raises:
    InputError: naming the field at fault.
  """
  for field, command in commands.flag_checks():
    process = subprocess.run(
        command, cwd=root, stdin=subprocess.DEVNULL, text=True, check=False,
        capture_output=True, env={**os.environ, 'PYTHONPATH': root})
    if process.returncode:
      fault = (process.stderr.strip().splitlines() or [''])[-1]
      raise errors.InputError(
          f'{path}: {field}: {fault.partition("error: ")[2] or fault}')
