"""Tests of master/importing/dialect.py."""

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np

from master.importing import dialect
from master.importing import master_pytorch
from master.importing import master_tf
from tests.support import original_models

Settings = original_models.Settings


def _structure(table, shapes):
  return table.structure({table.first_name(name) for name in shapes})


class DialectTest(parameterized.TestCase):

  @parameterized.parameters(
      (Settings(), ((1, 2, 1, 2), 2, 'add')),
      (Settings(blocks=(3, 1, 2, 1), fusion='concat', layers=3),
       ((3, 1, 2, 1), 3, 'concat')),
      (Settings(fusion='mul', share_parameter=True, layers=3),
       ((1, 2, 1, 2), 1, 'mul')))
  def test_structure_of_master_pytorch(self, settings, expected):
    found = _structure(master_pytorch.DIALECT,
                       original_models.pytorch_shapes(settings))
    self.assertEqual(expected, found[:3])
    self.assertFalse(found.in_all_blocks or found.has_join_norm)

  @parameterized.parameters(
      (Settings(context_in_all=True), 'add', True, False),
      (Settings(fusion='concat', context_in_all=True), 'concat', True, True),
      (Settings(fusion='mul'), 'mul', False, False))
  def test_structure_of_master_tf(self, settings, fusion, in_all, join_norm):
    found = _structure(master_tf.DIALECT, original_models.tf_shapes(settings))
    self.assertEqual(((1, 2, 1, 2), 2, fusion, in_all, True, join_norm),
                     tuple(found))

  def test_structure_of_what_has_none(self):
    self.assertEqual(((1, 1, 1, 1), 1, None, False, True, False),
                     tuple(master_tf.DIALECT.structure(['x', 'y/kernel'])))

  @parameterized.parameters(
      (master_pytorch.DIALECT, original_models.pytorch_shapes),
      (master_tf.DIALECT, original_models.tf_shapes))
  def test_the_table_names_every_tensor_that_is_used(self, table, shapes):
    for fusion in ('add', 'mul', 'concat'):
      names = {table.first_name(name) for name in
               shapes(Settings(fusion=fusion))}
      used = {name for name in names if not table.is_unused(name)}
      origins = table.origins(table.structure(names))
      self.assertContainsSubset(
          used, {origin.name for origin in origins.values()})
      self.assertLen({origin.name for origin in origins.values()
                      if origin.name}, sum(
                          origin.name is not None
                          for origin in origins.values()))

  def test_origins(self):
    table = master_pytorch.DIALECT
    origins = table.origins(
        _structure(table, original_models.pytorch_shapes(Settings())))
    self.assertEqual(
        'conv_embedding_gc.backbone.layer2.1.bn2.running_var',
        origins['backbone/stage2_block2/conv2/norm/moving_variance'].name)
    self.assertEqual(
        'decoder.source_attention.1.linears.2.weight',
        origins['decoder/layer2/memory_attention/value/kernel'].name)
    self.assertNotIn('decoder/layer3/feed_forward/filter/kernel', origins)
    self.assertNotIn('backbone/stage1_block2/conv1/conv/kernel', origins)

  @parameterized.parameters(
      (dialect.permuted(2, 3, 1, 0), (7, 5, 3, 2), (3, 2, 5, 7)),
      (dialect.permuted(1, 0), (7, 5), (5, 7)),
      (dialect.SAME, (7, 5), (7, 5)))
  def test_layouts_go_there_and_back(self, layout, theirs, ours):
    value = np.random.RandomState(1).normal(size=theirs)
    converted = layout.to_ours(value)
    self.assertEqual(ours, converted.shape)
    np.testing.assert_array_equal(value, layout.to_theirs(converted))

  def test_a_layout_refuses_another_rank(self):
    with self.assertRaises(ValueError):
      dialect.permuted(1, 0).to_ours(np.zeros([3]))

  def test_a_kernel_of_torch(self):
    # Output channel 1, input channel 2, row 0, column 1.
    theirs = np.zeros([4, 3, 2, 2])
    theirs[1, 2, 0, 1] = 5
    ours = dialect.permuted(2, 3, 1, 0).to_ours(theirs)
    self.assertEqual(5, ours[0, 1, 2, 1])


if __name__ == '__main__':
  absltest.main()
