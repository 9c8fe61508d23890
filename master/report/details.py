"""Curves and confusions of one set, or of several together."""

import html
from typing import Any, Mapping, NamedTuple, Sequence

from master.metrics import bins as bins_lib
from master.report import charts
from master.report import confusion
from master.report import markup
from master.report import sections


class _Breakdown(NamedTuple):
  """What a curve is over.

  Attributes:
    title: heading.
    axis: what the bins are of.
    bins: names of all bins.
    is_ordered: whether a line joins them.
  """
  title: str
  axis: str
  bins: Sequence[str]
  is_ordered: bool


_BREAKDOWNS = {
    'by_length': _Breakdown(
        'Word accuracy by length', 'length of the label in characters',
        bins_lib.LENGTHS, True),
    'by_aspect': _Breakdown(
        'Word accuracy by aspect', 'width / height of the picture',
        bins_lib.ASPECTS, True),
    'by_kind': _Breakdown('Word accuracy by kind of text', 'kind of text',
                          bins_lib.KINDS, False),
}


def main_row(results: Mapping[str, Any]) -> str:
  """The row with the most samples, of those for several sets if any is."""
  found = results.get('combined') or [
      {'name': name, **values} for name, values in results['sets'].items()]
  return max(found, key=lambda row: row['samples'])['name'] if found else ''


def _figure(svg: str, caption: str, numbers: str) -> str:
  return (f'<figure>{svg}<figcaption>{caption}</figcaption>'
          f'<details class="numbers"><summary>Numbers</summary>{numbers}'
          '</details></figure>')


def _numbers(field: str, values: Mapping[str, Any]) -> str:
  """The bins under all protocols."""
  over = _BREAKDOWNS[field]
  scores = {name: found[field] for name, found in values['protocols'].items()}
  columns = [markup.Column('bin', False)]
  for name in scores:
    columns += [markup.Column(f'{markup.text(name)} %'),
                markup.Column('samples')]
  rows = []
  for name in over.bins:
    if not any(name in found for found in scores.values()):
      continue
    cells = [html.escape(name)]
    for found in scores.values():
      one = found.get(name)
      cells += ([markup.percent(one['correct'] / one['samples']),
                 markup.count(one['samples'])] if one
                else [markup.NOTHING] * 2)
    rows.append(cells)
  return markup.table(f'{over.title}: {over.axis}', columns, rows)


def _breakdown(name: str, field: str, protocol: str,
               values: Mapping[str, Any]) -> str:
  over = _BREAKDOWNS[field]
  bins = values['protocols'][protocol][field]
  ends = charts.best_and_worst(bins)
  description = f'{over.title}, {name}, {protocol}' + (
      f': {ends}' if ends else '')
  caption = (f'<strong>{over.title}</strong>'
             + (f' \u2013 {ends}' if ends else ''))
  svg = charts.accuracies(bins, over.axis, description, over.is_ordered)
  return _figure(svg, caption, _numbers(field, values))


def _reliability(name: str, protocol: str, scores: Mapping[str, Any]) -> str:
  found = scores.get('calibration')
  if not found:
    return ('<figure><figcaption><strong>Reliability</strong> \u2013 there '
            'are no confidences.</figcaption></figure>')
  error = f'expected calibration error {markup.percent(found["ece"], 2)} %'
  rows = [[f'{b["low"]:.1f}\u2013{b["high"]:.1f}', markup.count(b['samples']),
           markup.percent(b['confidence']), markup.percent(b['accuracy'])]
          for b in found['bins']]
  numbers = markup.table('Confidence and accuracy', [
      markup.Column('confidence', False), markup.Column('samples'),
      markup.Column('mean confidence %'), markup.Column('accuracy %')], rows)
  return _figure(
      charts.reliability(found, f'Reliability, {name}, {protocol}: {error}'),
      f'<strong>Reliability</strong> \u2013 {error}; on the dashed line '
      'confidence is accuracy', numbers)


def curves(name: str, values: Mapping[str, Any]) -> str:
  """The figures of a row under the first of its protocols.

  Args:
    name: of a set or of several.
    values: what results.json holds of it.
  """
  protocol, scores = next(iter(values['protocols'].items()))
  if not scores['samples']:
    return '<p>No sample is scored.</p>'
  figures = [_breakdown(name, field, protocol, values)
             for field in _BREAKDOWNS]
  figures.append(_reliability(name, protocol, scores))
  return f'<div class="figures">{"".join(figures)}</div>'


def confusions(name: str, values: Mapping[str, Any], charset: str) -> str:
  """Matrix and most frequent ones, under the first of the protocols.

  Args:
    name: of a set or of several.
    values: what results.json holds of it.
    charset: characters in the order of the matrix.
  """
  protocol, scores = next(iter(values['protocols'].items()))
  if not scores['confusions']:
    return '<p>No character is confused.</p>'
  found = confusion.matrix(scores, charset)
  description = (f'Confusion matrix of {name}, {protocol}. Most frequent: '
                 f'{confusion.summary(scores)}. More are in the table that '
                 'follows.')
  hidden = (f' {markup.count(found.num_hidden)} characters that are confused '
            'less often are not drawn.' if found.num_hidden else '')
  return (
      '<div class="confusions"><figure><div class="scroll" tabindex="0" '
      'role="group" aria-label="Confusion matrix">'
      f'{confusion.svg(found, scores["characters"], description)}</div>'
      '<figcaption>A row is a character of the labels, a column what it was '
      'read as, a number how often. '
      'The column \u201cmissing\u201d is what was not read, the row '
      '\u201cadded\u201d what is in no label. Characters that are '
      f'never confused are not drawn.{hidden}</figcaption></figure>'
      + confusion.listed(scores, 'The most frequent confusions') + '</div>')


def others(results: Mapping[str, Any]) -> str:
  """The curves of all rows but the main one, folded up."""
  parts = []
  for name, values in sections.rows(results):
    if name == main_row(results) or not values['protocols']:
      continue
    scores = next(iter(values['protocols'].values()))
    listed = (confusion.listed(scores, 'The most frequent confusions')
              if scores['confusions'] else '')
    parts.append(
        f'<details class="set"><summary>{sections.shown_name(name)}'
        f'</summary>{curves(name, values)}{listed}</details>')
  return (f'<div class="sets"><h3>By set</h3>{"".join(parts)}</div>'
          if parts else '')
