"""How fast images are read, by parts and ways of decoding.

  benchmarks/decode_speed --flagfile=flags/model/base.flags --json=FILE

In one run and in turn: the backbone alone; the cached greedy search ending
after --word_length characters; the same for all steps; a beam of 5 that ends
there too; and the decoder run anew over the whole text for each character, as
the original implementations do it. Weights are random: they do not change the
work.
"""

import json
import os
import platform
import statistics
import sys
import time
from typing import Callable

from absl import flags
import numpy as np

from master import charset as charset_lib
from master import config as config_lib
from master.cli import app
from master.cli import common_flags

# Over all rows of one batch size: name -> (row, row).
_RATIOS = {
    'cached_stop_over_backbone': ('cached_stop', 'backbone'),
    'cached_full_over_backbone': ('cached_full', 'backbone'),
    'cached_full_over_uncached': ('cached_full', 'uncached'),
}


def define_flags():
  """Defines the flags of this benchmark."""
  common_flags.define_model_flags()
  flags.DEFINE_list('batch_sizes', ['8'], 'Batch sizes, in images.')
  flags.DEFINE_integer(
      'word_length', 10, 'Characters after which cached_stop ends.',
      lower_bound=1)
  flags.DEFINE_integer('repeats', 7, 'Timed runs of each row.', lower_bound=1)
  flags.DEFINE_string('json', None, 'File that also gets the figures.')


def _stop_after(recognizer, length: int):
  """Has every text of the recognizer's decoder end after `length`."""
  import tensorflow.compat.v1 as tf
  step_of = recognizer.decoder.step

  def step(ids, position, cache):
    logits, cache = step_of(ids, position, cache)
    end = tf.one_hot(charset_lib.EOS_ID, recognizer.config.num_classes)
    reached = tf.cast(position >= length, tf.float32)
    # Before its time the end is as unlikely as it is certain after.
    return logits + end * 1e6 * (2 * reached - 1), cache

  recognizer.decoder.step = step


def _uncached(recognizer, memory):
  """ids int32 [B, T] by running the decoder anew for each character."""
  import tensorflow.compat.v1 as tf
  config = recognizer.config
  positions = tf.range(config.num_steps)
  start = tf.fill([tf.shape(memory)[0], config.num_steps],
                  charset_lib.SOS_ID)

  def advance(step, ids):
    logits = recognizer.forward(memory, ids, is_training=False)
    chosen = tf.argmax(logits[:, step], -1, output_type=tf.int32)
    return step + 1, tf.where_v2(tf.equal(positions[None, :], step + 1),
                                 chosen[:, None], ids)

  return tf.while_loop(lambda step, ids: step < config.num_steps, advance,
                       (tf.constant(0), start), back_prop=False)[1]


def _graph(config: config_lib.ModelConfig, batch: int, word_length: int):
  """A session and, by row, what to run in it."""
  import tensorflow.compat.v1 as tf

  from master.models import recognizer as recognizer_lib
  graph = tf.Graph()
  with graph.as_default():
    images = tf.constant(np.random.RandomState(0).uniform(
        -1, 1, [batch, config.image_height, config.image_width,
                config.image_channels]).astype(np.float32))
    recognizer = recognizer_lib.Recognizer(config)
    memory = recognizer.encode(images, is_training=False)
    fetches = {'backbone': memory.op,
               'uncached': _uncached(recognizer, memory)}
    _stop_after(recognizer, word_length)
    for row, decode in (
        ('cached_stop', config_lib.DecodeConfig()),
        ('cached_full', config_lib.DecodeConfig(early_stop=False)),
        ('beam_5', config_lib.DecodeConfig(beam_size=5))):
      fetches[row] = recognizer.decode(memory, decode).ids
    session = tf.Session(graph=graph)
    session.run(tf.global_variables_initializer())
  return session, fetches


def _time(runs: dict[str, Callable[[], None]], repeats: int,
          batch: int) -> dict[str, list[float]]:
  """Images a second of each run, all of them in turn `repeats` times."""
  for run in runs.values():
    run()
  rates = {name: [] for name in runs}
  for i in range(repeats):
    for name, run in runs.items():
      started = time.perf_counter()
      run()
      rates[name].append(batch / (time.perf_counter() - started))
    print(f'batch {batch}: {i + 1} of {repeats}', file=sys.stderr)
  return rates


def _hardware() -> str:
  import tensorflow as tf
  gpus = [tf.config.experimental.get_device_details(device).get(
      'device_name', 'GPU') for device in tf.config.list_physical_devices(
          'GPU')]
  return (f'{os.cpu_count()} x {platform.machine()} cores'
          + ''.join(f', {name}' for name in gpus)
          + f', TensorFlow {tf.__version__}')


def _measure(config: config_lib.ModelConfig, batch: int, word_length: int,
             repeats: int) -> tuple[list[dict], dict[str, float]]:
  """Rows and ratios of one batch size."""
  session, fetches = _graph(config, batch, word_length)
  with session:
    rates = _time({name: lambda fetch=fetch: session.run(fetch)
                   for name, fetch in fetches.items()}, repeats, batch)
  medians = {name: statistics.median(values)
             for name, values in rates.items()}
  rows = [{'name': name, 'batch': batch, 'images_per_second': {
      'median': medians[name], 'low': min(values), 'high': max(values)}}
          for name, values in rates.items()]
  return rows, {name: medians[top] / medians[bottom]
                for name, (top, bottom) in _RATIOS.items()}


def _print(result: dict):
  print(result['hardware'])
  for row in result['rows']:
    rate = row['images_per_second']
    print(f'{row["name"]:<12} batch {row["batch"]:>3}  {rate["median"]:8.2f} '
          f'images/s  ({rate["low"]:.2f} to {rate["high"]:.2f})')
  for name, value in result['ratios'].items():
    print(f'{name:<28} {value:.2f}')


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Prints the table and writes the JSON file."""
  del args
  config = common_flags.from_flags(config_lib.ModelConfig, flags_obj)
  rows, ratios = [], {}
  for batch in (int(size) for size in flags_obj.batch_sizes):
    more_rows, more_ratios = _measure(config, batch, flags_obj.word_length,
                                      flags_obj.repeats)
    rows += more_rows
    suffix = '' if len(flags_obj.batch_sizes) == 1 else f'_batch_{batch}'
    ratios.update({name + suffix: value
                   for name, value in more_ratios.items()})
  result = {
      'hardware': _hardware(),
      'settings': {'image': [config.image_height, config.image_width],
                   'hidden_size': config.hidden_size,
                   'steps': config.num_steps,
                   'word_length': flags_obj.word_length,
                   'repeats': flags_obj.repeats},
      'rows': rows, 'ratios': ratios}
  _print(result)
  if flags_obj.json:
    with open(flags_obj.json, 'w', encoding='utf-8') as f:
      json.dump(result, f, indent=2)
  return 0


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
