"""`input_fn`s for the runner: LMDB records to batches.

Records are read and their labels judged a chunk at a time in Python; images
are decoded in the graph by the function that also serves. Guarded by
tests/inputs/input_fn_test.py.
"""

import sys
import threading
from typing import Callable, NamedTuple, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from master import charset as charset_lib
from master import config as config_lib
from master import errors
from master.inputs import image_ops
from master.inputs import ordering
from master.inputs import records as records_lib

InputFn = Callable[..., tf.data.Dataset]

# Records that go through Python together: enough to hide what a call costs,
# few enough to keep all threads busy with small sets.
CHUNK_SIZE = 128


class _Chunk(NamedTuple):
  """Records of a chunk that are usable so far.

  Attributes:
    images: bytes objects [M], encoded.
    ids: int32 [M, num_steps].
    texts: bytes objects [M], the labels as they are.
    numbers: int64 [M], of the records' keys.
    positions: int64 [M], in `Records`.
    num_first: int64 scalar, records of the first epoch that the chunk had.
  """
  images: np.ndarray
  ids: np.ndarray
  texts: np.ndarray
  numbers: np.ndarray
  positions: np.ndarray
  num_first: np.ndarray


class _ChunkSource:
  """Reads chunks and judges their records; the Python side of a pipeline."""

  def __init__(self, records: records_lib.Records, order: ordering.EpochOrder,
               size: int, model_config: config_lib.ModelConfig,
               counter: records_lib.SkipCounter, is_training: bool):
    """Constructs the source.

    Args:
      records: where positions lead to.
      order: which positions are drawn.
      size: places of `order` that there are.
      model_config: gives charset and label length.
      counter: counts what is skipped.
      is_training: skip all that cannot be trained on, not just what tells
        nothing.
    """
    self._records = records
    self._order = order
    self._size = size
    self._num_steps = model_config.num_steps
    self._max_label_length = model_config.max_label_length
    self._charset = charset_lib.Charset(model_config.charset)
    self._counter = counter
    self._is_training = is_training
    self._num_first = 0
    self._found_any = False
    self._lock = threading.Lock()

  def read(self, chunk: int) -> _Chunk:
    """Reads chunk number `chunk`, counting what is left out."""
    start = int(chunk) * CHUNK_SIZE
    positions = self._order.positions(
        start, min(CHUNK_SIZE, self._size - start))
    kept, rows = [], []
    for position in positions.tolist():
      record = self._records.read(position)
      reason = records_lib.fault(record, self._charset,
                                 self._max_label_length)
      if reason in records_lib.FATAL or (reason and self._is_training):
        self._counter.add(reason, self._records.name(position))
      else:
        kept.append(position)
        rows.append(record)
    ids = [self._charset.encode(row.label.decode('utf-8'), self._num_steps)
           for row in rows]
    return _Chunk(
        images=_object_array([row.image for row in rows]),
        ids=np.reshape(ids, [-1, self._num_steps]).astype(np.int32),
        texts=_object_array([row.label for row in rows]),
        numbers=np.array([self._records.number(p) for p in kept], np.int64),
        positions=np.array(kept, np.int64),
        num_first=np.int64(np.clip(self._order.epoch_size - start, 0,
                                   len(positions))))

  def keep(self, valid: np.ndarray, positions: np.ndarray,
           num_first: int) -> np.ndarray:
    """Counts images that could not be decoded.

    Args:
      valid: bool [M].
      positions: int64 [M].
      num_first: records of the first epoch that the chunk had.

    Returns:
      int64 [M]: the rows that are left.

    Raises:
      InputError: if the first epoch had no usable record.
    """
    for position in positions[~valid].tolist():
      self._counter.add(records_lib.UNDECODABLE_IMAGE,
                        self._records.name(position))
    with self._lock:
      # Chunks come in any order; counting only those of the first epoch
      # makes sure that all of its records were looked at.
      self._num_first += int(num_first)
      self._found_any = self._found_any or bool(valid.any())
      fruitless = (not self._found_any
                   and self._num_first >= self._order.epoch_size)
    if fruitless:
      raise errors.InputError(
          f'{self._records.paths()}: not one usable record, '
          f'{self._counter.summary()}; data_tools/check_lmdb tells more.')
    return np.flatnonzero(valid).astype(np.int64)


def _object_array(values: list[bytes]) -> np.ndarray:
  # As an array of bytes NumPy would cut trailing zeros.
  array = np.empty([len(values)], object)
  array[:] = values
  return array


def _load_chunk(chunk: tf.Tensor, source: _ChunkSource,
                model_config: config_lib.ModelConfig):
  """The usable records of a chunk as (features, labels)."""
  images, ids, texts, numbers, positions, num_first = tf.numpy_function(
      source.read, [chunk],
      [tf.string, tf.int32, tf.string, tf.int64, tf.int64, tf.int64])
  images.set_shape([None])
  # Chunks are loaded in parallel, so images of one need not be.
  pixels, valid = image_ops.decode_images(images, model_config,
                                          parallel_calls=None)
  rows = tf.numpy_function(source.keep, [valid, positions, num_first],
                           tf.int64)
  rows.set_shape([None])
  ids.set_shape([None, model_config.num_steps])
  for vector in (texts, numbers):
    vector.set_shape([None])
  features = {'image': tf.gather(pixels, rows),
              'index': tf.gather(numbers, rows)}
  labels = {'ids': tf.gather(ids, rows), 'text': tf.gather(texts, rows)}
  return features, labels


