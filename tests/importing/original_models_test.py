"""Imported files give the numbers of the originals.

Small files of our own making (tests/support/imported_golden.py), and where a
folder with outputs of the originals at full size is at hand, those:
`MASTER_PEERS` names it, by default shared/peers beside the checkout.
"""

import dataclasses
import importlib.util
import json
import os
import pathlib
import shutil

from absl.testing import absltest
from absl.testing import parameterized
import numpy as np
import tensorflow.compat.v1 as tf

from master.estimator.checkpoint import checkpoints
from master.export import inference_graph
from master.export import predictor
from master.export import saved_model
from master.importing import conversion
from master.importing import master_pytorch
from master.importing import master_tf
from master.importing import model_dir
from master.importing import object_checkpoint
from master.importing import pytorch_file
from master.models import recognizer
from tests.support import extras
from tests.support import imported_golden
from tests.support import imported_models
from tests.support import original_models
from tests.support import test_util

PEERS = pathlib.Path(os.environ.get(
    'MASTER_PEERS',
    pathlib.Path(__file__).resolve().parents[3] / 'shared' / 'peers'))


class GoldenTest(tf.test.TestCase, parameterized.TestCase):

  @parameterized.parameters('pytorch', 'tf')
  def test_files_are_what_the_originals_compute(self, name):
    for part, value in imported_golden.computed(name).items():
      self.assertAllClose(imported_golden.outputs(name)[part], value, rtol=1e-5,
                          atol=1e-5)

  def assert_imported(self, name, plan, settings):
    got = imported_models.outputs(plan, *imported_models.inputs(settings))
    for part, expected in imported_golden.outputs(name).items():
      self.assertAllClose(expected, got[part], rtol=1e-4, atol=1e-4)

  @extras.needs('pytorch')
  def test_pth(self):
    # The heads, layers and sizes are in the file's own configuration.
    plan = conversion.plan(
        pytorch_file.read(os.fspath(imported_golden.PTH)
                          ), master_pytorch.DIALECT,
        {'charset': imported_models.CHARSET})
    self.assert_imported('pytorch', plan, imported_golden.PYTORCH)
    self.assertEqual(0.3, plan.settings.config.dropout_rate)

  def test_object_checkpoint(self):
    plan = conversion.plan(
        object_checkpoint.read(os.fspath(imported_golden.CHECKPOINT)),
        master_tf.DIALECT, imported_models.given(imported_golden.TF))
    self.assert_imported('tf', plan, imported_golden.TF)


@absltest.skipUnless(
    PEERS.is_dir(), f'There are no outputs of the originals in {PEERS}; '
    'MASTER_PEERS names another folder.')
