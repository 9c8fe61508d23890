"""What a long training is to do: a JSON file, read and checked.

All of the work follows from the plan and the step that the newest checkpoint
has: which run of bin/train is under way, on which shards, with what seeds. So
nothing needs to be written down that a kill could leave untrue.
"""

import dataclasses
import json
import os
from typing import Any, Iterator, Mapping, NamedTuple, Optional, Sequence

from master import errors

# Flags that the command sets itself.
_OWN_TRAIN = ('model_dir', 'train_lmdb', 'train_weights', 'train_steps',
              'schedule_steps', 'seed', 'batch_size', 'change_model',
              'eval_lmdb', 'sample_losses')
_OWN_RENDER = ('output', 'count', 'seed', 'processes', 'sheet')

# Shards of a stage, and stages, whose seeds are kept apart.
_MAX_SHARDS = 10**5
_MAX_STAGES = 100


class Shard(NamedTuple):
  """An LMDB of rendered words.

  Attributes:
    stage: number of the stage, from 0.
    number: within the stage, from 0.
    words: how many.
    seed: of the renderer; no other shard of the plan has it.
  """
  stage: int
  number: int
  words: int
  seed: int


class Run(NamedTuple):
  """One call of bin/train.

  Attributes:
    stage: number of the stage.
    first_step: at which it begins.
    last_step: at which it ends.
    shards: that it reads.
    seed: of the order of their records; no other run has it.
    index: within the stage, from 0.
    hard_words: words of the run before that it reads again; 0 for none.
  """
  stage: int
  first_step: int
  last_step: int
  shards: tuple[Shard, ...]
  seed: int
  index: int
  hard_words: int


