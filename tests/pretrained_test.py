"""Tests of the weights that come with the package."""

import os
import random
from unittest import mock

from absl.testing import absltest
import tensorflow.compat.v1 as tf

from master import errors
from master import pretrained
from master.estimator.checkpoint import checkpoints
from master.export import predictor as predictor_lib
from master.metrics import protocols
from master.rendering import fonts
from master.rendering import renderer
from tests.support import commands

WORDS = ('station hotel open market coffee street parking exit 2048 museum '
         'kitchen welcome london bakery summer 24h pharmacy bank').split()


def rendered(strength):
  """Encoded pictures of WORDS, as the renderer draws them."""
  book = fonts.FontBook()
  return [renderer.render_word(word.upper() if i % 2 else word,
                               random.Random(i), book,
                               renderer.Settings(strength=strength)).image
          for i, word in enumerate(WORDS)]


class PretrainedTest(absltest.TestCase):

  def test_is_small_and_holds_weights_alone(self):
    folder = pretrained.directory()
    names = os.listdir(folder)
    self.assertIn('README.md', names)
    size = sum(os.path.getsize(os.path.join(folder, name)) for name in names
               if os.path.isfile(os.path.join(folder, name)))
    self.assertLess(size, 16_000_000)
    for name in checkpoints.saved_shapes(checkpoints.find(folder)):
      self.assertNotRegex(name, 'Adam|ExponentialMovingAverage')

  def test_reads_words(self):
    with predictor_lib.Predictor.from_model_dir(
        pretrained.directory()) as model:
      for strength, least in ((0.0, len(WORDS)), (0.5, len(WORDS) - 4)):
        texts = [reading.text for reading in
                 model.read_bytes(rendered(strength))]
        scored = [protocols.score(word, text, 'alnum_ci').correct
                  for word, text in zip(WORDS, texts)]
        self.assertGreaterEqual(sum(scored), least, texts)

  def test_no_other_name_is_the_package(self):
    self.assertEqual('runs/pretrained', pretrained.resolve('runs/pretrained'))
    self.assertEqual('', pretrained.resolve(''))
    self.assertEqual(pretrained.directory(), pretrained.resolve('pretrained'))

  def test_an_installation_without_them_says_so(self):
    with mock.patch.object(pretrained, '__file__', '/no/such/__init__.py'):
      with self.assertRaisesRegex(errors.InputError, '^/no/such: .*weights'):
        pretrained.directory()


class CommandsTest(absltest.TestCase):

  def setUp(self):
    super().setUp()
    self.folder = self.create_tempdir().full_path
    self.picture = os.path.join(self.folder, 'station.jpg')
    with open(self.picture, 'wb') as f:
      f.write(rendered(0.0)[0])

  def test_predict_reads_with_them_where_no_model_is_named(self):
    process = commands.run('-m', 'master.cli.predict', self.picture,
                           cwd=self.folder)
    self.assertEqual(0, process.returncode, process.stderr)
    path, text, confidence = process.stdout.rstrip('\n').split('\t')
    self.assertEqual((self.picture, 'station'), (path, text))
    self.assertGreater(float(confidence), 0.5)

  def test_export_and_read_again(self):
    process = commands.run('-m', 'master.cli.export',
                           f'--export_dir={self.folder}/export',
                           '--format=checkpoint')
    self.assertEqual(0, process.returncode, process.stderr)
    process = commands.run('-m', 'master.cli.predict',
                           f'--model_dir={process.stdout.strip()}',
                           self.picture)
    self.assertIn('\tstation\t', process.stdout)

  def test_training_starts_from_them(self):
    data = os.path.join(self.folder, 'data')
    process = commands.run('-m', 'master.cli.render_lmdb',
                           f'--output={data}', '--count=8')
    self.assertEqual(0, process.returncode, process.stderr)
    model_dir = os.path.join(self.folder, 'model')
    process = commands.run(
        '-m', 'master.cli.train', f'--model_dir={model_dir}',
        f'--train_lmdb={data}', '--warm_start_from=pretrained',
        '--unknown_chars=strip', '--batch_size=4', '--train_steps=1',
        '--learning_rate=1e-9', '--average_decay=0')
    self.assertEqual(0, process.returncode, process.stderr)
    name = 'master/backbone/conv1/conv/kernel'
    trained, started = (
        tf.train.load_variable(checkpoints.find(folder), name)
        for folder in (model_dir, pretrained.directory()))
    self.assertLess(abs(trained - started).max(), 1e-6)
    self.assertGreater(abs(started).max(), 1e-2)


if __name__ == '__main__':
  absltest.main()
