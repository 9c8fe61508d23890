"""Tests of tools/long_training/commands.py."""

import json
import os
import sys
from unittest import mock

from absl.testing import absltest

from master import errors
from master import files
from master.estimator.checkpoint import checkpoint_files
from tests.support import commands as commands_of_tests
from tools.long_training import commands as commands_lib
from tools.long_training import folder as folder_lib
from tools.long_training import plan as plan_lib
from tools.long_training import supervisor

_PLAN = {
    'seed': 2, 'schedule_steps': 99, 'render_processes': 3,
    'render_flags': ['--flagfile=a.flags'], 'train_flags': ['--augment=0.1'],
    'eval_sets': {'A': 'x/a', 'B': 'b'},
    'stages': [{'samples': 90, 'batch_size': 4, 'shard_words': 30},
               {'samples': 90, 'batch_size': 5, 'shard_words': 30,
                'image_width': 64, 'train_flags': ['--augment=0.2']}]}


class CommandsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.root = self.create_tempdir().full_path
    self.write('a.flags', '--effects=0.5\n--flagfile=b.flags\n')
    self.write('b.flags', '--charset=36\n')
    self.folder = folder_lib.Folder(os.path.join(self.root, 'f'))

  def write(self, name, text):
    files.write(os.path.join(self.root, name), text)

  def commands(self, **changes):
    self.write('plan.json', json.dumps({**_PLAN, **changes}))
    self.plan = plan_lib.read(os.path.join(self.root, 'plan.json'))
    return commands_lib.Commands(self.plan, self.folder, self.root)

  def shards(self):
    return [shard for run in self.plan.runs_from(0) for shard in run.shards]

  def test_trains_a_run(self):
    commands = self.commands()
    first, *_, last = self.plan.runs_from(0)
    train = commands.train(first)
    self.assertEqual('master.cli.train', train[2])
    self.assertContainsSubset(
        ['--augment=0.1', '--batch_size=4', '--train_steps=15',
         '--schedule_steps=99', f'--seed={first.seed}',
         f'--model_dir={self.folder.model_dir}', '--train_lmdb=' + ','.join(
             commands.shard_path(shard) for shard in first.shards)], train)
    self.assertNotIn('--image_width=64', train)
    train = commands.train(last)
    self.assertIn('--image_width=64', train)
    self.assertIn('--train_steps=40', train)
    # The stage's own flag stands behind the common one, and so wins.
    self.assertLess(train.index('--augment=0.1'), train.index('--augment=0.2'))

  def test_renders_a_shard_where_it_is_looked_for(self):
    commands = self.commands()
    shard = self.shards()[1]
    self.assertContainsSubset(
        ['--flagfile=a.flags', f'--output={commands.shard_path(shard)}',
         '--count=30', f'--seed={shard.seed}', '--processes=3'],
        commands.render(shard))

  def test_the_name_of_a_shard_tells_all_that_decides_its_words(self):
    def paths(**changes):
      commands = self.commands(**changes)
      return [commands.shard_path(shard) for shard in self.shards()]
    before = paths()
    self.assertLen(set(before), len(before))
    self.assertEqual(before, paths(train_flags=[], eval_sets={}))
    self.assert_none_in_common(before, paths(seed=3))
    self.assert_none_in_common(
        before, paths(render_flags=['--flagfile=a.flags', '--grey_rate=1']))
    self.write('b.flags', '--charset=62\n')
    self.assert_none_in_common(before, paths())

  def assert_none_in_common(self, first, second):
    self.assertEmpty(set(first) & set(second))

  def test_a_flagfile_that_is_not_there(self):
    os.remove(os.path.join(self.root, 'b.flags'))
    commands = self.commands()
    with self.assertRaisesRegex(errors.InputError, '--flagfile=b.flags: can'):
      commands.shard_path(self.shards()[0])

  def test_evaluates_all_sets(self):
    self.assertEqual(['A=x/a', 'B=b'], self.commands().evaluate()[-2:])

  def test_repairs_the_model_directory(self):
    _, _, code, *arguments = self.commands().repair()
    with mock.patch.object(checkpoint_files, 'repair') as repair:
      with mock.patch.object(sys, 'argv', ['-c', *arguments]):
        exec(code, {})
    repair.assert_called_once_with(self.folder.model_dir)

  def test_flags_are_judged_once_each(self):
    checks = self.commands().flag_checks()
    self.assertEqual(['stages[0].render_flags', 'stages[0].train_flags',
                      'stages[1].train_flags'],
                     [field for field, _ in checks])

  def test_the_plan_of_the_project(self):
    path = 'flags/long_training/pretrained.json'
    root = str(commands_of_tests.ROOT)
    plan = plan_lib.read(os.path.join(root, path))
    commands = commands_lib.Commands(plan, self.folder, root)
    supervisor.check_flags(commands, root, path)
    self.assertGreaterEqual(plan.samples_at(plan.total_steps), 10**7)


if __name__ == '__main__':
  absltest.main()
