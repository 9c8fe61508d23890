"""Exports that follow evaluations."""

import abc
import os
from typing import Any, Callable, Iterator, Mapping, Optional

from absl import logging
import tensorflow.compat.v1 as tf

from master.estimator.export import versions


class Exporter(abc.ABC):
  """Exports a model that has just been evaluated, if it should."""

  @property
  @abc.abstractmethod
  def name(self) -> str:
    """Directory below `MODEL_DIR/export`."""

  @abc.abstractmethod
  def export(self, estimator: Any, export_path: str, checkpoint_path: str,
             eval_result: Mapping[str, Any],
             is_the_final_export: bool) -> Optional[str]:
    """Path of the export, or None if there was no reason for one."""


def _remove_old(base: str, keep: Optional[int]):
  if keep is None:
    return
  for path in versions.paths(base)[:-keep]:
    tf.io.gfile.rmtree(path)


class _SavedModelExporter(Exporter):
  """What all exporters of SavedModels share."""

  def __init__(self, name: str, serving_input_receiver_fn: Callable[[], Any],
               assets_extra: Optional[Mapping[str, str]] = None,
               as_text: bool = False, exports_to_keep: Optional[int] = None):
    if exports_to_keep is not None and exports_to_keep < 1:
      raise ValueError(f'exports_to_keep={exports_to_keep} must be at least '
                       '1.')
    self._name = name
    self._receiver_fn = serving_input_receiver_fn
    self._assets_extra = assets_extra
    self._as_text = as_text
    self._keep = exports_to_keep

  @property
  def name(self) -> str:
    return self._name

  def _export(self, estimator, export_path, checkpoint_path) -> str:
    path = estimator.export_saved_model(
        export_path, self._receiver_fn, assets_extra=self._assets_extra,
        as_text=self._as_text, checkpoint_path=checkpoint_path)
    _remove_old(export_path, self._keep)
    return path


class LatestExporter(_SavedModelExporter):
  """Exports after every evaluation and keeps the newest."""

  def __init__(self, name: str, serving_input_receiver_fn: Callable[[], Any],
               assets_extra: Optional[Mapping[str, str]] = None,
               as_text: bool = False, exports_to_keep: Optional[int] = 5):
    super().__init__(name, serving_input_receiver_fn, assets_extra, as_text,
                     exports_to_keep)

  def export(self, estimator, export_path, checkpoint_path, eval_result,
             is_the_final_export):
    return self._export(estimator, export_path, checkpoint_path)


class FinalExporter(_SavedModelExporter):
  """Exports once, when training has ended."""

  def __init__(self, name: str, serving_input_receiver_fn: Callable[[], Any],
               assets_extra: Optional[Mapping[str, str]] = None,
               as_text: bool = False):
    super().__init__(name, serving_input_receiver_fn, assets_extra, as_text)

  def export(self, estimator, export_path, checkpoint_path, eval_result,
             is_the_final_export):
    if not is_the_final_export:
      return None
    return self._export(estimator, export_path, checkpoint_path)


def _smaller_loss(best_eval_result: Mapping[str, Any],
                  current_eval_result: Mapping[str, Any]) -> bool:
  return current_eval_result['loss'] < best_eval_result['loss']


def _past_results(pattern: str) -> Iterator[dict[str, float]]:
  """Results of former evaluations, from their event files."""
  for path in sorted(tf.io.gfile.glob(pattern)):
    for event in tf.train.summary_iterator(path):
      if event.HasField('summary'):
        yield {value.tag: value.simple_value
               for value in event.summary.value
               if value.HasField('simple_value')}


class BestExporter(_SavedModelExporter):
  """Exports when an evaluation is better than all before."""

  def __init__(self, name: str = 'best_exporter',
               serving_input_receiver_fn: Optional[Callable[[], Any]] = None,
               event_file_pattern: Optional[str] = None,
               compare_fn: Callable[..., bool] = _smaller_loss,
               assets_extra: Optional[Mapping[str, str]] = None,
               as_text: bool = False, exports_to_keep: Optional[int] = 5):
    """Constructs the exporter.

    Args:
      name: directory below `MODEL_DIR/export`.
      serving_input_receiver_fn: makes a ServingInputReceiver.
      event_file_pattern: of the event files of this evaluation, below the
        model directory, such as 'eval/*.tfevents.*': the best result then
        outlives a restart. None starts anew.
      compare_fn: (best_eval_result, current_eval_result) -> whether the
        current one is better.
      assets_extra: path below `assets.extra` to the file to copy there.
      as_text: write the graph as text.
      exports_to_keep: newest exports kept; None keeps all.
    """
    if serving_input_receiver_fn is None:
      raise ValueError('BestExporter needs serving_input_receiver_fn.')
    super().__init__(name, serving_input_receiver_fn, assets_extra, as_text,
                     exports_to_keep)
    self._pattern = event_file_pattern
    self._compare = compare_fn
    self._best = None

  def export(self, estimator, export_path, checkpoint_path, eval_result,
             is_the_final_export):
    if self._best is None and self._pattern:
      self._recall(estimator.model_dir, eval_result)
    if self._best is not None and not self._compare(
        best_eval_result=self._best, current_eval_result=eval_result):
      return None
    logging.info('%s: the best evaluation so far; exporting.', self._name)
    self._best = dict(eval_result)
    return self._export(estimator, export_path, checkpoint_path)

  def _recall(self, model_dir: str, current: Mapping[str, Any]):
    """Takes the best of the past results, the current one left out."""
    results = [r for r in _past_results(
        os.path.join(model_dir, self._pattern)) if r]
    if results and _same(results[-1], current):
      results.pop()
    for result in results:
      if self._best is None or self._compare(
          best_eval_result=self._best, current_eval_result=result):
        self._best = result


def _same(past: Mapping[str, float], current: Mapping[str, Any]) -> bool:
  """Whether `past`, read from an event file, is the evaluation `current`."""
  return all(abs(value - current[tag]) <= 1e-6 * abs(value)
             for tag, value in past.items() if tag in current)
