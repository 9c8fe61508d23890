"""An evaluation as tables of text."""

from typing import Any, Iterable, Mapping, Sequence

# Protocols side by side in one table.
_SIDE_BY_SIDE = 3
_HEAD = ('words %', '95 %', 'ned %')
_NUM_CONFUSIONS = 10
# Characters of a combined row's name, above which its parts stand below.
_LONG_NAME = 32
_NOTHING = '-'


def _percent(value: float) -> str:
  return f'{100 * value:.2f}'


def _score_cells(values: Mapping[str, Any]) -> list[str]:
  """Cells of one protocol."""
  if not values['samples']:
    return [_NOTHING] * len(_HEAD)
  low, high = values['word_accuracy_interval']
  return [_percent(values['word_accuracy']),
          f'{100 * low:.1f}-{100 * high:.1f}', _percent(values['ned'])]


def _named(found: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
  """Sets, then combined rows, by name."""
  return [*found['sets'].items(),
          *((_combined_name(i, row), row)
            for i, row in enumerate(found['combined'], 1))]


def _combined_name(number: int, row: Mapping[str, Any]) -> str:
  name = row['name']
  return name if len(name) <= _LONG_NAME else f'combined {number}'


def _parts(found: Mapping[str, Any]) -> list[str]:
  """The sets in rows whose names do not say it."""
  return [f'{name}: {row["name"]}' for name, row in _named(found)
          if row.get('name', name) != name]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
  return '  '.join([cells[0].ljust(widths[0])] + [
      cell.rjust(width) for cell, width in zip(cells[1:], widths[1:])])


def _block(found: Mapping[str, Any], names: Sequence[str]) -> list[str]:
  """All rows under some protocols."""
  head = ['set', 'samples', 'skipped', 'images/s'] + list(_HEAD) * len(names)
  rows = [[name + ('*' if values['partial'] else ''),
           str(values['samples']), str(sum(values['skipped'].values())),
           f'{values["images_per_second"]:.1f}',
           *(cell for protocol in names
             for cell in _score_cells(values['protocols'][protocol]))]
          for name, values in _named(found)]
  widths = [max(map(len, column)) for column in zip(head, *rows)]
  # A protocol's name stands over all its columns.
  span = len(_HEAD)
  tops = []
  for i, protocol in enumerate(names):
    first = 4 + span * i
    taken = sum(widths[first:first + span]) + 2 * (span - 1)
    widths[first] += max(0, len(protocol) - taken)
    tops.append(protocol.rjust(max(taken, len(protocol))))
  title = ' ' * (sum(widths[:4]) + 8) + '  '.join(tops)
  return [title, *(_line(row, widths) for row in [head, *rows])]


def _counts(found: Mapping[str, Any]) -> list[str]:
  """What was skipped or left out, a line each."""
  lines = []
  for name, values in found['sets'].items():
    lines += [f'{name}: {number} skipped: {reason}'
              for reason, number in values['skipped'].items()]
    lines += [f'{name}: {number} not in {protocol}: {reason}'
              for protocol, scores in values['protocols'].items()
              for reason, number in scores['left_out'].items()]
  return lines


def _headline(found: Mapping[str, Any]) -> list[str]:
  """Confusions and calibration under the first protocol, of the last row."""
  rows = _named(found)
  if not rows:
    return []
  name, values = rows[-1]
  protocol, scores = next(iter(values['protocols'].items()))
  lines = []
  if scores['confusions']:
    shown = ', '.join(f'{a or "nothing"}>{b or "nothing"} {number}'
                      for a, b, number in
                      scores['confusions'][:_NUM_CONFUSIONS])
    lines.append(f'{name}, {protocol}: most frequent confusions (label>read): '
                 f'{shown}')
  if scores['calibration']:
    lines.append(f'{name}, {protocol}: expected calibration error '
                 f'{scores["calibration"]["ece"]:.4f}')
  return lines


def _comparison(comparison: Mapping[str, Any]) -> list[str]:
  """The other model, sample by sample."""
  head = ['set', 'protocol', 'samples', 'both right', 'gained', 'lost',
          'both wrong', 'p (McNemar)']
  rows = [[name, protocol,
           *(str(counts[field]) for field in (
               'samples', 'both_correct', 'gained', 'lost', 'both_wrong')),
           f'{counts["p_value"]:.3g}']
          for name, values in comparison['sets'].items()
          for protocol, counts in values['protocols'].items()]
  widths = [max(map(len, column)) for column in zip(head, *rows)]
  lines = ['', f'against {comparison["model"]} ({comparison["with"]}):']
  lines += [_line(row, widths) for row in [head, *rows]]
  return lines + [
      f'{name}: {values[field]} samples are in {where} alone'
      for name, values in comparison['sets'].items()
      for field, where in (('only_here', 'this evaluation'),
                           ('only_there', 'the other one'))
      if values[field]]


def table(found: Mapping[str, Any]) -> str:
  """A table for people: percent, protocols named, what was left out below.

  Args:
    found: what results.json holds.
  """
  names = list(next(iter(found['sets'].values()), {'protocols': ()})[
      'protocols'])
  blocks: Iterable[list[str]] = (
      _block(found, names[i:i + _SIDE_BY_SIDE])
      for i in range(0, len(names), _SIDE_BY_SIDE))
  lines = '\n\n'.join('\n'.join(block) for block in blocks).split('\n')
  if found['partial']:
    lines.append('* partial: interrupted before all was read')
  lines += [*_parts(found), *found['notes'], *_counts(found), *_headline(found)]
  if found['comparison']:
    lines += _comparison(found['comparison'])
  return '\n'.join(lines)