def _options(data_config: config_lib.DataConfig) -> tf.data.Options:
  options = tf.data.Options()
  options.deterministic = True
  if data_config.data_threads:
    options.threading.private_threadpool_size = data_config.data_threads
  return options


def _per_replica_batch_size(batch_size: int, context) -> int:
  replicas = context.num_replicas_in_sync if context else 1
  if batch_size % replicas:
    raise errors.InputError(
        f'--batch_size={batch_size}: must be a multiple of the {replicas} '
        'devices.')
  return batch_size // replicas


def _shard(num_records: int, context, where: str) -> dict[str, int]:
  """Which records this input pipeline takes, as EpochOrder's arguments."""
  if context is None:
    return {'shard': 0, 'num_shards': 1}
  if context.num_input_pipelines > num_records:
    raise errors.InputError(
        f'{where}: {num_records} records are too few for '
        f'{context.num_input_pipelines} input pipelines; use fewer workers.')
  return {'shard': context.input_pipeline_id,
          'num_shards': context.num_input_pipelines}


def _make_dataset(source: _ChunkSource, num_chunks: int,
                  batch_size: int, drop_remainder: bool,
                  model_config: config_lib.ModelConfig,
                  data_config: config_lib.DataConfig) -> tf.data.Dataset:
  @tf.autograph.experimental.do_not_convert
  def load(chunk):
    return _load_chunk(chunk, source, model_config)

  threads = data_config.data_threads or tf.data.AUTOTUNE
  dataset = tf.data.Dataset.range(num_chunks)
  dataset = dataset.map(load, num_parallel_calls=threads)
  dataset = dataset.rebatch(batch_size, drop_remainder=drop_remainder)
  dataset = dataset.prefetch(data_config.prefetch_batches)
  return dataset.with_options(_options(data_config))


def make_train_input_fn(paths: Sequence[str],
                        model_config: config_lib.ModelConfig,
                        data_config: config_lib.DataConfig,
                        seed: int,
                        counter: Optional[records_lib.SkipCounter] = None,
                        ) -> InputFn:
  """An `input_fn` that goes through the records for ever.

  Records that cannot be trained on are skipped and counted, whatever the
  reason.

  Args:
    paths: LMDBs whose records are mixed.
    model_config: gives size and channels of images, charset, label length.
    data_config: gives the batch size over all devices, and threads.
    seed: decides the order.
    counter: counts skipped records by reason; None to forget them.

  Returns:
    A function of an optional `tf.distribute.InputContext` that builds a
    data set of B rows each, in the current graph:
      features: {'image': float32 [B, H, W, C] in [-1, 1],
                 'index': int64 [B], the number in the record's keys}
      labels: {'ids': int32 [B, num_steps], class ids, `<EOS>`, `<PAD>`s,
               'text': string [B], the label as it is}

  Raises:
    InputError: naming the path that is no LMDB.
  """
  records = records_lib.Records(paths)

  def input_fn(input_context=None) -> tf.data.Dataset:
    order = ordering.EpochOrder(
        len(records), seed, data_config.shuffle,
        **_shard(len(records), input_context, records.paths()))
    source = _ChunkSource(records, order, sys.maxsize, model_config,
                          counter or records_lib.SkipCounter(),
                          is_training=True)
    return _make_dataset(
        source, sys.maxsize // CHUNK_SIZE,
        _per_replica_batch_size(data_config.batch_size, input_context),
        True, model_config, data_config)

  return input_fn


def make_eval_input_fn(path: str,
                       model_config: config_lib.ModelConfig,
                       data_config: config_lib.DataConfig,
                       counter: Optional[records_lib.SkipCounter] = None,
                       limit: Optional[int] = None) -> InputFn:
  """An `input_fn` that goes through the records once, in order.

  Only records that tell nothing are skipped and counted: a missing part, a
  label that is no UTF-8, an image that cannot be decoded. Class ids of a
  longer label are cut, unknown characters are `<UNK>`.

  Args:
    path: an LMDB.
    model_config: gives size and channels of images, charset, label length.
    data_config: gives the batch size over all devices, and threads.
    counter: counts skipped records by reason; None to forget them.
    limit: how many of the first records to take; None for all.

  Returns:
    As `make_train_input_fn`, but the last batch may have fewer rows.

  Raises:
    InputError: if `path` is no LMDB.
  """
  records = records_lib.Records([path])
  num_records = min(len(records), limit or len(records))

  def input_fn(input_context=None) -> tf.data.Dataset:
    order = ordering.EpochOrder(num_records, seed=0, shuffle=False,
                                **_shard(num_records, input_context, path))
    source = _ChunkSource(records, order, order.epoch_size, model_config,
                          counter or records_lib.SkipCounter(),
                          is_training=False)
    return _make_dataset(
        source, -(-order.epoch_size // CHUNK_SIZE),
        _per_replica_batch_size(data_config.batch_size, input_context),
        False, model_config, data_config)

  return input_fn
