"""Tests of tools/long_training/supervisor.py.

With the stand-ins of tests/support/long_training_parts.py for what it starts;
main_test.py has the project's own commands.
"""

import collections
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time

from absl.testing import absltest
from absl.testing import parameterized

from master import files
from tests.support import commands
from tests.support import long_training_parts
from tools.long_training import evaluation
from tools.long_training import folder as folder_lib
from tools.long_training import plan as plan_lib
from tools.long_training import processes

_PLAN = {
    'shards_ahead': 2, 'evaluate_minutes': 0.01, 'keep_averaged': 2,
    'stages': [
        {'name': 'a', 'samples': 650, 'batch_size': 5, 'shard_words': 50,
         'shards_per_run': 2, 'hard_share': 0.2},
        {'name': 'b', 'samples': 700, 'batch_size': 7, 'shard_words': 60,
         'shards_per_run': 1, 'epochs_per_shard': 2}]}


def _expected(plan):
  """All words in the order in which they are trained on."""
  words, before = [], None
  for run in plan.runs_from(0):
    stage = plan.stages[run.stage]
    fresh = [f'{shard.seed}:{i}' for shard in run.shards
             for i in range(shard.words)]
    hard = before[-run.hard_words:] if run.hard_words else []
    before, own = fresh, (fresh + hard) * stage.epochs_per_shard
    words += own[:(run.last_step - run.first_step) * stage.batch_size]
  return words


