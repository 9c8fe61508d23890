"""Guards master/inputs/input_fn.py."""

import collections
import os

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import charset as charset_lib
from master import config as config_lib
from master import errors
from master.data import lmdb_writer
from master.data import records
from master.images import decode
from master.inputs import input_fn as input_fn_lib
from master.inputs import resume
from tests.support import pictures
from tests.support import test_util

MODEL = test_util.tiny_config(charset='0123456789', max_label_length=5)

# More than a chunk, and no multiple of one or of a batch.
NUM_MANY = 2 * input_fn_lib.CHUNK_SIZE + 27


def _data_config(batch_size: int = 7, **changes) -> config_lib.DataConfig:
  return config_lib.DataConfig(batch_size=batch_size, **changes)


def _batches(input_fn, limit=None, context=None):
  """Up to `limit` batches as lists of (features, labels)."""
  batches = []
  with test_util.graph_session() as session:
    dataset = input_fn(input_context=context)
    iterator = tf.data.make_initializable_iterator(dataset)
    following = iterator.get_next()
    session.run(iterator.initializer)
    while limit is None or len(batches) < limit:
      try:
        batches.append(session.run(following))
      except tf.errors.OutOfRangeError:
        break
  return batches


def _indices(batches) -> list[int]:
  return [int(i) for features, _ in batches for i in features['index']]


def _texts(batches) -> list[bytes]:
  return [text for _, labels in batches for text in labels['text']]


class InputFnTest(tf.test.TestCase, parameterized.TestCase):

  def setUp(self):
    super().setUp()
    self._folder = self.create_tempdir().full_path
    self._counter = records.SkipCounter()

  def _write(self, labels, name='set') -> str:
    return pictures.write_lmdb(os.path.join(self._folder, name), labels)

  def _write_broken(self) -> str:
    """17 records of which 2, 5, 9, 11 are as said and the rest are good."""
    path = os.path.join(self._folder, 'broken')
    with lmdb_writer.LmdbWriter(path) as writer:
      for i in range(1, 16):
        writer.add(pictures.png(seed=i), str(i))
    return pictures.change_lmdb(path, {
        'num-samples': b'17',
        'label-000000002': b'\xff\xfe',
        'image-000000004': b'no picture',
        'image-000000005': pictures.png()[:50],
        'label-000000007': None,
        'image-000000009': b'',
        'label-000000011': b'',
        'label-000000012': b'123456',
        'label-000000013': b'1a'})


