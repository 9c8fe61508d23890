"""Tests of data_tools/plot_metrics."""

import os
import sys
from unittest import mock
from xml.etree import ElementTree

from absl import flags
from absl.testing import absltest

from master import errors
from master.cli import plot_metrics
from master.training import metrics_log
from tests.support import flag_registry


class PlotMetricsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.model_dir = self.create_tempdir().full_path
    self.picture = os.path.join(self.model_dir, 'curves.svg')
    flag_registry.isolate(self)
    plot_metrics.define_flags()

  def _draw(self, output=None, *more):
    flags.FLAGS(['plot_metrics', f'--model_dir={self.model_dir}',
                 f'--output={output or self.picture}', *more])
    plot_metrics.main(flags.FLAGS, [])

  def _log(self, kind='train', values=None, set_name=None):
    metrics_log.MetricsLog(self.model_dir).write(
        kind, 3, values or {'loss': 2.5}, set_name)

  def test_draws(self):
    self._log()
    self._log('eval', {'ned/exact': 0.5, 'loss': 3.0}, 'Val')
    self._draw(None, '--metrics=ned/exact,loss')
    root = ElementTree.parse(self.picture).getroot()
    texts = [text.text for text in root.iter() if text.tag.endswith('text')]
    self.assertContainsSubset(['training loss', 'ned/exact', 'loss'], texts)
    self.assertCountEqual(['curves.svg', 'metrics.jsonl'],
                          os.listdir(self.model_dir))

  def test_other_formats(self):
    self._log()
    for form, start in (('png', b'\x89PNG'), ('pdf', b'%PDF')):
      path = os.path.join(self.model_dir, f'curves.{form}')
      flags.FLAGS.unparse_flags()
      self._draw(path)
      with open(path, 'rb') as f:
        self.assertEqual(start, f.read(4))

  def test_without_matplotlib(self):
    self._log()
    with mock.patch.dict(sys.modules, {'matplotlib': None}):
      with self.assertRaisesRegex(errors.InputError,
                                  'pip install .master-ocr.curves.'):
        self._draw()

  def test_nothing_to_draw(self):
    with self.assertRaisesRegex(errors.InputError, 'cannot be read'):
      self._draw()
    self._log(values={'reason': 'train_steps'}, kind='end')
    with self.assertRaisesRegex(errors.InputError, 'nothing to draw yet'):
      self._draw()

  def test_bad_outputs(self):
    self._log()
    with self.assertRaisesRegex(flags.IllegalFlagValueError,
                                'must end in .svg'):
      self._draw('curves.gif')
    flags.FLAGS.unparse_flags()
    with self.assertRaisesRegex(errors.InputError,
                                '--output=.*cannot be written'):
      self._draw(f'{self.model_dir}/absent/curves.svg')


if __name__ == '__main__':
  absltest.main()
