"""How well and how fast rapidocr's recognisers read beside ours.

  benchmarks/peers --eval_lmdb=IIIT5K=/data/IIIT5K,SVT=/data/SVT \\
      --output_dir=results/peers --json=FILE

Each recogniser gets word images alone: nothing is detected, no angle
classified. The peers read with their own code and settings in an environment
that this makes (--peer_venv, pinned by benchmarks/peers.txt). What they read,
one word at a time, goes to OUTPUT_DIR/NAME.jsonl and is scored by bin/eval
--predictions; its files are in OUTPUT_DIR/NAME. Ours is the pretrained model,
or --model_dir's, as an ONNX model, its quickest form on a CPU; that needs the
extra `onnx`.

Then --timed_words words of all sets, in random order, are read from encoded
files to texts, at each of --batch_sizes: all recognisers in turn, each in a
process of its own that gets --threads CPUs.

Not every peer's file comes with a package: those in --peer_models are taken
too.
"""

import contextlib
import json
import os
import random
import tempfile
from typing import Any, Mapping, NamedTuple, Optional, Sequence

from absl import flags

from benchmarks import peer_environment
from benchmarks import peer_probe
from benchmarks import report
from master import errors
from master import pretrained
from master.cli import app
from master.cli import config_flags
from master.cli import stages
from master.data import lmdb_reader
from master.evaluation import results as results_lib
from master.metrics import protocols

OURS = 'ours'
_VENV = '.venv-peers'
# Words of one request for texts: what is told of between them.
_CHUNK = 500
_FIGURES = ('samples', 'correct', 'word_accuracy', 'word_accuracy_interval',
            'ned')

# Set -> protocol -> _FIGURES.
Scores = dict[str, dict[str, dict[str, Any]]]
Probes = Mapping[str, peer_probe.Probe]


class Place(NamedTuple):
  """Where a picture comes from: the set, and the number in its key."""
  set_name: str
  index: int


def define_flags():
  """Defines the flags of this benchmark."""
  flags.DEFINE_list(
      'eval_lmdb', None, 'Sets, NAME=PATH[,NAME=PATH...], as of bin/eval.',
      required=True)
  config_flags.validate_named_paths('eval_lmdb')
  flags.DEFINE_list('peers', list(peer_environment.PEERS),
                    'Recognisers beside ours.')
  config_flags.validate_names('peers', 'peer', peer_environment.PEERS,
                              may_be_empty=False)
  flags.DEFINE_string(
      'peer_models', None, "Folder of ONNX files under rapidocr's names, for "
      'peers whose files come with no package.')
  flags.DEFINE_string(
      'peer_venv', os.path.join(stages.ROOT, _VENV), 'Environment of the '
      'peers; made if need be, which takes the package index and 430 MB.')
  flags.DEFINE_string('model_dir', pretrained.NAME, 'Model directory of ours.')
  flags.DEFINE_bool(
      'turn_tall', False, 'Peers get words at least 1.5 times as tall as wide '
      "turned to the left, as rapidocr's detector turns them.")
  flags.DEFINE_string('output_dir', None, 'Folder for texts and judgements; '
                      'made if need be.')
  flags.DEFINE_list('protocols', [], 'Further protocols, as of bin/eval.')
  config_flags.validate_names('protocols', 'protocol', protocols.ALL)
  flags.DEFINE_bool('accuracy', True, 'Whether all words are read and scored.')
  flags.DEFINE_integer('limit', None, 'Records taken of each set, from its '
                       'beginning; all if not given.', lower_bound=1)
  flags.DEFINE_integer('timed_words', 256, 'Words of a timed run; 0 leaves '
                       'the timing out.', lower_bound=0)
  report.define_batch_sizes_flag(['1', '8'])
  flags.DEFINE_integer('threads', 2, 'CPUs of each recogniser.', lower_bound=1)
  report.define_flags()


