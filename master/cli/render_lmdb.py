"""Renders words into an LMDB to train or evaluate on.

Words come from lists, or are made up: syllables, random strings, prices and
other numbers; natural pictures may be blended in.
The same flags give the same bytes, whatever the number of processes. The
last line of stdout is the path of the LMDB; nothing is left under that path
unless all words are in it.
"""

import collections
import dataclasses
import logging
import math
import os
import string
from typing import Optional

from absl import flags

from master import charset as charset_lib
from master import errors
from master import progress as progress_lib
from master.cli import app
from master.cli import config_flags
from master.cli import lmdb_flags
from master.data import lmdb_writer
from master.rendering import backgrounds as backgrounds_lib
from master.rendering import contact_sheet as contact_sheet_lib
from master.rendering import fonts as fonts_lib
from master.rendering import framing
from master.rendering import parallel_rendering
from master.rendering import renderer
from master.rendering import signs
from master.rendering import special_words as special_words_lib
from master.rendering import strokes
from master.rendering import words as words_lib

# Flags of renderer.Settings' fields that are off unless given, and what each
# is the share of.
_LOOKS = {
    'photo_colour_rate': 'words whose colours, with what is behind them, are '
                         'of a picture of --backgrounds',
    'dotted_rate': 'words made of dots, as displays show them, where there '
                   'are pixels for the dots',
    'stencil_rate': 'words with gaps in their letters, as of a stencil',
    'worn_rate': 'words whose strokes are eroded, as of chalk or brush',
    'neon_rate': 'words of glowing tubes on something dark',
    'engraved_rate': 'words that only lit and dark edges tell from what they '
                     'stand on, where strokes are wide enough',
    'contour_rate': 'words of thin lines around the letters, one or two, '
                    'where strokes are wide enough',
    'shadow_rate': 'words whose shadow lies away from them',
    'tight_rate': 'pictures whose edges touch the word',
    'loose_rate': 'pictures with much room around the word',
    'slipped_rate': 'pictures that cut a few per cent of the word off at one '
                    'end and have room at the other',
    'perspective_rate': 'words seen far from the side',
    'oblique_rate': 'words on a wall that the camera looks along: narrow, on '
                    'a line that runs up or down, in pictures as much higher '
                    'than --max_height',
    'occlusion_rate': 'words behind wires, twigs or bars',
    'shade_rate': 'pictures that are partly in the shade',
    'glare_rate': 'pictures with a patch of glare',
    'motion_rate': 'pictures blurred by movement at any angle',
    'defocus_rate': 'pictures out of focus',
    'low_resolution_rate': 'pictures shrunk to letters of --min_letters '
                           'pixels or a little more, and left so small, also '
                           'below --min_height',
    'squeezed_rate': 'pictures that were a JPEG of poor quality, at times of '
                     'fewer pixels, before',
    'sensor_noise_rate': 'pictures with the noise of few photons, in spots '
                         'of colour',
    'scan_line_rate': 'pictures with the lines of a screen',
}
_STROKES = [f'{kind}_rate' for kind in strokes.KINDS + signs.KINDS]
_FRAMES = [f'{kind}_rate' for kind in framing.KINDS]
_SOURCE_RATES = ['number_rate', 'random_rate', 'made_up_rate']
_PATH_RATES = ['arc_rate', 'wave_rate', 'stack_rate']
# Where there is no list.
_DEFAULT_RATES = {'number_rate': 0.1, 'random_rate': 0.08,
                  'punctuation_rate': 0.15}


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
      f'PNG file to draw the first {contact_sheet_lib.CAPACITY} words and '
      'their labels on, for a person to judge.')
  _define_word_flags()
  _define_look_flags()


