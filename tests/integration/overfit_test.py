"""A tiny model learns eight words by heart and then reads them.

What no test of a part can show: that model, labels, loss, optimiser, batch
norms, checkpoint and search fit together.
"""

import numpy as np
from PIL import Image
from PIL import ImageDraw
from PIL import ImageFont
import tensorflow.compat.v1 as tf

from master import charset
from master import config as config_lib
from master import model_fn as model_fn_lib
from master.estimator import model_fn

_WORDS = ['cat', 'act', 'tact', 'a', 'bees', 'seat', 'beast', 'eta']
_MODEL = config_lib.ModelConfig(
    image_height=32, image_width=64, charset='abcest', max_label_length=5,
    stem_channels=(8, 16), stage_channels=(16, 16, 32, 32),
    stage_blocks=(1, 1, 1, 1), batch_norm_decay=0.8, gcb_heads=2, gcb_ratio=4,
    hidden_size=32, num_layers=1, num_heads=2, filter_size=64,
    dropout_rate=0.0)
_TRAIN = config_lib.TrainConfig(train_steps=90, learning_rate=4e-3,
                                schedule='cosine', warmup_steps=10)


def _render(word: str) -> np.ndarray:
  """White on black, float32 [32, 64, 1] in [-1, 1]."""
  image = Image.new('L', (64, 32))
  ImageDraw.Draw(image).text((2, 2), word, fill=255,
                             font=ImageFont.load_default(20))
  return np.asarray(image, np.float32)[..., None] / 127.5 - 1


def _batch():
  """(features, labels) of all words, as constants of the current graph."""
  known = charset.Charset(_MODEL.charset)
  ids = np.stack([known.encode(word, _MODEL.num_steps) for word in _WORDS])
  images = np.stack([_render(word) for word in _WORDS])
  return ({'image': tf.constant(images)},
          {'ids': tf.constant(ids), 'text': tf.constant(_WORDS)})


class OverfitTest(tf.test.TestCase):

  def setUp(self):
    super().setUp()
    self.model_fn = model_fn_lib.model_fn_builder(_MODEL, _TRAIN)

  def train(self, model_dir: str) -> list[float]:
    with tf.Graph().as_default():
      tf.set_random_seed(1)
      tf.train.get_or_create_global_step()
      spec = self.model_fn(*_batch(), model_fn.ModeKeys.TRAIN)
      with tf.train.MonitoredTrainingSession(
          checkpoint_dir=model_dir, save_checkpoint_steps=_TRAIN.train_steps,
          save_summaries_steps=None, save_summaries_secs=None,
          log_step_count_steps=None) as session:
        return [session.run([spec.loss, spec.train_op])[0]
                for _ in range(_TRAIN.train_steps)]

  def read(self, model_dir: str):
    with tf.Graph().as_default():
      tf.train.get_or_create_global_step()
      spec = self.model_fn(*_batch(), model_fn.ModeKeys.EVAL)
      creator = tf.train.ChiefSessionCreator(checkpoint_dir=model_dir)
      values = {name: value for name, (value, _)
                in spec.eval_metric_ops.items()}
      updates = [update for _, update in spec.eval_metric_ops.values()]
      with tf.train.MonitoredSession(creator) as session:
        predictions, loss, _ = session.run(
            [spec.predictions, spec.loss, updates])
        return predictions, loss, session.run(values)

  def test_reads_what_it_was_trained_on(self):
    model_dir = self.create_tempdir().full_path
    losses = self.train(model_dir)
    self.assertLess(losses[-1], 0.05 * losses[0])
    predictions, loss, metrics = self.read(model_dir)
    self.assertEqual(_WORDS, [text.decode() for text in predictions['text']])
    self.assertLess(loss, 0.1)
    self.assertGreater(predictions['confidence'].min(), 0.5)
    self.assertEqual(1, metrics['word_accuracy/exact'])
    self.assertEqual(1, metrics['ned/alnum_ci'])


if __name__ == '__main__':
  tf.test.main()
