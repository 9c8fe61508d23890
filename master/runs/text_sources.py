"""Sources of the texts that an evaluation scores: a model, or a file."""

import logging
import queue
from typing import Mapping, Optional, Sequence, Union

import numpy as np

from master import config as config_lib
from master import errors
from master.evaluation import prediction_files
from master.export import predictor as predictor_lib
from master.runs import evaluation


def usual_replicas(num_gpus: int) -> int:
  """How many batches to read at a time: one a GPU, or two on a CPU.

  On a CPU the second one keeps the cores busy where the first waits, as
  between the steps of its decoding.
  """
  return num_gpus or 2


def replicated(predictors: list[predictor_lib.Predictor],
               with_attention: bool) -> evaluation.ReadFn:
  """Reads a batch with whichever predictor is idle.

  Args:
    predictors: of the same model, one for each thread that reads.
    with_attention: whether readings get attention maps.
  """
  idle = queue.Queue()
  for predictor in predictors:
    idle.put(predictor)

  def read(features: Mapping[str, np.ndarray]) -> predictor_lib.ImageReadings:
    predictor = idle.get()
    try:
      return predictor.read_images(features['image'], with_attention)
    finally:
      idle.put(predictor)

  return read


# (name of the set, number of the record) -> text, and confidence if known.
TextsByPlace = Mapping[tuple[str, int], tuple[str, Optional[float]]]


def from_texts(texts: TextsByPlace,
               set_names: Sequence[str]) -> evaluation.ReadFn:
  """Looks texts up in place of reading; one that is missing is empty.

  Args:
    texts: of a recogniser.
    set_names: of the sets, in order.
  """

  def read(features: Mapping[str, np.ndarray]) -> predictor_lib.ImageReadings:
    found = [texts.get((set_names[source], index), ('', None))
             for source, index in zip(features['source'].tolist(),
                                      features['index'].tolist())]
    return predictor_lib.ImageReadings(
        [text for text, _ in found],
        np.array([np.nan if confidence is None else confidence
                  for _, confidence in found], np.float64))

  return read


def missing_texts(texts: TextsByPlace,
                  sets: Sequence[evaluation.EvalSet]) -> list[str]:
  """What is to be said of records without a text."""
  notes = []
  for eval_set in sets:
    count = sum((eval_set.name, eval_set.reader.number(i)) not in texts
                for i in range(eval_set.num_records))
    if count:
      notes.append(f'{eval_set.name}: {count} records without a text are '
                   'scored as read as nothing')
  return notes


def warm_up(predictors: list[predictor_lib.Predictor], batch_size: int,
            with_attention: bool):
  """Has sessions do their first-time work before the clock runs."""
  for predictor in dict.fromkeys(predictors):
    model = predictor.config.model
    predictor.read_images(np.zeros(
        [batch_size, model.image_height, model.image_width,
         model.image_channels], np.float32), with_attention)


class Model:
  """A model that reads.

  Attributes:
    name: in results.json.
    model_config: decides what becomes of the images.
    charset: characters that it reads; '' if unknown.
    beam_size: of its search; None if unknown.
    num_replicas: batches that it reads at a time.
    read: reads a batch.
  """

  def __init__(self, predictors: list[predictor_lib.Predictor],
               batch_size: int, with_attention: bool):
    """Warms the model up.

    Args:
      predictors: of it, one for each batch that is read at a time; some may
        be the same.
      batch_size: images of a batch.
      with_attention: whether readings get attention maps.
    """
    config = predictors[0].config
    self.name = predictors[0].name
    self.model_config = config.model
    self.charset = config.model.charset
    self.beam_size = config.decode.beam_size
    self.num_replicas = len(predictors)
    if with_attention and not predictors[0].tells_attention:
      logging.warning('%s does not tell where it looks: the report goes '
                      'without. Name a checkpoint, or export it anew.',
                      self.name)
    warm_up(predictors, batch_size, with_attention)
    self.read = replicated(predictors, with_attention)

  def check(self, sets: list[evaluation.EvalSet]) -> list[str]:
    """Nothing is to be said of the sets."""
    del sets
    return []


class Texts:
  """The texts of a file; attributes as of Model."""

  def __init__(self, found: prediction_files.Predictions,
               set_names: list[str]):
    """Takes what `prediction_files.read` returned for these sets."""
    self._found = found
    self.name = found.path
    # Whatever read the images, here they are but to be decodable.
    self.model_config = config_lib.ModelConfig()
    self.charset = ''
    self.beam_size = None
    self.num_replicas = 1
    self.read = from_texts(found.texts, set_names)

  def check(self, sets: list[evaluation.EvalSet]) -> list[str]:
    """Compares the texts with the records that there are.

    Args:
      sets: what is evaluated on.

    Returns:
      What is to be said of records without a text.

    Raises:
      InputError: naming a line that is of no record.
    """
    for eval_set in sets:
      first = eval_set.reader.number(0)
      last = first + len(eval_set.reader) - 1
      for (name, index), line in self._found.lines.items():
        if name == eval_set.name and not first <= index <= last:
          raise errors.InputError(
              f'{self._found.path}:{line}: set {name} has no record {index}, '
              f'only {first} to {last}; count as the keys of its LMDB do.')
    return missing_texts(self._found.texts, sets)


Source = Union[Model, Texts]
