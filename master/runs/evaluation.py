"""An evaluation: images of several sets read and scored in one pipeline.

The reading of a batch, the loading of the next one and the scoring of the
last one go on at the same time. One pipeline loads all sets: to build one
takes as long as to read some thousand images with a small model.
"""

from concurrent import futures
import itertools
import logging
import queue
import threading
import time
from typing import (
  Any,
  Callable,
  Iterator,
  Mapping,
  NamedTuple,
  Optional,
  Sequence,
)

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master import errors
from master.data import lmdb_reader
from master.data import records as records_lib
from master.evaluation import results
from master.export import predictor as predictor_lib
from master.inputs import input_fn as input_fn_lib
from master.metrics import counts as counts_lib
from master.runs import duplicates

# Features of a batch -> what is read of it.
ReadFn = Callable[[Mapping[str, np.ndarray]], predictor_lib.ImageReadings]

# Seconds between looks whether the evaluation is to end.
_LOOK = 0.1


class EvalSet(NamedTuple):
  """A set to evaluate on.

  Attributes:
    name: in tables.
    reader: of its LMDB.
    num_records: how many are to be read, from the first on.
  """
  name: str
  reader: lmdb_reader.LmdbReader
  num_records: int

  def key(self, number: int) -> str:
    """The key of the image of the record with a number."""
    return self.reader.image_key(number - self.reader.number(0))


class _HashedRecords(records_lib.Records):
  """Records that note the digest of each picture when it is read.

  Attributes:
    digests: by position, of those read so far that have an image.
  """

  def __init__(self, paths: Sequence[str]):
    super().__init__(paths)
    self.digests = {}

  def read(self, position: int) -> lmdb_reader.Record:
    record = super().read(position)
    if record.image:
      self.digests[position] = duplicates.digest(record.image)
    return record


