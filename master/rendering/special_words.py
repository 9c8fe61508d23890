"""Prices, codes, web addresses and other words that no list has."""

import random
import string
from typing import Callable, Iterable

from master import errors

# The kinds that can be made, for flags and messages; all but `compound` and
# `any_marks` are of word_kinds.KINDS.
KINDS = (
    'single_letter', 'single_digit', 'single_mark', 'whole_number', 'decimal',
    'price', 'percent', 'ordinal', 'time', 'date', 'phone', 'measure',
    'figures', 'code', 'web', 'marks', 'initials', 'apostrophe', 'hyphen',
    'ending_mark', 'enclosed', 'joined', 'camel', 'compound', 'any_marks')

_TRIES = 200
# What ends a sentence stands on signs far more often than other marks.
_ENDS = '......,,,,!!!!!!??:::;'
_DOMAINS = ('.com .com .com .com .com .org .net .co.uk .de .fr .it .es .nl '
            '.edu .gov .info .biz .eu .in .sg .com.au .ca .tv .io .co '
            '.com.sg .edu.sg .us .jp .cn').split()
_MAILBOXES = 'info sales contact mail office hello support jobs'.split()
_PATHS = 'shop news sale menu jobs app win join en index.html'.split()
_MONTHS = ('Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec January February '
           'March April June July August September October November '
           'December').split()
_UNITS = ('km m cm mm mi ft in kg g mg lb oz l ml cl x D A B C W V kW Hz GHz '
          'MHz GB MB Gbps min hrs YEARS DAYS KM KG MM ML L G pcs px pm K M '
          'mph th').split()
_CLITICS = ("'s 's 's 's 's 's 's n't n't 'll 're 've 'd 'm").split()
_ELISIONS = "L' D' O' l' d' O'".split()
_PREFIXES = ('e i my iso Mc Mac De Le La Di Van').split()
# Symbols as they come together.
_GROUPS = ('...', '..', '!!', '!!!', '??', '?!', '--', '---', '->', '=>', '<-',
           '<<', '>>', '**', '***', '*****', '//', '///', '||', '==', '===',
           '::', '&&', '@@', '##', '$$', '$$$', '%%', '^^', '~~', '()', '[]',
           '{}', '<>', '""', "''", '(*)', '(!)', '<3', ':-)', ';-)', '+/-',
           '#!', '</>', '\\\\', '__', '``', '|', '~')
_PAIRS = ('()', '()', '()', '""', '""', "''", '[]', '{}', '<>', '**', '--',
          '//', '||', '``', '~~', '__')
_JOINTS = "&&&&/////..@+|:_~*"
# Symbols in the places they have in writing: of code, of brands, of grades.
_SPECIAL = ('{}+', '{}++', '{}#', '{}*', '{}**', '*{}', '#{}', '@{}', '~{}',
            '<{}>', '</{}>', '{{{}}}', '[{}]', '|{}|', '${}', '%{}', '^{}',
            '{}^2', '_{}_', '__{}__', '`{}`', '\\{}', '{}\\', '/{}', '{}/',
            '={}', '{}=', '+{}', '&{};', '>{}', '<{}', '{}>', '-{}', '{}-',
            '{}|', '|{}', '{}~', '"{}', '{}"', '({}', '{})', "'{}", "{}'",
            '{}%', '{}@', '{}&', '&{}', '{}_', '{}`', '{}^', '{{{}', '{}}}',
            '[{}', '{}]', ':{}', '{}$', ';{}', '!{}', '?{}', '.{}', ',{}')
_WITHIN = string.punctuation
_UPPER, _DIGITS, _LETTERS = (
    string.ascii_uppercase, string.digits, string.ascii_letters)
# Share of longer numbers falls with their digits.
_FEW_DIGITS = (1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6)