def _define_word_flags():
  config_flags.define_charset_flag()
  flags.DEFINE_list(
      'words', None,
      'Files of words to render, separated by commas; one word a line, '
      'UTF-8. Each word is shown at most once before any is shown again. '
      'Where lines have a tab and a weight behind the word, as how often it '
      'is used, words are drawn by their weights instead; those without have '
      '1. Without this flag, words are made up.')
  flags.DEFINE_enum(
      'case', 'mixed', ['mixed', *words_lib.CASES],
      'How words are written. mixed: by --case_rates; keep: those of the '
      'list as they stand; lower, title (first letter upper case) or upper: '
      'all of them so.')
  flags.DEFINE_list(
      'case_rates', list(map(str, words_lib.Mix.case_weights)),
      'For --case=mixed: how often words stand as they are, in lower case, '
      'with a capital and in capitals, four numbers in proportion. What is '
      'outside the charset is left out of the choice.')
  _define_rate('number_rate', None,
               'Share of prices, dates, times, telephone numbers, '
               'percentages and other numbers, 0 to 1; by default 0 with '
               '--words, else 0.1. Marks outside the charset are left out.')
  _define_rate('random_rate', None,
               'Share of random strings of letters and digits, 0 to 1; by '
               'default 0 with --words, else 0.08.')
  _define_rate('made_up_rate', 0.0,
               'With --words, share of words that are made up all the same, '
               '0 to 1; the list has what the other shares leave.')
  _define_rate('punctuation_rate', None,
               'Share of words, numbers aside, that get marks of the charset '
               'before, behind or within them, 0 to 1, where there is room; '
               'by default 0 with --words, else 0.15.')
  flags.register_multi_flags_validator(
      _SOURCE_RATES,
      lambda values: sum(rate or 0 for rate in values.values()) <= 1.000001,
      '--number_rate, --random_rate and --made_up_rate: must not be above 1 '
      'together.')
  flags.DEFINE_list(
      'kind_rates', [],
      'Shares of words of certain kinds, 0 to 1, such as price=0.01,web=0.02; '
      'what they leave is shared out by the other flags. Kinds: '
      + ', '.join(special_words_lib.KINDS) + '. Those that hold words take '
      'them from --words where it is given. Single characters and numbers of '
      'up to three digits are rendered even if --exclude has them.')
  _define_rate('long_rate', 0.0,
               'Share of the words of --words that are drawn from its words '
               f'of {words_lib.LONG} characters and more alone, 0 to 1; the '
               'others are drawn from all.')
  lmdb_flags.define('rendered', 'case and punctuation aside,')
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


def _define_rate(name: str, default: Optional[float], text: str):
  flags.DEFINE_float(name, default, text, lower_bound=0.0, upper_bound=1.0)


def _define_look_flags():
  default = renderer.Settings()
  flags.DEFINE_string(
      'fonts', None,
      'Folder whose .ttf, .otf, .woff and .woff2 files, those of subfolders '
      'too, words are drawn with; without it, the one font that Pillow '
      'brings. A file wrong_glyphs.tsv in it may name fonts, and behind a tab '
      'characters that they are not to be used for.')
  flags.DEFINE_list(
      'font_rates', [],
      'Shares of the words that are drawn with the fonts of some folders in '
      '--fonts, 0 to 1, such as text=0.6,display=0.3; the other fonts have '
      'what is left. Without it, all families of fonts are equally likely.')
  flags.DEFINE_float(
      'effects', default.strength,
      'Strength of all distortions, from 0 (straight, black on white) to 1.',
      lower_bound=0.0, upper_bound=1.0)
  flags.DEFINE_string(
      'backgrounds', None,
      'Folder of pictures of any kind and size, those of subfolders too, '
      'that are blended into words and what is behind them.')
  _define_rate('background_rate', default.background_rate,
               'Share of words on a picture of --backgrounds, 0 to 1, at '
               '--effects=1; less in proportion below.')
  _define_rate('neighbour_rate', default.neighbour_rate,
               'Share of pictures that show parts of other words at the '
               'sides, above or below, 0 to 1, at --effects=1; less in '
               'proportion below.')
  _define_rate('cut_rate', default.cut_rate,
               'Share of pictures whose edge cuts a little of the word away, '
               '0 to 1, at --effects=1; less in proportion below.')
  _define_rate('wild_rate', default.wild_rate,
               'Share of words that are turned by up to 45 degrees, bent, '
               'slanted or seen from the side by far, 0 to 1, at --effects=1; '
               'less in proportion below.')
  _define_rate('vertical_rate', default.vertical_rate,
               'Share of words of three characters or more that stand '
               'upright, turned by 90 degrees to the left or the right, 0 to '
               '1, at --effects=1; less in proportion below. For models '
               'trained with --rotate_vertical.')
  _define_rate('hollow_rate', default.hollow_rate,
               'Share of words whose letters are contours, where strokes are '
               'wide enough, 0 to 1, at --effects=1; less in proportion '
               'below.')
  _define_rate('arc_rate', default.arc_rate,
               'Share of words along an arc of up to most of a circle, above '
               'or below it, each letter turned, 0 to 1, at --effects=1; less '
               'in proportion below. Their pictures are higher than '
               '--max_height, as are those of --wave_rate and --stack_rate.')
  _define_rate('wave_rate', default.wave_rate,
               'Share of words along a wave, each letter turned, 0 to 1, at '
               '--effects=1; less in proportion below.')
  _define_rate('stack_rate', default.stack_rate,
               'Share of words whose letters stand upright, one below the '
               'other, 0 to 1, at --effects=1; less in proportion below.')
  flags.register_multi_flags_validator(
      _PATH_RATES, lambda values: sum(values.values()) <= 1.000001,
      '--arc_rate, --wave_rate and --stack_rate: must not be above 1 '
      'together.')
  _define_more_looks(default)
  _define_rate('grey_rate', default.grey_rate,
               'Share of pictures in grey, 0 to 1; the others are in colour.')
  _define_rate('png_rate', default.png_rate,
               'Share of pictures written as PNG, 0 to 1; the others are '
               'JPEG, which takes a quarter of the time and a third of the '
               'room.')
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