def write_pictures(paths: Mapping[str, str], limit: Optional[int],
                   folder: str) -> list[Place]:
  """Writes the image files of sets, named by their position.

  Args:
    paths: of the LMDBs, by the names of the sets.
    limit: records taken of each; all if None.
    folder: gets the files.

  Returns:
    Where each is from. A record without an image is left out, as bin/eval
    leaves it out.

  Raises:
    InputError: if a set cannot be read, or there is nothing to read in any.
  """
  os.makedirs(folder)
  places = []
  for name, path in paths.items():
    reader = lmdb_reader.LmdbReader(path)
    for position in range(min(len(reader), limit or len(reader))):
      image = reader.read(position).image
      if image is not None:
        with open(os.path.join(folder, f'{len(places):09}'), 'wb') as f:
          f.write(image)
        places.append(Place(name, reader.number(position)))
  if not places:
    raise errors.InputError(
        f'--eval_lmdb={",".join(paths)}: hold no images; name sets that do.')
  return places


def write_predictions(path: str, places: Sequence[Place],
                      readings: Sequence[peer_probe.Reading]):
  """Writes what was read, as bin/eval --predictions takes it.

  Args:
    path: of the file.
    places: of the pictures.
    readings: of the same; a picture that was none has no line.
  """
  with open(path, 'w', encoding='utf-8') as f:
    for place, reading in zip(places, readings):
      if reading is not None:
        text, confidence = reading
        json.dump({'set': place.set_name, 'index': place.index, 'text': text,
                   'confidence': confidence}, f, ensure_ascii=False)
        f.write('\n')


def _read_all(probe: peer_probe.Probe, count: int) -> list[peer_probe.Reading]:
  """What a recogniser reads in all pictures, one at a time.

  In a batch rapidocr pads words to the width of the widest, so that a text
  would depend on its neighbours.
  """
  readings = []
  for start in range(0, count, _CHUNK):
    readings += probe.read(range(start, min(start + _CHUNK, count)), 1)
    report.note(f'{probe.name}: {len(readings)} of {count} words read')
  return readings


def _scores_of(folder: str) -> Scores:
  """The figures that bin/eval wrote, sets taken together last."""
  with open(os.path.join(folder, results_lib.RESULTS_FILE),
            encoding='utf-8') as f:
    found = json.load(f)
  sets = {**found['sets'],
          **{row['name']: row for row in found['combined'] or ()}}
  return {name: {protocol: {figure: values[figure] for figure in _FIGURES}
                 for protocol, values in row['protocols'].items()}
          for name, row in sets.items()}


def _score(probes: Probes, places: Sequence[Place], paths: Mapping[str, str],
           flags_obj: flags.FlagValues, folder: str) -> dict[str, Scores]:
  """Has every recogniser read all words, and bin/eval score them."""
  os.makedirs(folder, exist_ok=True)
  sets = ','.join(f'{name}={os.path.abspath(path)}'
                  for name, path in paths.items())
  more = [f'--limit={flags_obj.limit}'] if flags_obj.limit else []
  if flags_obj.protocols:
    more.append('--protocols=' + ','.join(flags_obj.protocols))
  scores = {}
  for name, probe in probes.items():
    base = os.path.join(os.path.abspath(folder), name)
    write_predictions(base + '.jsonl', places, _read_all(probe, len(places)))
    stages.run('bin/eval', f'--predictions={base}.jsonl',
               f'--eval_lmdb={sets}', f'--output_dir={base}', *more)
    scores[name] = _scores_of(base)
  return scores


def _time(probes: Probes, count: int,
          flags_obj: flags.FlagValues) -> list[report.Row]:
  """Rows of all batch sizes.

  Args:
    probes: by name.
    count: pictures that there are.
    flags_obj: of the command.
  """
  words = random.Random(0).sample(range(count),
                                  min(count, flags_obj.timed_words))
  rows = []
  for batch in report.batch_sizes(flags_obj.batch_sizes):
    runs = {name: lambda probe=probe: probe.read(words, batch)  # noqa: B023
            for name, probe in probes.items()}
    for name, readings in report.warm_up(runs).items():
      if None in readings:
        raise errors.InputError(
            f'--eval_lmdb: {name} takes a picture for no image; '
            'data_tools/check_lmdb --fix copies what is whole.')
    rates = report.in_turn(runs, flags_obj.repeats, len(words),
                           f'batch {batch}')
    rows += [report.row(name, batch, rates[name]) for name in probes]
  return rows


