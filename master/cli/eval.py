"""Measures how well a trained model reads labelled word images.

Prints a table with the word accuracy, its 95 % interval and the mean of
1 - normalised edit distance (ned) of each evaluation set, in percent, under
three protocols: alnum_ci (a-z and 0-9 alone count, case does not),
case_sensitive (A-Z, a-z and 0-9 count) and exact (the strings as they are).
--protocols adds others of the field; docs/evaluation.md says what each
counts. Records that cannot be read are counted by reason. images/s includes
reading and decoding them.

With --predictions it scores the texts of any other recogniser.

With --output_dir, results.json, predictions.jsonl and skipped.jsonl are
written there, with --report a page to look at as well. SIGINT and SIGTERM end
the reading; what was read until then is scored, written and marked as
partial, and the exit status is 1.
"""

import contextlib
import datetime
import logging
import signal
from typing import TYPE_CHECKING, Any, Callable, Optional

from absl import flags

import master
from master import hardware
from master import progress as progress_lib
from master.cli import app
from master.cli import config_flags
from master.cli import model_flags
from master.evaluation import comparison
from master.evaluation import prediction_files
from master.evaluation import result_files
from master.evaluation import results
from master.evaluation import tables
from master.metrics import protocols

if TYPE_CHECKING:
  from master.export import predictor as predictor_lib
  from master.runs import evaluation as evaluation_lib
  from master.runs import mistakes as mistakes_lib
  from master.runs import text_sources as text_sources_lib


def define_flags():
  """Flags of bin/eval."""
  flags.DEFINE_string(
      'predictions', None,
      'Texts of any recogniser, to be scored in the place of a model: JSON '
      'lines or tab-separated lines of set, index or key, text and, if there '
      'is one, confidence; or the folder of an earlier evaluation. A record '
      'without a line counts as read as nothing.')
  model_flags.define_source_flags(instead=['predictions'])
  flags.DEFINE_list(
      'eval_lmdb', None,
      'Evaluation sets, NAME=PATH[,NAME=PATH...]: the name in the table and '
      'the LMDB folder of each.', required=True)
  config_flags.validate_named_paths('eval_lmdb')
  flags.DEFINE_list(
      'protocols', [],
      'Protocols to score by, apart from alnum_ci, case_sensitive and exact: '
      f'{", ".join(protocols.OPTIONAL)}.')
  flags.DEFINE_string(
      'output_dir', None,
      'Folder for results.json, predictions.jsonl and skipped.jsonl; made if '
      'need be.')
  flags.DEFINE_bool(
      'report', False,
      'Also write OUTPUT_DIR/report.html: one file with the tables, curves, '
      'confusions and a gallery of mistakes. Reading takes somewhat longer, '
      'for it is to show where the decoder looked.')
  flags.DEFINE_string(
      'compare', None,
      'Folder that an earlier evaluation of another model on the same sets '
      'wrote (its --output_dir): shows sample by sample what was gained and '
      'lost, and whether that may be chance.')
  flags.DEFINE_integer(
      'batch_size', 64, 'Images read at a time.', lower_bound=1)
  flags.DEFINE_integer(
      'limit', None,
      'Records taken of each set, from its beginning; all if not given.',
      lower_bound=1)
  flags.DEFINE_integer(
      'num_replicas', None,
      'Batches that are read at the same time: each GPU gets a copy of the '
      'model, in turn where there are fewer; on a CPU they share one. If not '
      'given, as many as there are GPUs, or 2 on a CPU; 1 measures latency '
      'undisturbed.', lower_bound=1)
  config_flags.validate_names('protocols', 'protocol', protocols.ALL)
  flags.register_multi_flags_validator(
      ['report', 'output_dir'],
      lambda values: not values['report'] or bool(values['output_dir']),
      '--report: needs --output_dir, the folder that the page is written to.')


def _settings(flags_obj: flags.FlagValues,
              source: 'text_sources_lib.Source') -> dict[str, Any]:
  return {
      'batch_size': flags_obj.batch_size, 'limit': flags_obj.limit,
      'num_replicas': source.num_replicas,
      'predictions': flags_obj.predictions, 'compare': flags_obj.compare,
      'beam_size': source.beam_size, 'version': master.__version__,
      'hardware': hardware.describe(),
      'date': datetime.datetime.now(datetime.timezone.utc).isoformat(
          timespec='seconds')}


def _protocol_names(flags_obj: flags.FlagValues) -> tuple[str, ...]:
  """Those that are always there, then the others, none twice."""
  return tuple(dict.fromkeys([*protocols.PROTOCOLS, *flags_obj.protocols]))


