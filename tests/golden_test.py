"""Names, shapes and outputs that must not change: checkpoints rely on them.

After a change that is meant to break them, write the files in tests/testdata
again, from the root of the checkout:

  python -c "from tests import golden_test; golden_test.write()"
"""

import os
import pathlib

import numpy as np
import tensorflow.compat.v1 as tf

from master import config as config_lib
from master.models import recognizer as recognizer_lib
from tests.support import commands
from tests.support import test_util

_TESTDATA = pathlib.Path(__file__).parent / 'testdata'
_VARIABLES = _TESTDATA / 'tiny_variables.txt'
_OUTPUTS = _TESTDATA / 'tiny_outputs.npz'
_COUNT = 6


def variable_lines() -> list[str]:
  """`name shape`, and a mark on what training does not learn."""
  with tf.Graph().as_default():
    variables = recognizer_lib.Recognizer(test_util.TINY).variables
  return sorted(
      f'{v.op.name} {v.shape.as_list()}' + ('' if v.trainable else ' moving')
      for v in variables)


def outputs() -> dict[str, np.ndarray]:
  """What the tiny model makes of the formula images, by its formula weights.

  Returns:
    memory, ids, logits, text, confidence; and forced: the logits of a fixed
    text, in training mode, where batch norms use the batch.
  """
  with test_util.graph_session() as session:
    model = recognizer_lib.Recognizer(test_util.TINY)
    images = tf.constant(test_util.formula_images(_COUNT))
    read = model.read(images, config_lib.DecodeConfig())
    fetches = {key: read[key] for key in
               ('ids', 'logits', 'text', 'confidence')}
    fetches['memory'] = model.encode(images, is_training=False)
    fetches['forced'] = model.forward(
        model.encode(images, is_training=True),
        tf.constant([[2, 4, 5, 6, 7, 8]] * _COUNT), is_training=True)
    test_util.assign_reading(session, model.variables)
    return session.run(fetches)


def write():
  """Writes both files."""
  _VARIABLES.write_text('\n'.join(variable_lines()) + '\n')
  values = outputs()
  top = np.sort(values['logits'], axis=-1)
  assert np.all((top[..., -1] - top[..., -2] > 1e-3)
                | (values['ids'] == 0)), 'Two classes are almost equal.'
  np.savez_compressed(_OUTPUTS, **{
      key: value.astype('S') if value.dtype == object else value
      for key, value in values.items()})


class GoldenTest(tf.test.TestCase):

  def assert_golden(self, values):
    with np.load(_OUTPUTS) as golden:
      self.assertCountEqual(golden.files, values)
      self.assertAllEqual(golden['ids'], values['ids'])
      self.assertAllEqual(golden['text'], values['text'])
      for key in ('memory', 'logits', 'confidence', 'forced'):
        self.assertAllClose(golden[key], values[key], rtol=1e-4, atol=1e-4)

  def test_variables(self):
    self.assertEqual(_VARIABLES.read_text().splitlines(), variable_lines())

  def test_outputs(self):
    self.assert_golden(outputs())

  def test_outputs_without_version_2_behaviour(self):
    path = os.path.join(self.get_temp_dir(), 'outputs.npz')
    code = ('import sys, numpy as np, tensorflow.compat.v1 as tf; '
            'tf.disable_v2_behavior(); '
            'from tests import golden_test; '
            'values = golden_test.outputs(); '
            'values["text"] = values["text"].astype("S"); '
            'np.savez(sys.argv[1], **values)')
    finished = commands.run('-c', code, path)
    self.assertEqual(0, finished.returncode, finished.stderr)
    with np.load(path) as values:
      self.assert_golden(dict(values))


if __name__ == '__main__':
  tf.test.main()
