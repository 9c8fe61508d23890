"""Kinds of words by their label: price, web address, capitals and so on.

`forms` makes words of the kinds that no word list has, and
data_tools/count_kinds counts all of them in labels.
"""

import re

OTHER = 'other'

# A letter of any script, and a mark that may stand for an apostrophe.
_L = r'[^\W\d_]'
_QUOTE = "['\u2018\u2019\u00b4`]"
_SIGN = r'[$\u00a2\u00a3\u20ac\u00a5\u20b9]'
_CURRENCY = rf'(?:(?:US|HK|[ACS])?{_SIGN}+|Rs\.?)'
_AMOUNT = r'\d[\d.,]*'
_MONTH = ('(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)'
          '(?:uary|ruary|ch|il|ust|ember|ober)?')
_CLOCK = r'\d{1,2}(?:[:.]\d\d)?'
_NOON = r'(?:[ap]m|[ap]\.m\.?)'
_TOP_LEVEL = ('com|org|net|edu|gov|info|biz|co|io|tv|me|app|sg|uk|us|in|de|fr|'
              'it|es|nl|ch|at|eu|cn|jp|kr|au|ca|br|ru')

# In this order: the first that fits a whole label, in any case, is its kind.
_PATTERNS = {
    'several_words': r'.*\S\s+\S.*',
    'single_letter': _L,
    'single_digit': r'\d',
    'single_mark': r'[^\w\s]|_',
    'marks': r'(?:[^\w\s]|_)+',
    'web': (r'(?:https?:|ftp:|www\.).*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|'
            rf'(?:[\w-]+\.)+(?:{_TOP_LEVEL})(?:[/:].*)?|'
            rf'[@#]{_L}[\w.-]*|[\w.+-]+@{_L}[\w-]*'),
    'price': (rf'[(+-]?{_CURRENCY}{_AMOUNT}(?:[km]|/-|\+|[,.]?-+|\))?[,!]?|'
              rf'{_AMOUNT}(?:,-|/-|{_SIGN}|(?:usd|eur|gbp))'),
    'percent': rf'[(~+-]?{_AMOUNT}%[)+*,.!]?',
    'ordinal': r'\d*(?:1st|2nd|3rd|\dth)[,.]?',
    'time': (rf'\d{{1,2}}:\d\d(?::\d\d)?|{_CLOCK}(?:{_NOON})?-{_CLOCK}{_NOON}|'
             rf'\d{{1,4}}{_NOON}|{_CLOCK}(?:{_NOON}|h|hrs)'),
    'date': (r'\d{1,2}([/.-])\d{1,2}\1\d{2,4}|\d{4}([/.-])\d\d\2\d\d|'
             rf"\d{{1,2}}[/.-]?{_MONTH}(?:[/.'-]?\d{{2,4}})?|"
             rf"{_MONTH}[/.'-]?\d{{1,4}}|{_QUOTE}\d\ds?|(?:19|20)?\d0s|"
             r'(?:19|20)\d\d[/-](?:(?:19|20)\d\d|\d\d)'),
    'whole_number': r'\d{2,6}',
    'decimal': (r'\d*\.\d+|\d+,\d{1,2}|\d{1,3}(?:,\d{3})+(?:\.\d+)?|'
                r'\d{1,3}(?:\.\d{3})+(?:,\d+)?'),
    'phone': r'\+?\(?\+?\d{1,4}\)?[.()/-]*\d[\d.()-]{5,}',
    'measure': rf'\d+(?:[.,]\d+)?(?:{_L}{{1,6}}|\u00b0{_L}?)',
    'figures': r'(?=.*\d)(?:[^\w\s]|\d|_)+',
    'code': r'.*\d.*',
    'initials': rf'{_L}(?:\.{_L})+\.?|{_L}\.',
    'apostrophe': rf'{_L}*{_QUOTE}{_L}+|{_L}+{_QUOTE}',
    'hyphen': rf'{_L}+(?:-{_L}+)+',
    'ending_mark': rf"[\w{_QUOTE[1:-1]}-]*{_L}[.,:;!?*]+",
    'enclosed': r'[\[({<"\u201c\'\u2018].*|.*[\])}>"\u201d\']',
    'joined': rf'{_L}+(?:[&/@+|.,:_~*]{_L}+)+',
    'marked': r'(?=.*(?:[^\w\s]|_)).*',
}
_COMPILED = {kind: re.compile(pattern, re.IGNORECASE | re.DOTALL)
             for kind, pattern in _PATTERNS.items()}

# Of letters alone, by their case. Scripts without cases are `other`.
CASES = ('lower', 'title', 'upper', 'camel')
KINDS = (*CASES, *_PATTERNS, OTHER)


def case_of(text: str) -> str:
  """One of CASES, of the letters that a text has; OTHER where none has a case.

  A single capital is `upper`.
  """
  letters = ''.join(filter(str.isalpha, text))
  if letters.islower():
    return 'lower'
  if letters.isupper():
    return 'upper'
  if letters[:1].isupper() and letters[1:].islower():
    return 'title'
  return 'camel' if letters.upper() != letters.lower() else OTHER


def kind_of(text: str) -> str:
  """One of KINDS, for a label that is not empty."""
  for kind, pattern in _COMPILED.items():
    if pattern.fullmatch(text):
      return kind
  return case_of(text)
