"""Tables of a long training, for people."""

from typing import Any, Sequence

from tools.long_training import evaluation
from tools.long_training import plan as plan_lib


def _table(rows: Sequence[Sequence[str]]) -> str:
  widths = [max(map(len, column)) for column in zip(*rows)]
  return '\n'.join('  '.join(cell.rjust(width) for cell, width
                             in zip(row, widths)).rstrip() for row in rows)


def _percent(figures: dict[str, Any], protocol: str) -> str:
  return f'{100 * figures[protocol]["word_accuracy"]:.2f}' if figures else '-'


def evaluations(records: Sequence[dict[str, Any]]) -> str:
  """A line for each evaluation: word accuracies in percent, and the speed.

  Args:
    records: of kind `evaluation`, in order.
  """
  if not records:
    return 'No evaluation yet.'
  names = list(dict.fromkeys(name for record in records
                             for name in record['sets']))
  rows = [['time', 'step', 'samples', 'stage', 'hours', 'processor h',
           'words/s', 'loss', 'rate',
           *(f'{name} {protocol}' for name in names
             for protocol in evaluation.PROTOCOLS)]]
  for record in records:
    numbers = [f'{record[key]:.{digits}g}' if record[key] is not None else '-'
               for key, digits in (('loss', 4), ('learning_rate', 3))]
    rows.append([
        record['time'][:16], str(record['step']), str(record['samples']),
        record['stage_name'], f'{record["seconds"] / 3600:.2f}',
        f'{sum(record["processor_seconds"].values()) / 3600:.2f}',
        f'{record["words_per_second"]:.1f}', *numbers,
        *(_percent(record['sets'].get(name), protocol) for name in names
          for protocol in evaluation.PROTOCOLS)])
  last = records[-1]
  return (_table(rows) + f'\n\n{last["samples"] / last["seconds"]:.1f} '
          f'samples/s over all {last["seconds"] / 3600:.2f} hours')


def stages(plan: plan_lib.Plan, step: int) -> str:
  """What the plan asks for, and how far it is done.

  Args:
    plan: to tell of.
    step: that the training has come to.
  """
  rows = [['stage', 'samples', 'batch', 'steps', 'runs', 'words rendered',
           'done']]
  runs = list(plan.runs_from(0))
  for number, stage in enumerate(plan.stages):
    own = [run for run in runs if run.stage == number]
    words = sum(shard.words for run in own for shard in run.shards)
    done = min(max(step - plan.first_step(number), 0), stage.steps)
    rows.append([
        stage.name, str(stage.samples), str(stage.batch_size),
        f'{plan.first_step(number)}-'
        f'{plan.first_step(number) + stage.steps}', str(len(own)),
        str(words), f'{100 * done / stage.steps:.1f} %'])
  return (f'{_table(rows)}\n\nschedule: {plan.schedule_steps} steps; '
          f'{plan.total_steps} steps in all')
