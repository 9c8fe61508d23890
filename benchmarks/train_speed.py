"""What bin/train adds to the bare train step, and how long it takes to start.

  benchmarks/train_speed --json=FILE
  benchmarks/train_speed --presets=base --batch_size=16 --turn_steps=2
  benchmarks/train_speed --presets=pretrained \
      --settings=64:bfloat16:1,128:bfloat16:2

For each preset, in one process and in turn:
  runner  the training of bin/train: LMDB, hooks, progress lines and summaries
          every --turn_steps, counts of what is skipped
  bare    the same train step, fed with a few of the same batches from memory,
          in a session of its own
Then, with --start, the seconds from the start of bin/train to its first step.
Saving and evaluating have their own intervals and are left out.

With --settings: the bare step of one preset alone, with batch sizes, precisions
and towers one beside the other, each in a process of its own and in turn.
"""

import contextlib
import copy
import os
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, NamedTuple, Optional

from absl import flags
import numpy as np

from benchmarks import input_speed
from benchmarks import probe_process
from benchmarks import report
from master import config as config_lib
from master import hardware
from master.cli import app
from master.cli import config_flags

_PRESETS = ('tiny', 'base')
_IN_MEMORY = 4  # Batches that the bare step goes round and round.
_NEVER = 10**9  # Steps until what is not measured.
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


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


def parse_settings(text: str) -> Settings:
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
  """Defines the flags of this benchmark."""
  config_flags.define(config_lib.ModelConfig, validate=False)
  flags.DEFINE_list('presets', list(_PRESETS),
                    'Files of flags/model that are measured; model flags '
                    'change all of them.')
  flags.DEFINE_string('lmdb', None, 'LMDB of words in place of rendered ones.')
  flags.DEFINE_integer('words', 20_000, 'Words that are rendered.',
                       lower_bound=1)
  flags.DEFINE_integer('batch_size', 32, 'Images of a step.', lower_bound=1)
  flags.DEFINE_integer('turn_steps', 10, 'Steps of a turn.', lower_bound=1)
  flags.DEFINE_list('settings', [], 'Groups BATCH:PRECISION:TOWERS whose bare '
                    'steps are measured in place of the rest.')
  flags.DEFINE_bool('start', True, 'Also measure the start of bin/train.')
  flags.DEFINE_string('scratch', None, 'Folder for what is rendered, which is '
                      'used again where it is there; without it a temporary '
                      'one.')
  flags.register_validator(
      'presets', lambda names: names and all(
          os.path.exists(_flagfile(name)) for name in names),
      '--presets: names of files in flags/model, as tiny,base.')
  report.define_flags()
  flags.register_validator('settings', lambda settings: all(
      map(parse_settings, settings)))


def _flagfile(preset: str) -> str:
  return os.path.join(_ROOT, 'flags', 'model', f'{preset}.flags')


def preset_config(preset: str,
                  flags_obj: flags.FlagValues) -> config_lib.Config:
  """Configuration of a preset; nothing is saved or evaluated in between."""
  values = copy.deepcopy(flags_obj)
  values(['train_speed', f'--flagfile={_flagfile(preset)}'])
  model = config_flags.from_flags(
      config_lib.ModelConfig, flags_obj,
      config_flags.from_flags(config_lib.ModelConfig, values))
  turn = flags_obj.turn_steps
  return config_lib.Config(
      model, data=config_lib.DataConfig(batch_size=flags_obj.batch_size),
      train=config_lib.TrainConfig(
          # The first turn warms up, the last step lets the last turn end.
          train_steps=turn * (flags_obj.repeats + 1) + 1, log_steps=turn,
          save_steps=_NEVER, eval_steps=_NEVER))


def batches(config: config_lib.Config, lmdb: str,
            session_config: Any = None) -> Any:
  """(Features, labels) as training reads them, of _IN_MEMORY batches."""
  import tensorflow.compat.v1 as tf

  from master.inputs import input_fn
  from master.inputs import resume
  with tf.Graph().as_default(), tf.Session(config=session_config) as session:
    iterator = tf.data.make_initializable_iterator(
        input_fn.make_train_input_fn([lmdb], config.model, config.data, 1)())
    features, labels = iterator.get_next()
    features.pop(resume.FEATURE, None)
    session.run(iterator.initializer)
    found = [session.run((features, labels)) for _ in range(_IN_MEMORY)]
  return tf.nest.map_structure(lambda *parts: np.stack(parts), *found)


def bare(config: config_lib.Config, found: Any, session_config: Any,
         stack: contextlib.ExitStack) -> Callable[[], None]:
  """What runs one bare train step."""
  import tensorflow.compat.v1 as tf

  from master import model_fn as model_fn_lib
  from master.estimator import model_fn
  with tf.Graph().as_default() as graph:
    tf.set_random_seed(config.train.seed)
    tf.train.get_or_create_global_step()
    iterator = tf.data.make_initializable_iterator(
        tf.data.Dataset.from_tensor_slices(found).repeat())
    spec = model_fn_lib.model_fn_builder(
        config.model, config.train, config.decode)(
            *iterator.get_next(), model_fn.ModeKeys.TRAIN, {})
    session = stack.enter_context(tf.Session(graph=graph,
                                             config=session_config))
    session.run([tf.global_variables_initializer(),
                 tf.local_variables_initializer(), tf.tables_initializer()])
    session.run(iterator.initializer)
    step = session.make_callable(spec.train_op)
  return step


