"""Whether a training survives being killed, again and again.

  benchmarks/stress --json=FILE
  benchmarks/stress --kills=5 --steps=100 --seed=3

Trains a tiny model twice on the same rendered words with bin/train and
--session_threads=1: once undisturbed, and once killed --kills times, by SIGKILL
and SIGTERM in turn, after a random number of its log lines, one a step; of each
ten kills one comes while a checkpoint is being written. After each kill the
same command is started again, by nothing but its being gone. Told are the
kills, the steps done over again, the time of both, and whether all losses are
the same.
"""

import glob
import os
import random
import re
import signal
import subprocess
import tempfile
import threading
import time
from typing import Any, NamedTuple, Optional

from absl import flags

from benchmarks import report
from master.cli import app
from master.training import metrics_log

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SAVE_STEPS = 20
_WORDS = 500
_PATIENCE = 300  # Seconds after which a run to be killed is stuck.
# A tiny model: what is measured is not its speed.
_MODEL = ('--image_height=16', '--image_width=48', '--max_label_length=25',
          '--stem_channels=4,8', '--stage_channels=8,8,16,16',
          '--stage_blocks=1,1,1,1', '--gcb_heads=2', '--gcb_ratio=4',
          '--hidden_size=16', '--num_layers=1', '--num_heads=2',
          '--filter_size=32', '--dropout_rate=0.1')
_STEP = re.compile(r'INFO step (\d+)/')
# Parts of a checkpoint that is being written.
_PARTS = ('model.ckpt-*_temp*/*', 'model.ckpt-*.tempstate*',
          'model.ckpt-*.meta.tmp*')


def define_flags():
  """Defines the flags of this benchmark."""
  flags.DEFINE_integer('kills', 30, 'Kills.', lower_bound=1)
  flags.DEFINE_integer('steps', 600, 'Steps of the training.', lower_bound=1)
  flags.DEFINE_integer('seed', 1, 'Of the moments of the kills.')
  report.define_flags()


class Kill(NamedTuple):
  """One kill.

  Attributes:
    number: of the signal.
    lines: progress lines of this run before it; None: while a checkpoint is
      written.
  """
  number: int
  lines: Optional[int]


