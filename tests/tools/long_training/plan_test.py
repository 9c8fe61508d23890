"""Tests of tools/long_training/plan.py."""

import json
import os

from absl.testing import absltest
from absl.testing import parameterized

from master import errors
from tools.long_training import plan as plan_lib

_STAGES = [
    {'name': 'a', 'samples': 1000, 'batch_size': 7, 'shard_words': 100,
     'shards_per_run': 3},
    {'name': 'b', 'samples': 501, 'batch_size': 5, 'shard_words': 50,
     'shards_per_run': 2, 'epochs_per_shard': 2}]


class PlanTest(parameterized.TestCase):

  def read(self, **values):
    return self.read_text(json.dumps({'stages': _STAGES, **values}))

  def read_text(self, text):
    self.path = os.path.join(self.create_tempdir().full_path, 'p.json')
    with open(self.path, 'w', encoding='utf-8') as f:
      f.write(text)
    return plan_lib.read(self.path)

  def test_runs_follow_each_other_and_cover_all_steps(self):
    plan = self.read()
    # 1000 // 7 and 501 // 5 steps; 300 // 7 and 200 // 5 of a run.
    self.assertEqual(142 + 100, plan.total_steps)
    runs = list(plan.runs_from(0))
    self.assertEqual([(0, 42), (42, 84), (84, 126), (126, 142),
                      (142, 182), (182, 222), (222, 242)],
                     [(run.first_step, run.last_step) for run in runs])
    self.assertEqual([0, 0, 0, 0, 1, 1, 1], [run.stage for run in runs])
    # Of 42 steps of 7 words, 294 words; of 16 steps 112. Twice is once less.
    self.assertEqual([[100, 100, 94]] * 3 + [[100, 12]]
                     + [[50, 50], [50, 50], [50]],
                     [[shard.words for shard in run.shards] for run in runs])

  def test_no_two_shards_share_a_seed(self):
    seeds = [shard.seed for seed in (0, 1, 2)
             for run in self.read(seed=seed).runs_from(0)
             for shard in run.shards]
    self.assertLen(set(seeds), len(seeds))
    runs = [run.seed for run in self.read().runs_from(0)]
    self.assertLen(set(runs), len(runs))

  def test_each_step_is_in_the_run_that_goes_on_from_it(self):
    plan = self.read()
    runs = list(plan.runs_from(0))
    for step in range(plan.total_steps):
      index = next(i for i, run in enumerate(runs)
                   if run.first_step <= step < run.last_step)
      self.assertEqual(runs[index:], list(plan.runs_from(step)), step)
      self.assertEqual(runs[index].stage, plan.stage_at(step))
    self.assertEmpty(list(plan.runs_from(plan.total_steps)))

  def test_counts_samples_over_stages(self):
    plan = self.read()
    counts = [0]
    for run in plan.runs_from(0):
      counts += [plan.stages[run.stage].batch_size] * (
          run.last_step - run.first_step)
    for step in range(plan.total_steps + 1):
      self.assertEqual(sum(counts[:step + 1]), plan.samples_at(step))

  def test_what_stages_take_over(self):
    plan = self.read(
        batch_size=9, image_width=96, render_flags=['--a=1'],
        train_flags=['--b'], stages=[
            {'samples': 100}, {'samples': 100, 'batch_size': 4,
                               'image_width': 128, 'render_flags': ['--a=2'],
                               'train_flags': ['--c']}])
    first, second = plan.stages
    self.assertEqual((9, 96, ('--a=1',), ('--b',)),
                     (first.batch_size, first.image_width, first.render_flags,
                      first.train_flags))
    self.assertEqual((4, 128, ('--a=1', '--a=2'), ('--b', '--c')),
                     (second.batch_size, second.image_width,
                      second.render_flags, second.train_flags))
    self.assertEqual(plan.total_steps, plan.schedule_steps)
    self.assertEqual(7, self.read(schedule_steps=7).schedule_steps)

  @parameterized.parameters(
      ({'stages': []}, 'stages: there must be 1 to 100'),
      ({'stages': [{'sample': 1}]}, r'stages\[0\].samples: is missing'),
      ({'stages': [{'samples': 100, 'sample': 1}]},
       r'stages\[0\].sample: no such field; there are batch_size, '),
      ({'stages': [_STAGES[0], {'samples': 1.5}]},
       r'stages\[1\].samples: must be a whole number of at least 1, not 1.5'),
      ({'stages': [{'samples': True}]}, r'samples: must be a whole'),
      ({'stages': [{'samples': 63}]}, r'samples: 63 are fewer than a batch'),
      ({'stages': [{'samples': 90, 'shard_words': 5}]},
       r'shard_words: a run has fewer words than a batch'),
      ({'stages': [3]}, r'stages\[0\].: must be an object'),
      ({'stages': 'all'}, 'stages: must be a list'),
      ({'seed': -1}, 'seed: must be a whole number of at least 0'),
      ({'seeds': 1}, 'seeds: no such field'),
      ({'shards_per_run': 'x'}, 'shards_per_run: must be a whole number'),
      ({'evaluate_minutes': 'x'}, 'evaluate_minutes: must be a number'),
      ({'render_flags': '--a'}, 'render_flags: must be a list of flags'),
      ({'render_flags': ['--a', 'b']}, r'render_flags\[1\]: must be "--flag'),
      ({'render_flags': ['--seed=1']}, '--seed is set by the command'),
      ({'train_flags': ['--train_steps=1']}, '--train_steps is set by'),
      ({'eval_sets': {'a': 'x,y'}}, r'eval_sets.a: must be a name'),
      ({'eval_sets': {'a=b': 'x'}}, r'eval_sets.a=b: must be a name'))
  def test_faults_name_the_field(self, values, message):
    with self.assertRaisesRegex(errors.InputError, message) as caught:
      self.read(**values)
    self.assertStartsWith(str(caught.exception), self.path)

  def test_faults_name_the_line(self):
    with self.assertRaisesRegex(errors.InputError,
                                r'p.json: line 2: is no JSON \(Expecting'):
      self.read_text('{"seed": 1,\n "stages": [}')
    with self.assertRaisesRegex(errors.InputError, '--plan=no: cannot be'):
      plan_lib.read('no')

  def test_sets_must_be_there(self):
    plan = self.read(eval_sets={'Own': 'sets/own'})
    root = os.path.dirname(self.path)
    with self.assertRaisesRegex(errors.InputError, 'eval_sets.Own: sets/own'):
      plan_lib.check_paths(plan, root)
    os.makedirs(os.path.join(root, 'sets/own'))
    with open(os.path.join(root, 'sets/own/data.mdb'), 'w',
              encoding='utf-8'):
      plan_lib.check_paths(plan, root)

  @parameterized.parameters(
      (0, 0, {'batch_size': 8}, None),
      (1, 0, {'batch_size': 8}, r'stages\[0\].batch_size: was 7'),
      (1, 0, {'samples': 2000}, None),
      (50, 0, {'samples': 70}, r'stages\[0\].samples: was 994, and the .* 50'),
      (142, 0, {'samples': 2000}, None),
      (143, 0, {'samples': 2000}, r'stages\[0\].samples: was 994'),
      (142, 1, {'shard_words': 60}, None),
      (143, 1, {'shard_words': 60}, r'stages\[1\].shard_words: was 50'))
  def test_what_was_done_may_not_change(self, step, number, change, message):
    begun = json.loads(json.dumps(self.read().to_layout()))
    stages = [dict(stage) for stage in _STAGES]
    stages[number].update(change)
    plan = self.read(stages=stages)
    if message is None:
      plan.check_goes_on(begun, step)
    else:
      with self.assertRaisesRegex(errors.InputError, message):
        plan.check_goes_on(begun, step)

  def test_a_stage_that_was_begun_may_not_go(self):
    begun = self.read().to_layout()
    plan = self.read(stages=_STAGES[:1])
    plan.check_goes_on(begun, 142)
    with self.assertRaisesRegex(errors.InputError, r'stages\[1\]: is gone'):
      plan.check_goes_on(begun, 143)


if __name__ == '__main__':
  absltest.main()
