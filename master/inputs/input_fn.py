"""Input functions: LMDB records to batches.

Records are read and their labels checked a chunk at a time in Python; images
are decoded in the graph by the function that also serves.
"""

import sys
import threading
from typing import Callable, NamedTuple, Optional, Sequence, Union

import numpy as np
import tensorflow.compat.v1 as tf

from master import charset as charset_lib
from master import config as config_lib
from master import errors
from master.data import records as records_lib
from master.images import augment as augment_lib
from master.images import decode
from master.inputs import resume
from master.inputs import sampling

InputFn = Callable[..., tf.data.Dataset]

# Rows' places in the shard's order.
_PLACE = 'place'
# Their images' files.
_BYTES = 'image_bytes'

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
    sources: int64 [M], which LMDBs they are in.
    places: int64 [M], in the shard's order.
    drawn: int64 [2], how many records were drawn, and how many of them until
      each record had its turn.
  """
  images: np.ndarray
  ids: np.ndarray
  texts: np.ndarray
  numbers: np.ndarray
  positions: np.ndarray
  sources: np.ndarray
  places: np.ndarray
  drawn: np.ndarray


_CHUNK_TYPES = _Chunk(tf.string, tf.int32, tf.string, tf.int64, tf.int64,
                      tf.int64, tf.int64, tf.int64)


class _ChunkSource:
  """Reads chunks and checks their records; the Python side of a pipeline."""

  def __init__(self, records: records_lib.Records, order: sampling.Order,
               start: int, stop: int, model_config: config_lib.ModelConfig,
               data_config: config_lib.DataConfig,
               counter: records_lib.SkipCounter, is_training: bool):
    """Constructs the source.

    Args:
      records: where positions lead to.
      order: which positions are drawn.
      start: the first place of `order` that is drawn.
      stop: the place of `order` before which it ends.
      model_config: gives charset and label length.
      data_config: gives what may be skipped.
      counter: counts what is skipped.
      is_training: skip all that cannot be trained on, not just what says
        nothing.
    """
    self._records = records
    self._order = order
    self._start = start
    self._stop = stop
    self._num_steps = model_config.num_steps
    self._max_label_length = model_config.max_label_length
    self._charset = charset_lib.Charset(model_config.charset)
    self._data_config = data_config
    # Evaluation scores the label as it is.
    self._unknown_chars = (data_config.unknown_chars if is_training
                           else records_lib.SKIP)
    self._counter = counter
    self._is_training = is_training
    # From the midst of an epoch it takes a part of the next to see the rest.
    self._all_seen = start + order.span * (2 if start % order.span else 1)
    self._num_first = 0
    self._found_any = False
    self._lock = threading.Lock()

  @property
  def num_chunks(self) -> int:
    """Chunks from start to stop."""
    return -(-(self._stop - self._start) // CHUNK_SIZE)

  def read(self, chunk: int) -> _Chunk:
    """Reads chunk number `chunk`, counting what is left out."""
    start = self._start + int(chunk) * CHUNK_SIZE
    positions = self._order.positions(
        start, min(CHUNK_SIZE, self._stop - start))
    rows, learned, texts, images = [], [], [], []
    for row, position in enumerate(positions.tolist()):
      record = self._records.read(position)
      reason = records_lib.fault(record, self._charset,
                                 self._max_label_length, self._unknown_chars)
      if reason in records_lib.FATAL or (reason and self._is_training):
        self._counter.add(reason, position, self._records.name(position))
        continue
      rows.append(row)
      images.append(record.image)
      texts.append(record.label)
      learned.append(self._learned(record.label, position))
    kept = positions[rows]
    return _Chunk(
        images=_object_array(images),
        ids=self._charset.encode_batch(learned, self._num_steps),
        texts=_object_array(texts),
        numbers=np.array([self._records.number(p) for p in kept.tolist()],
                         np.int64),
        positions=kept,
        sources=self._records.sources(kept),
        places=start + np.array(rows, np.int64),
        drawn=np.array([len(positions), np.clip(self._all_seen - start, 0,
                                                len(positions))], np.int64))

  def _learned(self, label: bytes, position: int) -> str:
    """What a usable label is trained as."""
    text = label.decode('utf-8')
    if self._unknown_chars != records_lib.SKIP:
      text, change = records_lib.learned_text(text, self._charset,
                                              self._unknown_chars)
      if change:
        self._counter.add(change, position, self._records.name(position))
    return text

  def keep(self, valid: np.ndarray, sides: np.ndarray, positions: np.ndarray,
           drawn: np.ndarray) -> np.ndarray:
    """Counts images that could not be decoded or are too small.

    Args:
      valid: bool [M].
      sides: int32 [M, 2], height and width in pixels where valid.
      positions: int64 [M].
      drawn: int64 [2], as of the chunk.

    Returns:
      int64 [M]: the rows that are left.

    Raises:
      InputError: if no record was usable, or too few of many.
    """
    kept = valid
    self._count(records_lib.UNDECODABLE_IMAGE, positions[~valid])
    if self._is_training:
      large = sides.min(axis=1, initial=2**31 - 1) >= (
          self._data_config.min_image_size)
      self._count(records_lib.IMAGE_TOO_SMALL, positions[valid & ~large])
      kept = valid & large
    rows = np.flatnonzero(kept).astype(np.int64)
    num_drawn, num_first = drawn.tolist()
    self._counter.draw(num_drawn, num_drawn - len(rows))
    with self._lock:
      # Chunks come in any order; counting only those up to where all records
      # had their turn makes sure that all were looked at.
      self._num_first += num_first
      self._found_any = self._found_any or bool(len(rows))
      fruitless = not self._found_any and (
          self._num_first >= self._all_seen - self._start)
    if fruitless:
      raise errors.InputError(
          f'{self._records.paths()}: not one usable record, '
          f'{self._counter.summary()}; data_tools/check_lmdb tells more.')
    if self._is_training:
      self._counter.check_bad_fraction(self._data_config.max_bad_fraction,
                                       self._records.paths())
    return rows

  def _count(self, reason: str, positions: np.ndarray):
    for position in positions.tolist():
      self._counter.add(reason, position, self._records.name(position))


def _object_array(values: list[bytes]) -> np.ndarray:
  # As an array of bytes NumPy would cut trailing zeros.
  array = np.empty([len(values)], object)
  array[:] = values
  return array


# (images, widths, places in the shard's order) -> images.
_Augment = Callable[[tf.Tensor, tf.Tensor, tf.Tensor], tf.Tensor]


def _load_chunk(chunk: tf.Tensor, source: _ChunkSource,
                model_config: config_lib.ModelConfig,
                augment: Optional[_Augment], for_eval: bool):
  """The usable records of a chunk as (features, labels)."""
  read = _Chunk(*tf.numpy_function(source.read, [chunk], _CHUNK_TYPES))
  read.images.set_shape([None])
  # Chunks are loaded in parallel, so images of one need not be.
  decoded = decode.decode_sized(read.images, model_config,
                                parallel_calls=None)
  rows = tf.numpy_function(
      source.keep, [decoded.valid, decoded.sides, read.positions, read.drawn],
      tf.int64)
  rows.set_shape([None])
  ids = tf.ensure_shape(read.ids, [None, model_config.num_steps])

  def kept(values):
    gathered = tf.gather(values, rows)
    return tf.ensure_shape(gathered, [None, *gathered.shape[1:]]
                           if gathered.shape.rank else [None])

  # Mostly all rows are kept, and then pictures need not be copied.
  images = tf.cond(tf.equal(tf.size(rows), tf.shape(decoded.images)[0]),
                   lambda: decoded.images, lambda: kept(decoded.images))
  places = kept(read.places)
  if augment:
    images = augment(images, kept(decoded.widths), places)
  features = {'image': images, 'index': kept(read.numbers),
              'source': kept(read.sources), _PLACE: places}
  if for_eval:
    features.update(size=kept(decoded.sides), columns=kept(decoded.widths))
    features[_BYTES] = kept(read.images)
  return features, {'ids': kept(ids), 'text': kept(read.texts)}


def _options(data_config: config_lib.DataConfig) -> tf.data.Options:
  options = tf.data.Options()
  options.deterministic = True
  if data_config.data_threads:
    options.threading.private_threadpool_size = data_config.data_threads
  return options


class _Share(NamedTuple):
  """What one input pipeline takes part in.

  Attributes:
    shard: number of this pipeline.
    num_shards: pipelines that share the records.
    replicas: of this pipeline, each with batches of its own.
    batch_size: of a replica.
  """
  shard: int
  num_shards: int
  replicas: int
  batch_size: int


def _share(context, batch_size: int, num_records: int, where: str) -> _Share:
  """The share of the pipeline that a `tf.distribute.InputContext` means.

  Raises:
    InputError: if the batch or the records cannot be shared out.
  """
  if context is None:
    return _Share(0, 1, 1, batch_size)
  replicas = context.num_replicas_in_sync
  if batch_size % replicas:
    raise errors.InputError(
        f'--batch_size={batch_size}: must be a multiple of the {replicas} '
        'devices.')
  num_shards = context.num_input_pipelines
  if num_shards > num_records:
    raise errors.InputError(
        f'{where}: {num_records} records are too few for {num_shards} input '
        'pipelines; use fewer workers.')
  return _Share(context.input_pipeline_id, num_shards, replicas // num_shards,
                batch_size // replicas)


def _chunks(source: _ChunkSource, model_config: config_lib.ModelConfig,
            data_config: config_lib.DataConfig,
            augment: Optional[_Augment] = None,
            for_eval: bool = False) -> tf.data.Dataset:
  """(features, labels) of one chunk after the other."""
  @tf.autograph.experimental.do_not_convert
  def load(chunk):
    return _load_chunk(chunk, source, model_config, augment, for_eval)

  threads = data_config.data_threads or tf.data.AUTOTUNE
  return tf.data.Dataset.range(source.num_chunks).map(
      load, num_parallel_calls=threads)


def _augment_fn(config: Optional[config_lib.AugmentConfig], seed: int,
                share: _Share) -> Optional[_Augment]:
  """Augments each row by its place in the whole order; None if that is off."""
  if not (config and config.augment):
    return None
  # An odd factor keeps the places of different seeds far from each other.
  start = (seed * 0x9E3779B97F4A7C15) % 2**62

  def augment(images, widths, places):
    return augment_lib.augment_batch(
        images, widths, start + places * share.num_shards + share.shard,
        config)

  return augment


def _with_position(features: dict[str, tf.Tensor], labels, share: _Share,
                   fingerprint: int):
  """Adds to a batch where it ends in the order, in place of rows' places."""
  features = dict(features)
  places = features.pop(_PLACE)
  # Pipelines go on in step, so one shows about where the others are.
  behind = (places[-1] + 1) * share.num_shards
  features[resume.FEATURE] = tf.tile(
      [[behind, fingerprint]], [tf.size(places), 1])
  return features, labels


