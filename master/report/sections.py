"""The report's tables: sets, left out, speed, comparison."""

import html
import json
from typing import Any, Iterable, Mapping
from urllib import parse

from master.report import markup

_SIGNIFICANT = 0.05


def rows(results: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
  """Sets, then combined rows, by name."""
  return [*results['sets'].items(),
          *((row['name'], row) for row in results.get('combined') or ())]


def protocols(results: Mapping[str, Any]) -> list[str]:
  """Names of the protocols, the headline first."""
  return list(dict.fromkeys(
      name for _, values in rows(results) for name in values['protocols']))


def shown_name(name: str) -> str:
  """Of a set or of several, which may be broken between two of them."""
  return f'<bdi>{markup.text(name).replace("+", "+<wbr>")}</bdi>'


def link(title: str, **view: str) -> str:
  """To a view of the gallery.

  Args:
    title: HTML.
    **view: names and values of filters of page.js.
  """
  address = html.escape('#' + parse.urlencode(view, errors='replace'))
  return f'<a href="{address}">{title}</a>'


def _name(name: str, values: Mapping[str, Any]) -> str:
  partial = (' <span class="tag">partial</span>' if values.get('partial')
             else '')
  return f'{shown_name(name)}{partial}'


def _score_cells(name: str, protocol: str, values: Mapping[str, Any],
                 is_set: bool) -> list[str]:
  """Cells of one protocol."""
  scores = values['protocols'].get(protocol)
  if not scores or not scores['samples']:
    return [markup.NOTHING] * 4
  wrong = markup.count(scores['samples'] - scores['correct'])
  return [f'<strong>{markup.percent(scores["word_accuracy"], 2)}</strong>',
          markup.interval(scores['word_accuracy_interval']),
          markup.percent(scores['ned'], 2),
          link(wrong, set=name, under=protocol) if is_set else wrong]


def lead(name: str, protocol: str, scores: Mapping[str, Any]) -> str:
  """The headline number as a sentence.

  Args:
    name: of the row that stands for all.
    protocol: the headline one.
    scores: what it says of the row.
  """
  if not scores['samples']:
    return ''
  return (
      f'<p class="lead"><strong>{markup.percent(scores["word_accuracy"], 2)} '
      f'%</strong> of {markup.count(scores["samples"])} words of '
      f'{shown_name(name)} are read without a fault under '
      f'{markup.text(protocol)} (95 % interval '
      f'{markup.interval(scores["word_accuracy_interval"])}\u00a0%).</p>')


def accuracy_table(results: Mapping[str, Any]) -> str:
  """Sets and combined rows down, protocols across."""
  found = protocols(results)
  columns = [markup.Column('set', False), markup.Column('samples'),
             *[markup.Column('words %'), markup.Column('95 %'),
               markup.Column('1 \u2212 NED %'),
               markup.Column('wrong')] * len(found)]
  head = ('<tr><td colspan="2"></td>' + ''.join(
      f'<th scope="colgroup" colspan="4">{markup.text(protocol)}</th>'
      for protocol in found) + '</tr>')
  body = [[_name(name, values), markup.count(values['samples']),
           *(cell for protocol in found for cell in _score_cells(
               name, protocol, values, name in results['sets']))]
          for name, values in rows(results)]
  spans = '<colgroup span="2"></colgroup>' + (
      '<colgroup span="4"></colgroup>' * len(found))
  return markup.table(
      'Word accuracy with its 95 % interval (Wilson), 1 \u2212 normalised '
      'edit distance, and words read wrongly', columns, body,
      head, 'accuracy', spans)


def _reason(reason: str) -> str:
  return markup.text(reason.replace('_', ' '))


def omissions(results: Mapping[str, Any]) -> str:
  """What was skipped, or left out by a protocol."""
  body = []
  for name, values in results['sets'].items():
    head = _name(name, values)
    body += [[head, 'skipped: not read at all', _reason(reason),
              markup.count(number)]
             for reason, number in (values.get('skipped') or {}).items()]
    body += [[head, f'left out under {markup.text(protocol)}',
              _reason(reason), markup.count(number)]
             for protocol, scores in values['protocols'].items()
             for reason, number in (scores.get('left_out') or {}).items()]
  if not body:
    return '<p>No record was skipped, and no protocol left one out.</p>'
  return markup.table(
      'Records that do not count', [
          markup.Column('set', False), markup.Column('where', False),
          markup.Column('why', False), markup.Column('records')], body)


def notes(results: Mapping[str, Any]) -> str:
  """What was said of the sets; '' if nothing was."""
  items = ''.join(f'<li>{markup.text(note)}</li>'
                  for note in results.get('notes') or ())
  return f'<h3>Notes</h3><ul class="notes">{items}</ul>' if items else ''


def _latency(values: Mapping[str, Any]) -> list[str]:
  found = values.get('latency')
  if not found:
    return [markup.NOTHING] * 4
  return [markup.count(found['batch_size']), markup.count(found['batches']),
          f'{found["median_ms"]:,.1f}', f'{found["p95_ms"]:,.1f}']


def speed(results: Mapping[str, Any]) -> str:
  """Images a second and time of a batch, by set."""
  body = [[_name(name, values), f'{values["images_per_second"]:,.1f}',
           *_latency(values)]
          for name, values in results['sets'].items()]
  return markup.table('Images a second, and milliseconds of a whole batch', [
      markup.Column('set', False), markup.Column('images/s'),
      markup.Column('batch'), markup.Column('batches'),
      markup.Column('median ms'), markup.Column('95th percentile ms')], body)


def _pairs(results: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
  yield 'model', results['model']
  yield 'characters', (f'{len(results["charset"])}: {results["charset"]}'
                       if results.get('charset') else None)
  for name, value in results['settings'].items():
    yield name.replace('_', ' '), value
  for name, values in results['sets'].items():
    yield f'set {name}', (f'{values.get("path") or "no path"}, '
                          f'{markup.count(values["records"])} records')


def settings(results: Mapping[str, Any]) -> str:
  """What was evaluated, and how."""
  body = []
  for name, value in _pairs(results):
    if value is None or value == '':
      shown = '<span class="nothing">none</span>'
    else:
      shown = markup.text(value if isinstance(value, str)
                          else json.dumps(value, ensure_ascii=False))
    body.append([markup.text(name), f'<bdi class="value">{shown}</bdi>'])
  return markup.table('What was evaluated, and how', [
      markup.Column('setting', False), markup.Column('value', False)], body,
                      kind='settings')


def _verdict(counts: Mapping[str, Any]) -> str:
  if counts['gained'] == counts['lost']:
    return 'as many'
  side = 'better' if counts['gained'] > counts['lost'] else 'worse'
  if counts['p_value'] >= _SIGNIFICANT:
    return f'{side}, may be chance'
  return f'<strong>{side}</strong>'


def _compared(name: str, protocol: str, counts: Mapping[str, Any],
              is_headline: bool) -> list[str]:
  cells = []
  for change in ('gained', 'lost'):
    shown = markup.count(counts[change])
    cells.append(link(shown, set=name, change=change)
                 if is_headline and counts[change] else shown)
  return [shown_name(name), markup.text(protocol),
          markup.count(counts['samples']),
          markup.count(counts['both_correct']), *cells,
          markup.count(counts['both_wrong']),
          f'{counts["p_value"]:.3g}', _verdict(counts)]


def comparison(results: Mapping[str, Any]) -> str:
  """Against another model; '' where there is none."""
  found = results.get('comparison')
  if not found:
    return ''
  body = [_compared(name, protocol, counts, i == 0)
          for name, values in found['sets'].items()
          for i, (protocol, counts) in enumerate(values['protocols'].items())]
  lines = [
      f'<li>{shown_name(name)}: {markup.count(values[field])} '
      f'samples are in {where} alone.</li>'
      for name, values in found['sets'].items()
      for field, where in (('only_here', 'this evaluation'),
                           ('only_there', 'the other one'))
      if values.get(field)]
  head = (
      '<p>Sample by sample against '
      f'<bdi class="value">{markup.text(found["model"])}</bdi>, as '
      f'<bdi class="value">{markup.text(found["with"])}</bdi> has it. Gained '
      'is what only this model reads, lost what only the other one does; p is '
      'of McNemar\u2019s exact test.</p>')
  columns = [markup.Column('set', False), markup.Column('protocol', False),
             *map(markup.Column, ('samples', 'both right', 'gained', 'lost',
                                  'both wrong', 'p')),
             markup.Column('this model is', False)]
  return (head + markup.table('Gained and lost words', columns, body)
          + (f'<ul class="notes">{"".join(lines)}</ul>' if lines else ''))