class Forms:
  """Makes words of given kinds.

  What words they are made of comes from outside, in lower case or as a list
  has them, and so does the case to write them in.
  """

  def __init__(self, characters: str, min_length: int, max_length: int,
               draw: Callable[[random.Random], str],
               recase: Callable[[str, random.Random], str]):
    """Keeps what words are made of.

    Args:
      characters: all that may occur.
      min_length: characters of the shortest word.
      max_length: characters of the longest one.
      draw: gives a word of letters.
      recase: writes a word in some case.
    """
    self._known = frozenset(characters)
    self._lengths = range(min_length, max_length + 1)
    self._draw = draw
    self._recase = recase
    self._singles = {
        'single_letter': [c for c in characters if c.isalpha()],
        'single_digit': [c for c in characters if c.isdigit()],
        'single_mark': [c for c in characters
                        if not c.isalnum() and not c.isspace()]}

  def make(self, kind: str, rng: random.Random) -> str:
    """A word of one of KINDS.

    Raises:
      InputError: if there is hardly any within the characters and lengths.
    """
    make = getattr(self, '_' + kind)
    for _ in range(_TRIES):
      text = make(rng)
      if len(text) in self._lengths and self._known.issuperset(text):
        return text
    raise errors.InputError(
        f'--kind_rates={kind}: hardly a word of this kind fits --charset and '
        'the word lengths; leave the kind out, or take --charset=94.')

  def _single(self, kind: str, rng: random.Random) -> str:
    return rng.choice(self._singles[kind] or [''])

  def _single_letter(self, rng: random.Random) -> str:
    return self._single('single_letter', rng)

  def _single_digit(self, rng: random.Random) -> str:
    return self._single('single_digit', rng)

  def _single_mark(self, rng: random.Random) -> str:
    return self._single('single_mark', rng)

  def _whole_number(self, rng: random.Random) -> str:
    return rng.choice((
        _some(rng, 2, 2), _some(rng, 2, 2), _some(rng, 3, 3),
        _some(rng, 3, 3), _some(rng, 4, 4), _some(rng, 5, 6),
        rng.choice(('19', '20')) + _some(rng, 2, 2),
        rng.choice('123456789') + '0' * rng.randint(1, 4),
        rng.choice(_DIGITS) * rng.randint(2, 4)))

  def _decimal(self, rng: random.Random) -> str:
    return rng.choice((
        _some(rng, 1, 3) + '.' + _some(rng, 1, 2),
        _some(rng, 1, 2) + '.' + rng.choice(('00', '50', '90', '95', '99')),
        _some(rng, 1, 3) + ',' + _some(rng, 1, 2), '.' + _some(rng, 1, 3),
        '0.' + _some(rng, 1, 3), _thousands(rng), _thousands(rng)))

  def _price(self, rng: random.Random) -> str:
    cents = rng.choice(('', '', '.' + _some(rng, 2, 2),
                        '.' + rng.choice(('00', '50', '90', '95', '99')),
                        ',' + _some(rng, 2, 2)))
    amount = rng.choice((_some(rng, 1, 3), _some(rng, 1, 2),
                         _some(rng, 4, 4), _thousands(rng)))
    if ',' not in amount and '.' not in amount:
      amount += cents
    sign = rng.choice(('$', '$', '$', '$', '$', '\u20ac', '\u00a3', '\u00a5',
                       'US$', 'S$', 'A$', 'Rs.', 'Rs'))
    if not self._known.issuperset(sign):
      sign = '$'
    if rng.random() < 0.85:
      return (rng.choice(('',) * 12 + ('-', '+', '(')) + sign + amount
              + rng.choice(('',) * 14 + ('+', '/-', ',-', '!', 'K', ')')))
    end = rng.choice(('$', '\u20ac', '\u00a2', ',-', '/-'))
    return amount + (end if self._known.issuperset(end) else '$')

  def _percent(self, rng: random.Random) -> str:
    amount = rng.choice((_some(rng, 1, 2), rng.choice('123456789') + '0',
                         rng.choice('123456789') + '5', '100',
                         _some(rng, 1, 2) + '.' + _some(rng, 1, 2),
                         _some(rng, 1, 1) + ',' + _some(rng, 1, 1)))
    return (rng.choice(('', '', '', '', '', '-', '+', '~', '(')) + amount + '%'
            + rng.choice(('',) * 7 + ('*', '!', '.', ',', ')', '+')))

  def _ordinal(self, rng: random.Random) -> str:
    number = rng.randint(1, 40) if rng.random() < 0.7 else rng.randint(1, 2000)
    end = ('th' if number % 100 in (11, 12, 13) else
           {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th'))
    return str(number) + (end.upper() if rng.random() < 0.4 else end)

  def _time(self, rng: random.Random) -> str:
    noon = rng.choice(('am', 'pm', 'AM', 'PM', 'am', 'pm', 'a.m.', 'p.m.'))
    hour = str(rng.randint(1, 12))
    minute = rng.choice(('00', '30', '15', '45', f'{rng.randrange(60):02d}'))
    mark = rng.choice(':::.')
    other = str(rng.randint(1, 12)) + noon
    return rng.choice((
        f'{rng.randrange(24):02d}:{minute}', f'{rng.randrange(24)}:{minute}',
        hour + noon, hour + noon, hour + mark + minute + noon,
        f'{hour}-{other}', hour + rng.choice((noon, '')) + '-' + other,
        hour + minute + noon.replace('.', ''), hour + mark + minute + 'hrs',
        f'{rng.randrange(24):02d}h',
        f'{hour}:{minute}:{rng.randrange(60):02d}'))

  def _date(self, rng: random.Random) -> str:
    mark = rng.choice('///--..')
    day, month = str(rng.randint(1, 31)), str(rng.randint(1, 12))
    if rng.random() < 0.5:
      day, month = day.zfill(2), month.zfill(2)
    year = str(rng.randint(1900, 2039))
    name = rng.choice(_MONTHS)
    name = rng.choice((name, name, name.upper()))
    return rng.choice((
        mark.join((day, month, year)), mark.join((day, month, year[2:])),
        f'{year}-{month.zfill(2)}-{day.zfill(2)}', day + name, name + day,
        f'{day}-{name}-{year}', day + name + year[2:], f"{name}'{year[2:]}",
        name + year, "'" + year[2:], year[:3] + '0s', year + '/' + year[2:],
        f'{year}-{year[:2]}{_some(rng, 2, 2)}'))

  def _phone(self, rng: random.Random) -> str:
    gap = rng.choice('--.-')
    country = '+' + rng.choice(('1', '33', '39', '44', '49', '65', '86', '91'))
    return rng.choice((
        _some(rng, 3, 3) + '-' + _some(rng, 4, 4),
        gap.join((_some(rng, 3, 3), _some(rng, 3, 3), _some(rng, 4, 4))),
        f'({_some(rng, 2, 3)}){_some(rng, 3, 3)}{gap}{_some(rng, 4, 4)}',
        gap.join(('1', rng.choice(('800', '888')), _some(rng, 3, 3),
                  _some(rng, 4, 4))), country + _some(rng, 8, 10),
        gap.join((country, _some(rng, 4, 4), _some(rng, 4, 4))),
        '0' + _some(rng, 2, 3) + rng.choice('-/') + _some(rng, 6, 7),
        _some(rng, 7, 8), _some(rng, 10, 10), '0' + _some(rng, 9, 10)))

  def _measure(self, rng: random.Random) -> str:
    number = rng.choice((_some(rng, 1, 3), _some(rng, 1, 2),
                         _some(rng, 1, 1) + '.' + _some(rng, 1, 1)))
    unit = rng.choice(_UNITS)
    if rng.random() < 0.15:
      unit = self._recase(self._draw(rng), rng)[:6]
    return number + unit

  def _figures(self, rng: random.Random) -> str:
    one, two = _some(rng, 1, 2), _some(rng, 1, 2)
    return rng.choice((
        f'{one}-{two}', f'{one}/{two}', f'#{one.zfill(2)}-{two.zfill(2)}',
        f'#{one.zfill(2)}-{_some(rng, 2, 3)}', f'#{one}', f'({one})',
        f'[{one}]', f'{one}.', f'{one},', f'{one}!', f'{one}+', f'+{one}',
        f'-{one}', f'{one}:{_some(rng, 1, 1)}', f'{one}*', f'{one}*{two}',
        f'{one}&{two}', f'{one}+{two}', f'{one}={two}',
        f'1/{rng.choice("2348")}', '24/7', '50/50',
        f'{one}-{two}-{_some(rng, 1, 2)}', f'<{one}', f'>{one}', f'~{one}',
        f'{one};', f'{one}?', f'"{one}"', f'{one}|{two}', f'{one}_{two}',
        f'{one}^2', f'@{one}', f'{{{one}}}', f'{one})', f'{one}\\{two}',
        f"{one}'", f"{one}'{two}\"", f'{one}"'))

  def _code(self, rng: random.Random) -> str:
    capitals = _some(rng, 1, 3, _UPPER)
    capital = rng.choice(_UPPER)
    return rng.choice((
        capital + _some(rng, 1, 3), capital + _some(rng, 1, 2),
        capitals + _some(rng, 1, 4), capitals + _some(rng, 2, 4) + capital,
        capital + _some(rng, 1, 2) + '-' + capital + _some(rng, 1, 2),
        capitals + '-' + _some(rng, 1, 4), _some(rng, 1, 3) + '-' + capitals,
        capital + rng.choice('234') + capital, capital + '.' + _some(rng, 1, 2),
        _some(rng, 1, 2) + capitals + _some(rng, 1, 4),
        capital + _some(rng, 1, 1) + '/' + capital + _some(rng, 1, 1),
        rng.choice(('No.', 'no.', 'NO.', 'Nr.', 'Tel:', 'TEL.', 'Vol.',
                    'Lv', 'Level', 'LEVEL', 'Gate', 'GATE', 'Rte', 'M',
                    'Fig.', 'v', 'Ver.', 'Bus', 'EXIT'))
        + _some(rng, 1, 2), _some(rng, 4, 8, _UPPER + _DIGITS),
        self._recase(self._draw(rng), rng) + _some(rng, 1, 3),
        rng.choice(_UPPER) + '2' + rng.choice(_UPPER),
        rng.choice(_LETTERS) + rng.choice(_DIGITS),
        rng.choice(('H2O', 'CO2', 'MP3', 'MP4', 'B2B', '4x4', '7-ELEVEN',
                    'A4', 'Web2.0', '3-in-1', '2-for-1', '50%OFF',
                    '1-DAY', 'km2', 'm3'))))

  def _web(self, rng: random.Random) -> str:
    name = self._draw(rng).lower()
    if rng.random() < 0.4:
      name += rng.choice(('', '', '-')) + self._draw(rng).lower()
    domain = rng.choice(_DOMAINS)
    kind = rng.random()
    if kind < 0.4:
      text = 'www.' + name + domain
      if rng.random() < 0.12:
        text += '/' + rng.choice(_PATHS)
    elif kind < 0.7:
      text = name + domain
      if rng.random() < 0.15:
        text += '/' + rng.choice(_PATHS)
    elif kind < 0.78:
      text = rng.choice(('http://', 'https://', 'http://www.')) + name + domain
    elif kind < 0.9:
      box = rng.choice((rng.choice(_MAILBOXES), self._draw(rng).lower()))
      text = f'{box}@{name}{domain}'
    else:
      text = rng.choice('@#') + name
    case = rng.random()
    if case < 0.2:
      return text.upper()
    if case < 0.3 and text.startswith(name):  # JobStreet.com
      return text[:1].upper() + text[1:]
    return text

  def _marks(self, rng: random.Random) -> str:
    if rng.random() < 0.7:
      return rng.choice(_GROUPS)
    return _some(rng, 2, 3, string.punctuation)

  def _initials(self, rng: random.Random) -> str:
    return '.'.join(rng.choices(_UPPER, k=rng.randint(2, 4))) + rng.choice(
        ('', '.', '.'))

  def _apostrophe(self, rng: random.Random) -> str:
    word = self._recase(self._draw(rng), rng)
    kind = rng.random()
    if kind < 0.12:
      return rng.choice(_ELISIONS) + word[:1].upper() + word[1:]
    if kind < 0.25:
      return word + ('S' if word.isupper() else 's') + "'"
    if kind < 0.28:
      return word[:-2] + "'" + word[-2:]
    end = rng.choice(_CLITICS)
    return word + (end.upper() if word.isupper() else end)

  def _hyphen(self, rng: random.Random) -> str:
    first, second = self._draw(rng), self._draw(rng)
    kind = rng.random()
    if kind < 0.2:
      first = rng.choice(('e', 'x', 't', 'non', 'pre', 're', 'co', 'pro',
                          'self', 'anti', 'semi', 'mid', 'all', 'in', 'on'))
    elif kind < 0.3:
      second = rng.choice(('up', 'off', 'in', 'out', 'on', 'to', 'free', 'ins'))
    elif kind < 0.36:
      second = rng.choice(('in', 'to', 'and', 'of')) + '-' + second
    return self._joined_by('-', (first, second), rng)

  def _ending_mark(self, rng: random.Random) -> str:
    return (self._recase(self._draw(rng), rng)
            + rng.choice((rng.choice(_ENDS),) * 12 + ('...', '!!', '..', '*')))

  def _enclosed(self, rng: random.Random) -> str:
    word = self._recase(self._draw(rng), rng)
    first, last = rng.choice(_PAIRS)
    kind = rng.random()  # A line's words may share one pair.
    return (first + word + last if kind < 0.5 else
            first + word if kind < 0.75 else word + last)

  def _joined(self, rng: random.Random) -> str:
    mark = rng.choice(_JOINTS)
    if mark == '&' and rng.random() < 0.4:
      return '&'.join(rng.choices(_UPPER, k=2))
    return self._joined_by(mark, (self._draw(rng), self._draw(rng)), rng)

  def _joined_by(self, mark: str, words: Iterable[str], rng: random.Random
                 ) -> str:
    """Words joined by a mark, all in one case or each of them a Title."""
    text = self._recase(mark.join(words), rng)
    if text[:1].isupper() and not text.isupper() and rng.random() < 0.6:
      return mark.join(part[:1].upper() + part[1:]
                       for part in text.split(mark))
    return text

  def _camel(self, rng: random.Random) -> str:
    first, second = self._draw(rng).lower(), self._draw(rng).lower()
    kind = rng.random()
    if kind < 0.45:  # HarbourFront, eBay
      parts = [first.title(), second.title()]
      if rng.random() < 0.15:
        parts[0] = first
      return ''.join(parts)
    if kind < 0.6:
      return rng.choice(_PREFIXES) + first.title()
    if kind < 0.7:
      return rng.choice((first + second.upper(), first.upper() + second,
                         first.upper() + second.title()))
    if kind < 0.8:  # ATMs, TVs
      return first.upper()[:4] + 's'
    # A sign whose letters are small and large as someone liked it.
    return ''.join(rng.choice((c, c.upper())) for c in first)

  def _compound(self, rng: random.Random) -> str:
    return self._recase(self._draw(rng) + self._draw(rng), rng)

  def _any_marks(self, rng: random.Random) -> str:
    word = self._recase(self._draw(rng), rng)
    if rng.random() < 0.3:
      word = _some(rng, 1, 4, rng.choice((_DIGITS, _UPPER)))
    if rng.random() < 0.6:
      return rng.choice(_SPECIAL).format(word)
    # Each mark as often as another, anywhere.
    place = rng.randint(0, len(word))
    return word[:place] + rng.choice(_WITHIN) + word[place:]


def _some(rng: random.Random, least: int, most: int,
          characters: str = _DIGITS) -> str:
  return ''.join(rng.choices(characters, k=rng.randint(least, most)))


def _thousands(rng: random.Random) -> str:
  groups = [_some(rng, 1, 3)] + [_some(rng, 3, 3)] * rng.choice((1, 1, 1, 2))
  return rng.choice(',,,.').join(groups)


def check_kinds(names: Iterable[str]):
  """Looks at the names in --kind_rates.

  Raises:
    InputError: naming the kind that is unknown.
  """
  for kind in names:
    if kind not in KINDS:
      raise errors.InputError(
          f'--kind_rates={kind}: no such kind; there are {", ".join(KINDS)}.')
