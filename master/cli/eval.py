"""Measures how well a trained model reads labelled word images.

Prints a table with the word accuracy and the mean of 1 - normalised edit
distance (ned) of each evaluation set, in percent, under three protocols:
alnum_ci (a-z and 0-9 alone count, case does not), case_sensitive (A-Z, a-z
and 0-9 count) and exact (the strings as they are). Records that cannot be
read are counted by reason. images/s includes reading and decoding them.

With --output_dir, results.json and predictions.jsonl are written there.
"""

import contextlib
import logging
from typing import Any, Iterator, Optional

from absl import flags

from master import config as config_lib
from master.cli import app
from master.cli import common_flags
from master.cli import progress as progress_lib
from master.cli import source_flags
from master.evaluation import results


def define_flags():
  """Flags of bin/eval."""
  source_flags.define_source_flags()
  flags.DEFINE_list(
      'eval_lmdb', None,
      'Evaluation sets, NAME=PATH[,NAME=PATH...]: the name in the table and '
      'the LMDB folder of each.', required=True)
  common_flags.validate_named_paths('eval_lmdb')
  flags.DEFINE_string(
      'output_dir', None,
      'Folder for results.json and predictions.jsonl; made if need be.')
  flags.DEFINE_integer(
      'batch_size', 64, 'Images read at a time.', lower_bound=1)
  flags.DEFINE_integer(
      'limit', None,
      'Records taken of each set, from its beginning; all if not given.',
      lower_bound=1)


def _batches(input_fn) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
  """Features and labels of an input_fn as NumPy arrays."""
  import tensorflow.compat.v1 as tf
  with tf.Graph().as_default(), tf.device('/cpu:0'):
    iterator = tf.data.make_initializable_iterator(input_fn())
    batch = iterator.get_next()
    with tf.Session() as session:
      session.run([iterator.initializer, tf.tables_initializer()])
      while True:
        try:
          yield session.run(batch)
        except tf.errors.OutOfRangeError:
          return


def _evaluate(predictor, name: str, input_fn, counter,
              report: Optional[results.Report]) -> results.SetResult:
  """Reads one set."""
  result = results.SetResult()
  progress = progress_lib.Progress(name)
  for features, labels in _batches(input_fn):
    texts, confidences = predictor.read_images(features['image'])
    for index, label, text, confidence in zip(
        features['index'], labels['text'], texts, confidences):
      label = label.decode('utf-8')
      result.add(label, text)
      if report:
        report.add(name, int(index), label, text, float(confidence))
    progress.add(len(texts))
  result.seconds = progress.seconds
  result.skipped = dict(counter.counts)
  logging.info('%s: %d images read, %d skipped', name, result.samples,
               sum(result.skipped.values()))
  return result


def _warm_up(predictor, batch_size: int):
  """Has the session do its first-time work before the clock runs."""
  import numpy as np
  model = predictor.config.model
  predictor.read_images(np.zeros(
      [batch_size, model.image_height, model.image_width,
       model.image_channels], np.float32))


def main(flags_obj: flags.FlagValues, unused_arguments: list[str]):
  """Evaluates on every set and prints the table."""
  from master.inputs import input_fn as input_fn_lib
  from master.inputs import records
  paths = common_flags.named_paths('eval_lmdb', flags_obj.eval_lmdb)
  data = config_lib.DataConfig(batch_size=flags_obj.batch_size)
  with contextlib.ExitStack() as stack:
    report = flags_obj.output_dir and stack.enter_context(
        results.Report(flags_obj.output_dir))
    predictor = stack.enter_context(source_flags.load(flags_obj))
    counters = {name: records.SkipCounter() for name in paths}
    input_fns = {
        name: input_fn_lib.make_eval_input_fn(
            path, predictor.config.model, data, counters[name],
            flags_obj.limit)
        for name, path in paths.items()}
    _warm_up(predictor, flags_obj.batch_size)
    sets = {name: _evaluate(predictor, name, input_fn, counters[name], report)
            for name, input_fn in input_fns.items()}
    if report:
      report.publish(results.to_dict(
          predictor.name, predictor.config.model.charset, sets))
  print(results.table(sets))


def run():
  """Entry point of master-eval."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
