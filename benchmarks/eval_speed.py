"""What bin/eval adds to the reading itself, and how long its page takes.

  benchmarks/eval_speed --model_dir=runs/a --lmdb=/data/IIIT5K --json=FILE

In one run and in turn, on the same images:
  decode      images in memory are fed and ids fetched, as the row session of
              benchmarks/decode_speed does it; nothing else is done
  evaluation  all of bin/eval --output_dir: records are read and decoded,
              texts scored under three protocols, predictions.jsonl written
  report      the same with --report: attention is computed too, and what the
              page shows is collected
The last two are the images/s that bin/eval tells, from its first batch on; the
seconds until there is one, in which the pipeline is built, stand beside. Then
the time and size of a page of --page_samples mistakes.

The weights are random unless a trained model is named; random texts take all
steps.
"""

import contextlib
import os
import statistics
import tempfile
import time
from typing import Any, Sequence

from absl import flags
import numpy as np

from benchmarks import input_speed
from benchmarks import models
from benchmarks import report
from master import config as config_lib
from master import hardware
from master.cli import app
from master.evaluation import result_files
from master.metrics import protocols

_ROWS = ('decode', 'evaluation', 'report')
_RATIOS = {'evaluation_over_decode': ('evaluation', 'decode'),
           'report_over_decode': ('report', 'decode')}
_SET = 'set'


def define_flags():
  """Defines the flags of this benchmark."""
  models.define_source_flags()
  flags.DEFINE_string('lmdb', None, 'LMDB in place of rendered words.')
  flags.DEFINE_integer('words', 2000, 'Words that are rendered.',
                       lower_bound=1)
  flags.DEFINE_integer('batch_size', 64, 'Images read at a time.',
                       lower_bound=1)
  flags.DEFINE_integer('limit', None, 'Records taken of the LMDB; all if not '
                       'given.', lower_bound=1)
  flags.DEFINE_integer('page_samples', 10_000, 'Mistakes on the page that is '
                       'timed; 0 leaves that out.', lower_bound=0)
  flags.DEFINE_integer('num_replicas', None, 'Batches that bin/eval reads at '
                       'the same time; as it does by itself if not given. '
                       'decode reads one.', lower_bound=1)
  report.define_rows_flag(_ROWS)
  report.define_flags()


class _Work:
  """The three ways through one set; each tells its images/s.

  Attributes:
    num_images: of the set.
    starts: seconds until the first batch, of each evaluation so far.
    last: mistakes and results of the last report; None before.
  """

  def __init__(self, model, lmdb: str, flags_obj: flags.FlagValues,
               scratch: str):
    from master.runs import evaluation as evaluation_lib
    from master.runs import text_sources
    self._model = model
    self._scratch = scratch
    self._batch_size = flags_obj.batch_size
    self._num_replicas = flags_obj.num_replicas or (
        text_sources.usual_replicas(hardware.num_gpus()))
    self._open = lambda with_bytes=False: evaluation_lib.EvalSets(
        {_SET: lmdb}, model.config.model, flags_obj.batch_size,
        flags_obj.limit, with_bytes)
    self.starts = []
    self.last = None
    self._batches = self._load()
    self.num_images = sum(map(len, self._batches))

  def _load(self) -> list[np.ndarray]:
    """All images, float32 [B, H, W, C] each, decoded."""
    return [features['image'].copy()
            for features, _ in self._open().batches()]

  def decode(self) -> float:
    started = time.perf_counter()
    for images in self._batches:
      self._model.run('decode', ('ids',), image=images)
    return self.num_images / (time.perf_counter() - started)

  def evaluation(self, with_report: bool = False) -> float:
    from master.runs import eval_writer as eval_writer_lib
    from master.runs import evaluation as evaluation_lib
    from master.runs import text_sources
    started = time.perf_counter()
    sets = self._open(with_report)
    mistakes = None
    if with_report:
      from master.runs import mistakes as mistakes_lib
      mistakes = mistakes_lib.Mistakes(self._model.config.model)
    with result_files.ResultsFolder(self._scratch) as folder, (
        evaluation_lib.Run(
            sets, text_sources.replicated(
                [self._model] * self._num_replicas, with_report),
            tuple(protocols.PROTOCOLS), self._num_replicas,
            lambda: False)) as run:
      writer = eval_writer_lib.EvalWriter(run, folder, mistakes=mistakes)
      writer.take_all()
      found = writer.results(self._model.name, '', {
          'batch_size': self._batch_size, 'limit': None})
      writer.publish(found)
    result = run.results[_SET]
    self.starts.append(time.perf_counter() - started - result.seconds)
    if mistakes is not None:
      self.last = mistakes.items, found
    return result.images_per_second

  def report(self) -> float:
    return self.evaluation(with_report=True)


def _in_turn(work: _Work, names: Sequence[str], repeats: int
             ) -> dict[str, list[float]]:
  """As `report.in_turn`, by what each run tells of itself."""
  rates = {name: [] for name in names}
  for i in range(repeats + 1):
    for name in names:
      rate = getattr(work, name)()
      if i:  # The first time warms up.
        rates[name].append(rate)
    report.note(f'{work.num_images} images: {i} of {repeats}')
  return rates


def _page(work: _Work, count: int, scratch: str) -> dict[str, Any]:
  """Seconds and bytes of a page with `count` mistakes.

  Where fewer were made, they are shown again under other numbers.
  """
  from master.report import page
  items, found = work.last
  report.note(f'a page of {count} mistakes')
  started = time.monotonic()
  items = [items[i % len(items)]._replace(index=i + 1) for i in range(count)]
  path = os.path.join(scratch, 'report.html')
  page.write(path, found, items)
  return {'samples': count, 'seconds': time.monotonic() - started,
          'bytes': os.path.getsize(path)}


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Prints the tables and writes the JSON file."""
  del args
  page = None
  with tempfile.TemporaryDirectory() as scratch, (
      contextlib.ExitStack()) as stack:
    model = stack.enter_context(models.open_source(flags_obj, scratch))
    lmdb = flags_obj.lmdb or input_speed.words_lmdb(scratch, flags_obj.words)
    work = _Work(model, lmdb, flags_obj, os.path.join(scratch, 'results'))
    rates = _in_turn(work, flags_obj.rows, flags_obj.repeats)
    if flags_obj.page_samples and work.last and len(work.last[0]):
      page = _page(work, flags_obj.page_samples, scratch)
  rows = [report.row(name, flags_obj.batch_size, rate)
          for name, rate in rates.items()]
  model_config: config_lib.ModelConfig = model.config.model
  found = report.result(
      {'model': models.source_name(flags_obj),
       'image': [model_config.image_height, model_config.image_width],
       'hidden_size': model_config.hidden_size,
       'lmdb': flags_obj.lmdb or f'{flags_obj.words} rendered words',
       'images': work.num_images, 'repeats': flags_obj.repeats},
      rows, report.ratios(rows, _RATIOS))
  if work.starts:
    found['start_seconds'] = statistics.median(work.starts)
  if page:
    found['page'] = page
  report.write_json(flags_obj.json, found)
  print(found['hardware'], report.rates_table(rows),
        report.ratios_table(found['ratios']), sep='\n\n')
  if work.starts:
    print(f'\nuntil the first batch: {found["start_seconds"]:.1f} s')
  if page:
    print(f'\npage of {page["samples"]} mistakes: {page["seconds"]:.1f} s, '
          f'{page["bytes"] / 2**20:.1f} MiB')
  return 0


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