def _define_more_looks(default: renderer.Settings):
  """What is off unless asked for."""
  for name, what in _LOOKS.items():
    _define_rate(name, getattr(default, name),
                 f'Share of {what}, 0 to 1, at --effects=1; less in '
                 'proportion below.')
  for names in (_STROKES, _FRAMES):
    flags.register_multi_flags_validator(
        names, lambda values: sum(values.values()) <= 1.000001,
        f'{", ".join(f"--{name}" for name in names)}: must not be above 1 '
        'together.')
  flags.DEFINE_float(
      'background_zoom', default.background_zoom, 'How far pieces of '
      '--backgrounds are enlarged or shrunk, at most; 1 for not at all.',
      lower_bound=1.0, upper_bound=16.0)
  flags.DEFINE_integer(
      'min_letters', default.min_letters, 'Height in pixels of the smallest '
      'letters of --low_resolution_rate.', lower_bound=4)


def _read_words(path: str) -> list[tuple[str, Optional[float]]]:
  """The words of a file of --words, and their weights where there are."""
  if not os.path.isfile(path):
    raise errors.InputError(
        f'--words={path}: no such file; name one with a word a line.')
  try:
    with open(path, encoding='utf-8-sig') as f:
      lines = [(number, line) for number, line in enumerate(f, 1)
               if line.strip()]
  except UnicodeDecodeError as e:
    raise errors.InputError(
        f'--words={path}: not UTF-8 ({e.reason} at byte {e.start}); save '
        'the file as UTF-8.') from e
  if not lines:
    raise errors.InputError(
        f'--words={path}: holds no word; write one a line.')
  return [_entry(path, number, line) for number, line in lines]


def _entry(path: str, number: int, line: str) -> tuple[str, Optional[float]]:
  """A word, and its weight if the line has one."""
  word, tab, column = line.strip().partition('\t')
  if not tab:
    return word, None
  try:
    weight = float(column)
  except ValueError:
    weight = 0.0
  if not 0 < weight < math.inf:
    raise errors.InputError(
        f'--words={path}: line {number}: {column!r} is no weight; write a '
        'number above 0 behind the tab, or no tab.')
  return word.strip(), weight