class SupervisorTest(parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = folder_lib.Folder(
        os.path.join(self.create_tempdir().full_path, 'f'))
    self.plan_path = self.folder.path + '.json'
    self.write_plan(_PLAN)
    self.addCleanup(processes.end_marked, self.folder.path, 0)

  def write_plan(self, values):
    files.write(self.plan_path, json.dumps(values))
    self.plan = plan_lib.read(self.plan_path)

  def start(self):
    process = subprocess.Popen(
        [sys.executable, '-m', 'tests.support.long_training_parts', 'run',
         self.plan_path, self.folder.path], cwd=commands.ROOT, text=True,
        stderr=subprocess.PIPE)
    self.addCleanup(process.stderr.close)
    self.addCleanup(process.wait)
    self.addCleanup(process.kill)
    return process

  def finish(self, process):
    _, log = process.communicate()
    self.assertEqual(0, process.returncode, log)
    self.assert_complete()
    return log

  def assert_complete(self):
    """All was trained on once and in order, and nothing is left over."""
    seen = long_training_parts.trained(self.folder.model_dir)
    self.assertEqual(_expected(self.plan), seen)
    self.assertLessEqual(max(collections.Counter(seen).values()), 2)
    self.assertEmpty(processes.marked(self.folder.path))
    self.assertEmpty(os.listdir(self.folder.shards))
    records = self.folder.metrics('evaluation')
    steps = [record['step'] for record in records]
    self.assertEqual(sorted(set(steps)), steps)
    self.assertEqual(self.plan.total_steps, steps[-1])
    self.assertEqual([f'STEP-{step:09d}' for step in steps[-2:]],
                     evaluation.copies(self.folder))
    for record in records:
      self.assertEqual(self.plan.samples_at(record['step']),
                       record['samples'])

  def wait_for_step(self, process, step):
    while self.folder.step() < step:
      self.assertIsNone(process.poll())
      time.sleep(0.02)

  def test_trains_all_in_order_and_once(self):
    log = self.finish(self.start())
    self.assertIn('Stage 2 of 2, b: steps', log)
    record = self.folder.metrics('evaluation')[-1]
    self.assertEqual(('b', 1350), (record['stage_name'], record['samples']))
    self.assertEqual({'samples': 4, **{
        protocol: {'word_accuracy': 0.25, 'ned': 0.5}
        for protocol in evaluation.PROTOCOLS}}, record['sets']['Own'])
    self.assertAlmostEqual(1 / record['step'], record['loss'])
    self.assertGreater(min(record['processor_seconds'].values()), 0)
    # Each copy has sums and figures beside it.
    path = os.path.join(self.folder.averaged, f'STEP-{record["step"]:09d}')
    with open(os.path.join(path, evaluation.FIGURES_FILE),
              encoding='utf-8') as f:
      self.assertEqual(record, json.load(f))
    with open(os.path.join(path, 'SHA256SUMS'), encoding='utf-8') as f:
      sums = dict(reversed(line.split()) for line in f)
    self.assertCountEqual(['values', 'checkpoint', 'evaluation.json'], sums)
    with open(os.path.join(path, 'values'), 'rb') as f:
      self.assertEqual(hashlib.sha256(f.read()).hexdigest(), sums['values'])

  @parameterized.parameters(1, 2, 3)
  def test_goes_on_whatever_is_killed(self, seed):
    chance = random.Random(seed)
    process, kills = self.start(), 0
    while kills < 12 and process.poll() != 0:
      time.sleep(chance.uniform(0, 0.5))
      victim = chance.choice(
          [process.pid, *processes.marked(self.folder.path)])
      try:
        os.kill(victim, signal.SIGKILL)
      except ProcessLookupError:
        continue
      kills += 1
      if victim == process.pid:
        process.wait()  # On a busy machine it may take a while to die.
      time.sleep(0.05)
      if process.poll() is not None and process.returncode != 0:
        self.assertEqual(-signal.SIGKILL, process.returncode)
        self.assertLessEqual(
            len(long_training_parts.trained(self.folder.model_dir)),
            self.plan.samples_at(self.plan.total_steps))
        process = self.start()
    self.assertGreater(kills, 3)
    self.finish(process)

  def test_sigterm_saves_and_leaves_nothing_running(self):
    process = self.start()
    self.wait_for_step(process, 30)
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate()
    self.assertEqual(128 + signal.SIGTERM, process.returncode, log)
    self.assertEmpty(processes.marked(self.folder.path))
    self.assertLen(long_training_parts.trained(self.folder.model_dir),
                   self.plan.samples_at(self.folder.step()))
    seconds = self.folder.read_json('state.json')['seconds']
    self.finish(self.start())
    self.assertGreater(self.folder.read_json('state.json')['seconds'], seconds)

  def test_no_more_shards_than_asked_for(self):
    process = self.start()
    most = 0
    while process.poll() is None:
      most = max(most, len([name for name in os.listdir(self.folder.shards)
                            if not name.startswith('.')])
                 if os.path.exists(self.folder.shards) else 0)
      time.sleep(0.01)
    # Those of the run under way, of the one just ended, and two ahead.
    self.assertBetween(most, 3, 2 + 2 + 2)
    self.finish(process)

  def test_another_start_in_the_same_folder_is_refused(self):
    process = self.start()
    self.wait_for_step(process, 3)
    other = self.start()
    _, log = other.communicate()
    self.assertEqual(1, other.returncode)
    self.assertIn(f'process {process.pid} works there', log)
    self.finish(process)

  def test_later_stages_may_change_and_begun_ones_not(self):
    process = self.start()
    self.wait_for_step(process, 3)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    first, second = _PLAN['stages']
    self.write_plan({**_PLAN, 'stages': [{**first, 'batch_size': 10}, second]})
    _, log = self.start().communicate()
    self.assertIn('stages[0].batch_size: was 5', log)
    self.write_plan({**_PLAN, 'stages': [
        first, {**second, 'batch_size': 3, 'render_flags': ['--effects=1']}]})
    self.finish(self.start())

  def test_what_fails_again_and_again_ends_it(self):
    # Where a checkpoint is to be written: the first cannot be saved.
    os.makedirs(os.path.join(self.folder.model_dir, 'model.ckpt-3.tmp'))
    process = self.start()
    _, log = process.communicate()
    self.assertEqual(1, process.returncode)
    self.assertRegex(log, 'InputError: train: status 1: .*IsADirectoryError')
    self.assertEmpty(processes.marked(self.folder.path))

  def test_a_copy_that_a_kill_left_untold_is_told_once(self):
    self.finish(self.start())
    path = os.path.join(self.folder.path, 'metrics.jsonl')
    with open(path, encoding='utf-8') as f:
      lines = f.readlines()
    files.write(path, ''.join(lines[:-1]) + lines[-1][:20])
    self.finish(self.start())
    with open(path, encoding='utf-8') as f:
      self.assertEqual(lines, f.readlines())


if __name__ == '__main__':
  absltest.main()
