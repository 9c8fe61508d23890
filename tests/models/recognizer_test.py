"""Tests of master/models/recognizer.py."""

import os
import tempfile

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master import charset
from master import config as config_lib
from master.decoding import confidence
from master.models import recognizer as recognizer_lib
from tests.support import reference
from tests.support import test_util

TINY = test_util.TINY
_T, _V = TINY.num_steps, TINY.num_classes
_ON = config_lib.DecodeConfig(early_stop=True)
_OFF = config_lib.DecodeConfig(early_stop=False)


class SizeTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters((True, 58722037), (False, 58731253))
  def test_parameters_of_the_base_model(self, shared_layer_norm, expected):
    config = config_lib.ModelConfig(gcb_heads=1,
                                    shared_layer_norm=shared_layer_norm)
    self.assertLen(config.charset, 62)
    with tf.Graph().as_default():
      model = recognizer_lib.Recognizer(config)
      self.assertEqual(expected, sum(v.shape.num_elements()
                                     for v in model.trainable_variables))
      # All are in the collection that optimisers and savers take.
      self.assertCountEqual([v.name for v in model.variables],
                            [v.name for v in tf.global_variables()])


class RecognizerTest(tf.test.TestCase, parameterized.TestCase):

  def test_variables_carry_the_name_and_use_makes_no_more(self):
    with tf.Graph().as_default():
      model = recognizer_lib.Recognizer(TINY, name='student')
      before = [v.name for v in tf.global_variables()]
      for name in before:
        self.assertRegex(name, '^student/(backbone|decoder)/')
      images = tf.constant(test_util.formula_images(2))
      for is_training in (True, False):
        memory = model.encode(images, is_training)
        model.forward(memory, tf.fill([2, _T], 2), is_training)
      model.read(images, _ON)
      self.assertEqual(before, [v.name for v in tf.global_variables()])

  def test_memory_is_the_map_row_by_row_and_the_position_code(self):
    images = test_util.formula_images(2)
    with test_util.graph_session() as session:
      model = recognizer_lib.Recognizer(TINY)
      features = model.backbone(tf.constant(images), is_training=False)
      memory = model.encode(tf.constant(images), is_training=False)
      self.assertEqual([2, 10, 22], memory.shape.as_list())
      test_util.assign_formula(session, model.backbone.variables)
      features, memory = session.run([features, memory])
    code = reference.sinusoids(10, 22)
    for row in range(2):
      for column in range(5):
        position = 5 * row + column
        self.assertAllClose(features[:, row, column] + code[position],
                            memory[:, position], atol=1e-5)

  def test_error_message(self):
    with tf.Graph().as_default():
      model = recognizer_lib.Recognizer(TINY)
      self.assertStartsWith(
          test_util.error_of(model.encode, tf.zeros([2, 16, 24, 1]), False),
          'images has shape (2, 16, 24, 1), expected (None, 16, 20, 1)')


