"""Reads the text of image files.

Prints one line for each image, in the order given: path, text and confidence
(the probability of the whole text, 0 to 1), separated by tabs. With
--format=json each line is an object with path, text, confidence and error,
and with --beam_size above 1 candidates: a list of objects with text and score,
the best first.

A file that is no readable image gets a line with an empty text, confidence
0.0000 and a fourth field that starts with `error: `; the others are read all
the same, and the exit status is 1 at the end.

Arguments are files; folders, whose files are all read, those of subfolders
too, in order of name; or `-` for names on stdin, one a line.
"""

import itertools
import json
import logging
import os
import sys
import tempfile
from typing import Iterable, Iterator, NamedTuple, Optional

from absl import flags

from master import errors
from master import progress as progress_lib
from master import reader as reader_lib
from master.cli import app
from master.cli import model_flags

# `_files` gives the files of all others.
_NO_FOLDER = 'a folder that cannot be listed'


class _Line(NamedTuple):
  """What is said of one file; `error` is '' if it was read."""
  path: str
  text: str
  confidence: float
  error: str
  candidates: tuple[tuple[str, float], ...]


def define_flags():
  """Flags of bin/predict."""
  model_flags.define_source_flags()
  flags.DEFINE_enum(
      'format', 'text', ['text', 'json'],
      'text: path, text, confidence and, for a file that cannot be read, '
      '"error: " and the reason, separated by tabs; tabs and line ends in a '
      'path are written as \\t, \\n and \\r. json: one object a line.')
  flags.DEFINE_string(
      'attention_dir', None,
      'Folder, made if need be, that gets a PNG for each image read: the '
      'image as the model saw it, and for each character where the decoder '
      'looked. Named by the file, and a part of a hash of its whole path.')
  flags.DEFINE_integer(
      'batch_size', 32, 'Images read at a time.', lower_bound=1)


def _files(name: str) -> Iterator[str]:
  """The files under a folder, in order; any other name itself.

  A folder that cannot be listed is given back as if it were a file.
  """
  if not os.path.isdir(name):
    yield name
    return
  faults = []
  for folder, subfolders, names in os.walk(name, onerror=faults.append):
    subfolders.sort()
    yield from (os.path.join(folder, file) for file in sorted(names))
  yield from (fault.filename for fault in faults)


def _paths(arguments: list[str]) -> Iterator[str]:
  """The files that the arguments stand for, in order."""
  for argument in arguments:
    if argument != '-':
      yield from _files(argument)
      continue
    for line in sys.stdin.buffer:
      name = os.fsdecode(line.rstrip(b'\r\n'))
      if name:
        yield from _files(name)


def _lines(reader: reader_lib.Reader, paths: Iterable[str], batch_size: int,
           attention_dir: Optional[str]) -> Iterator[_Line]:
  """Reads the files in order."""
  # The reader is up to a batch ahead.
  paths, read = itertools.tee(paths)
  readings = reader.stream(read, batch_size=batch_size,
                           with_attention=bool(attention_dir))
  for path, reading in zip(paths, readings):
    if attention_dir and reading.valid:
      _draw_attention(path, reading, attention_dir)
    error = reading.error
    if error and os.path.isdir(path):
      error = _NO_FOLDER
    yield _Line(path, reading.text, reading.confidence, error,
                reading.candidates)


def _make_folder(attention_dir: str):
  try:
    os.makedirs(attention_dir, exist_ok=True)
    # Told now, not when the model has been loaded and run.
    with tempfile.TemporaryFile(dir=attention_dir):
      pass
  except OSError as e:
    raise errors.InputError(
        f'--attention_dir={attention_dir}: cannot be made or written to '
        f'({e.strerror}); name another folder.') from e


def _draw_attention(path: str, reading: reader_lib.Reading,
                    attention_dir: str):
  # Imported here, for few runs draw.
  from master.report import attention_picture
  attention = reading.attention
  picture = attention_picture.draw(
      attention.image, reading.text, reading.confidence,
      attention.symbol_confidence, attention.maps)
  try:
    picture.save(os.path.join(attention_dir,
                              attention_picture.file_name(path)))
  except OSError as e:
    raise errors.InputError(
        f'--attention_dir={attention_dir}: cannot be written to '
        f'({e.strerror}); make room or name another folder.') from e


def _escape(text: str) -> str:
  """Keeps a field on its line and in its column."""
  return (text.replace('\t', '\\t').replace('\n', '\\n')
          .replace('\r', '\\r'))


def _format(line: _Line, form: str) -> str:
  if form == 'json':
    # A name that is not UTF-8 holds surrogates, which JSON must escape.
    readable = line.path.isprintable()
    fields = line._replace(
        error=line.error or None,
        candidates=[{'text': text, 'score': score}
                    for text, score in line.candidates])._asdict()
    if not line.candidates:
      del fields['candidates']
    return json.dumps(fields, ensure_ascii=not readable)
  fields = [line.path, line.text, f'{line.confidence:.4f}']
  if line.error:
    fields.append(f'error: {line.error}')
  return '\t'.join(map(_escape, fields))


def _predict(lines: Iterable[_Line], form: str) -> int:
  """Prints a line for each file; returns the exit status."""
  failed = 0
  progress = progress_lib.Progress('predict')
  for line in lines:
    print(_format(line, form), flush=True)
    failed += bool(line.error)
    progress.add(1)
  if failed:
    logging.warning('%d of %d files could not be read', failed,
                    progress.count)
  return app.EXIT_FAILURE if failed else 0


def main(flags_obj: flags.FlagValues, arguments: list[str]) -> int:
  """Reads the files that the arguments name."""
  if not arguments:
    raise errors.InputError(
        'FILE: name image files, folders, or - for names on stdin.')
  if flags_obj.attention_dir:
    _make_folder(flags_obj.attention_dir)
  with model_flags.load(flags_obj) as reader:
    return _predict(
        _lines(reader, _paths(arguments), flags_obj.batch_size,
               flags_obj.attention_dir), flags_obj.format)


def run():
  """Entry point of master-predict."""
  app.run(main, define_flags, __doc__, 'FILE|FOLDER|-...',
          uses_tensorflow=True)


if __name__ == '__main__':
  run()