class EvalSets:
  """Several sets that are read one after the other, each record once.

  Attributes:
    sets: of them.
  """

  def __init__(self, paths: Mapping[str, str],
               model_config: config_lib.ModelConfig, batch_size: int,
               limit: Optional[int] = None, with_bytes: bool = False):
    """Opens LMDBs for an evaluation.

    Args:
      paths: of them by name.
      model_config: decides what becomes of the images.
      batch_size: images of a batch.
      limit: how many of the first records of each to read; None for all.
      with_bytes: whether rows get the images' files.

    Raises:
      InputError: naming the path that is no LMDB or holds no record.
    """
    self._counter = records_lib.SkipCounter(keeps_all=True)
    self._records = _HashedRecords(list(paths.values()))
    self._input_fn = input_fn_lib.make_eval_input_fn(
        self._records, model_config,
        config_lib.DataConfig(batch_size=batch_size), self._counter, limit,
        with_bytes)
    self.sets = [EvalSet(name, reader, min(len(reader), limit or len(reader)))
                 for name, reader in zip(paths, self._records.readers)]

  def batches(self) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Features and labels, as of `make_eval_input_fn`, as NumPy arrays."""
    with tf.Graph().as_default(), tf.device('/cpu:0'):
      iterator = tf.data.make_initializable_iterator(self._input_fn())
      batch = iterator.get_next()
      with tf.Session() as session:
        session.run([iterator.initializer, tf.tables_initializer()])
        while True:
          try:
            yield session.run(batch)
          except tf.errors.OutOfRangeError:
            return

  def skipped(self) -> Iterator[tuple[EvalSet, int, str]]:
    """Set, number of the record and reason of those that were skipped."""
    for position, _, reason in sorted(self._counter.records()):
      yield (self.sets[int(self._records.sources(position))],
             self._records.number(position), reason)

  def digests(self) -> Iterator[tuple[EvalSet, int, bytes]]:
    """Set, number of the record and digest of each picture read so far."""
    digests = self._records.digests.copy()  # The pipeline may go on reading.
    sources = self._records.sources(np.array(list(digests), np.int64))
    for (position, digest), source in zip(digests.items(), sources.tolist()):
      yield self.sets[source], self._records.number(position), digest


class Row(NamedTuple):
  """One image that was read and scored.

  Attributes:
    set_name: of its set.
    sample: what was read.
    correct: by protocol, whether that is without a fault; None where the
      protocol leaves the sample out.
    char_confidence: of each symbol of the text and its end; None where the
      model does not give them.
    image_bytes: the image's file, where it was asked for.
    image: float32 [H, W, C] in [-1, 1], as the model saw it.
    columns: those of `image` from the left that the picture takes.
    attention: float32 [T, h, w], where it was asked for.
  """
  set_name: str
  sample: counts_lib.Sample
  correct: Mapping[str, Optional[bool]]
  char_confidence: Optional[list[float]]
  image_bytes: Optional[bytes]
  image: np.ndarray
  columns: int
  attention: Optional[np.ndarray]


class _Batch(NamedTuple):
  """A batch on its way.

  Attributes:
    features: of the input_fn.
    labels: of the input_fn.
    readings: will be (an ImageReadings, the seconds that it took).
  """
  features: Mapping[str, np.ndarray]
  labels: Mapping[str, np.ndarray]
  readings: futures.Future


def _timed(read: ReadFn, features: Mapping[str, np.ndarray]
           ) -> tuple[predictor_lib.ImageReadings, float]:
  started = time.monotonic()
  return read(features), time.monotonic() - started


class _Feeder:
  """Loads batches and has them read; threads of its own.

  Attributes:
    first_loaded: when there was the first batch to read, in seconds.
  """

  def __init__(self, sets: EvalSets, read: ReadFn, num_threads: int):
    self._sets = sets
    self._read = read
    self._stopped = threading.Event()
    self.first_loaded = 0.0
    # One batch waits for each that is being read.
    self._queue = queue.Queue(2 * num_threads)
    self._executor = futures.ThreadPoolExecutor(num_threads, 'read')
    self._thread = threading.Thread(target=self._run, name='feed')
    self._thread.start()

  def _run(self):
    try:
      for features, labels in self._sets.batches():
        self.first_loaded = self.first_loaded or time.monotonic()
        self._put(_Batch(features, labels, self._executor.submit(
            _timed, self._read, features)))
        if self._stopped.is_set():
          return
      self._put(None)
    except Exception as e:  # pylint: disable=broad-except
      self._put(e)  # For the thread that waits for batches.

  def _put(self, item: Any):
    while not self._stopped.is_set():
      try:
        return self._queue.put(item, timeout=_LOOK)
      except queue.Full:
        pass

  def batches(self, is_over: Callable[[], bool]) -> Iterator[_Batch]:
    """Batches in order, each when it has been read, until `is_over`."""
    while not is_over():
      try:
        item = self._queue.get(timeout=_LOOK)
      except queue.Empty:
        continue
      if item is None:
        return
      if isinstance(item, Exception):
        raise item
      while not is_over():
        if futures.wait([item.readings], timeout=_LOOK).done:
          yield item
          break

  def close(self):
    """Ends the threads; waits for the batches that are being read."""
    self._stopped.set()
    self._executor.shutdown(wait=True, cancel_futures=True)
    self._thread.join()


class _ReadRow(NamedTuple):
  """What a batch holds of one image."""
  source: int
  index: int
  size: list[int]
  columns: int
  image_bytes: Optional[bytes]
  image: np.ndarray
  label: bytes
  text: str
  confidence: float
  characters: Optional[list[float]]
  attention: Optional[np.ndarray]


def _symbols(char_confidence: np.ndarray) -> list[list[float]]:
  """Of float32 [N, T] those of each text and its end; 0 is behind it."""
  counts = np.count_nonzero(char_confidence, axis=1).tolist()
  return [row[:count] for row, count in zip(char_confidence.tolist(),
                                            counts)]


def _read_rows(batch: _Batch) -> Iterator[_ReadRow]:
  """The images of a batch that was read, in order."""
  readings, _ = batch.readings.result()
  features = batch.features
  nothing = itertools.repeat(None)
  return map(_ReadRow._make, zip(
      features['source'].tolist(), features['index'].tolist(),
      features['size'].tolist(), features['columns'].tolist(),
      features.get('image_bytes', nothing), features['image'],
      batch.labels['text'], readings.texts, readings.confidence.tolist(),
      nothing if readings.char_confidence is None
      else _symbols(readings.char_confidence),
      nothing if readings.attention is None else readings.attention))


class Run:
  """Reads and scores all sets; a context manager that ends its threads.

  Attributes:
    sets: what is evaluated on.
    protocol_names: what is scored by.
    results: by name of the set, of those begun; they grow.
    is_partial: whether not everything was read.
  """

  def __init__(self, sets: EvalSets, read: ReadFn,
               protocol_names: tuple[str, ...], num_threads: int,
               is_over: Callable[[], bool]):
    """Begins to load and to read.

    Args:
      sets: what to evaluate on.
      read: reads a batch; called in `num_threads` threads.
      protocol_names: protocols to score by.
      num_threads: batches that are read at the same time.
      is_over: asked again and again; true ends the evaluation.
    """
    self.sets = sets.sets
    self.protocol_names = protocol_names
    self.results = {}
    self.is_partial = True
    self._all = sets
    self._is_over = is_over
    self._last_index = {}
    self._num_done = 0
    self._feeder = _Feeder(sets, read, num_threads)

  def rows(self) -> Iterator[Row]:
    """Each image when it has been read and scored, in order.

    Raises:
      InputError: if a set cannot be read further, or was without an image.
    """
    started = None
    for batch in self._feeder.batches(self._is_over):
      # To build the pipeline is not to read images.
      started = started or self._feeder.first_loaded
      for row in _read_rows(batch):
        self._complete(row.source)
        yield self._scored(row)
      started = self._clock(batch, started)
    if not self._is_over():
      self._complete(len(self.sets))
      self.is_partial = False

  def _scored(self, row: _ReadRow) -> Row:
    eval_set = self.sets[row.source]
    result = self.results.get(eval_set.name)
    if result is None:
      result = self.results[eval_set.name] = results.SetResult.of(
          self.protocol_names, path=eval_set.reader.path,
          records=eval_set.num_records, is_partial=True)
    self._last_index[eval_set.name] = row.index
    sample = counts_lib.Sample(
        row.index, row.label.decode('utf-8'), row.text,
        None if np.isnan(row.confidence) else min(row.confidence, 1.0),
        tuple(row.size))
    return Row(eval_set.name, sample, result.add(sample), row.characters,
               row.image_bytes, row.image, row.columns, row.attention)

  def _complete(self, source: int):
    """Marks the sets before number `source` as read to their ends.

    Raises:
      InputError: if there was no image in one.
    """
    while self._num_done < source:
      eval_set = self.sets[self._num_done]
      if eval_set.name not in self.results:
        raise errors.InputError(
            f'{eval_set.reader.path}: not one usable record; '
            'data_tools/check_lmdb tells more.')
      self.results[eval_set.name].is_partial = False
      self._num_done += 1
      logging.info('%s: %d images read', eval_set.name,
                   self.results[eval_set.name].samples)

  def _clock(self, batch: _Batch, started: float) -> float:
    """Shares the time since `started` out to the sets of a batch."""
    now = time.monotonic()
    sources, counts = np.unique(batch.features['source'], return_counts=True)
    for source, count in zip(sources, counts):
      result = self.results[self.sets[source].name]
      result.seconds += (now - started) * float(count / counts.sum())
    if len(sources) == 1:
      result.batch_seconds.append((int(counts[0]), batch.readings.result()[1]))
    return now

  def _is_done(self, eval_set: EvalSet, number: int) -> bool:
    """Whether a record counts as read.

    Of a set that was not read to its end, those up to the last image do: what
    comes behind may be what ended the reading.
    """
    result = self.results.get(eval_set.name)
    return result is not None and not (
        result.is_partial and number > self._last_index[eval_set.name])

  def skipped(self) -> list[tuple[str, str, str]]:
    """Records that were skipped: name of the set, key, reason.

    Their numbers become those of `results`.
    """
    found = []
    for result in self.results.values():
      result.skipped = {}
    for eval_set, number, reason in self._all.skipped():
      if self._is_done(eval_set, number):
        skipped = self.results[eval_set.name].skipped
        skipped[reason] = skipped.get(reason, 0) + 1
        found.append((eval_set.name, eval_set.key(number), reason))
    return found

  def digests(self) -> dict[str, list[bytes]]:
    """Of the pictures that were read, by name of each set begun."""
    found = {name: [] for name in self.results}
    for eval_set, number, digest in self._all.digests():
      if self._is_done(eval_set, number):
        found[eval_set.name].append(digest)
    return found

  def not_begun(self) -> list[str]:
    """Names of the sets of which nothing was read."""
    return [s.name for s in self.sets if s.name not in self.results]

  def __enter__(self) -> 'Run':
    return self

  def __exit__(self, *unused_exception):
    self._feeder.close()
