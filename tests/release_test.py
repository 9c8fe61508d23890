"""What release 0.1 wrote still works.

tests/testdata/release_0_1.tar.xz holds, as its commands wrote them, a small
model trained for 40 steps on eight pictures, with averages of its weights, its
SavedModel, and pictures. The texts are those it read then.
"""

import json
import os
import pathlib
import shutil
import tarfile
import tempfile

from absl.testing import absltest
from absl.testing import parameterized

from master import config as config_lib
from master.export import predictor as predictor_lib
from tests.support import commands
from tests.support import word_sets

_FILE = pathlib.Path(__file__).parent / 'testdata' / 'release_0_1.tar.xz'
_TEXTS = ['ab', 'a', 'a', 'f']
_CONFIDENCES = [0.118220, 0.181102, 0.424540, 0.336681]


class ReleaseTest(parameterized.TestCase):

  @classmethod
  def setUpClass(cls):
    super().setUpClass()
    folder = tempfile.mkdtemp()
    cls.addClassCleanup(shutil.rmtree, folder)
    with tarfile.open(_FILE) as archive:
      archive.extractall(folder, filter='data')
    cls.folder = os.path.join(folder, 'release_0_1')
    cls.model_dir = os.path.join(cls.folder, 'model')

  @parameterized.parameters('from_model_dir', 'from_saved_model')
  def test_reads_the_same(self, form):
    folder = {'from_model_dir': self.model_dir,
              'from_saved_model': os.path.join(self.folder, 'saved_model')}
    pictures = [pathlib.Path(self.folder, 'pictures', f'{i}.png').read_bytes()
                for i in range(4)]
    with getattr(predictor_lib.Predictor, form)(folder[form]) as predictor:
      readings = predictor.read_bytes(pictures)
    self.assertEqual(_TEXTS, [reading.text for reading in readings])
    self.assertSequenceAlmostEqual(
        _CONFIDENCES, [reading.confidence for reading in readings], places=4)

  def test_config(self):
    with open(os.path.join(self.model_dir, config_lib.CONFIG_FILE),
              encoding='utf-8') as f:
      written = json.load(f)
    folder = self.create_tempdir().full_path
    config_lib.write(config_lib.read(self.model_dir), folder)
    with open(os.path.join(folder, config_lib.CONFIG_FILE),
              encoding='utf-8') as f:
      now = json.load(f)
    for part, settings in written.items():
      found = settings and {name: now[part][name] for name in settings}
      self.assertEqual(settings, found, part)

  def test_training_goes_on_with_its_flagfile(self):
    model_dir = os.path.join(self.create_tempdir().full_path, 'model')
    shutil.copytree(self.model_dir, model_dir)
    words = word_sets.write_words(
        self.create_tempdir().full_path + '/words', ['ab', 'cd'] * 4)
    process = commands.run(
        '-m', 'master.cli.train', f'--flagfile={model_dir}/flags.txt',
        f'--model_dir={model_dir}', f'--train_lmdb={words}',
        '--train_steps=42', '--save_steps=42')
    self.assertEqual(0, process.returncode, process.stderr)
    self.assertIn('Training from step 40 to 42', process.stderr)
    self.assertTrue(os.path.exists(f'{model_dir}/model.ckpt-42.index'))


if __name__ == '__main__':
  absltest.main()