class PeersTest(tf.test.TestCase, parameterized.TestCase):
  """At full size: 58.7 million parameters, 48 x 160."""

  def setUp(self):
    super().setUp()
    # Not kept till the end of all tests: they take a gigabyte.
    self.folder = self.create_tempdir().full_path
    self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
    spec = importlib.util.spec_from_file_location(
        'formula_weights', PEERS / 'formula_weights.py')
    self.formula = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(self.formula)

  def load(self, name):
    """The description of a peer and its expected outputs."""
    description = json.loads((PEERS / f'{name}.names.json').read_text())
    with np.load(PEERS / f'{name}.npz') as file:
      return description, dict(file)

  def tensors(self, description):
    seed, values = description['config']['seed'], {}
    for name, shape in description['names'].items():
      first = original_models.first_name(name)
      values[name] = (values[first] if first in values else
                      self.formula.tensor(first, tuple(shape), seed))
    return values

  def inputs(self, config, is_pytorch):
    images = self.formula.images(2, config['height'], config['width'],
                                 config['in_channels'], config['seed'])
    length = 12 if is_pytorch else 13
    targets = self.formula.targets(2, length, config['num_classes'],
                                   config['seed'])
    return images, targets[:, :12]

  def assert_near(self, expected, got):
    """Within 1e-4, or float32's own error where the values are huge.

    The formula weights of MASTER-pytorch drive its memory to 1e8, where
    neighbouring float32 numbers are 8 apart.
    """
    scale = np.abs(expected).max()
    self.assertLess(np.abs(expected - got).max(), max(1e-4, 1e-5 * scale))

  @parameterized.parameters('master_pytorch_add', 'master_pytorch_concat',
                            'master_tf_85f9217')
  def test_numpy_equals_the_original(self, name):
    """So that the NumPy originals can stand for them at other settings."""
    description, expected = self.load(name)
    config, is_pytorch = description['config'], 'pytorch' in name
    settings = dataclasses.replace(
        original_models.BASE, channels=config['in_channels'],
        fusion=config['fusion'].removeprefix('channel_'),
        heads=config['headers'], classes=config['num_classes'],
        context_in_all=not is_pytorch)
    shapes = (original_models.pytorch_shapes if is_pytorch
              else original_models.tf_shapes)(settings)
    self.assertEqual(description['names'],
                     {name: list(shape) for name, shape in shapes.items()})
    compute = (original_models.pytorch_outputs if is_pytorch
               else original_models.tf_outputs)
    got = compute(self.tensors(description), settings,
                  *self.inputs(config, is_pytorch))
    self.assert_near(expected['memory'], got['memory'][:, ::16])
    self.assert_near(expected['logits'], got['logits'])

  def write_source(self, name, tensors):
    """The original's own file; its reader and table."""
    if 'pytorch' not in name:
      path = os.path.join(self.folder, 'checkpoints', 'OCRTransformer-Best')
      imported_models.write_checkpoint(tensors, path)
      return object_checkpoint.read(path), master_tf.DIALECT
    if not extras.is_there('pytorch'):
      return imported_models.state_of(tensors), master_pytorch.DIALECT
    import torch
    path = os.path.join(self.folder, 'model_best.pth')
    shared = {id(value): torch.from_numpy(value) for value in tensors.values()}
    torch.save({'model_state_dict': {
        name: shared[id(value)] for name, value in tensors.items()}}, path)
    return pytorch_file.read(path), master_pytorch.DIALECT

  @parameterized.parameters('master_pytorch_add', 'master_pytorch_concat',
                            'master_tf_85f9217')
  def test_imported_equals_the_original(self, name):
    description, expected = self.load(name)
    config = description['config']
    images, targets = self.inputs(config, 'pytorch' in name)
    state, table = self.write_source(name, self.tensors(description))
    path = os.path.join(self.folder, 'model')
    classes = {66: 62, 99: 95}[config['num_classes']]
    with model_dir.writing(path) as scratch:
      plan = conversion.plan(state, table, {'charset': ''.join(
          chr(256 + i) for i in range(classes))})
      model_dir.write(scratch, plan.settings.config, conversion.values(plan))

    with test_util.graph_session() as session:
      model = recognizer.Recognizer(plan.settings.config)
      fetches = imported_models.forward(model, images, targets)
      tf.train.Saver(model.variables).restore(session,
                                              checkpoints.find(path))
      got = session.run(fetches)
    self.assert_near(expected['memory'], got['memory'][:, ::16])
    self.assert_near(expected['logits'], got['logits'])

    with predictor.Predictor.from_model_dir(path) as restored:
      exported_path = saved_model.export_model(
          restored, os.path.join(self.folder, 'export'))
    with predictor.Predictor.from_saved_model(exported_path) as exported:
      ids = exported.run(inference_graph.DECODE, ('ids',), image=images)['ids']
    self.assertAllEqual(got['greedy'], ids)
    if 'greedy_ids' in expected:
      # Theirs begin with <SOS> and do not stop at <EOS>.
      for row, theirs in zip(ids, expected['greedy_ids'][:, 1:]):
        ended = np.cumsum(theirs == 1) - (theirs == 1) > 0
        self.assertAllEqual(np.where(ended, 0, theirs), row[:len(theirs)])


if __name__ == '__main__':
  tf.test.main()
