"""The files of an evaluation, written into a folder."""

import contextlib
import json
import os
from typing import Any, Iterable, Mapping, Optional, Sequence, TextIO

from master import errors
from master import files
from master.evaluation import results
from master.metrics import counts

# Decimals of the probabilities of symbols: enough to draw and to sort by.
_DECIMALS = 4


class ResultsFolder:
  """predictions.jsonl as it grows, and the rest when all is known.

  A context manager: nothing appears until `publish`, and leaving it without
  that leaves the folder's old files as they were.
  """

  def __init__(self, path: str):
    """Opens the files.

    Args:
      path: folder, made if need be.

    Raises:
      InputError: if it cannot be written to.
    """
    self._path = path
    self._files = {}
    try:
      os.makedirs(path, exist_ok=True)
      self._predictions = self._open(results.PREDICTIONS_FILE)
      self._skipped = self._open(results.SKIPPED_FILE)
    except OSError as e:
      self._remove()
      raise errors.InputError(
          f'--output_dir={path}: cannot be written to '
          f'({e.strerror}); name another folder.') from e

  def path(self, name: str) -> str:
    """Of one of the files, when it is published."""
    return os.path.join(self._path, name)

  def _open(self, name: str) -> TextIO:
    # A lone surrogate, which no UTF-8 label holds but a foreign text may, is
    # written as JSON escapes it.
    self._files[name] = open(files.pending(self.path(name)), 'w',
                             encoding='utf-8', errors='backslashreplace')
    return self._files[name]

  def add(self, set_name: str, sample: counts.Sample,
          char_confidence: Optional[Sequence[float]]):
    """Writes one line of predictions.jsonl.

    Args:
      set_name: of the evaluation set.
      sample: what was read.
      char_confidence: probability of each symbol of the text and of its end;
        None where the model gives none.
    """
    height, width = sample.size
    row = {'set': set_name, 'index': sample.index, 'label': sample.label,
           'text': sample.text, 'confidence': sample.confidence,
           'width': width, 'height': height}
    if char_confidence is not None:
      row['char_confidence'] = [round(p, _DECIMALS) for p in char_confidence]
    _write_line(self._predictions, row)

  def skip(self, set_name: str, key: str, reason: str,
           protocol: Optional[str] = None):
    """Writes one line of skipped.jsonl.

    Args:
      set_name: of the evaluation set.
      key: of the record's image.
      reason: why it was skipped.
      protocol: the one that leaves it out; None where no protocol has it.
    """
    row = {'set': set_name, 'key': key, 'reason': reason}
    if protocol:
      row['protocol'] = protocol
    _write_line(self._skipped, row)

  def publish(self, values: Mapping[str, Any],
              changes: Optional[Iterable[Mapping[str, Any]]] = None):
    """Writes results.json and moves all files into place.

    Args:
      values: what results.json is to hold.
      changes: lines of changes.jsonl; None where nothing was compared.
    """
    if changes is not None:
      file = self._open(results.CHANGES_FILE)
      for change in changes:
        _write_line(file, change)
    file = self._open(results.RESULTS_FILE)
    json.dump(values, file, indent=2, ensure_ascii=False)
    file.write('\n')
    for file in self._files.values():
      file.close()
    # results.json comes last: who sees it new sees the others new as well.
    for name in list(self._files):
      files.publish(self.path(name))
      del self._files[name]
    # Pages and changes of an earlier evaluation are of other texts.
    for name in (results.REPORT_FILE,
                 *([results.CHANGES_FILE] if changes is None else [])):
      if os.path.exists(self.path(name)):
        os.remove(self.path(name))

  def _remove(self):
    for name, file in self._files.items():
      with contextlib.suppress(OSError):  # What a full disk has no room for.
        file.close()
      os.remove(files.pending(self.path(name)))
    self._files = {}

  def __enter__(self) -> 'ResultsFolder':
    return self

  def __exit__(self, *unused_exception):
    self._remove()


# Made once: json.dumps would make one for each line.
_encode = json.JSONEncoder(ensure_ascii=False).encode


def _write_line(file: TextIO, row: Mapping[str, Any]):
  file.write(_encode(row) + '\n')
