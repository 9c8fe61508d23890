"""A bare train step with settings of its own, for benchmarks/train_speed.

A process of its own, as TensorFlow makes its threads once in a process, for
the settings of the first session. It warms up and says so, then runs a turn of
steps for each line that it reads and tells the seconds it took: JSON objects,
one a line.
"""

import contextlib
import dataclasses
import json
import sys
import time

from absl import flags

from benchmarks import train_speed
from master.cli import app


def define_flags():
  """Those of the benchmark, which hands its own on."""
  train_speed.define_flags()
  flags.DEFINE_string('probe', None, 'The one of --settings to measure.',
                      required=True)


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Runs turns until the input ends; returns the exit status."""
  del args
  from master.estimator import run_config
  settings = train_speed.parse_settings(flags_obj.probe)
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
    print(json.dumps({}), flush=True)
    for _ in sys.stdin:
      started = time.perf_counter()
      for _ in range(flags_obj.turn_steps):
        step()
      print(json.dumps({'seconds': time.perf_counter() - started}), flush=True)
  return 0


def run():
  """Entry point of the process."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
