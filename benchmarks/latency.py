"""What a served model takes: milliseconds, start, memory, and whether it leaks.

  benchmarks/latency --flagfile=flags/model/base.flags --json=FILE
  benchmarks/latency --saved_model=DIR --leak_requests=10000

Asks `serving_default` with PNG files of drawn words of different sizes, one
after the other. Each of --model_dir (a session of its newest checkpoint),
--saved_model and --onnx_model is a column of the table; without them those of
--rows are, all three by default, of a model of random weights whose texts
never end.

Every form is measured in fresh processes of its own: --cold_starts for the
time to the first text, of which the middle one counts; one for speed and
memory; and one for --leak_requests. The forms are asked in turn. A cold start
is of the process alone: the model's files have been read before. Exit status
1 tells of memory that grew too much.
"""

import contextlib
import os
import tempfile
import time
from typing import Any, Mapping, Sequence

from absl import flags
import numpy as np

from benchmarks import models
from benchmarks import report
from benchmarks import serving_probe
from master import config as config_lib
from master import errors
from master.cli import app
from master.cli import config_flags

# Flag -> form, in the order of the table.
_FORMS = {'model_dir': 'session', 'saved_model': 'saved_model',
          'onnx_model': 'onnx'}
_ROWS = tuple(_FORMS.values())
# Of images a second.
_RATIOS = {'saved_model_over_session': ('saved_model', 'session'),
           'onnx_over_saved_model': ('onnx', 'saved_model')}
# Word -> height of its picture in pixels.
_WORDS = {'Coffee': 24, 'OPEN': 31, '42': 48, 'Boulevard': 40, 'exit': 17,
          'Bakery': 64, '1968': 96, 'Pharmacy': 36}
# Samples of the memory while it is watched for leaks.
_SAMPLES = 20

# Form -> what was found of it.
Facts = dict[str, dict[str, Any]]


def define_flags():
  """Defines the flags of this benchmark."""
  config_flags.define(config_lib.ModelConfig)
  flags.DEFINE_string('model_dir', None, 'Model directory whose newest '
                      'checkpoint is measured in a session.')
  flags.DEFINE_string('saved_model', None, 'SavedModel that is measured: a '
                      'version, or the folder of versions.')
  flags.DEFINE_string('onnx_model', None, 'Folder of an ONNX model that is '
                      'measured.')
  models.define_onnx_flag()
  report.define_rows_flag(_ROWS)
  flags.DEFINE_integer(
      'requests', 200, 'Requests of one image whose latency is taken.',
      lower_bound=1)
  flags.DEFINE_integer(
      'cold_starts', 3, 'Processes started for the time to the first text.',
      lower_bound=1)
  flags.DEFINE_integer(
      'memory_batch', 8, 'Images of the requests for memory and images/s.',
      lower_bound=1)
  flags.DEFINE_integer(
      'leak_requests', 0, 'Requests of one image over which the growth of '
      f'memory is watched, at least {_SAMPLES}; 0 leaves that out.',
      lower_bound=0)
  flags.register_validator(
      'leak_requests', lambda count: count == 0 or count >= _SAMPLES,
      f'--leak_requests: must be 0 or at least {_SAMPLES}.')
  flags.DEFINE_float(
      'max_growth_mib', 20, 'Growth in MiB, from a tenth of leak_requests to '
      'their end, above which the exit status is 1.', lower_bound=0)
  report.define_flags()


