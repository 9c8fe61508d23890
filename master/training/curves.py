"""Learning curves as a picture, drawn by matplotlib (the extra `curves`)."""

from typing import Any, NamedTuple, Sequence

from master import errors
from master.training import metrics_log

_PANEL_INCHES = (9, 3)  # Width and height.

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


def draw(axes: Any, panel: Panel):
  """Draws a panel's curves, marks and legend on matplotlib's axes."""
  for line in panel.lines:
    steps, values = zip(*line.points)
    name = line.name + ''.join(f', best {value:.4g} at {step}'
                               for step, value in line.marks)
    curve, = axes.plot(steps, values, label=name)
    # A single point makes no line.
    marked = line.points if len(line.points) == 1 else line.marks
    if marked:
      axes.plot(*zip(*marked), 'o', color=curve.get_color())
  axes.set_title(panel.title, loc='left')
  axes.grid(alpha=0.3)
  axes.ticklabel_format(axis='x', style='plain')
  axes.legend(loc='upper left', bbox_to_anchor=(1, 1), frameon=False)


def write(found: Sequence[Panel], path: str, form: str, title: str):
  """Writes the panels below each other, steps to the right.

  Args:
    found: from `panels`, at least one.
    path: of the picture.
    form: its format: svg, png or pdf.
    title: of the picture.

  Raises:
    InputError: if matplotlib is not installed.
    OSError: if the picture cannot be written.
  """
  try:
    import matplotlib
    from matplotlib import figure
  except ImportError as e:
    raise errors.InputError(f"learning curves need matplotlib ({e}): pip "
                            "install 'master-ocr[curves]'.") from e
  width, height = _PANEL_INCHES
  picture = figure.Figure((width, height * len(found)), layout='constrained')
  # Text of an SVG as text, and no formulas in names.
  with matplotlib.rc_context({'svg.fonttype': 'none',
                              'text.parse_math': False}):
    picture.suptitle(title)
    for axes, panel in zip(
        picture.subplots(len(found), squeeze=False)[:, 0], found):
      draw(axes, panel)
    picture.savefig(path, format=form)
