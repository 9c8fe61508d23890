"""How fast records become batches, and what each stage of that takes.

  benchmarks/input_speed --json=FILE
  benchmarks/input_speed --lmdb=/data/MJSynth --large_records=0

In one run and in turn, from an LMDB of words as MJSynth has them (JPEG, 31
pixels high), which the benchmark renders unless --lmdb names one:
  bare       JPEGs in memory decoded and scaled to the model's size by all
             cores, nothing read, checked or counted
  pipeline   what training reads: shuffled records as batches
  augmented  the same with --augment
Then the processor time of each stage, and, on an LMDB of --large_records tiny
images, the time to the first batch and the growth of memory over an epoch, in
a fresh process.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Optional

from absl import flags

from benchmarks import report
from master import config as config_lib
from master import errors
from master import hardware
from master.cli import app
from master.cli import config_flags

_ROWS = ('bare', 'pipeline', 'augmented')
_RATIOS = {'pipeline_over_bare': ('pipeline', 'bare'),
           'augmented_over_plain': ('augmented', 'pipeline')}
_HEIGHT = 31  # Of MJSynth's pictures, in pixels.
_IN_MEMORY = 4096  # Records that bare and the stages go round and round.
_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def define_flags():
  """Defines the flags of this benchmark."""
  config_flags.define(config_lib.ModelConfig)
  config_flags.define(config_lib.DataConfig)
  flags.DEFINE_string('lmdb', None, 'LMDB of JPEGs in place of rendered words.')
  flags.DEFINE_integer('words', 200_000, 'Words that are rendered.',
                       lower_bound=1)
  flags.DEFINE_integer('images', 20_000, 'Images of a timed run.',
                       lower_bound=1)
  flags.DEFINE_float('augment', 1.0, 'Strength of all effects in the row '
                     'augmented, 0 to 1.', lower_bound=0.0, upper_bound=1.0)
  flags.DEFINE_integer(
      'large_records', 2_000_000, 'Records of the LMDB on which start and '
      'memory are measured; 0 leaves that out.', lower_bound=0)
  flags.DEFINE_string('scratch', None, 'Folder for what is rendered, which is '
                      'used again where it is there; without it a temporary '
                      'one.')
  report.define_rows_flag(_ROWS)
  report.define_flags()


def python(module: str, *arguments: str) -> str:
  """Runs a module of the checkout in a process; returns its stdout."""
  path = os.pathsep.join(filter(None, [_ROOT, os.environ.get('PYTHONPATH')]))
  return subprocess.run(
      [sys.executable, '-m', module, *arguments], check=True, text=True,
      stdout=subprocess.PIPE, env={**os.environ, 'PYTHONPATH': path}).stdout


def words_lmdb(folder: str, count: int) -> str:
  """Path of an LMDB of `count` words, drawn unless they are there."""
  path = os.path.join(folder, f'words_{count}')
  if not os.path.isdir(path):
    python('master.cli.render_lmdb', f'--output={path}', f'--count={count}',
           '--charset=62', f'--min_height={_HEIGHT}',
           f'--max_height={_HEIGHT}', '--png_rate=0', '--grey_rate=0')
  return path


def _large_lmdb(folder: str, count: int) -> str:
  """Path of an LMDB of `count` records of one tiny image."""
  from PIL import Image

  from master.data import lmdb_writer
  path = os.path.join(folder, f'large_{count}')
  if not os.path.isdir(path):
    report.note(f'writing {count} tiny records')
    stream = io.BytesIO()
    Image.new('1', (3, 2)).save(stream, 'PNG')
    with lmdb_writer.LmdbWriter(path) as writer:
      for i in range(count):
        writer.add(stream.getvalue(), f'{i % 9973}')
  return path


def _first_images(lmdb: str) -> list[bytes]:
  """The first JPEGs of an LMDB."""
  from master.data import records as records_lib
  records = records_lib.Records([lmdb])
  images = [records.read(i).image or b''
            for i in range(min(_IN_MEMORY, len(records)))]
  images = [image for image in images if image.startswith(b'\xff\xd8')]
  if not images:
    raise errors.InputError(
        f'--lmdb={lmdb}: none of its first {_IN_MEMORY} images is a JPEG; '
        'name an LMDB of JPEGs.')
  return images


def _bare(images: list[bytes], model: config_lib.ModelConfig):
  """A data set of float32 [H, W, C] without end."""
  import tensorflow.compat.v1 as tf
  height, width = model.image_height, model.image_width

  def scale(encoded):
    image = tf.io.decode_jpeg(encoded, channels=model.image_channels)
    sides = tf.shape(image)
    scaled = tf.clip_by_value(sides[1] * height // sides[0], 1, width)
    pixels = tf.raw_ops.ResizeBilinear(
        images=image[None], size=tf.stack([height, scaled]),
        half_pixel_centers=True)[0]
    pixels = tf.pad(pixels, [[0, 0], [0, width - scaled], [0, 0]])
    return tf.ensure_shape(pixels, [height, width, model.image_channels])

  dataset = tf.data.Dataset.from_tensor_slices(images).repeat()
  return dataset.map(scale, num_parallel_calls=tf.data.AUTOTUNE)


class _Runner:
  """Data sets in one session, each run for some images at a time."""

  def __init__(self, batch_size: int, stack: contextlib.ExitStack):
    """Opens the session, which ends with the stack.

    Args:
      batch_size: images of an element of a data set.
      stack: closes it.
    """
    import tensorflow.compat.v1 as tf
    self._batch_size = batch_size
    self._graph = tf.Graph()
    self._session = stack.enter_context(tf.Session(graph=self._graph))

  def add(self, make: Callable[[], Any], images: int) -> Callable[[], None]:
    """What takes `images` images from the data set that `make` builds."""
    import tensorflow.compat.v1 as tf
    with self._graph.as_default():
      iterator = tf.data.make_initializable_iterator(make())
      element = tf.nest.flatten(iterator.get_next())[0].op
      self._session.run(iterator.initializer)

    def run():
      for _ in range(-(-images // self._batch_size)):
        self._session.run(element)

    return run


def _runs(flags_obj: flags.FlagValues, lmdb: str, images: list[bytes],
          runner: _Runner) -> dict[str, Callable[[], None]]:
  """What each row runs, by name."""
  from master.inputs import input_fn
  model = config_flags.from_flags(config_lib.ModelConfig, flags_obj)
  data = config_flags.from_flags(config_lib.DataConfig, flags_obj)

  def pipeline(strength: float):
    return input_fn.make_train_input_fn(
        [lmdb], model, data, 1,
        augment_config=config_lib.AugmentConfig(augment=strength))

  makers = {
      'bare': lambda: _bare(images, model).batch(data.batch_size).prefetch(
          data.prefetch_batches),
      'pipeline': pipeline(0.0),
      'augmented': pipeline(flags_obj.augment)}
  return {name: runner.add(make, flags_obj.images)
          for name, make in makers.items() if name in flags_obj.rows}


def _processor_time(run: Callable[[], Any], images: int) -> float:
  """Microseconds an image, of all threads together; the least of three."""
  found = []
  for _ in range(3):
    started = time.process_time()
    run()
    found.append((time.process_time() - started) / images * 1e6)
  return min(found)


def _stages(lmdb: str, images: list[bytes], model: config_lib.ModelConfig,
            runs: dict[str, Callable[[], None]], count: int,
            stack: contextlib.ExitStack) -> dict[str, float]:
  """Processor microseconds an image, by stage."""
  import tensorflow.compat.v1 as tf

  from master import charset as charset_lib
  from master.data import records as records_lib
  records = records_lib.Records([lmdb])
  charset = charset_lib.Charset(model.charset)
  some = range(min(_IN_MEMORY, len(records)))
  read = [records.read(i) for i in some]

  def check():
    for record in read:
      if records_lib.fault(record, charset, model.max_label_length) is None:
        charset.encode(record.label.decode(), model.num_steps)

  decode = _Runner(1, stack).add(
      lambda: tf.data.Dataset.from_tensor_slices(images).repeat().map(
          lambda image: tf.io.decode_jpeg(image)[0, 0, 0]).batch(
              len(images)).prefetch(1), 1)
  found = {
      'reading': _processor_time(lambda: [records.read(i) for i in some],
                                 len(some)),
      'checking labels': _processor_time(check, len(some)),
      'decoding': _processor_time(decode, len(images))}
  wholes = {name: _processor_time(run, count) for name, run in runs.items()}
  if 'pipeline' in wholes:
    found['scaling, checks, batching'] = wholes['pipeline'] - sum(
        found.values())
    if 'augmented' in wholes:
      found['augmenting'] = wholes['augmented'] - wholes['pipeline']
  return {**found, **{f'{name} in all': value
                      for name, value in wholes.items()}}


def _probe(path: str, batch_size: int) -> dict[str, float]:
  """What `input_probe` tells of an LMDB."""
  report.note('reading an epoch in a fresh process')
  return json.loads(python('benchmarks.input_probe', path, str(batch_size)))


def _probe_table(found: dict[str, float]) -> str:
  def growth(suffix: str) -> str:
    peak, first = (found[f'memory_{name}{suffix}']
                   for name in ('peak', 'first'))
    return f'{peak:.0f} MiB, {peak - first:+.0f}'

  return report.aligned([
      [f'an epoch of {found["records"]} records', f'{found["epoch_s"]:.1f} s'],
      ['first batch, after the imports', f'{found["first_batch_s"]:.2f} s'],
      ['  the imports', f'{found["import_s"]:.2f} s'],
      ['memory, peak and since the first batch', growth('')],
      ['  without pages of files', growth('_anonymous')]])


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Prints the tables; returns the exit status."""
  del args
  model = config_flags.from_flags(config_lib.ModelConfig, flags_obj)
  probed: Optional[dict[str, float]] = None
  with contextlib.ExitStack() as stack:
    folder = flags_obj.scratch or stack.enter_context(
        tempfile.TemporaryDirectory())
    os.makedirs(folder, exist_ok=True)
    lmdb = flags_obj.lmdb or words_lmdb(folder, flags_obj.words)
    images = _first_images(lmdb)
    runs = _runs(flags_obj, lmdb, images,
                 _Runner(flags_obj.batch_size, stack))
    report.warm_up(runs)
    rates = report.in_turn(runs, flags_obj.repeats, flags_obj.images,
                           'pipelines')
    stages = _stages(lmdb, images, model, runs, flags_obj.images, stack)
    if flags_obj.large_records:
      probed = _probe(_large_lmdb(folder, flags_obj.large_records),
                      flags_obj.batch_size)
  rows = [report.row(name, flags_obj.batch_size, found)
          for name, found in rates.items()]
  ratios = report.ratios(rows, _RATIOS)
  settings = {
      'lmdb': flags_obj.lmdb or f'{flags_obj.words} rendered words',
      'image': [model.image_height, model.image_width, model.image_channels],
      'bytes_an_image': sum(map(len, images)) / len(images),
      'images_a_run': flags_obj.images, 'augment': flags_obj.augment}
  print(hardware.describe(), '\n')
  print(report.rates_table(rows), '\n')
  print(report.ratios_table(ratios), '\n')
  print(report.aligned([['processor time', 'microseconds an image'], *(
      [name, f'{value:.1f}'] for name, value in stages.items())]))
  found = report.result(settings, rows, ratios)
  found['processor_microseconds'] = stages
  if probed:
    print('\n' + _probe_table(probed))
    found['large'] = probed
  report.write_json(flags_obj.json, found)
  return 0


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