def _turns_hook(bare: Callable[[], None], steps: int, rates: dict[str, list],
                images: int) -> Any:
  """A hook that lets the bare step have its turn after the runner's."""
  import tensorflow.compat.v1 as tf

  class Turns(tf.train.SessionRunHook):
    """Between two steps of the runner, when all of the last one is done."""
    count = 0

    def before_run(self, run_context):
      turn, rest = divmod(self.count, steps)
      self.count += 1
      if rest:
        return
      ended = time.perf_counter()
      for _ in range(steps):
        bare()
      done = time.perf_counter()
      if turn > 1:
        for name, seconds in (('runner', ended - self.started),
                              ('bare', done - ended)):
          rates[name].append(steps * images / seconds)
        report.note(f'turn {turn - 1}: runner {rates["runner"][-1]:.2f}, '
                    f'bare {rates["bare"][-1]:.2f} images/s')
      self.started = time.perf_counter()

  return Turns()


def _measure(config: config_lib.Config, lmdb: str) -> dict[str, list[float]]:
  """Images a second of each turn, by row."""
  from master.estimator.distribute import strategy
  from master.runs import training
  rates = {'runner': [], 'bare': []}
  with contextlib.ExitStack() as stack:
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    run = training.TrainingRun(config, folder, [lmdb], {})
    step = bare(config, batches(config, lmdb),
                strategy.session_config(run.estimator.config, None),
                stack)
    run.train([_turns_hook(step, config.train.log_steps, rates,
                           config.data.batch_size)])
  return rates


def _start_seconds(preset: str, flags_obj: flags.FlagValues,
                   lmdb: str) -> Optional[float]:
  """Seconds from the start of bin/train until its first step is done."""
  report.note(f'starting bin/train with {preset}')
  model = preset_config(preset, flags_obj).model
  path = os.pathsep.join(filter(None, [_ROOT, os.environ.get('PYTHONPATH')]))
  with tempfile.TemporaryDirectory() as folder:
    config_lib.write(config_lib.Config(model), folder)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, '-m', 'master.cli.train', f'--model_dir={folder}',
         f'--train_lmdb={lmdb}', f'--batch_size={flags_obj.batch_size}',
         '--train_steps=1', '--log_steps=1'], text=True, errors='replace',
        stderr=subprocess.PIPE, env={**os.environ, 'PYTHONPATH': path})
    with process:
      found = next((time.perf_counter() - started for line in process.stderr
                    if 'step 1/1,' in line), None)
      for _ in process.stderr:  # Else its end could wait for room in the pipe.
        pass
  if process.returncode or found is None:
    raise RuntimeError(f'bin/train failed with {preset}')
  return found


def _compare(flags_obj: flags.FlagValues, lmdb: str) -> list[report.Row]:
  """Rows of --settings, in processes that take turns."""
  probes = {}
  rates = {name: [] for name in flags_obj.settings}
  images = {name: parse_settings(name).batch_size for name in rates}
  with contextlib.ExitStack() as stack:
    for name in rates:
      report.note(f'starting {name}')
      probes[name] = stack.enter_context(probe_process.ProbeProcess(
          name, 'trains', 'benchmarks.step_probe',
          [*sys.argv[1:], f'--lmdb={lmdb}', f'--probe={name}']))
      probes[name].answer()  # It is warm.
    for turn in range(flags_obj.repeats):
      for name, probe in probes.items():
        probe.say('turn')
        rates[name].append(flags_obj.turn_steps * images[name]
                           / probe.answer()['seconds'])
      report.note(f'turn {turn + 1}: ' + ', '.join(
          f'{name} {found[-1]:.1f}' for name, found in rates.items()))
  return [report.row(name, images[name], found)
          for name, found in rates.items()]


def _print_settings(flags_obj: flags.FlagValues, lmdb: str):
  """Measures --settings and prints their tables."""
  rows = _compare(flags_obj, lmdb)
  first, *others = (row['images_per_second']['median'] for row in rows)
  ratios = {f'{row["name"]} over {rows[0]["name"]}': other / first
            for row, other in zip(rows[1:], others)}
  print(hardware.describe(), '\n')
  print(report.rates_table(rows), '\n')
  print(report.ratios_table(ratios))
  report.write_json(flags_obj.json, report.result(
      {'preset': flags_obj.presets[0], 'turn_steps': flags_obj.turn_steps},
      rows, ratios))


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Prints the tables; returns the exit status."""
  del args
  rows, starts = [], {}
  with contextlib.ExitStack() as stack:
    folder = flags_obj.scratch or stack.enter_context(
        tempfile.TemporaryDirectory())
    os.makedirs(folder, exist_ok=True)
    lmdb = flags_obj.lmdb or input_speed.words_lmdb(folder, flags_obj.words)
    if flags_obj.settings:
      _print_settings(flags_obj, lmdb)
      return 0
    for preset in flags_obj.presets:
      report.note(f'building {preset} twice')
      rates = _measure(preset_config(preset, flags_obj), lmdb)
      rows += [report.row(f'{name}_{preset}', flags_obj.batch_size, found)
               for name, found in rates.items()]
      if flags_obj.start:
        starts[preset] = _start_seconds(preset, flags_obj, lmdb)
  ratios = report.ratios(rows, {
      f'runner_over_bare_{preset}': (f'runner_{preset}', f'bare_{preset}')
      for preset in flags_obj.presets})
  settings = {'lmdb': flags_obj.lmdb or f'{flags_obj.words} rendered words',
              'turn_steps': flags_obj.turn_steps}
  print(hardware.describe(), '\n')
  print(report.rates_table(rows), '\n')
  print(report.ratios_table(ratios))
  found = report.result(settings, rows, ratios)
  if starts:
    print('\n' + report.aligned([['start to first step', 'seconds'], *(
        [name, f'{seconds:.1f}'] for name, seconds in starts.items())]))
    found['start_seconds'] = starts
  report.write_json(flags_obj.json, found)
  return 0


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