def make_train_input_fn(paths: Sequence[str],
                        model_config: config_lib.ModelConfig,
                        data_config: config_lib.DataConfig,
                        seed: int,
                        counter: Optional[records_lib.SkipCounter] = None,
                        weights: Optional[Sequence[float]] = None,
                        resume_from: Optional[str] = None,
                        augment_config: Optional[
                            config_lib.AugmentConfig] = None) -> InputFn:
  """An `input_fn` that goes through the records for ever.

  Records that cannot be trained on are skipped and counted, whatever the
  reason.

  Args:
    paths: LMDBs whose records are mixed.
    model_config: gives size and channels of images, charset, label length.
    data_config: gives the batch size over all devices, threads, and what may
      be skipped.
    seed: decides the order.
    counter: counts skipped records by reason; None to forget them.
    weights: share of each LMDB in what is drawn, each in epochs of its own;
      None draws every record of all once an epoch.
    resume_from: model directory; each call goes on where the training of its
      newest checkpoint was, in the same order.
    augment_config: how images are changed by chance, if they are; `seed` and
      a record's place in the order decide it.

  Returns:
    A function of an optional `tf.distribute.InputContext` that builds a
    data set of B rows each, in the current graph:
      features: {'image': float32 [B, H, W, C] in [-1, 1],
                 'index': int64 [B], the number in the record's keys,
                 'source': int64 [B], which of `paths` it is of, from 0,
                 'position': int64 [B, 2], for `resume.record`}
      labels: {'ids': int32 [B, num_steps], class ids, `<EOS>`, `<PAD>`s,
               'text': string [B], the label as it is}

  Raises:
    InputError: naming the path that is no LMDB.
  """
  records = records_lib.Records(paths)
  order = sampling.make_order(records.sizes, weights, seed,
                              data_config.shuffle)

  def input_fn(input_context=None) -> tf.data.Dataset:
    share = _share(input_context, data_config.batch_size, len(records),
                   records.paths())
    start = resume.restored_place(resume_from, order)
    source = _ChunkSource(
        records, sampling.ShardOrder(order, share.shard, share.num_shards),
        start // share.num_shards, sys.maxsize, model_config, data_config,
        counter or records_lib.SkipCounter(), is_training=True)
    dataset = _chunks(source, model_config, data_config,
                      _augment_fn(augment_config, seed, share))
    # The position must be that of the whole batch on each of its replicas.
    dataset = dataset.rebatch(share.batch_size * share.replicas,
                              drop_remainder=True)
    dataset = dataset.map(lambda features, labels: _with_position(
        features, labels, share, order.fingerprint()))
    if share.replicas > 1:
      dataset = dataset.rebatch(share.batch_size, drop_remainder=True)
    return dataset.prefetch(data_config.prefetch_batches).with_options(
        _options(data_config))

  return input_fn


