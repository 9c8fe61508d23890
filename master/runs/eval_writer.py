"""Results and files of an evaluation, from its rows."""

import functools
from typing import (
  TYPE_CHECKING,
  Any,
  Iterable,
  Mapping,
  Optional,
  Sequence,
)

from master import progress as progress_lib
from master.evaluation import comparison
from master.evaluation import result_files
from master.evaluation import results
from master.metrics import protocols
from master.runs import duplicates
from master.runs import evaluation

if TYPE_CHECKING:
  from master.runs import mistakes as mistakes_lib

_HEADLINE = next(iter(protocols.PROTOCOLS))
# Rows between looks at the clock.
_ROWS_AT_ONCE = 16


class EvalWriter:
  """Takes the rows of a run as they come, then makes the results of them."""

  def __init__(self, run: evaluation.Run,
               folder: Optional[result_files.ResultsFolder] = None,
               other: Optional[comparison.Other] = None,
               mistakes: Optional['mistakes_lib.Mistakes'] = None):
    """Begins without a row.

    Args:
      run: gives the rows, and the counts when they are through.
      folder: where predictions and skipped records are written, if anywhere.
      other: what to compare with, if anything.
      mistakes: collects what a report shows, if there is to be one.
    """
    self._run = run
    self._sets = {eval_set.name: eval_set for eval_set in run.sets}
    self._folder = folder
    self._comparison = other and comparison.Comparison(other, {
        name: functools.partial(protocols.is_correct, protocol=name)
        for name in run.protocol_names})
    self._mistakes = mistakes
    self._skipped = []

  def take_all(self):
    """Takes every row that the run gives, with progress on stderr.

    Raises:
      OtherDataError: if the other model read other data.
      InputError: if a set cannot be read further.
    """
    name, progress = None, None
    for row in self._run.rows():
      if row.set_name != name:
        name = row.set_name
        progress = progress_lib.Progress(
            name, total=self._sets[name].num_records)
      self._take(row)
      result = self._run.results[name]
      if result.samples % _ROWS_AT_ONCE == 0:
        accuracy = 100 * result.protocols[_HEADLINE].word_accuracy
        progress.add(_ROWS_AT_ONCE, f'{accuracy:.1f} % {_HEADLINE}')

  def _take(self, row: evaluation.Row):
    sample = row.sample
    change = self._comparison and self._comparison.add(
        row.set_name, sample.index, sample.label, sample.text, row.correct)
    if self._folder:
      self._folder.add(row.set_name, sample, row.char_confidence)
      self._note_left_out(row)
    if self._mistakes:
      self._mistakes.add(row, change)

  def _note_left_out(self, row: evaluation.Row):
    for protocol, correct in row.correct.items():
      if correct is None:
        self._folder.skip(
            row.set_name, self._sets[row.set_name].key(row.sample.index),
            protocols.get(protocol).left_out(row.sample.label), protocol)

  def results(self, model: str, charset: str, settings: Mapping[str, Any],
              notes: Sequence[str] = ()) -> dict[str, Any]:
    """What results.json is to hold.

    Args:
      model: what was evaluated.
      charset: its characters, in class order.
      settings: of the evaluation, as results.json holds them.
      notes: remarks in addition to those on the sets themselves.
    """
    run = self._run
    self._skipped = run.skipped()
    pictures = duplicates.find(run.digests())
    return results.to_dict(
        model, charset, run.results, settings,
        [*notes, *self._remarks(pictures, bool(settings['limit']))],
        list(pictures.between),
        self._comparison and self._comparison.results(), run.is_partial)

  def publish(self, found: Mapping[str, Any]):
    """Writes the files, if there is a folder for them.

    Args:
      found: what `results` returned.
    """
    if not self._folder:
      return
    for name, key, reason in self._skipped:
      self._folder.skip(name, key, reason)
    self._folder.publish(found, self._comparison and map(
        _line, self._comparison.changes))

  def _remarks(self, pictures: duplicates.SharedPictures,
               is_limited: bool) -> Iterable[str]:
    """What is to be said of the sets."""
    run = self._run
    if not is_limited:
      yield from results.remarks(run.results)
    for name, number in pictures.within.items():
      yield f'{name}: {number} of its pictures are copies of others in it'
    for (a, b), number in pictures.between.items():
      yield (f'{a} and {b} have {number} pictures in common: no row combines '
             'them')
    if run.is_partial and run.not_begun():
      yield f'not begun: {", ".join(run.not_begun())}'


def _line(change: comparison.Change) -> dict[str, Any]:
  """A line of changes.jsonl."""
  values = change._asdict()
  return {'set': values.pop('set_name'), **values}
