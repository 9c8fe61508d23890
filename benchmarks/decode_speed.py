"""How fast images are read, by parts, ways of decoding and forms of a model.

  benchmarks/decode_speed --flagfile=flags/model/base.flags --json=FILE

In one run and in turn:
  backbone     the backbone alone
  uncached     the decoder run anew over the whole text for each character, as
               the original implementations do it
  cached_stop  the cached greedy search ending after --word_length characters
  cached_full  the same for all steps
  beam_5       a beam of 5 that ends after --word_length characters too
  session      the whole model, images fed and ids fetched, from a checkpoint
  saved_model  the same from its SavedModel
  onnx         the same from its ONNX model

The weights are random, as they do not change the work, unless --model_dir or
--checkpoint names a trained model. Random texts never end: the last three
rows then take all steps. Their ids, and those of uncached, are compared with
session's before anything is timed.
"""

import contextlib
import os
import tempfile
from typing import Any, Callable, Mapping, Optional

from absl import flags
import numpy as np

from benchmarks import models
from benchmarks import report
from master import charset as charset_lib
from master import config as config_lib
from master import errors
from master.cli import app

_ROWS = ('backbone', 'uncached', 'cached_stop', 'cached_full', 'beam_5',
         'session', 'saved_model', 'onnx')
# Rows that read as session does.
_COMPARED = ('uncached', 'session', 'saved_model', 'onnx')
# Rows that take all steps whatever they read.
_FULL = ('uncached', 'cached_full')

# Over all rows of one batch size: name -> (row, row).
_RATIOS = {
    'cached_stop_over_backbone': ('cached_stop', 'backbone'),
    'cached_full_over_backbone': ('cached_full', 'backbone'),
    'cached_full_over_uncached': ('cached_full', 'uncached'),
    'saved_model_over_session': ('saved_model', 'session'),
    'onnx_over_saved_model': ('onnx', 'saved_model'),
}

Runs = dict[str, Callable[[], Any]]


def define_flags():
  """Defines the flags of this benchmark."""
  models.define_source_flags()
  report.define_batch_sizes_flag(['8'])
  flags.DEFINE_integer(
      'word_length', 10, 'Characters after which cached_stop ends.',
      lower_bound=1)
  models.define_onnx_flag()
  report.define_rows_flag(_ROWS)
  report.define_flags()


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


def uncached(recognizer, memory):
  """ids int32 [B, T - 1] by running the decoder anew for each character.

  All T steps are run; the last one's id would be read by none.
  """
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

  ids = tf.while_loop(lambda step, ids: step < config.num_steps, advance,
                      (tf.constant(0), start), back_prop=False)[1]
  return ids[:, 1:]


def _graph(config: config_lib.ModelConfig, checkpoint: str,
           images: np.ndarray, word_length: int):
  """A session and, by row, what to run in it."""
  import tensorflow.compat.v1 as tf

  from master.estimator.checkpoint import checkpoints
  from master.models import recognizer as recognizer_lib
  graph = tf.Graph()
  with graph.as_default():
    recognizer = recognizer_lib.Recognizer(config)
    memory = recognizer.encode(tf.constant(images), is_training=False)
    fetches = {'backbone': memory.op,
               'uncached': uncached(recognizer, memory)}
    _stop_after(recognizer, word_length)
    for row, decode in (
        ('cached_stop', config_lib.DecodeConfig()),
        ('cached_full', config_lib.DecodeConfig(early_stop=False)),
        ('beam_5', config_lib.DecodeConfig(beam_size=5))):
      fetches[row] = recognizer.decode(memory, decode).ids
    session = tf.Session(graph=graph)
    tf.train.Saver(checkpoints.named_variables()).restore(session, checkpoint)
  return session, fetches


def _served(model, rows: list[str], onnx: str, scratch: str,
            stack: contextlib.ExitStack) -> dict[str, Any]:
  """The model's forms by row; `stack` closes them."""
  from master.export import predictor as predictor_lib
  from master.export import saved_model as saved_model_lib
  forms = {'session': model}
  if 'saved_model' in rows:
    path = saved_model_lib.export_model(model, os.path.join(scratch, 'saved'))
    forms['saved_model'] = stack.enter_context(
        predictor_lib.Predictor.from_saved_model(path))
  path = models.export_onnx(model, os.path.join(scratch, 'onnx'), onnx
                            ) if 'onnx' in rows else None
  if path:
    from master.export import onnx_model
    forms['onnx'] = stack.enter_context(
        onnx_model.OnnxPredictor.from_folder(path))
  return {name: form for name, form in forms.items() if name in rows}