def make_eval_input_fn(paths: Union[str, Sequence[str], records_lib.Records],
                       model_config: config_lib.ModelConfig,
                       data_config: config_lib.DataConfig,
                       counter: Optional[records_lib.SkipCounter] = None,
                       limit: Optional[int] = None,
                       with_bytes: bool = False) -> InputFn:
  """An `input_fn` that goes through the records once, in order.

  Only unusable records are skipped and counted: a missing part, a
  label that is no UTF-8, an image that cannot be decoded. Class ids of a
  longer label are cut, unknown characters are `<UNK>`.

  Args:
    paths: an LMDB, or several that are read one after the other; or the
      records of some that are open already.
    model_config: gives size and channels of images, charset, label length.
    data_config: gives the batch size over all devices, and threads.
    counter: counts skipped records by reason; None to forget them.
    limit: how many of the first records of each to take; None for all.
    with_bytes: whether features have the images' files too.

  Returns:
    As `make_train_input_fn`, but the last batch may have fewer rows, and in
    place of 'position' features have
      'size': int32 [B, 2], height and width of the image file, in pixels
      'columns': int32 [B], those of `image` from the left that the picture
        takes; all of them with letterbox
      'image_bytes': string [B], if asked for

  Raises:
    InputError: naming the path that is no LMDB.
  """
  records = paths if isinstance(
      paths, records_lib.Records) else records_lib.Records(
          [paths] if isinstance(paths, str) else paths)
  whole_order = sampling.FirstOrder(records.sizes, limit)
  dropped = {_PLACE} if with_bytes else {_PLACE, _BYTES}

  def input_fn(input_context=None) -> tf.data.Dataset:
    share = _share(input_context, data_config.batch_size, whole_order.span,
                   records.paths())
    order = sampling.ShardOrder(whole_order, share.shard, share.num_shards)
    source = _ChunkSource(records, order, 0, order.span, model_config,
                          data_config, counter or records_lib.SkipCounter(),
                          is_training=False)
    dataset = _chunks(source, model_config, data_config, for_eval=True)
    dataset = dataset.map(lambda features, labels: (
        {key: value for key, value in features.items() if key not in dropped},
        labels))
    return dataset.rebatch(share.batch_size).prefetch(
        data_config.prefetch_batches).with_options(_options(data_config))

  return input_fn
