"""Whether all forms of a model read the same, on real images.

  benchmarks/agreement --flagfile=flags/model/base.flags --lmdb=/data/IIIT5K

Reads images with the checkpoint's session, with the decoder run anew for each
character, with the SavedModel and with the ONNX model, and compares class ids
and logits with the session's. Exit status 1 where ids differ, or logits by
more than --tolerance. Without --model_dir or --checkpoint weights are random
and no text ends before its time.
"""

import contextlib
import tempfile
from typing import Any, Iterator

from absl import flags
import numpy as np

from benchmarks import decode_speed
from benchmarks import models
from benchmarks import report
from master import config as config_lib
from master import errors
from master.cli import app

_BATCH = 8


def define_flags():
  """Defines the flags of this benchmark."""
  models.define_source_flags()
  flags.DEFINE_list('lmdb', None, 'LMDBs of word images.', required=True)
  flags.DEFINE_integer('images', 200, 'Images read, of all LMDBs in turn.',
                       lower_bound=1)
  flags.DEFINE_float('tolerance', 1e-4,
                     'Largest difference of logits that is agreement.')
  models.define_onnx_flag()


def _images(paths: list[str], count: int,
            config: config_lib.ModelConfig) -> np.ndarray:
  """float32 [N, H, W, C], the first records of each LMDB."""
  import tensorflow.compat.v1 as tf

  from master.data import lmdb_reader
  from master.images import decode
  encoded = []
  for path in paths:
    reader = lmdb_reader.LmdbReader(path)
    encoded += [reader.read(i).image
                for i in range(min(-(-count // len(paths)), len(reader)))]
  with tf.Graph().as_default(), tf.Session() as session:
    images, valid = session.run(decode.decode_images(
        [image or b'' for image in encoded[:count]], config))
  return images[valid]


def _uncached_ids(config: config_lib.ModelConfig, checkpoint: str,
                  images: np.ndarray) -> np.ndarray:
  """int32 [N, T - 1]; the last step's id would be read by none."""
  import tensorflow.compat.v1 as tf

  from master.estimator.checkpoint import checkpoints
  from master.models import recognizer as recognizer_lib
  with tf.Graph().as_default(), tf.Session() as session:
    recognizer = recognizer_lib.Recognizer(config)
    fed = tf.placeholder(tf.float32, [None, *images.shape[1:]])
    ids = decode_speed.uncached(
        recognizer, recognizer.encode(fed, is_training=False))
    tf.train.Saver(checkpoints.named_variables()).restore(session, checkpoint)
    return np.concatenate([session.run(ids, {fed: batch})
                           for batch in _batches(images, 'uncached')])


def _batches(images: np.ndarray, name: str) -> Iterator[np.ndarray]:
  for start in range(0, len(images), _BATCH):
    report.note(f'{name}: {start} of {len(images)}')
    yield images[start:start + _BATCH]


def _read(model: Any, images: np.ndarray,
          name: str) -> tuple[np.ndarray, np.ndarray]:
  """Ids and logits."""
  found = [model.run('decode', ('ids', 'logits'), image=batch)
           for batch in _batches(images, name)]
  return tuple(np.concatenate([each[key] for each in found])
               for key in ('ids', 'logits'))


def main(flags_obj: flags.FlagValues, args: list[str]) -> int:
  """Prints a line for each form; returns the exit status."""
  del args
  from master.export import onnx_model
  from master.export import predictor as predictor_lib
  from master.export import saved_model
  failed = False
  with tempfile.TemporaryDirectory() as scratch, (
      contextlib.ExitStack()) as stack:
    model = stack.enter_context(models.open_source(flags_obj, scratch))
    images = _images(flags_obj.lmdb, flags_obj.images, model.config.model)
    if not len(images):
      raise errors.InputError(
          f'--lmdb={",".join(flags_obj.lmdb)}: no readable image.')
    forms = {'saved_model': predictor_lib.Predictor.from_saved_model(
        saved_model.export_model(model, f'{scratch}/saved'))}
    path = models.export_onnx(model, f'{scratch}/onnx', flags_obj.onnx)
    if path:
      forms['onnx'] = onnx_model.OnnxPredictor.from_folder(path)
    for form in forms.values():
      stack.enter_context(form)
    ids, logits = _read(model, images, 'session')
    print(f'{len(images)} images, {ids.shape[1]} steps, '
          f'{len(np.unique(ids, axis=0))} different texts, logits up to '
          f'{np.abs(logits).max():.3g}')
    uncached = _uncached_ids(model.config.model, model.name, images)
    differ = int(decode_speed.differing_rows(uncached, ids).sum())
    failed |= bool(differ)
    print(f'uncached     ids differ in {differ}')
    for name, form in forms.items():
      found, found_logits = _read(form, images, name)
      differ = int((found != ids).any(axis=1).sum())
      gap = float(np.abs(found_logits - logits).max())
      failed |= bool(differ) or not gap <= flags_obj.tolerance
      print(f'{name:<12} ids differ in {differ}, logits by up to {gap:.2g}')
  return app.EXIT_FAILURE if failed else 0


def run():
  """Entry point of the benchmark."""
  app.run(main, define_flags, __doc__, uses_tensorflow=True)


if __name__ == '__main__':
  run()