def plan(kills: int, steps: int, seed: int) -> list[Kill]:
  """The kills in turn, early enough that the training outlives them."""
  moments = random.Random(seed)
  most = max(1, 3 * steps // (2 * kills))
  return [Kill(signal.SIGKILL if i % 2 == 0 else signal.SIGTERM,
               None if i % 10 == 4 else moments.randint(0, most))
          for i in range(kills)]


def losses(model_dir: str) -> dict[int, float]:
  """Loss by step, of the steps that still hold."""
  return {record['step']: record['values']['loss']
          for record in metrics_log.read(model_dir)
          if record['kind'] == metrics_log.TRAIN}


class Run:
  """One process of bin/train, which may be killed.

  Attributes:
    last_step: the newest step that its log told.
  """

  def __init__(self, command: list[str], model_dir: str):
    self._model_dir = model_dir
    self._old_parts = self._parts()  # A kill leaves those it came amid.
    self.last_step = 0
    self._lines = 0
    self.process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    self._tail: list[str] = []
    self._reader = threading.Thread(target=self._read, daemon=True)
    self._reader.start()

  def _read(self):
    for line in self.process.stderr:
      self._tail = [*self._tail[-9:], line]
      match = _STEP.search(line)
      if match:
        self.last_step = int(match.group(1))
        self._lines += 1

  def _parts(self) -> set[str]:
    return {path for part in _PARTS
            for path in glob.glob(os.path.join(self._model_dir, part))}

  def kill(self, kill: Kill) -> bool:
    """Waits for the moment and kills; False if it ended before."""
    started = time.monotonic()
    while self.process.poll() is None:
      is_due = (self._parts() - self._old_parts if kill.lines is None
                else self._lines >= kill.lines)
      if is_due:
        self.process.send_signal(kill.number)
        break
      if time.monotonic() - started > _PATIENCE:
        self.process.kill()
        raise RuntimeError(f'no progress: {"".join(self._tail)}')
      time.sleep(0.002)
    status = self.wait()
    if status == 0:
      return False
    if status not in (-kill.number, 128 + kill.number):
      raise RuntimeError(f'ended with {status}: {"".join(self._tail)}')
    return True

  def wait(self) -> int:
    status = self.process.wait()
    self._reader.join()
    return status


def _command(model_dir: str, words: str, steps: int) -> list[str]:
  return [os.path.join(_ROOT, 'bin', 'train'), f'--model_dir={model_dir}',
          f'--train_lmdb={words}', f'--train_steps={steps}', *_MODEL,
          '--batch_size=8', f'--save_steps={_SAVE_STEPS}', '--log_steps=1',
          '--session_threads=1', '--learning_rate=1e-3', '--augment=1']


def _undisturbed(command: list[str], model_dir: str) -> float:
  started = time.perf_counter()
  run = Run(command, model_dir)
  if run.wait():
    raise RuntimeError('the undisturbed run failed')
  return time.perf_counter() - started


def _killed(command: list[str], model_dir: str,
            kills: list[Kill]) -> dict[str, Any]:
  """Trains under kills; figures of it."""
  found = {'sigkill': 0, 'sigterm': 0, 'while_saving': 0, 'starts': 0,
           'steps_again': 0, 'most_steps_lost': 0}
  started = time.perf_counter()
  for i, kill in enumerate(kills):
    run = Run(command, model_dir)
    found['starts'] += 1
    if not run.kill(kill):
      raise RuntimeError(f'ended after {i} kills; give more --steps')
    saved = _saved_step(model_dir)
    lost = max(0, run.last_step - saved)
    found['sigkill' if kill.number == signal.SIGKILL else 'sigterm'] += 1
    found['while_saving'] += kill.lines is None
    found['steps_again'] += lost
    found['most_steps_lost'] = max(found['most_steps_lost'], lost)
    report.note(f'kill {i + 1}/{len(kills)}: {kill}, at step {run.last_step}, '
                f'saved {saved}')
  found['starts'] += 1
  if Run(command, model_dir).wait():
    raise RuntimeError('the last run failed')
  found['seconds'] = time.perf_counter() - started
  return found


def _saved_step(model_dir: str) -> int:
  """Step from which the next run goes on."""
  from master.estimator.checkpoint import checkpoint_files
  from master.estimator.checkpoint import checkpoints
  return checkpoints.step(checkpoint_files.latest(model_dir))


def compared(whole: dict[int, float], killed: dict[int, float]
             ) -> dict[str, Any]:
  """How the losses of two runs differ."""
  differences = [abs(whole[step] - killed[step]) / whole[step]
                 for step in whole.keys() & killed.keys()]
  return {'steps': max(whole), 'steps_killed': max(killed),
          'losses_compared': len(differences),
          'losses_equal': sum(d == 0 for d in differences),
          'largest_relative_difference': max(differences),
          'final_loss': whole[max(whole)],
          'final_loss_killed': killed[max(killed)]}


def main(flags_obj: flags.FlagValues, unused_arguments: list[str]):
  """Runs both trainings and prints the comparison."""
  with tempfile.TemporaryDirectory() as folder:
    words = os.path.join(folder, 'words')
    subprocess.run(
        [os.path.join(_ROOT, 'data_tools', 'render_lmdb'),
         f'--output={words}', f'--count={_WORDS}', '--seed=1'], check=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    whole, killed = (os.path.join(folder, name) for name in ('whole', 'kills'))
    seconds = _undisturbed(_command(whole, words, flags_obj.steps), whole)
    report.note(f'undisturbed: {seconds:.0f} s')
    found = _killed(_command(killed, words, flags_obj.steps), killed,
                    plan(flags_obj.kills, flags_obj.steps, flags_obj.seed))
    found = {**found, 'seconds_undisturbed': seconds,
             **compared(losses(whole), losses(killed))}
  for name, value in found.items():
    print(f'{name:<28} {value:.6g}')
  settings = {name: flags_obj[name].value
              for name in ('kills', 'steps', 'seed')}
  told = {**report.result(settings, [], {}), 'stress': found}
  report.write_json(flags_obj.json, told)
  print(told['hardware'])
  return 0 if found['steps_killed'] == found['steps'] else 1


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