@dataclasses.dataclass(frozen=True)
class Stage:
  """A part of the training with settings of its own.

  Attributes:
    name: in tables.
    samples: words that are trained on, repeated ones counted each time.
    batch_size: words of a step.
    image_height: pixels; None leaves it to the flags of the training.
    image_width: pixels.
    shard_words: words of a shard.
    shards_per_run: shards that one run of bin/train reads.
    epochs_per_shard: how often each word is seen.
    hard_share: part of a run's words that are the hardest of the run before.
    render_flags: of data_tools/render_lmdb, behind those of all stages.
    train_flags: of bin/train, behind those of all stages.
  """
  name: str
  samples: int
  batch_size: int
  image_height: Optional[int]
  image_width: Optional[int]
  shard_words: int
  shards_per_run: int
  epochs_per_shard: int
  hard_share: float
  render_flags: tuple[str, ...]
  train_flags: tuple[str, ...]

  @property
  def steps(self) -> int:
    return self.samples // self.batch_size

  @property
  def steps_per_run(self) -> int:
    return (self.shard_words * self.shards_per_run * self.epochs_per_shard
            // self.batch_size)

  def layout(self) -> dict[str, int]:
    """What decides which words a step of the stage is trained on."""
    return {name: getattr(self, name) for name in (
        'batch_size', 'shard_words', 'shards_per_run', 'epochs_per_shard',
        'hard_share')}


@dataclasses.dataclass(frozen=True)
class Plan:
  """All of it.

  Attributes:
    path: of the file, for messages.
    seed: decides what is left to chance.
    schedule_steps: step at which the learning rate's schedule ends.
    shards_ahead: shards rendered ahead of those being trained on, at most.
    render_processes: that draw at a time.
    evaluate_minutes: between evaluations.
    keep_averaged: newest averaged copies kept.
    eval_sets: LMDBs to evaluate on, by name.
    stages: in order.
  """
  path: str
  seed: int
  schedule_steps: int
  shards_ahead: int
  render_processes: int
  evaluate_minutes: float
  keep_averaged: int
  eval_sets: Mapping[str, str]
  stages: tuple[Stage, ...]

  @property
  def total_steps(self) -> int:
    return sum(stage.steps for stage in self.stages)

  def first_step(self, number: int) -> int:
    """The step at which a stage begins."""
    return sum(stage.steps for stage in self.stages[:number])

  def stage_at(self, step: int) -> int:
    """Number of the stage whose step comes next; the last one at the end."""
    for number in range(len(self.stages) - 1):
      if step < self.first_step(number + 1):
        return number
    return len(self.stages) - 1

  def samples_at(self, step: int) -> int:
    """Words that were trained on until a step."""
    total = 0
    for stage in self.stages:
      steps = min(step, stage.steps)
      total += steps * stage.batch_size
      step -= steps
    return total

  def runs_from(self, step: int) -> Iterator[Run]:
    """The run that a step is in, and those behind it."""
    for number in range(self.stage_at(step), len(self.stages)):
      stage, start = self.stages[number], self.first_step(number)
      end = start + stage.steps
      index = max(0, step - start) // stage.steps_per_run
      while start + index * stage.steps_per_run < end and step < end:
        yield self._run(number, index)
        index += 1

  def _run(self, number: int, index: int) -> Run:
    stage, start = self.stages[number], self.first_step(number)
    first = start + index * stage.steps_per_run
    last = min(first + stage.steps_per_run, start + stage.steps)
    # The last run of a stage may need less.
    words = -(-(last - first) * stage.batch_size // stage.epochs_per_shard)
    hard = int(words * stage.hard_share) if index else 0
    words -= hard
    shards = []
    while words > 0:
      shard = index * stage.shards_per_run + len(shards)
      count = min(words, stage.shard_words)
      shards.append(Shard(number, shard, count, self._seed(number, shard)))
      words -= count
    return Run(number, first, last, tuple(shards), shards[0].seed, index, hard)

  def run_before(self, run: Run) -> Run:
    """The run of the same stage before one that is not its first."""
    return self._run(run.stage, run.index - 1)

  def has_hard_words(self, run: Run) -> bool:
    """Whether a later run reads words of `run` again."""
    stage = self.stages[run.stage]
    return bool(stage.hard_share) and run.last_step < (
        self.first_step(run.stage) + stage.steps)

  def _seed(self, stage: int, shard: int) -> int:
    return (self.seed * _MAX_STAGES + stage) * _MAX_SHARDS + shard

  def check_goes_on(self, begun: Sequence[Mapping[str, Any]], step: int):
    """Checks that what was done is still as the plan has it.

    Args:
      begun: of each stage of the plan before, its `steps` and `layout`.
      step: that the training has come to.

    Raises:
      InputError: naming the field that was changed too late.
    """
    start = 0
    for number, old in enumerate(begun):
      if start >= step:
        return
      if number >= len(self.stages):
        raise errors.InputError(
            f'{self.path}: stages[{number}]: is gone, but has been begun; put '
            'it back, or name another folder.')
      stage = self.stages[number]
      for field, value in old['layout'].items():
        if stage.layout()[field] != value:
          raise errors.InputError(
              f'{self.path}: stages[{number}].{field}: was {value} when the '
              'stage began; put that back and change it in a stage that has '
              'not begun.')
      start += old['steps']
      if stage.steps != old['steps'] and (
          start < step or self.first_step(number + 1) < step):
        raise errors.InputError(
            f'{self.path}: stages[{number}].samples: was '
            f'{old["steps"] * stage.batch_size}, and the training has come '
            f'to step {step}; put that back and change a later stage.')

  def to_layout(self) -> list[dict[str, Any]]:
    """What `check_goes_on` of a later start compares with."""
    return [{'steps': stage.steps, 'layout': stage.layout()}
            for stage in self.stages]


class _Fields:
  """Values of a JSON object, taken one by one and checked."""

  def __init__(self, values: Any, where: str,
               outer: Optional['_Fields'] = None):
    self._where = where
    self._outer = outer
    self._taken = set()
    if not isinstance(values, dict):
      raise errors.InputError(f'{where}: must be an object, {{...}}.')
    self._values = values

  def fault(self, name: str, text: str) -> errors.InputError:
    return errors.InputError(f'{self._where}{name}: {text}')

  def _take(self, name: str, default: Any) -> Any:
    self._taken.add(name)
    value = self._values.get(name)
    if value is None and self._outer is not None:
      value = self._outer._values.get(name)
    return default if value is None else value

  def number(self, name: str, default: Optional[int] = None,
             least: int = 1, is_needed: bool = True,
             kinds: tuple[type, ...] = (int,)) -> Any:
    value = self._take(name, default)
    if value is None and not is_needed:
      return None
    if value is None:
      raise self.fault(name, 'is missing.')
    if isinstance(value, bool) or not isinstance(value, kinds) or not (
        least <= value < float('inf')):
      what = 'whole number' if kinds == (int,) else 'number'
      raise self.fault(name, f'must be a {what} of at least {least}, not '
                       f'{json.dumps(value)}.')
    return value

  def text(self, name: str, default: Optional[str] = None) -> str:
    value = self._take(name, default)
    if not isinstance(value, str) or not value:
      raise self.fault(name, 'must be a text that is not empty.')
    return value

  def flags(self, name: str, own: Sequence[str]) -> tuple[str, ...]:
    """Flags of a command, none of those that are set for it."""
    self._taken.add(name)
    values = self._values.get(name, [])
    if not isinstance(values, list):
      raise self.fault(name, 'must be a list of flags, ["--flag=value"].')
    for i, value in enumerate(values):
      if not isinstance(value, str) or not value.startswith('--'):
        raise self.fault(f'{name}[{i}]', f'must be "--flag=value", not '
                         f'{json.dumps(value)}.')
      flag = value[2:].partition('=')[0]
      if flag in own:
        raise self.fault(f'{name}[{i}]', f'--{flag} is set by the command; '
                         'take it out.')
    return tuple(values)

  def members(self, name: str, kind: type, empty: Any) -> Any:
    self._taken.add(name)
    value = self._values.get(name, empty)
    if not isinstance(value, kind):
      raise self.fault(name, 'must be ' + (
          'a list, [...].' if kind is list else 'an object, {...}.'))
    return value

  def check_all_taken(self):
    for name in self._values:
      if name not in self._taken:
        raise self.fault(name, 'no such field; there are '
                         f'{", ".join(sorted(self._taken))}.')


def _stage(values: Any, path: str, number: int, outer: _Fields,
           render_flags: tuple[str, ...], train_flags: tuple[str, ...]
           ) -> Stage:
  where = f'{path}: stages[{number}].'
  fields = _Fields(values, where, outer)
  stage = Stage(
      name=fields.text('name', f'stage {number}'),
      samples=fields.number('samples'),
      batch_size=fields.number('batch_size', 64),
      image_height=fields.number('image_height', is_needed=False),
      image_width=fields.number('image_width', is_needed=False),
      shard_words=fields.number('shard_words', 100000),
      shards_per_run=fields.number('shards_per_run', 2),
      epochs_per_shard=fields.number('epochs_per_shard', 1),
      hard_share=fields.number('hard_share', 0, least=0, kinds=(int, float)),
      render_flags=render_flags + fields.flags('render_flags', _OWN_RENDER),
      train_flags=train_flags + fields.flags('train_flags', _OWN_TRAIN))
  fields.check_all_taken()
  if stage.hard_share > 0.5:
    raise fields.fault('hard_share', 'must be at most 0.5.')
  if not stage.steps:
    raise fields.fault('samples', f'{stage.samples} are fewer than a batch of '
                       f'{stage.batch_size}.')
  if not stage.steps_per_run:
    raise fields.fault('shard_words', 'a run has fewer words than a batch of '
                       f'{stage.batch_size}.')
  if stage.samples > stage.shard_words * stage.epochs_per_shard * _MAX_SHARDS:
    raise fields.fault('shard_words', 'so many samples need more than '
                       f'{_MAX_SHARDS} shards; give more.')
  return stage


def read(path: str) -> Plan:
  """The plan in a file; docs/long_training.md tells of each field.

  Args:
    path: of the JSON file.

  Raises:
    InputError: naming the file and the line or field at fault.
  """
  try:
    with open(path, encoding='utf-8') as f:
      values = json.load(f)
  except OSError as e:
    raise errors.InputError(
        f'--plan={path}: cannot be read ({e.strerror}).') from e
  except UnicodeDecodeError as e:
    raise errors.InputError(f'{path}: is not UTF-8 ({e.reason}).') from e
  except json.JSONDecodeError as e:
    raise errors.InputError(
        f'{path}: line {e.lineno}: is no JSON ({e.msg} at column {e.colno}).'
    ) from e
  fields = _Fields(values, f'{path}: ')
  render_flags = fields.flags('render_flags', _OWN_RENDER)
  train_flags = fields.flags('train_flags', _OWN_TRAIN)
  stages = fields.members('stages', list, [])
  if not 1 <= len(stages) <= _MAX_STAGES:
    raise fields.fault('stages', f'there must be 1 to {_MAX_STAGES}.')
  found = tuple(_stage(stage, path, i, fields, render_flags, train_flags)
                for i, stage in enumerate(stages))
  # What stages that do not have it themselves take over.
  for name in ('batch_size', 'shard_words', 'shards_per_run',
               'epochs_per_shard', 'image_height', 'image_width'):
    fields.number(name, is_needed=False)
  fields.number('hard_share', 0, least=0, kinds=(int, float))
  total = sum(stage.steps for stage in found)
  plan = Plan(
      path=path, seed=fields.number('seed', 1, least=0),
      schedule_steps=fields.number('schedule_steps', total),
      shards_ahead=fields.number('shards_ahead', 2, least=0),
      render_processes=fields.number('render_processes', 1),
      evaluate_minutes=fields.number('evaluate_minutes', 30, least=0,
                                     kinds=(int, float)),
      keep_averaged=fields.number('keep_averaged', 3),
      eval_sets=_eval_sets(fields), stages=found)
  fields.check_all_taken()
  return plan


def _eval_sets(fields: _Fields) -> dict[str, str]:
  sets = fields.members('eval_sets', dict, {})
  for name, path in sets.items():
    if not name or not set(name).isdisjoint('=,') or not (
        isinstance(path, str) and path) or ',' in path:
      raise fields.fault(f'eval_sets.{name}', 'must be a name without "=" and '
                         '",", and the path of an LMDB without ",".')
  return dict(sets)


def check_paths(plan: Plan, root: str):
  """Checks that the sets to evaluate on are there.

  Args:
    plan: whose relative paths are relative to `root`.
    root: of the checkout.

  Raises:
    InputError: naming the field.
  """
  for name, path in plan.eval_sets.items():
    if not os.path.exists(os.path.join(root, path, 'data.mdb')):
      raise errors.InputError(
          f'{plan.path}: eval_sets.{name}: {path} is no LMDB; relative paths '
          f'start at {root}.')