def _load(flags_obj: flags.FlagValues, stack: contextlib.ExitStack
          ) -> list['predictor_lib.Predictor']:
  """The model, once for each batch that is read at a time.

  Where GPUs are fewer than batches, or there is none, those share copies.
  """
  from master.runs import text_sources
  num_gpus = hardware.num_gpus()
  count = flags_obj.num_replicas or text_sources.usual_replicas(num_gpus)
  devices: list[Optional[str]] = [None]
  if num_gpus > 1:
    devices = [f'/gpu:{i}' for i in range(min(count, num_gpus))]
  copies = [stack.enter_context(model_flags.load(flags_obj, device)).predictor
            for device in devices]
  return [copies[i % len(copies)] for i in range(count)]


def _run(flags_obj: flags.FlagValues, is_over: Callable[[], bool],
         stack: contextlib.ExitStack) -> int:
  """Evaluates on every set; returns the exit status."""
  from master.runs import evaluation
  from master.runs import text_sources
  paths = config_flags.named_paths('eval_lmdb', flags_obj.eval_lmdb)
  other = comparison.read(flags_obj.compare) if flags_obj.compare else None
  texts = (prediction_files.read(flags_obj.predictions, list(paths))
           if flags_obj.predictions else None)
  folder = flags_obj.output_dir and stack.enter_context(
      result_files.ResultsFolder(flags_obj.output_dir))
  source = (text_sources.Texts(texts, list(paths)) if texts
            else text_sources.Model(
                _load(flags_obj, stack), flags_obj.batch_size,
                flags_obj.report))
  sets = evaluation.EvalSets(paths, source.model_config,
                             flags_obj.batch_size, flags_obj.limit,
                             with_bytes=flags_obj.report)
  notes = source.check(sets.sets)
  collected = None
  if flags_obj.report:
    from master.runs import mistakes
    collected = mistakes.Mistakes(source.model_config)
  with evaluation.Run(sets, source.read, _protocol_names(flags_obj),
                      source.num_replicas, is_over) as run:
    found = _evaluate(flags_obj, run, source, notes, folder, other, collected)
  if collected:
    _write_report(folder.path(results.REPORT_FILE), found, collected)
  if run.is_partial:
    logging.warning('interrupted: these are the results of what was read')
  return app.EXIT_FAILURE if run.is_partial else 0


def _evaluate(flags_obj: flags.FlagValues, run: 'evaluation_lib.Run',
              source: 'text_sources_lib.Source', notes: list[str],
              folder: Optional[result_files.ResultsFolder],
              other: Optional[comparison.Other],
              collected: Optional['mistakes_lib.Mistakes']) -> dict[str, Any]:
  """Reads and scores, prints the table and writes the files.

  Returns:
    What results.json holds.
  """
  from master.runs import eval_writer as eval_writer_lib
  writer = eval_writer_lib.EvalWriter(run, folder, other, collected)
  found = None
  is_to_publish = True
  try:
    writer.take_all()
  except comparison.OtherDataError:
    is_to_publish = False  # A wrong flag: the folder keeps its old files.
    raise
  finally:
    # Whatever else ended the reading, what was read is reported and kept.
    if is_to_publish and any(
        result.samples for result in run.results.values()):
      found = writer.results(source.name, source.charset,
                             _settings(flags_obj, source), notes)
      print(tables.table(found), flush=True)
      writer.publish(found)
  if found is None:
    raise KeyboardInterrupt
  return found


def _write_report(path: str, found: dict[str, Any],
                  collected: 'mistakes_lib.Mistakes'):
  from master.report import page
  if collected.num_left_out:
    found = {**found, 'notes': [
        *found['notes'], f'the gallery is without the last '
        f'{collected.num_left_out} mistakes, for which it has no room']}
  progress = progress_lib.Progress('report', total=len(collected.items),
                                   unit='pictures')
  page.write(path, found, collected.items,
             progress=lambda unused_number: progress.add(1))
  logging.info('report: %s', path)


def main(flags_obj: flags.FlagValues, unused_arguments: list[str]) -> int:
  """Evaluates on every set and prints the table."""
  from master.estimator.hooks import stop_signals
  with stop_signals.catching(
      (signal.SIGINT, signal.SIGTERM),
      'what was read so far is scored and written') as received, (
          contextlib.ExitStack()) as stack:
    try:
      return _run(flags_obj, lambda: received.number is not None, stack)
    except KeyboardInterrupt:
      logging.warning('interrupted before anything was read')
      return app.EXIT_FAILURE


def run():
  """Entry point of master-eval."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
