"""Tests of tools/long_training/train as a process, with the real commands."""

import json
import os
import signal
import subprocess
import sys
import time

from absl.testing import absltest
import numpy as np
import tensorflow.compat.v1 as tf

from master import files
from master.estimator.checkpoint import checkpoints
from master.export import predictor
from master.inputs import resume
from master.training import metrics_log
from tests.support import commands
from tests.support import model_files
from tests.support import word_sets
from tools.long_training import evaluation
from tools.long_training import folder as folder_lib
from tools.long_training import processes

_COMMAND = 'tools.long_training.main'
_LEARNING_RATE = 0.01


class MainTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    directory = os.path.realpath(self.create_tempdir().full_path)
    self.folder = folder_lib.Folder(os.path.join(directory, 'f'))
    self.plan_path = os.path.join(directory, 'plan.json')
    words = word_sets.write_words(os.path.join(directory, 'words'),
                                  ['abc', 'de', 'f1'])
    self.plan = {
        'shard_words': 30, 'shards_per_run': 2, 'shards_ahead': 1,
        'evaluate_minutes': 1000, 'eval_sets': {'Own': words},
        'render_flags': ['--charset=62', '--max_word_length=5'],
        'train_flags': [
            *model_files.SMALLEST_FLAGS, '--save_steps=4', '--log_steps=2',
            '--schedule=cosine', f'--learning_rate={_LEARNING_RATE}',
            '--average_decay=0.9'],
        'stages': [
            {'name': 'easy', 'samples': 60, 'batch_size': 3,
             'render_flags': ['--effects=0.2']},
            {'name': 'hard', 'samples': 40, 'batch_size': 4,
             'image_width': 32, 'shard_words': 20, 'shards_per_run': 1,
             'hard_share': 0.25, 'train_flags': ['--augment=0.5']}]}

  def arguments(self, *more):
    files.write(self.plan_path, json.dumps(self.plan))
    return ['-m', _COMMAND, f'--plan={self.plan_path}',
            f'--folder={self.folder.path}', *more]

  def start(self, *more):
    process = subprocess.Popen(
        [sys.executable, *self.arguments('--tell_seconds=1', *more)],
        text=True, stderr=subprocess.PIPE,
        cwd=os.path.dirname(self.folder.path),
        env={**os.environ, 'PYTHONPATH': str(commands.ROOT)})
    self.addCleanup(processes.end_marked, self.folder.path, 0)
    self.addCleanup(process.stderr.close)
    self.addCleanup(process.wait)
    self.addCleanup(process.kill)
    return process

  def wait_for_step(self, process, step):
    while self.folder.step() < step:
      self.assertIsNone(process.poll())
      time.sleep(0.05)

  def nice_values(self):
    """Of the processes that work for the training."""
    for pid in processes.marked(self.folder.path):
      try:
        yield os.getpriority(os.PRIO_PROCESS, pid)
      except ProcessLookupError:
        pass

  def place(self):
    """Words of the run that the newest checkpoint was trained on."""
    return tf.train.load_variable(
        tf.train.latest_checkpoint(self.folder.model_dir),
        resume.NAME)[0]

  def test_trains_to_the_end_over_kills(self):
    process = self.start('--nice=1')
    self.wait_for_step(process, 4)
    # Nobody's nice value falls, that of these tests neither.
    self.assertEqual({max(1, os.nice(0))}, set(self.nice_values()))
    process.kill()
    process.wait()
    # The training hears of it, and saves.
    process = self.start('--nice=1')
    self.wait_for_step(process, 24)
    process.terminate()
    _, log = process.communicate()
    self.assertEqual(128 + signal.SIGTERM, process.returncode, log)
    self.assertEmpty(processes.marked(self.folder.path))
    done = 4 * (self.folder.step() - 20)
    self.assertIn(self.place(), (done, done - 20))  # Of the first run, or not.
    process = self.start('--nice=1')
    _, log = process.communicate()
    self.assertEqual(0, process.returncode, log)
    self.assertIn('Done: step 30, 100 samples', log)
    self.assertRegex(log, r'step \d+/30, .* of 0.000 million samples')
    self.check_end()

  def test_lowest_priority_unless_told(self):
    process = self.start()
    while not (values := set(self.nice_values())):
      self.assertIsNone(process.poll())
      time.sleep(0.05)
    self.assertEqual({19}, values)

  def check_end(self):
    self.assertEmpty(os.listdir(self.folder.shards))
    self.assertEqual(20, self.place())
    self.assertEmpty(os.listdir(self.folder.losses))
    record, = self.folder.metrics('evaluation')
    self.assertEqual((30, 100, 'hard'), (record['step'], record['samples'],
                                         record['stage_name']))
    # One schedule over both stages, and no step twice.
    rates = {r['step']: r['values']['learning_rate']
             for r in metrics_log.read(self.folder.model_dir)
             if r['kind'] == metrics_log.TRAIN}
    self.assertBetween(max(rates), 28, 30)  # A line every two steps.
    for step, rate in rates.items():
      self.assertAlmostEqual(
          _LEARNING_RATE * (1 + np.cos(np.pi * (step - 1) / 30)) / 2, rate,
          places=6)
    # The copy reads, and by its figures as it was said to.
    name, = evaluation.copies(self.folder)
    with predictor.Predictor.from_model_dir(
        os.path.join(self.folder.averaged, name)) as model:
      self.assertEqual(30, checkpoints.step(model.name))
      self.assertEqual(32, model.config.model.image_width)
      readings = model.read_bytes([model_files.encoded_image(i)
                                   for i in range(3)])
    correct = [reading.text == label
               for reading, label in zip(readings, ['abc', 'de', 'f1'])]
    self.assertEqual(sum(correct) / 3, record['sets']['Own'][
        'case_sensitive']['word_accuracy'])
    report = commands.run(*self.arguments('--report'))
    self.assertIn('Own alnum_ci', report.stdout)
    self.assertIn('samples/s over all', report.stdout)

  def assert_fault(self, text):
    done = commands.run(*self.arguments('--check'))
    self.assertEqual(2, done.returncode, done.stderr)
    self.assertRegex(done.stderr,
                     f'^long_training: error: [^\n]*{text}[^\n]*\n$')
    self.assertFalse(os.path.exists(self.folder.path))

  def test_faults_of_the_plan_are_one_line(self):
    self.plan['stages'][1]['train_flags'] = ['--augment=2']
    self.assert_fault(r'plan.json: stages\[1\].train_flags: --augment=2.0: '
                      r'must be in \[0, 1\]')
    self.plan['stages'][1]['train_flags'] = ['--cosine_floors=0']
    self.assert_fault(r'stages\[1\].train_flags: --cosine_floors: no such')
    self.plan['stages'][0]['render_flags'] = ['--effects=2']
    self.assert_fault(r'stages\[0\].render_flags: --effects')
    self.plan['stages'][0]['render_flags'] = ['--flagfile=no.flags']
    self.assert_fault(r'stages\[0\].render_flags: .*no.flags')
    self.plan['eval_sets']['Other'] = 'no'
    self.assert_fault('eval_sets.Other: no is no LMDB')

  def test_check_prints_what_the_plan_comes_to(self):
    done = commands.run(*self.arguments('--check'))
    self.assertEqual(0, done.returncode, done.stderr)
    rows = [line.split() for line in done.stdout.splitlines()]
    self.assertEqual(['easy', '60', '3', '0-20', '1', '60', '0.0', '%'],
                     rows[1])
    # A quarter of the second run's words are some of the first's.
    self.assertEqual(['hard', '40', '4', '20-30', '2', '35', '0.0', '%'],
                     rows[2])
    self.assertFalse(os.path.exists(self.folder.path))


if __name__ == '__main__':
  absltest.main()