def accuracy_table(scores: Mapping[str, Scores]) -> str:
  """Word accuracy in percent, for people: a column for each recogniser."""
  first = next(iter(scores.values()))
  parts = []
  for protocol in next(iter(first.values())):
    lines = [[protocol, 'words', *scores]]
    for name, row in first.items():
      lines.append([name, str(row[protocol]['samples']), *(
          f'{100 * found[name][protocol]["word_accuracy"]:.2f}'
          for found in scores.values())])
    parts.append(report.aligned(lines))
  return '\n\n'.join(parts)


def _export(model_dir: str, scratch: str) -> str:
  """Folder of our model as an ONNX model."""
  line = stages.run('bin/export', '--format=onnx', f'--export_dir={scratch}',
                    f'--model_dir={pretrained.resolve(model_dir)}')
  return line.strip().splitlines()[-1]


def _open(flags_obj: flags.FlagValues, pictures: str, scratch: str,
          stack: contextlib.ExitStack) -> dict[str, peer_probe.Probe]:
  """All recognisers; `stack` ends them."""
  python = peer_environment.make(os.path.abspath(flags_obj.peer_venv))
  models = peer_environment.find(
      flags_obj.peers, peer_environment.packages_folder(python),
      flags_obj.peer_models)
  common = {'pictures': pictures, 'threads': flags_obj.threads,
            'batch_size': max(report.batch_sizes(flags_obj.batch_sizes))}
  probes = {OURS: peer_probe.Probe(OURS, None, {
      'reader': 'ours', 'model': _export(flags_obj.model_dir, scratch),
      **common})}
  stack.enter_context(probes[OURS])
  for name, files in models.items():
    peer = peer_environment.PEERS[name]
    probes[name] = stack.enter_context(peer_probe.Probe(name, python, {
        'reader': 'rapidocr', 'version': peer.version, 'size': peer.size,
        'model': os.path.abspath(files.model), 'characters': files.characters,
        'turn_tall': flags_obj.turn_tall, **common}))
  return probes


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Prints the tables and writes the JSON file."""
  del args
  paths = config_flags.named_paths('eval_lmdb', flags_obj.eval_lmdb)
  with tempfile.TemporaryDirectory() as scratch, (
      contextlib.ExitStack()) as stack:
    pictures = os.path.join(scratch, 'pictures')
    places = write_pictures(paths, flags_obj.limit, pictures)
    probes = _open(flags_obj, pictures, os.path.join(scratch, 'onnx'), stack)
    scores = _score(probes, places, paths, flags_obj,
                    flags_obj.output_dir or os.path.join(scratch, 'scores')
                    ) if flags_obj.accuracy else {}
    rows = (_time(probes, len(places), flags_obj) if flags_obj.timed_words
            else [])
    versions = {name: probe.versions for name, probe in probes.items()}
  found = report.result(
      {'versions': versions, 'sets': paths, **{
          name: flags_obj[name].value for name in (
              'model_dir', 'turn_tall', 'limit', 'timed_words', 'threads',
              'repeats')}},
      rows, report.ratios(rows, {
          f'{name}_over_{OURS}': (name, OURS) for name in probes
          if name != OURS}))
  found['accuracy'] = scores
  report.write_json(flags_obj.json, found)
  print(found['hardware'])
  print('\n'.join(f'{name}: {made_of}' for name, made_of in versions.items()))
  if scores:
    print('\n' + accuracy_table(scores))
  if rows:
    print('\n' + report.rates_table(rows),
          report.ratios_table(found['ratios']), sep='\n\n')
  return 0


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
