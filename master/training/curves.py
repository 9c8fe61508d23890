"""Learning curves as an SVG picture."""

import math
from typing import NamedTuple, Optional, Sequence
from xml.sax import saxutils

from master.training import metrics_log

_WIDTH, _HEIGHT = 800, 260  # Pixels of a panel.
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 260, 32, 36  # Around its axes.
_COLOURS = ('#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#17becf',
            '#8c564b', '#7f7f7f')
_TICKS = 5  # About as many lines of the grid.

# Panels of training: (name of the value, title).
_TRAIN_PANELS = (('loss', 'training loss'), ('learning_rate', 'learning rate'),
                 ('gradient_norm', 'norm of the gradients'),
                 ('images_per_second', 'images a second'))


class Line(NamedTuple):
  """One curve.

  Attributes:
    name: in the legend.
    points: (step, value), in order of steps.
    marks: the same of points that stand out.
  """
  name: str
  points: Sequence[tuple[int, float]]
  marks: Sequence[tuple[int, float]] = ()


class Panel(NamedTuple):
  """Curves over the same axes."""
  title: str
  lines: Sequence[Line]


def _points(records: Sequence[metrics_log.Record],
            name: str) -> list[tuple[int, float]]:
  return [(record['step'], record['values'][name]) for record in records
          if isinstance(record['values'].get(name), (int, float))]


def _interim(records: Sequence[metrics_log.Record]
             ) -> list[metrics_log.Record]:
  """Evaluations without those of a whole set at the end of partial ones.

  Both stand at the last step; a curve goes through values that compare.
  """
  found = {}
  for record in records:
    found.setdefault(record['step'], record)
  return [found[step] for step in sorted(found)]


def panels(records: Sequence[metrics_log.Record],
           metrics: Sequence[str] = ('word_accuracy/alnum_ci', 'ned/alnum_ci')
           ) -> list[Panel]:
  """What there is to draw.

  Args:
    records: from `metrics_log.read`.
    metrics: of the evaluations, a panel each.

  Returns:
    Panels of those values that there are: the training's, then one a metric
    with a curve for each evaluation set.
  """
  train = [r for r in records if r['kind'] == metrics_log.TRAIN]
  found = [Panel(title, [Line(name, _points(train, name))])
           for name, title in _TRAIN_PANELS if _points(train, name)]
  sets = {}
  for record in records:
    if record['kind'] == metrics_log.EVAL:
      sets.setdefault(record.get('set', ''), []).append(record)
  best = [r for r in records if r['kind'] == metrics_log.BEST][-1:]
  for metric in metrics:
    lines = []
    for name, evaluations in sets.items():
      marks = [(r['step'], r['values']['value']) for r in best
               if r['values'].get('metric') == f'{name}/{metric}']
      lines.append(Line(name, _points(_interim(evaluations), metric), marks))
    lines = [line for line in lines if line.points]
    if lines:
      found.append(Panel(metric, lines))
  return found


def ticks(low: float, high: float) -> list[float]:
  """Round numbers from `low` to `high`, both finite."""
  span = high - low
  if span <= 0:
    return [low]
  raw = span / _TICKS
  unit = 10 ** math.floor(math.log10(raw))
  step = next(unit * factor for factor in (1, 2, 5, 10)
              if unit * factor >= raw * 0.999)
  first = math.ceil(low / step - 1e-9)
  return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _range(values: Sequence[float]) -> tuple[float, float]:
  low, high = min(values), max(values)
  if low == high:
    margin = abs(low) * 0.1 or 1.0
    return low - margin, high + margin
  return low, high


class _Axes:
  """Where steps and values come to lie in a panel, in pixels."""

  def __init__(self, panel: Panel, top: int):
    points = [point for line in panel.lines
              for point in (*line.points, *line.marks)]
    self.top = top + _TOP
    self.bottom = top + _HEIGHT - _BOTTOM
    self.steps = _range([step for step, _ in points])
    self.values = _range([value for _, value in points])

  def x(self, step: float) -> float:
    low, high = self.steps
    return _LEFT + (step - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

  def y(self, value: float) -> float:
    low, high = self.values
    return self.bottom - (value - low) / (high - low) * (
        self.bottom - self.top)


def _text(x: float, y: float, text: str, anchor: str = 'start',
          fill: str = '#333') -> str:
  return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
          f'fill="{fill}">{saxutils.escape(text)}</text>')


def _grid(axes: _Axes) -> list[str]:
  parts = []
  for value in ticks(*axes.values):
    y = axes.y(value)
    parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" '
                 f'y2="{y:.1f}" stroke="#ddd"/>')
    parts.append(_text(_LEFT - 6, y + 4, f'{value:.4g}', 'end'))
  for step in ticks(*axes.steps):
    parts.append(_text(axes.x(step), axes.bottom + 18, f'{step:.10g}',
                       'middle'))
  return parts


def _curve(axes: _Axes, line: Line, number: int) -> list[str]:
  colour = _COLOURS[number % len(_COLOURS)]
  points = ' '.join(f'{axes.x(step):.1f},{axes.y(value):.1f}'
                    for step, value in line.points)
  parts = [f'<polyline points="{points}" fill="none" stroke="{colour}" '
           'stroke-width="1.5"/>']
  marked = line.points if len(line.points) == 1 else line.marks
  parts += [f'<circle cx="{axes.x(step):.1f}" cy="{axes.y(value):.1f}" r="4" '
            f'fill="{colour}"/>' for step, value in marked]
  legend = line.name + ''.join(f', best {value:.4g} at {step}'
                               for step, value in line.marks)
  return [*parts, _text(_WIDTH - _RIGHT + 8, axes.top + 12 + 16 * number,
                        legend, fill=colour)]


def _panel(panel: Panel, top: int) -> list[str]:
  axes = _Axes(panel, top)
  parts = [_text(_LEFT, top + 20, panel.title), *_grid(axes)]
  for number, line in enumerate(panel.lines):
    parts += _curve(axes, line, number)
  return parts


def svg(found: Sequence[Panel], title: Optional[str] = None) -> str:
  """The panels below each other, steps to the right.

  Args:
    found: from `panels`, at least one.
    title: of the picture, as viewers show it.
  """
  height = _HEIGHT * len(found)
  parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" '
           f'height="{height}" viewBox="0 0 {_WIDTH} {height}" '
           'font-family="sans-serif" font-size="11">']
  if title:
    parts.append(f'<title>{saxutils.escape(title)}</title>')
  parts.append(f'<rect width="{_WIDTH}" height="{height}" fill="white"/>')
  for number, panel in enumerate(found):
    parts += _panel(panel, number * _HEIGHT)
  return '\n'.join([*parts, '</svg>', ''])
