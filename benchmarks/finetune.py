"""How well the pretrained model learns a new charset from a few words.

  benchmarks/finetune --fonts=/usr/share/fonts/truetype/dejavu --json=FILE

The example of docs/fine_tuning.md, by the commands that it names: renders
--words words with accents, trains on them, and reads words that are in none of
these. Prints word accuracy (protocol exact: accents count) of the
pretrained model, which has no accents, and after the training; and how long
the training took.
"""

import os
import tempfile
import time

from absl import flags

from benchmarks import report
from master import hardware
from master.cli import app
from master.cli import stages

_EXAMPLE = os.path.join('docs', 'fine_tuning')
_WORDS = os.path.join(_EXAMPLE, 'words.txt')
_CHARSET = os.path.join(_EXAMPLE, 'charset.txt')
_RECIPE = os.path.join('flags', 'experiments', 'finetune_few.flags')
_SET = 'Unseen'


def define_flags():
  """Defines the flags of this benchmark."""
  flags.DEFINE_string(
      'fonts', None, 'Folder of fonts that have accents; the one that Pillow '
      'brings has none.', required=True)
  flags.DEFINE_integer('words', 300, 'Words to learn from.', lower_bound=1)
  flags.DEFINE_integer('unseen_words', 300, 'Words to score on.',
                       lower_bound=1)
  flags.DEFINE_float('effects', 0.5, 'Strength of all distortions of words, 0 '
                     'to 1.', lower_bound=0.0, upper_bound=1.0)
  flags.DEFINE_integer('train_steps', None, "In place of the recipe's.",
                       lower_bound=1)
  report.define_json_flag()


def _accuracy(folder: str, lmdb: str, *source: str) -> dict[str, float]:
  """What bin/eval says of a model, protocol exact."""
  stages.run('bin/eval', f'--eval_lmdb={_SET}={lmdb}',
             f'--output_dir={folder}', *source)
  return stages.results(folder, _SET)['protocols']['exact']


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Prints the table and writes the JSON file."""
  del args
  fonts = os.path.abspath(flags_obj.fonts)
  with tempfile.TemporaryDirectory() as scratch:
    train, unseen, model_dir, results = (
        os.path.join(scratch, name) for name in
        ('train', 'unseen', 'model', 'results'))
    look = (f'--words={_WORDS}', f'--charset={_CHARSET}', '--case=lower',
            f'--fonts={fonts}', f'--effects={flags_obj.effects}')
    stages.run('data_tools/render_lmdb', f'--output={train}',
               f'--count={flags_obj.words}', '--seed=1', *look)
    stages.run('data_tools/render_lmdb', f'--output={unseen}',
               f'--count={flags_obj.unseen_words}', '--seed=2',
               f'--exclude={train}', *look)
    before = _accuracy(os.path.join(results, 'before'), unseen)
    started = time.monotonic()
    steps = ([f'--train_steps={flags_obj.train_steps}',
              f'--warmup_steps={flags_obj.train_steps // 20}']
             if flags_obj.train_steps else [])
    stages.run('bin/train', f'--flagfile={_RECIPE}', f'--charset={_CHARSET}',
               f'--model_dir={model_dir}', f'--train_lmdb={train}',
               f'--eval_lmdb={_SET}={unseen}', *steps)
    seconds = time.monotonic() - started
    after = _accuracy(os.path.join(results, 'after'), unseen,
                      f'--model_dir={model_dir}')
  found = {
      'hardware': hardware.describe(),
      'settings': {'words': flags_obj.words, 'effects': flags_obj.effects,
                   'unseen_words': flags_obj.unseen_words,
                   'train_steps': flags_obj.train_steps},
      'train_seconds': seconds, 'before': before, 'after': after}
  report.write_json(flags_obj.json, found)
  print(found['hardware'], '', sep='\n')
  for name, scores in (('pretrained', before), ('fine-tuned', after)):
    print(f'{name:12} {100 * scores["word_accuracy"]:5.1f} % of '
          f'{scores["samples"]} unseen words, ned '
          f'{100 * scores["ned"]:.1f} %')
  print(f'training took {seconds / 60:.1f} minutes, evaluations on the way '
        'included')
  return 0


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
