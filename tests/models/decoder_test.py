"""Tests of master/models/decoder.py."""

from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.models import decoder
from tests.support import reference
from tests.support import test_util

TINY = test_util.TINY
_T, _S, _C, _V = TINY.num_steps, 5, TINY.hidden_size, TINY.num_classes


def _memory(count: int) -> np.ndarray:
  return test_util.random(count, _S, _C, seed=9)


def _ids(count: int, length: int = _T) -> np.ndarray:
  ids = np.random.RandomState(4).randint(0, _V, [count, length])
  ids[:, 0] = 2
  return ids


def _reference(ids, memory, weights, config):
  """Pre-norm transformer decoder, layer by layer."""
  length = ids.shape[1]
  mask = np.tril(np.ones([length, length], bool))
  x = weights['decoder/embedding'][ids]
  if config.scale_embedding:
    x = x * np.sqrt(config.hidden_size)
  x = x + reference.sinusoids(length, config.hidden_size)

  def norm(x, name, epsilon=config.layer_norm_epsilon):
    if config.shared_layer_norm:
      return reference.layer_norm(x, weights, 'decoder/norm',
                                  config.layer_norm_epsilon)
    return reference.layer_norm(x, weights, f'decoder/{name}', epsilon)

  for i in range(1, config.num_layers + 1):
    i = 1 if config.shared_layers else i
    layer = f'decoder/layer{i}'
    normed = norm(x, f'layer{i}/self_attention_norm')
    x = x + reference.attention(normed, normed, weights,
                                f'{layer}/self_attention', config.num_heads,
                                mask)
    normed = norm(x, f'layer{i}/memory_attention_norm')
    x = x + reference.attention(normed, memory, weights,
                                f'{layer}/memory_attention',
                                config.num_heads)
    normed = norm(x, f'layer{i}/feed_forward_norm')
    x = x + reference.feed_forward(normed, weights, f'{layer}/feed_forward')
  x = norm(x, 'output_norm', config.output_norm_epsilon)
  return reference.linear(x, weights, 'decoder/classes')


class DecoderTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters(
      {}, dict(scale_embedding=False, num_heads=1, num_layers=1),
      dict(layer_norm_epsilon=0.3, output_norm_epsilon=0.7),
      dict(shared_layers=True), dict(shared_layers=True, num_layers=3,
                                     shared_layer_norm=True),
      dict(shared_layer_norm=True, layer_norm_epsilon=0.3,
           output_norm_epsilon=0.7))
  def test_forward_equals_numpy(self, **changes):
    config = test_util.tiny_config(**changes)
    ids, memory = _ids(3), _memory(3)
    with test_util.graph_session() as session:
      net = decoder.Decoder(config)
      logits = net.forward(tf.constant(ids), tf.constant(memory), False)
      self.assertEqual([3, _T, _V], logits.shape.as_list())
      weights = test_util.assign_formula(session, net.variables)
      self.assertAllClose(_reference(ids, memory, weights, config),
                          session.run(logits), rtol=1e-4, atol=1e-4)

  @parameterized.parameters(
      {}, dict(shared_layers=True),
      dict(shared_layer_norm=True, num_heads=1, num_layers=1,
           scale_embedding=False))
  def test_steps_equal_forward(self, **changes):
    """The cache hides nothing and shows nothing that is to come."""
    ids, memory = _ids(3), _memory(3)
    with test_util.graph_session() as session:
      net = decoder.Decoder(test_util.tiny_config(**changes))
      forward = net.forward(tf.constant(ids), tf.constant(memory), False)
      cache = net.init_cache(tf.constant(memory))
      steps = []
      for i in range(_T):
        logits, cache = net.step(tf.constant(ids[:, i]), tf.constant(i),
                                 cache)
        self.assertEqual([3, _V], logits.shape.as_list())
        steps.append(logits)
      test_util.assign_formula(session, net.variables)
      expected, got = session.run([forward, tf.stack(steps, axis=1)])
    self.assertAllClose(expected, got, atol=1e-4)

  def test_shared_layers_have_the_variables_of_one(self):
    names = []
    for changes in (dict(num_layers=1), dict(num_layers=3,
                                             shared_layers=True)):
      with tf.Graph().as_default():
        net = decoder.Decoder(test_util.tiny_config(**changes))
        names.append(test_util.names_and_shapes(net.variables))
        self.assertLen(tf.global_variables(), len(net.variables))
    self.assertEqual(*names)

  def test_step_appends_its_position_alone(self):
    with test_util.graph_session() as session:
      net = decoder.Decoder(TINY)
      empty = net.init_cache(tf.constant(_memory(2)))
      _, before = net.step(tf.constant([2, 2]), tf.constant(0), empty)
      _, after = net.step(tf.constant([4, 5]), tf.constant(1), before)
      test_util.assign_formula(session, net.variables)
      empty, before, after = session.run([
          cache._replace(beam_size=tf.constant(cache.beam_size))
          for cache in (empty, before, after)])
    for none, old, new in zip(empty.self_attention, before.self_attention,
                              after.self_attention):
      for nothing, first, both in zip(none, old, new):
        self.assertEqual((2, 2, 0, 11), nothing.shape)
        self.assertEqual((2, 2, 1, 11), first.shape)
        self.assertEqual((2, 2, 2, 11), both.shape)
        self.assertAllEqual(first, both[:, :, :1])
        self.assertNotAllClose(first, both[:, :, 1:])
    for new, old in zip(after.memory, before.memory):
      self.assertAllEqual(new.keys, old.keys)
      self.assertAllEqual(new.values, old.values)

  def test_memory_is_projected_by_the_cache_and_not_by_steps(self):
    with tf.Graph().as_default():
      net = decoder.Decoder(TINY)
      memory = tf.placeholder(tf.float32, [None, _S, _C])
      cache = net.init_cache(memory)
      kernel = net.layers[0].memory_attention.key.kernel
      frozen = cache._replace(memory=tf.nest.map_structure(
          tf.stop_gradient, cache.memory))
      logits, _ = net.step(tf.constant([2]), tf.constant(0), cache)
      self.assertIsNotNone(tf.gradients(logits, kernel)[0])
      logits, _ = net.step(tf.constant([2]), tf.constant(0), frozen)
      self.assertIsNone(tf.gradients(logits, kernel)[0])

  def test_attention_maps_equal_numpy(self):
    """The mean over the heads of the last layer's weights."""
    config = test_util.tiny_config(num_layers=1, num_heads=2)
    ids, memory = _ids(3), _memory(3)
    with test_util.graph_session() as session:
      net = decoder.Decoder(config)
      maps = net.attention_maps(tf.constant(ids), tf.constant(memory))
      layer, = net.layers
      # What the attention over the memory is given, by the layers' own ops.
      x = net._embed(tf.constant(ids), net._positions)
      normed = layer.norms.self_attention(x)
      x += layer.self_attention(
          normed, layer.self_attention.project(normed),
          tf.constant(np.tril(np.ones([_T, _T], bool))[None, None]),
          False)[0]
      x = layer.norms.memory_attention(x)
      weights = test_util.assign_formula(session, net.variables)
      x, maps = session.run([x, maps])
    prefix = 'decoder/layer1/memory_attention'
    size = _C // 2
    queries = reference.linear(x, weights, f'{prefix}/query')
    keys = reference.linear(memory, weights, f'{prefix}/key')
    logits = [queries[:, :, part] @ keys[:, :, part].transpose([0, 2, 1])
              / np.sqrt(size)
              for part in (slice(0, size), slice(size, 2 * size))]
    expected = np.mean([np.exp(one) / np.exp(one).sum(2, keepdims=True)
                        for one in logits], axis=0)
    self.assertAllClose(expected, maps, atol=1e-5)

  def test_future_is_hidden(self):
    ids, memory = _ids(2), _memory(2)
    with test_util.graph_session() as session:
      net = decoder.Decoder(TINY)
      fed = tf.placeholder(tf.int32, [None, None])
      logits = net.forward(fed, tf.constant(memory), False)
      test_util.assign_formula(session, net.variables)
      original = session.run(logits, {fed: ids})
      for i in range(1, _T):
        changed = ids.copy()
        changed[:, i:] = (changed[:, i:] + 1) % _V
        got = session.run(logits, {fed: changed})
        self.assertAllEqual(original[:, :i], got[:, :i])
        self.assertNotAllClose(original[:, i], got[:, i])
        # Nor does it matter how many positions follow.
        self.assertAllClose(original[:, :i],
                            session.run(logits, {fed: ids[:, :i]}),
                            atol=1e-5)

  def test_variables_of_shared_and_separate_norms(self):
    def norms(shared):
      with tf.Graph().as_default():
        net = decoder.Decoder(test_util.tiny_config(
            shared_layer_norm=shared))
        return sorted(v.name for v in net.variables
                      if v.name.endswith('gamma:0'))
    self.assertEqual(['decoder/norm/gamma:0'], norms(True))
    self.assertEqual(
        [*(f'decoder/layer{i}/{part}_norm/gamma:0' for i in (1, 2)
           for part in ('feed_forward', 'memory_attention',
                        'self_attention')),
         'decoder/output_norm/gamma:0'], norms(False))

  def test_every_variable_learns(self):
    with tf.Graph().as_default():
      net = decoder.Decoder(TINY)
      logits = net.forward(tf.constant(_ids(2)), tf.constant(_memory(2)),
                           is_training=True)
      gradients = tf.gradients(logits, net.trainable_variables)
      self.assertNotIn(None, gradients)
      self.assertLen(net.trainable_variables, len(net.variables))

  def test_initial_embedding_has_unit_length_and_gives_unit_variance(self):
    with test_util.graph_session() as session:
      net = decoder.Decoder(test_util.tiny_config(charset=''.join(
          chr(1000 + i) for i in range(2000))))
      session.run(net.embedding.initializer)
      embedding = session.run(net.embedding)
    self.assertEqual((2004, _C), embedding.shape)
    self.assertAllClose(1 / _C, embedding.var(), rtol=0.05)

  def test_dropout_acts_in_training_alone(self):
    with test_util.graph_session() as session:
      net = decoder.Decoder(test_util.tiny_config(dropout_rate=0.5))
      ids, memory = tf.constant(_ids(2)), tf.constant(_memory(2))
      trained, read = (net.forward(ids, memory, is_training)
                       for is_training in (True, False))
      session.run(tf.global_variables_initializer())
      self.assertAllEqual(session.run(read), session.run(read))
      self.assertNotAllClose(session.run(trained), session.run(trained))

  def test_unknown_batch(self):
    with test_util.graph_session() as session:
      net = decoder.Decoder(TINY)
      ids = tf.placeholder(tf.int32, [None, None])
      memory = tf.placeholder(tf.float32, [None, None, _C])
      logits = net.forward(ids, memory, False)
      self.assertEqual([None, None, _V], logits.shape.as_list())
      stepped, cache = net.step(ids[:, 0], tf.constant(0),
                                net.init_cache(memory))
      self.assertEqual([None, _V], stepped.shape.as_list())
      self.assertEqual([None, 2, None, 11],
                       cache.self_attention[0].keys.shape.as_list())
      session.run(tf.global_variables_initializer())
      for batch in (0, 1, 4):
        feeds = {ids: _ids(batch, 3), memory: _memory(batch)}
        self.assertEqual((batch, 3, _V), session.run(logits, feeds).shape)
        self.assertEqual((batch, _V), session.run(stepped, feeds).shape)

  def test_error_messages(self):
    with tf.Graph().as_default():
      net = decoder.Decoder(TINY)
      ids, memory = tf.constant(_ids(2)), tf.constant(_memory(2))
      self.assertStartsWith(
          test_util.error_of(net.forward, ids[:, 0], memory, False),
          'ids has shape (2,), expected (None, None)')
      for call in (lambda bad: net.forward(ids, bad, False), net.init_cache):
        self.assertStartsWith(
            test_util.error_of(call, memory[:, :, 1:]),
            'memory has shape (2, 5, 21), expected (None, None, 22)')
      self.assertStartsWith(
          test_util.error_of(net.step, ids, 0, net.init_cache(memory)),
          'ids has shape (2, 6), expected (None,)')


if __name__ == '__main__':
  tf.test.main()