def _settings(flags_obj: flags.FlagValues) -> renderer.Settings:
  return renderer.Settings(
      strength=flags_obj.effects, min_height=flags_obj.min_height,
      max_height=flags_obj.max_height, grey_rate=flags_obj.grey_rate,
      png_rate=flags_obj.png_rate, neighbour_rate=flags_obj.neighbour_rate,
      cut_rate=flags_obj.cut_rate, background_rate=flags_obj.background_rate,
      wild_rate=flags_obj.wild_rate, vertical_rate=flags_obj.vertical_rate,
      hollow_rate=flags_obj.hollow_rate, arc_rate=flags_obj.arc_rate,
      wave_rate=flags_obj.wave_rate, stack_rate=flags_obj.stack_rate,
      background_zoom=flags_obj.background_zoom,
      min_letters=flags_obj.min_letters,
      **{name: flags_obj[name].value for name in _LOOKS})


def _case_weights(flags_obj: flags.FlagValues) -> tuple[float, ...]:
  """How often each of words.CASES is wanted."""
  if flags_obj.case != 'mixed':
    return tuple(float(case == flags_obj.case) for case in words_lib.CASES)
  try:
    weights = tuple(map(float, flags_obj.case_rates))
  except ValueError:
    weights = ()
  if len(weights) != len(words_lib.CASES) or not (
      min(weights) >= 0 and 0 < sum(weights) < math.inf):
    raise errors.InputError(
        f'--case_rates={",".join(flags_obj.case_rates)}: give four numbers '
        'of at least 0, not all 0, separated by commas.')
  return weights


def _shares(flags_obj: flags.FlagValues, flag: str) -> dict[str, float]:
  """Name -> share, of --kind_rates or --font_rates."""
  rates = {}
  for entry in flags_obj[flag].value:
    name, _, share = entry.partition('=')
    try:
      rate = float(share)
    except ValueError:
      rate = math.nan
    if name in rates or math.isnan(rate):
      raise errors.InputError(
          f'--{flag}={entry}: write each name once, with its share, as '
          'name=0.1.')
    if not 0 <= rate <= 1:
      raise errors.InputError(f'--{flag}={entry}: a share is from 0 to 1.')
    rates[name] = rate
  if sum(rates.values()) > 1.000001:
    raise errors.InputError(
        f'--{flag}: the shares are {sum(rates.values()):g} together, and must '
        'not be above 1.')
  return rates


def _kind_rates(flags_obj: flags.FlagValues) -> dict[str, float]:
  """Kind -> share, of --kind_rates."""
  rates = _shares(flags_obj, 'kind_rates')
  special_words_lib.check_kinds(rates)
  return rates


def _mix(flags_obj: flags.FlagValues) -> words_lib.Mix:
  rates = {name: flags_obj[name].value for name in _DEFAULT_RATES}
  for name, default in _DEFAULT_RATES.items():
    if rates[name] is None:
      rates[name] = 0.0 if flags_obj.words else default
  return words_lib.Mix(case_weights=_case_weights(flags_obj),
                       made_up_rate=flags_obj.made_up_rate,
                       kind_rates=_kind_rates(flags_obj),
                       long_rate=flags_obj.long_rate, **rates)


def _suitable_words(flags_obj: flags.FlagValues, characters: str,
                    excluded: frozenset[str], fonts: fonts_lib.FontBook
                    ) -> list[tuple[str, Optional[float]]]:
  """The words of --words that can be shown; empty where there is no list."""
  if not flags_obj.words:
    return []
  entries = [entry for path in flags_obj.words for entry in _read_words(path)]
  entries, left_out = words_lib.suitable(
      entries, frozenset(characters), _case_weights(flags_obj),
      flags_obj.min_word_length, flags_obj.max_word_length, excluded,
      fonts.covers)
  reasons = ', '.join(f'{n} by {reason}' for reason, n in left_out.items())
  if not entries:
    raise errors.InputError(
        f'--words={",".join(flags_obj.words)}: no word is left to render '
        f'({reasons}); look at --charset, --case, --exclude, --fonts and the '
        'word lengths.')
  if left_out:
    logging.warning('--words: %d words, and left out %s', len(entries),
                    reasons)
  return entries


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
          ) -> parallel_rendering.Plan:
  """What the flags ask for."""
  characters = charset_lib.load_characters(flags_obj.charset)
  excluded = lmdb_flags.labels(flags_obj.exclude, words_lib.folded)
  entries = _suitable_words(flags_obj, characters, excluded, fonts)
  mix = _mix(flags_obj)
  characters = _drawable(characters, fonts)
  if mix.number_rate and not any(c in string.digits for c in characters):
    if flags_obj.number_rate:
      raise errors.InputError(
          f'--number_rate={mix.number_rate:g}: --charset has no digits that '
          'a font has; leave the flag out.')
    mix = dataclasses.replace(mix, number_rate=0.0)
  weights = None
  if any(weight is not None for _, weight in entries):
    weights = [1.0 if weight is None else weight for _, weight in entries]
  return parallel_rendering.Plan(
      seed=flags_obj.seed, characters=characters,
      words=[word for word, _ in entries] or None, weights=weights, mix=mix,
      min_length=flags_obj.min_word_length,
      max_length=flags_obj.max_word_length, excluded=excluded,
      fonts=flags_obj.fonts, font_rates=_shares(flags_obj, 'font_rates'),
      backgrounds=_backgrounds(flags_obj),
      settings=_settings(flags_obj))