def _ids_of(model, images: np.ndarray) -> np.ndarray:
  """ids int32 [B, T] that a form of a model reads."""
  return model.run('decode', ('ids',), image=images)['ids']


def _num_steps(ids: np.ndarray) -> int:
  """Steps of a search that leaves off when all texts [B, T] have ended."""
  ends = ids == charset_lib.EOS_ID
  return int(np.where(ends.any(1), ends.argmax(1) + 1, ids.shape[1]).max())


def differing_rows(ids: np.ndarray, expected: np.ndarray) -> np.ndarray:
  """Which ids [B, T] or [B, T - 1] are not those [B, T], up to each end."""
  expected = expected[:, :ids.shape[1]]
  ends = expected == charset_lib.EOS_ID
  counts = np.cumsum(ends, 1) - ends == 0
  return np.any((ids != expected) & counts, axis=1)


def _facts(name: str, ids: Optional[np.ndarray], expected: np.ndarray,
           label: str) -> dict[str, Any]:
  """What a row tells beside its speed: steps, and whether it reads rightly.

  Args:
    name: of the row.
    ids: what it read; None for the backbone.
    expected: ids int32 [B, T] that the session reads.
    label: what is timed, for the line on stderr.
  """
  facts = {}
  if ids is not None:
    facts['steps'] = expected.shape[1] if name in _FULL else _num_steps(ids)
  if name in _COMPARED:
    facts['ids_equal'] = not differing_rows(ids, expected).any()
    if not facts['ids_equal']:
      report.note(f'{label}: WARNING: {name} reads other ids than session')
  return facts


def _measure(model, served: Mapping[str, Any], batch: int,
             flags_obj: flags.FlagValues) -> list[report.Row]:
  """Rows of one batch size."""
  config = model.config.model
  images = np.random.RandomState(0).uniform(
      -1, 1, [batch, config.image_height, config.image_width,
              config.image_channels]).astype(np.float32)
  session, fetches = _graph(config, model.name, images, flags_obj.word_length)
  with session:
    runs: Runs = {name: lambda fetch=fetch: session.run(fetch)
                  for name, fetch in fetches.items()
                  if name in flags_obj.rows}
    runs.update({name: lambda form=form: _ids_of(form, images)
                 for name, form in served.items()})
    expected = _ids_of(model, images)
    label = f'batch {batch}'
    facts = {name: _facts(name, ids, expected, label)
             for name, ids in report.warm_up(runs).items()}
    rates = report.in_turn(runs, flags_obj.repeats, batch, label)
  return [report.row(name, batch, rates[name], **facts[name])
          for name in rates]


def _all_rows(flags_obj: flags.FlagValues, scratch: str
              ) -> tuple[config_lib.ModelConfig, list[report.Row]]:
  """The model's configuration, and the rows of all batch sizes."""
  with contextlib.ExitStack() as stack:
    model = stack.enter_context(models.open_source(flags_obj, scratch))
    served = _served(model, flags_obj.rows, flags_obj.onnx, scratch, stack)
    if flags_obj.rows == ['onnx'] and not served:
      raise errors.InputError('--rows=onnx: nothing is left to time; install '
                              'what ONNX models need, or choose other rows.')
    rows = []
    for batch in report.batch_sizes(flags_obj.batch_sizes):
      rows += _measure(model, served, batch, flags_obj)
    return model.config.model, rows


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Prints the table and writes the JSON file."""
  del args
  with tempfile.TemporaryDirectory() as scratch:
    config, rows = _all_rows(flags_obj, scratch)
  found = report.result(
      {'model': models.source_name(flags_obj),
       'image': [config.image_height, config.image_width],
       'hidden_size': config.hidden_size,
       'steps': config.num_steps,
       'word_length': flags_obj.word_length,
       'repeats': flags_obj.repeats},
      rows, report.ratios(rows, _RATIOS))
  report.write_json(flags_obj.json, found)
  print(found['hardware'], report.rates_table(rows, ('steps', 'ids_equal')),
        report.ratios_table(found['ratios']), sep='\n\n')
  return 0


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
