"""Renders words into an LMDB to train or evaluate on.

Words come from a list, or are made up: syllables, numbers, and the two mixed.
The same flags give the same bytes, whatever the number of processes. The
last line of stdout is the path of the LMDB; nothing is left under that path
unless all words are in it.

Guarded by tests/cli/render_lmdb_test.py.
"""

import collections
import logging
import os
from typing import Optional

from absl import flags

from master import charset as charset_lib
from master import errors
from master.cli import app
from master.cli import common_flags
from master.cli import progress as progress_lib
from master.inputs import lmdb_reader
from master.inputs import lmdb_writer
from master.rendering import fonts as fonts_lib
from master.rendering import production
from master.rendering import renderer
from master.rendering import sheet as sheet_lib
from master.rendering import words as words_lib


def define_flags():
  """Flags of data_tools/render_lmdb."""
  flags.DEFINE_string(
      'output', None, 'Folder to write the LMDB to; it must not exist yet.',
      required=True)
  flags.DEFINE_integer(
      'count', None, 'Number of words to render.', lower_bound=1,
      required=True)
  flags.DEFINE_integer('seed', 0, 'Decides everything left to chance.')
  flags.DEFINE_integer(
      'processes', 0, 'Processes that draw; 0 for one per processor. The '
      'result does not hang on it.', lower_bound=0)
  flags.DEFINE_string(
      'sheet', None,
      f'PNG file to draw the first {sheet_lib.CAPACITY} words and their '
      'labels on, for a person to judge.')
  _define_word_flags()
  _define_look_flags()


def _define_word_flags():
  common_flags.define_charset_flag()
  flags.DEFINE_string(
      'words', None,
      'Words to render, one a line, UTF-8; each is shown once before any is '
      'shown again. Without it, words are made up.')
  flags.DEFINE_enum(
      'case', 'mixed', ['mixed', 'keep'],
      'How words of the list are written. mixed: as they stand, lower, Title '
      'or UPPER by chance, within the charset; keep: as they stand.')
  flags.DEFINE_list(
      'exclude', [],
      'LMDBs, separated by commas, none of whose labels is rendered, upper '
      'and lower case being the same: a set to evaluate on thus holds no '
      'word of the training set, or the other way round.')
  flags.DEFINE_integer(
      'min_word_length', 1, 'Shortest word, in characters.', lower_bound=1)
  flags.DEFINE_integer(
      'max_word_length', 25,
      'Longest word, in characters. Words that are made up have up to 12, '
      'unless min_word_length asks for more.', lower_bound=1)
  flags.register_multi_flags_validator(
      ['min_word_length', 'max_word_length'],
      lambda values: values['min_word_length'] <= values['max_word_length'],
      '--max_word_length: must not be less than --min_word_length.')


def _define_look_flags():
  default = renderer.Settings()
  flags.DEFINE_string(
      'fonts', None,
      'Folder whose .ttf and .otf files, those of subfolders too, words are '
      'drawn with; without it, the one font that Pillow brings.')
  flags.DEFINE_float(
      'effects', default.strength,
      'Strength of all distortions, from 0 (straight, black on white) to 1.',
      lower_bound=0.0, upper_bound=1.0)
  flags.DEFINE_float(
      'grey_rate', default.grey_rate,
      'Share of pictures in grey, 0 to 1; the others are in colour.',
      lower_bound=0.0, upper_bound=1.0)
  flags.DEFINE_float(
      'png_rate', default.png_rate,
      'Share of pictures written as PNG, 0 to 1; the others are JPEG, which '
      'takes half the time and a third of the room.',
      lower_bound=0.0, upper_bound=1.0)
  flags.DEFINE_integer(
      'min_height', default.min_height, 'Least height of a picture, in '
      'pixels.', lower_bound=8)
  flags.DEFINE_integer(
      'max_height', default.max_height, 'Largest height of a picture, in '
      'pixels.', lower_bound=8, upper_bound=256)
  flags.register_multi_flags_validator(
      ['min_height', 'max_height'],
      lambda values: values['min_height'] <= values['max_height'],
      '--max_height: must not be less than --min_height.')


def _read_words(path: str) -> list[str]:
  """The words of --words."""
  if not os.path.isfile(path):
    raise errors.InputError(
        f'--words={path}: no such file; name one with a word a line.')
  try:
    with open(path, encoding='utf-8-sig') as f:
      words = [line.strip() for line in f]
  except UnicodeDecodeError as e:
    raise errors.InputError(
        f'--words={path}: not UTF-8 ({e.reason} at byte {e.start}); save '
        'the file as UTF-8.') from e
  words = [word for word in words if word]
  if not words:
    raise errors.InputError(
        f'--words={path}: holds no word; write one a line.')
  return words