class TrainTest(InputFnTest):

  def _make(self, paths, seed=1, model=MODEL, **changes):
    return input_fn_lib.make_train_input_fn(
        paths, model, _data_config(**changes), seed, self._counter)

  @parameterized.parameters(1, 3)
  def test_shapes_and_types(self, channels):
    model = test_util.tiny_config(image_channels=channels)
    with tf.Graph().as_default():
      dataset = self._make([self._write(['a'])], model=model)()
      shapes = tf.data.get_output_shapes(dataset)
      types = tf.data.get_output_types(dataset)
    self.assertEqual(
        shapes, ({'image': [7, 16, 20, channels], 'index': [7],
                  'source': [7], 'position': [7, 2]},
                 {'ids': [7, 6], 'text': [7]}))
    self.assertEqual(types, ({'image': tf.float32, 'index': tf.int64,
                              'source': tf.int64, 'position': tf.int64},
                             {'ids': tf.int32, 'text': tf.string}))

  def test_rows_belong_together(self):
    path = self._write([str(i) for i in range(1, 24)])
    charset = charset_lib.Charset(MODEL.charset)
    with test_util.graph_session() as session:
      pngs = [pictures.png(seed=i) for i in range(23)]
      images, _ = session.run(
          decode.decode_images(tf.constant(pngs), MODEL))
    for features, labels in _batches(self._make([path]), 7):
      for row, index in enumerate(features['index']):
        self.assertAllEqual(features['image'][row], images[index - 1])
        self.assertEqual(labels['text'][row], str(index).encode())
        self.assertAllEqual(labels['ids'][row],
                            charset.encode(str(index), 6))

  def test_each_epoch_has_every_record_once_in_another_order(self):
    path = self._write([str(i) for i in range(NUM_MANY)])
    indices = _indices(_batches(self._make([path]), 3 * NUM_MANY // 7))
    epochs = [indices[:NUM_MANY], indices[NUM_MANY:2 * NUM_MANY]]
    for epoch in epochs:
      self.assertCountEqual(epoch, range(1, NUM_MANY + 1))
    self.assertNotEqual(epochs[0], epochs[1])
    self.assertNotEqual(epochs[0], sorted(epochs[0]))

  def test_seed_decides_the_order(self):
    path = self._write([str(i) for i in range(NUM_MANY)])
    orders = [_indices(_batches(self._make([path], seed, data_threads=2), 80))
              for seed in (1, 1, 2)]
    self.assertEqual(orders[0], orders[1])
    self.assertNotEqual(orders[0], orders[2])

  def test_each_call_starts_anew(self):
    train = self._make([self._write([str(i) for i in range(31)])])
    self.assertEqual(_indices(_batches(train, 3)),
                     _indices(_batches(train, 3)))

  def test_without_shuffling(self):
    train = self._make([self._write([str(i) for i in range(5)])],
                       shuffle=False)
    self.assertEqual(_indices(_batches(train, 2)),
                     [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4])

  def test_several_sets_are_mixed(self):
    paths = [self._write(['1'] * 11, 'ones'), self._write(['2'] * 17, 'twos')]
    texts = _texts(_batches(self._make(paths), 4))
    self.assertEqual(collections.Counter(texts), {b'1': 11, b'2': 17})
    self.assertNotEqual(texts, sorted(texts))

  def test_broken_records_are_skipped_and_counted_once(self):
    # Several epochs, so that each broken record is met again and again.
    batches = _batches(self._make([self._write_broken()]), 9)
    self.assertEqual(set(_indices(batches)), {1, 3, 6, 8, 10, 14, 15})
    self.assertEqual(
        {reason: sorted(keys)
         for reason, keys in self._counter.examples.items()},
        {'missing_image': ['image-000000016', 'image-000000017'],
         'missing_label': ['image-000000007'],
         'label_not_utf8': ['image-000000002'],
         'label_empty': ['image-000000011'],
         'label_too_long': ['image-000000012'],
         'label_outside_charset': ['image-000000013'],
         'undecodable_image': ['image-000000004', 'image-000000005',
                               'image-000000009']})
    self.assertEqual(self._counter.total, 10)

  def test_keys_of_several_sets_name_the_set(self):
    paths = [self._write(['1', '2']), self._write_broken()]
    _batches(self._make(paths), 5)
    self.assertEqual(self._counter.examples['missing_label'],
                     [f'{paths[1]}:image-000000007'])

  @parameterized.parameters(1, 3 * input_fn_lib.CHUNK_SIZE)
  def test_nothing_usable_is_an_error(self, count):
    path = self._write(['too long'] * count)
    with self.assertRaisesRegex(
        tf.errors.OpError,
        f'InputError: {path}: not one usable record, skipped {count} '
        r'label_too_long \(image-0.*check_lmdb'):
      _batches(self._make([path]), 1)

  def test_no_image_decodable_is_an_error(self):
    path = pictures.change_lmdb(
        self._write(['1', '2']),
        {'image-000000001': b'x', 'image-000000002': b''})
    with self.assertRaisesRegex(
        tf.errors.OpError, 'InputError: .*skipped 2 undecodable_image'):
      _batches(self._make([path]), 1)

  def test_one_usable_record_among_many_is_enough(self):
    path = self._write(['too long'] * NUM_MANY + ['12345'])
    batches = _batches(self._make([path], max_bad_fraction=1.0), 2)
    self.assertEqual(_texts(batches), [b'12345'] * 14)
    self.assertEqual(self._counter.counts, {'label_too_long': NUM_MANY})

  def test_rotten_data_is_an_error(self):
    path = self._write(['too long'] * 60 + ['1'] * 40)
    with self.assertRaisesRegex(
        tf.errors.OpError, f'InputError: {path}: 6.. of the first 1... '
        'records cannot be used, most for label_too_long .*image-0.*'
        '--max_bad_fraction=0.5'):
      _batches(self._make([path]), 200)
    self.assertLen(_batches(self._make([path], max_bad_fraction=0.7), 200),
                   200)

  @parameterized.parameters(
      ('strip', [b'12', b'1a2'], ['12', '12'], {'label_stripped': 1}),
      ('unk', [b'12', b'1a2', b'abc'], ['12', '1?2', '???'],
       {'label_with_unk': 2}))
  def test_characters_outside_the_charset(self, unknown_chars, labels, learned,
                                          altered):
    path = self._write(['12', '1a2', 'abc'])
    batches = _batches(self._make([path], batch_size=len(labels),
                                  shuffle=False, unknown_chars=unknown_chars),
                       1)
    self.assertEqual(_texts(batches), labels)
    charset = charset_lib.Charset(MODEL.charset)
    self.assertAllEqual(batches[0][1]['ids'],
                        [charset.encode(text, 6) for text in learned])
    self.assertEqual(self._counter.altered, altered)

  def test_small_images(self):
    path = os.path.join(self._folder, 'sizes')
    with lmdb_writer.LmdbWriter(path) as writer:
      for height, width in ((20, 30), (9, 30), (20, 9), (10, 10)):
        writer.add(pictures.png(height, width), '1')
    batches = _batches(self._make([path], batch_size=4, min_image_size=10), 1)
    self.assertEqual(set(_indices(batches)), {1, 4})
    self.assertEqual(
        {reason: sorted(keys)
         for reason, keys in self._counter.examples.items()},
        {'image_too_small': ['image-000000002', 'image-000000003']})

  def test_sets_are_mixed_by_weight(self):
    paths = [self._write(['1'] * 11, 'ones'), self._write(['2'] * 170, 'twos')]
    train = input_fn_lib.make_train_input_fn(
        paths, MODEL, _data_config(), 1, weights=[3, 1])
    counts = collections.Counter(_texts(_batches(train, 300)))
    self.assertAlmostEqual(counts[b'1'] / 2100, 0.75, delta=0.03)

  def test_no_lmdb_is_an_error_at_once(self):
    with self.assertRaisesRegex(errors.InputError, 'no data.mdb'):
      self._make([self._write(['1']), self._folder])


class AugmentTest(InputFnTest):

  def _images(self, seed=1, strength=1.0, steps=30, context=None, **arguments):
    """Images by the record's number, in the order they came in."""
    path = os.path.join(self._folder, 'set')
    if not os.path.exists(path):
      self._write([str(i) for i in range(40)])
    train = input_fn_lib.make_train_input_fn(
        [path], MODEL, _data_config(8), seed,
        augment_config=config_lib.AugmentConfig(augment=strength),
        **arguments)
    found = collections.defaultdict(list)
    for features, _ in _batches(train, steps, context):
      self.assertBetween(features['image'].min(), -1, 1)
      self.assertBetween(features['image'].max(), -1, 1)
      for image, index in zip(features['image'], features['index']):
        found[int(index)].append(image)
    return found

  def test_differs_by_epoch_and_seed_but_not_by_run(self):
    plain = self._images(strength=0.0)
    first, again, other = (self._images(), self._images(), self._images(2))
    for index in plain:
      self.assertAllEqual(plain[index][0], plain[index][1])
      self.assertAllEqual(first[index], again[index])
    def share_of_equal(a, b):
      return np.mean([np.array_equal(x, y) for x, y in zip(a, b)])
    self.assertLess(share_of_equal(
        [first[i][0] for i in plain], [first[i][1] for i in plain]), 0.5)
    self.assertLess(share_of_equal(
        [first[i][0] for i in plain], [other[i][0] for i in plain]), 0.5)
    self.assertLess(share_of_equal(
        [first[i][0] for i in plain], [plain[i][0] for i in plain]), 0.5)

  def test_pipelines_augment_as_one_does(self):
    whole = self._images(steps=5)
    for shard in range(2):
      context = tf.distribute.InputContext(2, shard, 2)
      for index, images in self._images(steps=5, context=context).items():
        self.assertAllEqual(images[0], whole[index][0])


class ResumeTest(InputFnTest):
  """A checkpoint's position gives back the rest of the same sequence."""

  def _stop_at(self, batch):
    """Writes a model directory whose training ended with this batch."""
    model_dir = os.path.join(self._folder, f'model{np.random.rand()}')
    with tf.Graph().as_default(), tf.Session() as session:
      record = resume.record(tf.constant(batch[0]['position']))
      session.run(tf.global_variables_initializer())
      session.run(record)
      os.makedirs(model_dir)
      tf.train.Saver().save(session, os.path.join(model_dir, 'model.ckpt-1'))
    return model_dir

  def _keys(self, batches):
    return [(text, index) for features, labels in batches
            for text, index in zip(labels['text'], features['index'])]

  @parameterized.named_parameters(
      ('plain', None, {}), ('weighted', [1, 2], {}),
      ('in_order', None, dict(shuffle=False)))
  def test_at_ten_random_points(self, weights, changes):
    paths = [self._write_broken(),
             self._write([str(i) for i in range(150)])]

    def make(model_dir=None):
      return input_fn_lib.make_train_input_fn(
          paths, MODEL, _data_config(**changes), 5, weights=weights,
          resume_from=model_dir)

    # Several epochs of both sets.
    whole = _batches(make(), 120)
    keys = self._keys(whole)
    self.assertLen(set(keys), 150 + 7)
    for stop in np.random.RandomState(3).randint(1, 110, 10):
      rest = _batches(make(self._stop_at(whole[stop - 1])), 10)
      self.assertEqual(self._keys(rest), keys[7 * stop:7 * stop + 70])

  def test_other_batch_size(self):
    path = self._write([str(i) for i in range(150)])
    first = input_fn_lib.make_train_input_fn([path], MODEL, _data_config(6), 5)
    keys = self._keys(_batches(first, 40))
    model_dir = self._stop_at(_batches(first, 11)[-1])
    second = input_fn_lib.make_train_input_fn(
        [path], MODEL, _data_config(5), 5, resume_from=model_dir)
    self.assertEqual(self._keys(_batches(second, 8)), keys[66:106])

  @parameterized.parameters(1, 2)
  def test_pipelines_and_replicas(self, pipelines):
    path = self._write([str(i) for i in range(150)])
    contexts = [tf.distribute.InputContext(pipelines, i, 2)
                for i in range(pipelines)]
    train = input_fn_lib.make_train_input_fn([path], MODEL, _data_config(6), 5)
    replicas = 2 // pipelines
    for context in contexts:
      whole = _batches(train, 40 * replicas, context)
      for batch in whole:
        self.assertLen(set(map(tuple, batch[0]['position'])), 1)
      # All replicas of a step tell the same.
      steps = [whole[i:i + replicas] for i in range(0, len(whole), replicas)]
      for step in steps:
        self.assertLen({batch[0]['position'][0, 0] for batch in step}, 1)
      resumed = input_fn_lib.make_train_input_fn(
          [path], MODEL, _data_config(6), 5,
          resume_from=self._stop_at(steps[16][0]))
      self.assertEqual(self._keys(_batches(resumed, 20, context)),
                       self._keys(whole[17 * replicas:17 * replicas + 20]))

  def test_other_data_starts_anew(self):
    path = self._write([str(i) for i in range(50)])
    train = input_fn_lib.make_train_input_fn([path], MODEL, _data_config(), 5)
    model_dir = self._stop_at(_batches(train, 3)[-1])
    other = input_fn_lib.make_train_input_fn(
        [path], MODEL, _data_config(), 6, resume_from=model_dir)
    with self.assertLogs(level='WARNING') as logs:
      found = self._keys(_batches(other, 3))
    self.assertIn('the order of records starts anew', logs.output[0])
    fresh = input_fn_lib.make_train_input_fn([path], MODEL, _data_config(), 6)
    self.assertEqual(found, self._keys(_batches(fresh, 3)))

  def test_nothing_usable_is_an_error_from_the_midst_too(self):
    path = self._write(['1'] * 20)
    train = input_fn_lib.make_train_input_fn([path], MODEL, _data_config(), 5)
    model_dir = self._stop_at(_batches(train, 1)[-1])
    broken = pictures.change_lmdb(
        self._write(['1'] * 20, 'broken'),
        {f'image-{i:09d}': b'' for i in range(1, 21)})
    again = input_fn_lib.make_train_input_fn(
        [broken], MODEL, _data_config(), 5, self._counter,
        resume_from=model_dir)
    with self.assertRaisesRegex(tf.errors.OpError,
                                'skipped 20 undecodable_image'):
      _batches(again, 1)


class EvalTest(InputFnTest):

  def _make(self, path, model=MODEL, batch_size=7, **arguments):
    return input_fn_lib.make_eval_input_fn(
        path, model, _data_config(batch_size), self._counter, **arguments)

  def test_once_in_order(self):
    path = self._write([str(i) for i in range(1, NUM_MANY + 1)])
    batches = _batches(self._make(path))
    self.assertEqual(_indices(batches), list(range(1, NUM_MANY + 1)))
    self.assertEqual(_texts(batches),
                     [str(i).encode() for i in range(1, NUM_MANY + 1)])
    self.assertLen(batches[0][0]['index'], 7)
    self.assertLen(batches[-1][0]['index'], NUM_MANY % 7)

  def test_numbers_of_keys_that_start_at_zero(self):
    items = {'nSamples': b'3'}
    for i in range(3):
      items[f'image-{i}'] = pictures.png()
      items[f'transcript-{i}'] = str(i).encode()
    path = pictures.write_items(os.path.join(self._folder, 'legacy'), items)
    self.assertEqual(_indices(_batches(self._make(path))), [0, 1, 2])

  def test_sizes_of_the_files_and_of_what_is_left_of_them(self):
    # 16 x 20 pixels: as tall, much wider, and wide but small.
    sizes = [(16, 10), (8, 40), (4, 3)]
    path = pictures.write_items(os.path.join(self._folder, 'sizes'), {
        'num-samples': b'3',
        **{f'image-{i:09d}': pictures.png(*size)
           for i, size in enumerate(sizes, 1)},
        **{f'label-{i:09d}': b'1' for i in range(1, 4)}})
    (features, _), = _batches(self._make(path))
    self.assertAllEqual(features['size'], sizes)
    self.assertAllEqual(features['columns'], [10, 20, 12])

  def test_files_are_given_where_asked_for(self):
    opened = records.Records([self._write_broken()])
    self.assertNotIn('image_bytes', _batches(self._make(opened))[0][0])
    batches = _batches(self._make(opened, with_bytes=True))
    self.assertEqual(
        [opened.read(index - 1).image for index in _indices(batches)],
        [image for features, _ in batches
         for image in features['image_bytes']])

  def test_several_one_after_the_other(self):
    paths = [self._write([str(i) for i in range(11)]), self._write_broken(),
             self._write(['5', '6'], 'second')]
    batches = _batches(self._make(paths, limit=9))
    self.assertEqual(
        list(zip(_indices(batches),
                 [s for features, _ in batches for s in features['source']])),
        [(i, 0) for i in range(1, 10)] + [(i, 1) for i in (1, 3, 6, 8)]
        + [(1, 2), (2, 2)])
    self.assertEqual(5, self._counter.total)

  @parameterized.parameters((3, 3), (100, 11), (None, 11))
  def test_limit(self, limit, count):
    path = self._write([str(i) for i in range(11)])
    batches = _batches(self._make(path, limit=limit))
    self.assertEqual(_indices(batches), list(range(1, count + 1)))

  def test_only_what_tells_nothing_is_skipped(self):
    batches = _batches(self._make(self._write_broken()))
    self.assertEqual(_indices(batches), [1, 3, 6, 8, 10, 11, 12, 13, 14, 15])
    self.assertEqual(self._counter.counts,
                     {'missing_image': 2, 'missing_label': 1,
                      'label_not_utf8': 1, 'undecodable_image': 3})
    ids = np.concatenate([labels['ids'] for _, labels in batches])
    texts = _texts(batches)
    zero = charset_lib.NUM_SPECIAL
    eos, unknown = charset_lib.EOS_ID, charset_lib.UNK_ID
    self.assertEqual(texts[5:8], [b'', b'123456', b'1a'])
    self.assertAllEqual(ids[5], [eos, 0, 0, 0, 0, 0])
    self.assertAllEqual(ids[6], [zero + i for i in range(1, 7)])
    self.assertAllEqual(ids[7], [zero + 1, unknown, eos, 0, 0, 0])

  def test_again_counts_the_same(self):
    evaluate = self._make(self._write_broken())
    for _ in range(2):
      _batches(evaluate)
    self.assertEqual(self._counter.total, 7)

  def test_nothing_usable_is_an_error(self):
    path = pictures.change_lmdb(
        self._write(['1', '2']),
        {'image-000000001': b'x', 'image-000000002': b''})
    with self.assertRaisesRegex(tf.errors.OpError,
                                'InputError: .*not one usable record'):
      _batches(self._make(path))

  def test_a_fruitless_chunk_is_no_end(self):
    path = self._write(['1'] * NUM_MANY)
    pictures.change_lmdb(
        path, {f'image-{i:09d}': b'x' for i in range(1, NUM_MANY - 3)})
    self.assertEqual(_indices(_batches(self._make(path))),
                     list(range(NUM_MANY - 3, NUM_MANY + 1)))

  def test_training_and_evaluation_read_one_set_side_by_side(self):
    path = self._write([str(i) for i in range(11)])
    train = input_fn_lib.make_train_input_fn([path], MODEL, _data_config(), 1)
    with test_util.graph_session() as session:
      rows = []
      for input_fn in (train, self._make(path)):
        iterator = tf.data.make_initializable_iterator(input_fn())
        session.run(iterator.initializer)
        rows.append(session.run(iterator.get_next()[0]['index']))
    self.assertLen(rows[0], 7)
    self.assertAllEqual(rows[1], [1, 2, 3, 4, 5, 6, 7])


class ShardTest(InputFnTest):
  """What each of several input pipelines gets."""

  def _contexts(self, pipelines, replicas):
    return [tf.distribute.InputContext(pipelines, i, replicas)
            for i in range(pipelines)]

  def test_training_shards_are_complete_and_disjoint(self):
    path = self._write([str(i) for i in range(70)])
    train = input_fn_lib.make_train_input_fn(
        [path], MODEL, _data_config(14), 1)
    drawn = []
    for context in self._contexts(2, 2):
      batches = _batches(train, 5, context)
      self.assertLen(batches[0][0]['index'], 7)
      drawn += _indices(batches)
    self.assertCountEqual(drawn, range(1, 71))

  def test_evaluation_shards_are_complete_and_disjoint(self):
    path = self._write([str(i) for i in range(NUM_MANY)])
    evaluate = input_fn_lib.make_eval_input_fn(path, MODEL, _data_config(9))
    shards = [_indices(_batches(evaluate, context=context))
              for context in self._contexts(3, 3)]
    self.assertCountEqual(sum(shards, []), range(1, NUM_MANY + 1))
    for shard in shards:
      self.assertEqual(shard, sorted(shard))

  def test_batch_that_cannot_be_shared_out(self):
    path = self._write(['1'] * 5)
    train = input_fn_lib.make_train_input_fn([path], MODEL, _data_config(), 1)
    with self.assertRaisesRegex(errors.InputError,
                                '--batch_size=7: must be a multiple of the 2'):
      train(self._contexts(1, 2)[0])

  def test_more_pipelines_than_records(self):
    path = self._write(['1'] * 2)
    evaluate = input_fn_lib.make_eval_input_fn(path, MODEL, _data_config(9))
    with self.assertRaisesRegex(errors.InputError,
                                f'^{path}: 2 records are too few for 3'):
      evaluate(self._contexts(3, 3)[2])


if __name__ == '__main__':
  tf.test.main()
