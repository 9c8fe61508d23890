"""Draws the learning curves of a training.

  data_tools/plot_metrics --model_dir=runs/base --output=curves.svg

It reads metrics.jsonl of the model directory, which may be one that is being
trained: loss, learning rate, norm of the gradients and images a second over
the steps, then each of --metrics with a curve for every evaluation set. The
best checkpoint is marked. What a resumed run has done over again is drawn
once. Needs matplotlib: pip install 'master-ocr[curves]'.
"""

import logging
import os

from absl import flags

from master import errors
from master import files
from master.cli import app
from master.training import curves
from master.training import metrics_log

_FORMS = ('svg', 'png', 'pdf')


def _form(path: str) -> str:
  return os.path.splitext(path)[1][1:]


def define_flags():
  """Flags of data_tools/plot_metrics."""
  flags.DEFINE_string('model_dir', None, 'Directory that bin/train trains in.',
                      required=True)
  flags.DEFINE_string('output', None,
                      'The picture, a .svg, .png or .pdf file.',
                      required=True)
  flags.register_validator('output', lambda path: _form(path) in _FORMS,
                           '--output: must end in .svg, .png or .pdf.')
  flags.DEFINE_list(
      'metrics', ['word_accuracy/alnum_ci', 'ned/alnum_ci'],
      'Metrics of the evaluations to draw, separated by commas: '
      'word_accuracy/ or ned/ with alnum_ci, case_sensitive or exact, or '
      'loss.')


def main(flags_obj: flags.FlagValues, unused_arguments: list[str]):
  """Draws the picture."""
  model_dir, output = flags_obj.model_dir, flags_obj.output
  found = curves.panels(metrics_log.read(model_dir), flags_obj.metrics)
  if not found:
    raise errors.InputError(
        f'{os.path.join(model_dir, metrics_log.FILE)}: nothing to draw yet; '
        'wait for the first line of progress, or train with a smaller '
        '--log_steps.')
  with errors.writing_to(f'--output={output}', 'name another file'):
    with files.writing(output) as pending:
      curves.write(found, pending, _form(output), model_dir)
  logging.info('Drew %s', ', '.join(panel.title for panel in found))


def run():
  """Entry point of master-plot-metrics."""
  app.run(main, define_flags, __doc__)


if __name__ == '__main__':
  run()