def _draw_pictures(folder: str):
  """Writes the PNG files that are asked for."""
  from PIL import Image
  from PIL import ImageDraw
  from PIL import ImageFont
  os.makedirs(folder)
  font = ImageFont.load_default()
  for i, (word, height) in enumerate(_WORDS.items()):
    right, bottom = font.getbbox(word)[2:]
    image = Image.new('RGB', (int(right) + 8, int(bottom) + 8),
                      (230, 220, 200))
    ImageDraw.Draw(image).text((4, 4), word, (30, 20, 60), font)
    image.resize((image.width * height // image.height, height)).save(
        os.path.join(folder, f'{i}.png'))


def _random_forms(config: config_lib.ModelConfig, rows: Sequence[str],
                  onnx: str, scratch: str) -> dict[str, str]:
  """Paths of the forms of a model of random weights."""
  from master.export import predictor as predictor_lib
  from master.export import saved_model as saved_model_lib
  model_dir = os.path.join(scratch, 'model')
  models.write_random(config, model_dir)
  ways = {
      'session': lambda model: model_dir,
      'saved_model': lambda model: saved_model_lib.export_model(
          model, os.path.join(scratch, 'saved')),
      'onnx': lambda model: models.export_onnx(
          model, os.path.join(scratch, 'onnx'), onnx),
  }
  with predictor_lib.Predictor.from_model_dir(model_dir) as model:
    paths = {form: ways[form](model) for form in ways if form in rows}
  return {form: path for form, path in paths.items() if path}


def _forms(flags_obj: flags.FlagValues, scratch: str
           ) -> tuple[dict[str, str], dict[str, Any]]:
  """Paths by form of what is measured, and settings that tell of it."""
  sources = models.given_sources(flags_obj, tuple(_FORMS))
  if sources:
    if flags_obj['rows'].present:
      raise errors.InputError(f'--rows: stands beside --{list(sources)[0]}; '
                              'it is for models of random weights.')
    forms = {_FORMS[flag]: path for flag, path in sources.items()}
    return forms, {'model': forms}
  config = config_flags.from_flags(config_lib.ModelConfig, flags_obj)
  forms = _random_forms(config, flags_obj.rows, flags_obj.onnx, scratch)
  if not forms:
    raise errors.InputError(
        '--rows=onnx: nothing is left to measure; install what ONNX models '
        'need, or choose other rows.')
  return forms, {'model': models.RANDOM, 'steps': config.num_steps,
                 'image': [config.image_height, config.image_width]}


def _cold_start(form: str, path: str, pictures: str) -> dict[str, Any]:
  """Seconds from nothing to the first text, and of what they are made."""
  with serving_probe.Probe(form, path, pictures) as probe:
    loaded = probe.loaded()
    first = probe.request()['seconds']
    whole = time.perf_counter() - probe.started
    second = probe.request()['seconds']
  parts = {'import': loaded['import_s'], 'load': loaded['load_s'],
           'first_request': first}
  return {'cold_start_s': whole,
          'cold_start_parts_s': {
              'interpreter': whole - sum(parts.values()), **parts},
          'second_request_s': second, 'load_s': loaded['load_s']}


def _cold_starts(forms: Mapping[str, str], pictures: str,
                 count: int) -> Facts:
  """The middle one of some cold starts of each form."""
  starts = {form: [] for form in forms}
  for i in range(count):
    for form, path in forms.items():
      starts[form].append(_cold_start(form, path, pictures))
    report.note(f'cold starts: {i + 1} of {count}')
  return {form: sorted(found, key=lambda start: start['cold_start_s'])[
      count // 2] for form, found in starts.items()}


def _latencies(probes: Mapping[str, serving_probe.Probe],
               count: int) -> dict[str, dict[str, float]]:
  """Percentiles of the milliseconds of requests of one image, by form."""
  for probe in probes.values():
    for i in range(len(_WORDS)):
      probe.request(i)
  seconds = {form: [] for form in probes}
  for i in range(count):
    for form, probe in probes.items():
      seconds[form].append(probe.request(i)['seconds'])
    if (i + 1) % 50 == 0:
      report.note(f'requests: {i + 1} of {count}')
  return {form: {f'p{rank}': 1000 * float(np.percentile(found, rank))
                 for rank in (50, 95, 99)} for form, found in seconds.items()}


def _steady(forms: Mapping[str, str], pictures: str,
            flags_obj: flags.FlagValues) -> tuple[Facts, dict]:
  """Memory and latency by form; and images a second by form."""
  batch = flags_obj.memory_batch
  memory = {}
  with contextlib.ExitStack() as stack:
    probes = {}
    for form, path in forms.items():
      probes[form] = stack.enter_context(
          serving_probe.Probe(form, path, pictures))
      memory[form] = {
          'loaded': probes[form].loaded()['memory_mib'],
          'first_batch': probes[form].request(0, batch)['memory_mib']}
    rates = report.in_turn(
        {form: lambda probe=probe: probe.request(0, batch)
         for form, probe in probes.items()},
        flags_obj.repeats, batch, f'batch {batch}')
    latencies = _latencies(probes, flags_obj.requests)
    for form, probe in probes.items():
      memory[form]['peak'] = probe.request()['peak_mib']
  return {form: {'latency_ms': latencies[form], 'memory_mib': memory[form]}
          for form in forms}, rates


def _watch(form: str, path: str, pictures: str, count: int) -> dict[str, Any]:
  """How the memory of a fresh process grows over `count` requests."""
  samples = []
  with serving_probe.Probe(form, path, pictures) as probe:
    probe.loaded()
    for i in range(1, count + 1):
      mib = probe.request(i)['memory_mib']
      if i % (count // _SAMPLES) == 0 or i == count:
        samples.append((i, mib))
        report.note(f'{form}: {i} of {count} requests, {mib:.1f} MiB')
  return growth(samples)


def growth(samples: Sequence[tuple[int, float]]) -> dict[str, Any]:
  """How memory grew after the first tenth of the requests.

  Args:
    samples: requests so far and memory in MiB; the last has all requests.

  Returns:
    `growth_mib`, and as `mib_per_1000_requests` the slope of the line that
    fits all samples after the first tenth best.
  """
  count = samples[-1][0]
  later = [sample for sample in samples if sample[0] >= count / 10]
  slope = np.polyfit(*zip(*later), 1)[0]
  return {'requests': count, 'growth_mib': later[-1][1] - later[0][1],
          'mib_per_1000_requests': 1000 * float(slope),
          'samples': [list(sample) for sample in samples]}


def _measure(forms: Mapping[str, str], pictures: str,
             flags_obj: flags.FlagValues) -> list[report.Row]:
  """All that the forms of the model take."""
  starts = _cold_starts(forms, pictures, flags_obj.cold_starts)
  facts, rates = _steady(forms, pictures, flags_obj)
  if flags_obj.leak_requests:
    for form, path in forms.items():
      facts[form]['leak'] = _watch(form, path, pictures,
                                   flags_obj.leak_requests)
  return [report.row(form, flags_obj.memory_batch, rates[form],
                     **starts[form], **facts[form]) for form in forms]


def table(rows: Sequence[report.Row]) -> str:
  """A column for each row, for people."""
  batch = rows[0]['batch']
  lines = [['', *(row['name'] for row in rows)]]

  def add(title: str, value_of, form: str):
    lines.append([title, *(form.format(value_of(row)) for row in rows)])

  for rank in rows[0]['latency_ms']:
    add(f'latency, {rank}', lambda row, rank=rank: row['latency_ms'][rank],
        '{:.1f} ms')
  add('cold start to first text', lambda row: row['cold_start_s'], '{:.2f} s')
  for part in rows[0]['cold_start_parts_s']:
    add('  ' + part.replace('_', ' '),
        lambda row, part=part: row['cold_start_parts_s'][part], '{:.2f} s')
  add('second request', lambda row: row['second_request_s'], '{:.2f} s')
  for key, title in (('loaded', 'memory when loaded'),
                     ('first_batch', f'  after a batch of {batch}'),
                     ('peak', '  peak')):
    add(title, lambda row, key=key: row['memory_mib'][key], '{:.0f} MiB')
  add(f'images/s, batch {batch}',
      lambda row: row['images_per_second']['median'], '{:.2f}')
  add('  low to high', lambda row: report.spread(row['images_per_second']),
      '{}')
  if 'leak' in rows[0]:
    add(f'growth, {rows[0]["leak"]["requests"]} requests',
        lambda row: row['leak']['growth_mib'], '{:.1f} MiB')
    add('  fitted, per 1000 requests',
        lambda row: row['leak']['mib_per_1000_requests'], '{:.2f} MiB')
  return report.aligned(lines)


def _status(rows: Sequence[report.Row], max_growth_mib: float) -> int:
  """The exit status: whether a row's memory grew too much."""
  status = 0
  for row in rows:
    grown = row.get('leak', {}).get('growth_mib', 0)
    if grown > max_growth_mib:
      report.note(f'{row["name"]}: memory grew by {grown:.1f} MiB, more than '
                  f'--max_growth_mib={max_growth_mib:g}')
      status = app.EXIT_FAILURE
  return status


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Prints the table and writes the JSON file."""
  del args
  if not os.path.exists(serving_probe.STATUS_FILE):
    raise errors.InputError(f'{serving_probe.STATUS_FILE}: not on this '
                            'system; memory is measured on Linux alone.')
  settings = {name: flags_obj[name].value for name in (
      'requests', 'cold_starts', 'memory_batch', 'leak_requests', 'repeats')}
  with tempfile.TemporaryDirectory() as scratch:
    forms, model_settings = _forms(flags_obj, scratch)
    settings.update(model_settings)
    pictures = os.path.join(scratch, 'pictures')
    _draw_pictures(pictures)
    rows = _measure(forms, pictures, flags_obj)
  found = report.result(settings, rows, report.ratios(rows, _RATIOS))
  report.write_json(flags_obj.json, found)
  print(found['hardware'], table(rows), sep='\n\n')
  if found['ratios']:
    print('\n' + report.ratios_table(found['ratios']))
  return _status(rows, flags_obj.max_growth_mib)


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