class ReadingTest(tf.test.TestCase, parameterized.TestCase):
  """Searching with the model's own step, on images read differently."""

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    cls.images = test_util.formula_images(8)
    cls.directory = tempfile.mkdtemp(dir=absltest.TEST_TMPDIR.value)
    with test_util.graph_session() as session:
      model = recognizer_lib.Recognizer(TINY)
      images = tf.placeholder(tf.float32, [None, 16, 20, 1])
      memory = model.encode(images, is_training=False)
      ids = tf.placeholder(tf.int32, [None, None])
      forward = model.forward(memory, ids, is_training=False)
      read = model.read(images, _ON)
      read_all_steps = model.read_memory(memory, _OFF)
      cls.shapes = {key: tensor.shape.as_list()
                    for key, tensor in read.items()}
      test_util.assign_reading(session, model.variables)
      tf.train.Saver().save(session, cls.path('model.ckpt'))
      tf.saved_model.simple_save(session, cls.path('of_session'),
                                 {'image': images}, read)
      cls.read = session.run(read, {images: cls.images})
      cls.read_all_steps = session.run(read_all_steps, {images: cls.images})
      cls.read_alone = [session.run(read, {images: cls.images[i:i + 1]})
                        for i in range(8)]
      cls.read_none = session.run(read_all_steps,
                                  {memory: np.zeros([0, 10, 22])})
      teacher = np.full_like(cls.read['ids'], charset.SOS_ID)
      teacher[:, 1:] = cls.read['ids'][:, :-1]
      cls.forced = session.run(forward, {images: cls.images, ids: teacher})
      cls.uncached_ids, cls.uncached_logits = cls.search_uncached(
          lambda prefix: session.run(
              forward, {images: cls.images, ids: prefix})[:, -1])

  @classmethod
  def path(cls, name: str) -> str:
    return os.path.join(cls.directory, name)

  @staticmethod
  def search_uncached(last_logits):
    """Runs the whole decoder on the growing text, without any cache."""
    ids = np.full([8, _T], charset.PAD_ID)
    logits = np.zeros([8, _T, _V])
    running = np.full([8], True)
    prefix = np.full([8, 1], charset.SOS_ID)
    for step in range(_T):
      step_logits = last_logits(prefix)
      chosen = step_logits.argmax(axis=-1)
      ids[running, step] = chosen[running]
      logits[running, step] = step_logits[running]
      running &= chosen != charset.EOS_ID
      prefix = np.concatenate([prefix, ids[:, step:step + 1]], axis=1)
    return ids, logits

  def ended(self):
    """Positions after the end symbol, bool [B, T]."""
    is_eos = self.read['ids'] == charset.EOS_ID
    return (np.cumsum(is_eos, axis=1) - is_eos) > 0

  def test_the_example_ends_early_late_and_never(self):
    has_end = np.any(self.read['ids'] == charset.EOS_ID, axis=1)
    self.assertIn(True, has_end)
    self.assertIn(False, has_end)
    self.assertGreater(len(set(map(len, self.read['text']))), 2)

  def test_steps_equal_teacher_forcing(self):
    """What training computes at a position is what decoding computes."""
    kept = ~self.ended()
    self.assertAllClose(self.forced[kept], self.read['logits'][kept],
                        atol=1e-4)

  def test_cached_equals_uncached(self):
    self.assertAllEqual(self.uncached_ids, self.read['ids'])
    self.assertAllClose(self.uncached_logits, self.read['logits'], atol=1e-4)

  def test_early_stop_changes_nothing(self):
    for key, value in self.read.items():
      self.assertAllEqual(value, self.read_all_steps[key])

  def test_rows_do_not_influence_each_other(self):
    for i, alone in enumerate(self.read_alone):
      self.assertAllEqual(self.read['ids'][i:i + 1], alone['ids'])
      self.assertEqual(self.read['text'][i], alone['text'][0])
      for key in ('logits', 'confidence', 'char_confidence'):
        self.assertAllClose(self.read[key][i:i + 1], alone[key], atol=1e-4)

  def test_after_the_end_there_is_nothing(self):
    ended = self.ended()
    self.assertTrue(ended.any())
    self.assertAllEqual(np.zeros([ended.sum()]), self.read['ids'][ended])
    self.assertAllEqual(np.zeros([ended.sum(), _V]),
                        self.read['logits'][ended])
    self.assertAllEqual(np.zeros([ended.sum()]),
                        self.read['char_confidence'][ended])

  def test_text_is_the_charset_of_the_ids(self):
    known = charset.Charset(TINY.charset)
    self.assertEqual([known.decode(ids) for ids in self.read['ids']],
                     [text.decode() for text in self.read['text']])

  def test_confidence_is_that_of_ids_and_logits(self):
    probabilities = reference.softmax(self.read['logits'])
    chosen = np.take_along_axis(probabilities, self.read['ids'][..., None],
                                axis=2)[..., 0]
    chosen = np.where(self.ended(), 1, chosen)
    self.assertAllClose(np.prod(chosen, axis=1), self.read['confidence'])
    self.assertAllClose(chosen * ~self.ended(),
                        self.read['char_confidence'])
    with test_util.graph_session() as session:
      got = session.run(confidence.confidence(
          tf.constant(self.read['ids']), tf.constant(self.read['logits']),
          charset.EOS_ID))
    self.assertAllClose(got.sequence, self.read['confidence'])

  def test_dtypes_and_shapes(self):
    for read, count in ((self.read, 8), (self.read_none, 0)):
      self.assertEqual({'ids': (count, _T), 'logits': (count, _T, _V),
                        'text': (count,), 'confidence': (count,),
                        'char_confidence': (count, _T)},
                       {key: value.shape for key, value in read.items()})
    self.assertEqual(np.int32, self.read['ids'].dtype)
    self.assertIsInstance(self.read['text'][0], bytes)

  def test_shapes_are_static_but_for_the_batch(self):
    self.assertEqual(
        {'ids': [None, _T], 'logits': [None, _T, _V], 'text': [None],
         'confidence': [None], 'char_confidence': [None, _T]}, self.shapes)

  def assert_reads_alike(self, read):
    self.assertAllEqual(self.read['ids'], read['ids'])
    self.assertAllEqual(self.read['text'], read['text'])
    self.assertAllClose(self.read['logits'], read['logits'], atol=1e-4)
    self.assertAllClose(self.read['confidence'], read['confidence'],
                        atol=1e-5)

  def test_restored_equals_saved(self):
    with test_util.graph_session() as session:
      read = recognizer_lib.Recognizer(TINY).read(tf.constant(self.images),
                                                  _ON)
      tf.train.Saver().restore(session, self.path('model.ckpt'))
      self.assert_reads_alike(session.run(read))

  def test_saved_model_of_a_session(self):
    with test_util.graph_session() as session:
      signature = tf.saved_model.loader.load(
          session, ['serve'],
          self.path('of_session')).signature_def['serving_default']
      loaded = {key: info.name for key, info in signature.outputs.items()}
      self.assert_reads_alike(session.run(
          loaded, {signature.inputs['image'].name: self.images}))

  def test_function_and_its_saved_model(self):
    if not tf.executing_eagerly():
      self.skipTest('Eager execution is off.')
    path = self.path('of_function')
    model = recognizer_lib.Recognizer(TINY)
    # The values are set as in a session; `run` has nothing left to do.
    test_util.assign_reading(_NoSession(), model.variables)
    model.serve = tf.function(
        lambda images: model.read(images, _ON),
        input_signature=[tf.TensorSpec([None, 16, 20, 1], tf.float32)])
    self.assert_reads_alike(model.serve(tf.constant(self.images)))
    tf.saved_model.save(model, path)
    loaded = tf.saved_model.load_v2(path)
    self.assert_reads_alike(loaded.serve(tf.constant(self.images)))