def _backgrounds(flags_obj: flags.FlagValues) -> list[str]:
  """Paths of the pictures of --backgrounds."""
  if flags_obj.backgrounds is None:
    return []
  paths, broken = backgrounds_lib.find(flags_obj.backgrounds)
  if broken:
    logging.warning('--backgrounds: %d files cannot be read as pictures, the '
                    'first is %s', len(broken), broken[0])
  return paths


def _check_sheet(path: Optional[str]):
  if path and not os.path.isdir(os.path.dirname(os.path.abspath(path))):
    raise errors.InputError(
        f'--sheet={path}: its folder does not exist; create it first.')


def _render(plan: parallel_rendering.Plan, flags_obj: flags.FlagValues,
            sheet: Optional[contact_sheet_lib.Sheet]) -> collections.Counter:
  """Writes the LMDB; returns what the summary counts."""
  counts = collections.Counter()
  progress = progress_lib.Progress('render_lmdb', total=flags_obj.count)
  with lmdb_writer.LmdbWriter(flags_obj.output) as writer:
    for record in parallel_rendering.records(plan, flags_obj.count,
                                             flags_obj.processes):
      writer.add(record.rendering.image, record.label)
      counts['bytes'] += len(record.rendering.image)
      counts['fell_back'] += record.rendering.fell_back
      counts.update(record.rendering.extras)
      if sheet:
        sheet.add(record)
      progress.add(1)
  counts['rate'] = round(progress.count / progress.seconds)
  return counts


def main(flags_obj: flags.FlagValues, arguments: list[str]) -> int:
  """Renders the words that the flags ask for."""
  del arguments
  _check_sheet(flags_obj.sheet)
  fonts = fonts_lib.FontBook(flags_obj.fonts, _shares(flags_obj, 'font_rates'))
  if fonts.skipped:
    logging.warning('--fonts: %d files are no usable fonts, the first is %s',
                    len(fonts.skipped), fonts.skipped[0])
  plan = _plan(flags_obj, fonts)
  sheet = contact_sheet_lib.Sheet(fonts) if flags_obj.sheet else None
  counts = _render(plan, flags_obj, sheet)
  if sheet:
    sheet.save(flags_obj.sheet)
  logging.info(
      '%d words, %.1f MB, %d words/s, fonts: %d; for %d words the first '
      'choice of font lacked a character; %d with neighbours, %d cut, %d on '
      'pictures', flags_obj.count, counts['bytes'] / 1e6, counts['rate'],
      len(fonts.faces), counts['fell_back'], counts['neighbours'],
      counts['cut'], counts['background'])
  looks = [f'{counts[name]} {name.replace("_", " ")}'
           for name in (flag.removesuffix('_rate') for flag in _LOOKS)
           if counts[name]]
  if looks:
    logging.info('looks: %s', ', '.join(looks))
  print(flags_obj.output)
  return 0


def run():
  """Entry point of master-render-lmdb."""
  app.run(main, define_flags, __doc__)


if __name__ == '__main__':
  run()
