"""The whole main job on rendered words: `make quickstart`.

Runs the project's own commands one after the other: renders words into
LMDBs, tunes the pretrained model to them, evaluates on words it has not seen,
exports a SavedModel and reads pictures with it. Started again, it goes on where
it was stopped.
"""

import os
import shutil
import time
from typing import Sequence

from absl import flags

from master import errors
from master.cli import app
from master.cli import stages

_RECIPE = os.path.join('flags', 'experiments', 'quickstart.flags')
_SET = 'rendered'
# Distortions at half their strength, as in print and on most signs.
_RENDER_FLAGS = ('--charset=36', '--effects=0.5', '--min_word_length=3',
                 '--max_word_length=7')
# What --short changes: enough to show that every stage works.
_SIZES = {False: dict(train_words=6000, eval_words=500, train_flags=[]),
          True: dict(train_words=600, eval_words=60, train_flags=[
              '--train_steps=30', '--save_steps=15', '--eval_steps=30',
              '--warmup_steps=5', '--log_steps=10'])}


def define_flags():
  """Defines the flags of this command."""
  flags.DEFINE_bool(
      'short', False,
      'Render and train just enough to show that every stage works.')
  flags.DEFINE_string(
      'output_dir', None,
      'Directory of data, model, report and SavedModel; by default '
      'runs/quickstart (or runs/quickstart_short) in the checkout.')


def _render(output: str, count: int, seed: int, *more: str):
  if not os.path.isdir(output):
    stages.run('data_tools/render_lmdb', f'--output={output}',
               f'--count={count}', f'--seed={seed}', *_RENDER_FLAGS, *more)


def _picture_files(lmdb: str, directory: str, count: int) -> Sequence[str]:
  """Writes the first pictures of an LMDB as files, named by their labels."""
  from master.data import lmdb_reader
  shutil.rmtree(directory, ignore_errors=True)
  os.makedirs(directory)
  reader = lmdb_reader.LmdbReader(lmdb)
  paths = []
  for position in range(min(count, len(reader))):
    record = reader.read(position)
    paths.append(os.path.join(
        directory, f'{position + 1}_{record.label.decode()}.jpg'))
    with open(paths[-1], 'wb') as f:
      f.write(record.image)
  return paths


def _summary(before_dir: str, report_dir: str, saved_model: str,
             model_dir: str, seconds: float) -> str:
  before = stages.results(before_dir, _SET)['protocols']['alnum_ci']
  results = stages.results(report_dir, _SET)
  scores = results['protocols']['alnum_ci']
  return (
      f'\nQuickstart done in {seconds / 60:.1f} minutes.\n'
      f'  word accuracy  {100 * scores["word_accuracy"]:.1f} % of '
      f'{scores["samples"]} rendered words it has not seen (alnum_ci); '
      f'{100 * before["word_accuracy"]:.1f} % before the training\n'
      f'  reading speed  {results["images_per_second"]:.0f} images/s\n'
      f'  model          {model_dir}\n'
      f'  report         {os.path.join(report_dir, "report.html")}\n'
      f'  SavedModel     {saved_model}')


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Runs all stages and prints the summary."""
  del args
  started = time.time()
  sizes = _SIZES[flags_obj.short]
  if not os.path.isfile(os.path.join(stages.ROOT, _RECIPE)):
    raise errors.InputError(
        f'{_RECIPE}: not beside the package; run the quickstart in a '
        'checkout.')
  base = os.path.abspath(flags_obj.output_dir or os.path.join(
      stages.ROOT, 'runs',
      'quickstart_short' if flags_obj.short else 'quickstart'))
  os.makedirs(base, exist_ok=True)
  (train_lmdb, eval_lmdb, model_dir, before_dir, report_dir, export_dir,
   pictures) = (
       os.path.join(base, name) for name in
       ('train_lmdb', 'eval_lmdb', 'model', 'before', 'report',
        'saved_model', 'pictures'))
  # The unseen words first; the training words are drawn around them.
  _render(eval_lmdb, sizes['eval_words'], 2)
  _render(train_lmdb, sizes['train_words'], 1, f'--exclude={eval_lmdb}')
  # What training is worth: the same words, read by the pretrained model.
  stages.run('bin/eval', f'--eval_lmdb={_SET}={eval_lmdb}',
             f'--output_dir={before_dir}')
  stages.run('bin/train', f'--flagfile={_RECIPE}', f'--model_dir={model_dir}',
             f'--train_lmdb={train_lmdb}', f'--eval_lmdb={_SET}={eval_lmdb}',
             *sizes['train_flags'])
  stages.run('bin/eval', f'--model_dir={model_dir}',
             f'--eval_lmdb={_SET}={eval_lmdb}', f'--output_dir={report_dir}',
             '--report')
  saved_model = stages.run(
      'bin/export', f'--model_dir={model_dir}',
      f'--export_dir={export_dir}').splitlines()[-1]
  stages.run('bin/predict', f'--saved_model={saved_model}',
             *_picture_files(eval_lmdb, pictures, 5))
  print(_summary(before_dir, report_dir, saved_model, model_dir,
                 time.time() - started))
  return 0


def run():
  """Entry point of the command."""
  app.run(main, define_flags, __doc__)


if __name__ == '__main__':
  run()
