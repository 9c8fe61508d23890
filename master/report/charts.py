"""Curves as SVG, in the colours of page.css.

Drawn here: the page follows the browser's light or dark colours and needs no
other file, which pictures made by matplotlib do not offer.
"""

import html
from typing import Any, Mapping, Optional, Sequence

from master.metrics import significance
from master.report import markup

# In pixels: at this width the letters have their size.
_WIDTH = 520
_LEFT, _RIGHT, _TOP = 44, 12, 14
_PLOT = 180  # Height.
_CATEGORIES = 52  # Height of what is written below.
_HISTOGRAM = 64
_MANY = 10  # Bins whose names need smaller letters.
_TICKS = (0, 0.25, 0.5, 0.75, 1)


def _text(x: float, y: float, value: str, kind: str = '',
          anchor: str = 'middle') -> str:
  name = f' class="{kind}"' if kind else ''
  return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{name}>'
          f'{html.escape(value)}</text>')


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
  return (f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" '
          f'y2="{y2:.1f}"/>')


def _rect(x: float, y: float, width: float, height: float, kind: str,
          title: str) -> str:
  return (f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
          f'height="{height:.1f}"><title>{html.escape(title)}</title></rect>')


def _dot(x: float, y: float, title: str) -> str:
  return (f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4">'
          f'<title>{html.escape(title)}</title></circle>')


def _svg(height: float, name: str, parts: Sequence[str]) -> str:
  # One picture to a screen reader; the table next to it has the numbers.
  return (f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" '
          f'aria-label="{html.escape(markup.plain(name))}" '
          f'viewBox="0 0 {_WIDTH} {height}">'
          f'{"".join(parts)}</svg>')


def _y(share: float) -> float:
  return _TOP + _PLOT * (1 - share)


def _grid() -> list[str]:
  """Lines at shares, and what they are in percent."""
  parts = []
  for tick in _TICKS:
    y = _y(tick)
    parts += [_line(_LEFT, y, _WIDTH - _RIGHT, y, 'grid' if tick else 'axis'),
              _text(_LEFT - 6, y + 4, f'{100 * tick:.0f}', anchor='end')]
  return parts


def accuracies(bins: Mapping[str, Mapping[str, Any]], axis: str, name: str,
               is_ordered: bool) -> str:
  """Word accuracy of bins with its 95 % interval.

  Args:
    bins: `samples` and `correct` by bin, in order.
    axis: what the bins are of.
    name: of the picture.
    is_ordered: whether a line joins the bins.

  Returns:
    An svg element.
  """
  step = (_WIDTH - _LEFT - _RIGHT) / max(1, len(bins))
  parts, points = _grid(), []
  is_dense = len(bins) > _MANY
  for i, (bin_name, found) in enumerate(bins.items()):
    x = _LEFT + step * (i + 0.5)
    share = found['correct'] / found['samples']
    low, high = significance.wilson_interval(found['correct'],
                                             found['samples'])
    points.append(f'{x:.1f},{_y(share):.1f}')
    shown = bin_name.replace('-', '\u2013')
    parts += [
        _line(x, _y(low), x, _y(high), 'interval'),
        _dot(x, _y(share), f'{bin_name}: {markup.percent(share)} % of '
                           f'{markup.count(found["samples"])}'),
        _text(x, _TOP + _PLOT + 16, shown, 'small' if is_dense else ''),
        _text(x, _TOP + _PLOT + 30, _short(found['samples']), 'small')]
  if is_ordered:
    parts.insert(len(_TICKS) * 2, '<polyline class="curve" points="'
                                  f'{" ".join(points)}"/>')
  parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _TOP + _PLOT + 47,
                     f'{axis}, and samples', 'small'))
  return _svg(_TOP + _PLOT + _CATEGORIES, name, parts)


def _short(count: int) -> str:
  """A count in little room."""
  return str(count) if count < 1000 else f'{count / 1000:.3g}k'


def reliability(calibration: Mapping[str, Any], name: str) -> str:
  """Accuracy over confidence, and how often each confidence is.

  Args:
    calibration: as results.json has it.
    name: of the picture.

  Returns:
    An svg element.
  """
  def at(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

  bottom = _TOP + _PLOT + 14 + _HISTOGRAM
  bins = calibration['bins']
  most = max((found['samples'] for found in bins), default=1)
  parts = [*_grid(), _line(at(0), _y(0), at(1), _y(1), 'ideal')]
  if len(bins) > 1:
    points = ' '.join(f'{at(b["confidence"]):.1f},{_y(b["accuracy"]):.1f}'
                      for b in bins)
    parts.append(f'<polyline class="curve" points="{points}"/>')
  for found in bins:
    title = (f'confidence {found["low"]:.1f} to {found["high"]:.1f}: '
             f'{markup.count(found["samples"])} samples, mean confidence '
             f'{markup.percent(found["confidence"])} %, accuracy '
             f'{markup.percent(found["accuracy"])} %')
    height = max(1, _HISTOGRAM * found['samples'] / most)
    x, right = at(found['low']), at(found['high'])
    parts += [_dot(at(found['confidence']), _y(found['accuracy']), title),
              _rect(x + 1, bottom - height, right - x - 2, height, 'bar',
                    title)]
  parts += [_line(at(0), bottom, at(1), bottom, 'axis'),
            _text(_LEFT - 6, bottom - _HISTOGRAM + 10, _short(most),
                  anchor='end'),
            *(_text(at(i / 5), bottom + 16, f'{20 * i}') for i in range(6)),
            _text(at(0.5), bottom + 33,
                  'confidence in %; bars: samples of each tenth', 'small')]
  return _svg(bottom + 40, name, parts)


def best_and_worst(bins: Mapping[str, Mapping[str, Any]]) -> Optional[str]:
  """The two ends of a curve in words; None where there are not two."""
  if len(bins) < 2:
    return None
  shares = {name: found['correct'] / found['samples']
            for name, found in bins.items()}
  best, worst = max(shares, key=shares.get), min(shares, key=shares.get)
  return (f'highest {markup.percent(shares[best])} % at {best}, '
          f'lowest {markup.percent(shares[worst])} % at {worst}')