class BeamTest(tf.test.TestCase, parameterized.TestCase):
  """Beams of the model's own steps, scored by teacher forcing."""

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    images = test_util.formula_images(8)
    cls.config = config_lib.DecodeConfig(beam_size=4, length_penalty=0.6)
    with test_util.graph_session() as session:
      model = recognizer_lib.Recognizer(TINY)
      memory = model.encode(tf.constant(images), is_training=False)
      fetches = {
          'greedy': model.read_memory(memory, _ON),
          'read': model.read_memory(memory, cls.config),
          'one': model.search(memory, config_lib.DecodeConfig(beam_size=1)),
          'found': model.search(memory, cls.config),
          'none': model.read_memory(memory[:0], cls.config)}
      rows = tf.repeat(memory, 4, axis=0)
      sequences = tf.reshape(fetches['found'].ids, [-1, _T])
      fetches['forced'] = model.forward(
          rows, tf.pad(sequences[:, :-1], [[0, 0], [1, 0]],
                       constant_values=charset.SOS_ID), is_training=False)
      test_util.assign_reading(session, model.variables)
      cls.got = session.run(fetches)

  def test_scores_are_those_of_the_sequences(self):
    """So each beam went on with its own cache and its image's memory."""
    ids = self.got['found'].ids.reshape([-1, _T])
    chosen = np.take_along_axis(np.log(reference.softmax(self.got['forced'])),
                                ids[..., None], axis=2)[..., 0]
    is_end = ids == charset.EOS_ID
    counts = np.cumsum(is_end, axis=1) - is_end == 0
    lengths = counts.sum(axis=1)
    scores = (chosen * counts).sum(axis=1) / ((5 + lengths) / 6) ** 0.6
    self.assertAllClose(scores.reshape([8, 4]), self.got['found'].scores,
                        atol=1e-4)
    self.assertGreater(len(set(lengths)), 2)

  def test_one_beam_is_greedy(self):
    self.assertAllEqual(self.got['greedy']['ids'], self.got['one'].ids[:, 0])

  def test_never_worse_than_greedy(self):
    found, greedy_ids = self.got['found'], self.got['greedy']['ids']
    places = [np.flatnonzero((ids == own).all(axis=1))
              for ids, own in zip(found.ids, greedy_ids)]
    self.assertAllEqual(np.ones([8]), [len(place) for place in places])
    # The example shows that greedy search does not find the best.
    self.assertGreater(max(place[0] for place in places), 0)

  def test_reading_is_the_best(self):
    read, found = self.got['read'], self.got['found']
    self.assertAllEqual(found.ids[:, 0], read['ids'])
    self.assertAllEqual(found.scores, read['nbest_score'])
    self.assertAllEqual(read['nbest_text'][:, 0], read['text'])
    known = charset.Charset(TINY.charset)
    self.assertEqual([[known.decode(ids) for ids in row] for row in found.ids],
                     [[text.decode() for text in row]
                      for row in read['nbest_text']])
    forced = self.got['forced'].reshape([8, 4, _T, _V])[:, 0]
    kept = read['logits'].any(axis=2)
    self.assertAllClose(forced[kept], read['logits'][kept], atol=1e-4)
    self.assertAllEqual(read['char_confidence'] > 0, kept)
    same = (self.got['greedy']['ids'] == read['ids']).all(axis=1)
    self.assertTrue(same.any())
    self.assertAllClose(self.got['greedy']['confidence'][same],
                        read['confidence'][same], atol=1e-5)

  def test_shapes(self):
    self.assertNotIn('nbest_text', self.got['greedy'])
    for read, count in ((self.got['read'], 8), (self.got['none'], 0)):
      self.assertEqual({'ids': (count, _T), 'logits': (count, _T, _V),
                        'text': (count,), 'confidence': (count,),
                        'char_confidence': (count, _T),
                        'nbest_text': (count, 4), 'nbest_score': (count, 4)},
                       {key: value.shape for key, value in read.items()})


class _NoSession:
  """Stands for a session where assignments have already happened."""

  def run(self, fetches):
    return fetches


if __name__ == '__main__':
  tf.test.main()
