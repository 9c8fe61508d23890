"""A bare train step with settings of its own, for benchmarks/train_speed.

A process of its own, as TensorFlow makes its threads once in a process, for
the settings of the first session. It warms up, says `ready`, then runs a turn
of steps for each line that it reads and answers with the seconds it took; it
ends with its input.
"""

import contextlib
import dataclasses
import sys
import time
from typing import NamedTuple

from absl import flags

from benchmarks import train_speed
from master import config as config_lib
from master.cli import app


class Settings(NamedTuple):
  """What the steps differ in.

  Attributes:
    batch_size: images of a step.
    precision: as --precision of bin/train.
    towers: as --towers of bin/train.
  """
  batch_size: int
  precision: str
  towers: int

  @property
  def name(self) -> str:
    """As --settings writes it."""
    return ':'.join(map(str, self))


def parse(text: str) -> Settings:
  """Reads BATCH:PRECISION:TOWERS.

  Raises:
    ValidationError: naming --settings, if it is not of this form.
  """
  parts = text.split(':')
  try:
    found = Settings(int(parts[0]), parts[1], int(parts[2]))
    config_lib.TrainConfig(precision=found.precision, towers=found.towers)
    if len(parts) == 3 and found.batch_size % found.towers == 0 < (
        found.batch_size):
      return found
  except (ValueError, IndexError):
    pass
  raise flags.ValidationError(
      f'--settings={text}: write each as BATCH:PRECISION:TOWERS, such as '
      '128:bfloat16:2, where the towers divide the batch.')


def define_flags():
  """Those of the benchmark, which hands its own on."""
  train_speed.define_flags()
  flags.DEFINE_string('probe', None, 'The one of --settings to measure.',
                      required=True)


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Runs turns until the input ends; returns the exit status."""
  del args
  from master.estimator import run_config
  settings = parse(flags_obj.probe)
  config = train_speed.preset_config(flags_obj.presets[0], flags_obj)
  config = dataclasses.replace(
      config,
      data=dataclasses.replace(config.data, batch_size=settings.batch_size),
      train=dataclasses.replace(config.train, precision=settings.precision,
                                towers=settings.towers))
  # Before the first session: its threads are those of all.
  session_config = run_config.session_config(0, settings.towers)
  with contextlib.ExitStack() as stack:
    step = train_speed.bare(
        config, train_speed.batches(config, flags_obj.lmdb, session_config),
        session_config, stack)
    for _ in range(flags_obj.turn_steps):
      step()
    print('ready', flush=True)
    for _ in sys.stdin:
      started = time.perf_counter()
      for _ in range(flags_obj.turn_steps):
        step()
      print(time.perf_counter() - started, flush=True)
  return 0


def run():
  """Entry point of the process."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
