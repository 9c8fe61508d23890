"""metrics.jsonl: what is written, torn, resumed and read."""

import json
import os

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from master.training import metrics_log


class MetricsLogTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.model_dir = os.path.join(self.create_tempdir().full_path, 'model')
    self.path = os.path.join(self.model_dir, metrics_log.FILE)

  def _steps(self):
    return [(r['kind'], r['step']) for r in metrics_log.read(self.model_dir)]

  def _log(self, *steps, start=0):
    log = metrics_log.MetricsLog(self.model_dir)
    log.start(start)
    for step in steps:
      log.write(metrics_log.TRAIN, step, {'loss': 1.5})
    return log

  def _tear(self, text):
    with open(self.path, 'ab') as f:
      f.write(text)

  def test_records(self):
    log = self._log()
    self.assertFalse(os.path.exists(self.path))
    log.write('train', 3, {'loss': float('nan'), 'rate': 0.5, 'of': 'é'})
    log.write('eval', 4, {'loss': float('inf')}, 'Val')
    with open(self.path, encoding='utf-8') as f:
      text = f.read()
    self.assertIn('é', text)
    self.assertNotIn('NaN', text)  # Which is no JSON.
    first, second = map(json.loads, text.splitlines())
    self.assertEqual({'loss': None, 'rate': 0.5, 'of': 'é'}, first['values'])
    self.assertNotIn('set', first)
    self.assertEqual(('eval', 4, 'Val', {'loss': None}), tuple(
        second[key] for key in ('kind', 'step', 'set', 'values')))
    self.assertRegex(first['time'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$')
    self.assertEqual([first, second], metrics_log.read(self.model_dir))

  def test_steps_done_over_are_left_out(self):
    self._log(1, 2, 3, 4)
    self._log(3, 4, 5, start=2)
    self.assertEqual([('train', 1), ('train', 2), ('resume', 2), ('train', 3),
                      ('train', 4), ('train', 5)], self._steps())

  def test_a_run_that_goes_on_notes_what_changed(self):
    log = metrics_log.MetricsLog(self.model_dir)
    log.start(0, {'batch_size': '8 -> 9'})  # Nothing to go on from.
    log.write(metrics_log.TRAIN, 1, {})
    log.start(1, {'batch_size': '9 -> 16'})
    self.assertEqual(
        [('train', {}), ('resume', {'batch_size': '9 -> 16'})],
        [(r['kind'], r['values']) for r in metrics_log.read(self.model_dir)])

  @parameterized.parameters(
      b'{"kind": "tra', b'{"kind": "train", "step": 3, "values"',
      b'{"a": 1}', b'\xff\xfe', b'4')
  def test_a_torn_line(self, torn):
    self._log(1, 2)
    self._tear(torn)
    self.assertEqual([('train', 1), ('train', 2)], self._steps())
    self._log(3, start=2)
    self.assertEqual([('train', 1), ('train', 2), ('resume', 2),
                      ('train', 3)], self._steps())

  def test_a_line_without_its_end(self):
    self._log(1)
    self._tear(b'{"kind": "train", "step": 2, "values": {}}')
    self.assertEqual([('train', 1), ('train', 2)], self._steps())
    self._log(3, start=2)
    self.assertEqual([('train', 1), ('train', 2), ('resume', 2),
                      ('train', 3)], self._steps())

  def test_a_broken_line_in_the_midst(self):
    self._log(1)
    self._tear(b'nothing\n')
    self._log(2)
    with self.assertRaisesRegex(errors.InputError, 'line 2 is no record'):
      metrics_log.read(self.model_dir)

  def test_a_full_disk(self):
    log = self._log(1)
    os.remove(self.path)
    os.symlink('/dev/full', self.path)
    with self.assertRaisesRegex(OSError, f'No space left.*{self.path}'):
      log.write('train', 3, {})

  def test_no_file(self):
    with self.assertRaisesRegex(errors.InputError,
                                r'metrics.jsonl: cannot be read \(No such'):
      metrics_log.read(self.model_dir)


if __name__ == '__main__':
  absltest.main()