def _excluded(paths: list[str]) -> frozenset[str]:
  """The case-folded labels of the LMDBs of --exclude."""
  labels = set()
  for path in paths:
    try:
      reader = lmdb_reader.LmdbReader(path)
      for position in range(len(reader)):
        label = reader.read(position).label
        if label is not None:
          labels.add(label.decode('utf-8', 'replace').casefold())
    except errors.InputError as e:
      raise errors.InputError(f'--exclude: {e}') from e
  return frozenset(labels)


def _settings(flags_obj: flags.FlagValues) -> renderer.Settings:
  return renderer.Settings(
      strength=flags_obj.effects, min_height=flags_obj.min_height,
      max_height=flags_obj.max_height, grey_rate=flags_obj.grey_rate,
      png_rate=flags_obj.png_rate)


def _suitable_words(flags_obj: flags.FlagValues, characters: str,
                    excluded: frozenset[str], fonts: fonts_lib.FontBook
                    ) -> Optional[list[str]]:
  """The words of --words that can be shown; None where there is no list."""
  if flags_obj.words is None:
    return None
  words, left_out = words_lib.suitable(
      _read_words(flags_obj.words), frozenset(characters),
      flags_obj.case == 'mixed', flags_obj.min_word_length,
      flags_obj.max_word_length, excluded, fonts.covers)
  reasons = ', '.join(f'{n} by {reason}' for reason, n in left_out.items())
  if not words:
    raise errors.InputError(
        f'--words={flags_obj.words}: no word is left to render ({reasons}); '
        'look at --charset, --exclude, --fonts and the word lengths.')
  if left_out:
    logging.warning('--words: %d words, and left out %s', len(words),
                    reasons)
  return words


def _drawable(characters: str, fonts: fonts_lib.FontBook) -> str:
  """The characters to make words of: those that some font has."""
  drawable = ''.join(c for c in characters
                     if not c.isspace() and fonts.covers(c))
  if not drawable:
    raise errors.InputError(
        '--fonts: no font has a character of --charset; add one that has.')
  missing = len(characters) - len(drawable)
  if missing:
    logging.warning('%d of %d characters are in no font and in no word',
                    missing, len(characters))
  return drawable


def _plan(flags_obj: flags.FlagValues, fonts: fonts_lib.FontBook
          ) -> production.Plan:
  """What the flags ask for."""
  characters = charset_lib.load_characters(flags_obj.charset)
  excluded = _excluded(flags_obj.exclude)
  words = _suitable_words(flags_obj, characters, excluded, fonts)
  if words is None:
    characters = _drawable(characters, fonts)
  return production.Plan(
      seed=flags_obj.seed, characters=characters, words=words,
      recase=flags_obj.case == 'mixed',
      min_length=flags_obj.min_word_length,
      max_length=flags_obj.max_word_length, excluded=excluded,
      fonts=flags_obj.fonts, settings=_settings(flags_obj))


def _check_sheet(path: Optional[str]):
  if path and not os.path.isdir(os.path.dirname(os.path.abspath(path))):
    raise errors.InputError(
        f'--sheet={path}: its folder does not exist; create it first.')


def _render(plan: production.Plan, flags_obj: flags.FlagValues,
            sheet: Optional[sheet_lib.Sheet]) -> collections.Counter:
  """Writes the LMDB; returns what the summary counts."""
  counts = collections.Counter()
  progress = progress_lib.Progress('render_lmdb', total=flags_obj.count)
  with lmdb_writer.LmdbWriter(flags_obj.output) as writer:
    for record in production.records(plan, flags_obj.count,
                                     flags_obj.processes):
      writer.add(record.rendering.image, record.label)
      counts['bytes'] += len(record.rendering.image)
      counts['fell_back'] += record.rendering.fell_back
      if sheet:
        sheet.add(record)
      progress.add(1)
  counts['rate'] = round(progress.count / progress.seconds)
  return counts


def main(flags_obj: flags.FlagValues, arguments: list[str]) -> int:
  """Renders the words that the flags ask for."""
  del arguments
  _check_sheet(flags_obj.sheet)
  fonts = fonts_lib.FontBook(flags_obj.fonts)
  if fonts.skipped:
    logging.warning('--fonts: %d files are no usable fonts, the first is %s',
                    len(fonts.skipped), fonts.skipped[0])
  plan = _plan(flags_obj, fonts)
  sheet = sheet_lib.Sheet(fonts) if flags_obj.sheet else None
  counts = _render(plan, flags_obj, sheet)
  if sheet:
    sheet.save(flags_obj.sheet)
  logging.info(
      '%d words, %.1f MB, %d words/s, fonts: %d; for %d words the first '
      'choice of font lacked a character', flags_obj.count,
      counts['bytes'] / 1e6, counts['rate'], len(fonts.faces),
      counts['fell_back'])
  print(flags_obj.output)
  return 0


def run():
  """Entry point of master-render-lmdb."""
  app.run(main, define_flags, __doc__)


if __name__ == '__main__':
  run()
