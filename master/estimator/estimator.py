"""The Estimator: a model_fn with everything that runs it."""

import copy
import os
import tempfile
from typing import Any, Callable, Iterator, Mapping, Optional, Sequence

from absl import logging
import numpy as np
import tensorflow.compat.v1 as tf

from master.estimator import evaluation
from master.estimator import model_fn as model_fn_lib
from master.estimator import prediction
from master.estimator import run_config
from master.estimator import training_loop
from master.estimator import user_functions
from master.estimator.checkpoint import checkpoint_files
from master.estimator.checkpoint import checkpoints
from master.estimator.export import saved_model

ModeKeys = model_fn_lib.ModeKeys


def _with_model_dir(config: run_config.RunConfig,
                    model_dir: Optional[str]) -> run_config.RunConfig:
  if model_dir and config.model_dir and model_dir != config.model_dir:
    raise ValueError(f'model_dir is {model_dir!r}, but {config.model_dir!r} '
                     'in the RunConfig; give one.')
  chosen = model_dir or config.model_dir
  if not chosen:
    chosen = tempfile.mkdtemp()
    logging.warning('No model_dir given; using %s.', chosen)
  return config.replace(model_dir=os.fspath(chosen))


class Estimator:
  """Trains, evaluates, predicts with and exports a `model_fn`."""

  def __init__(self, model_fn: Callable[..., Any],
               model_dir: Optional[str] = None,
               config: Optional[run_config.RunConfig] = None,
               params: Optional[Mapping[str, Any]] = None,
               warm_start_from: Any = None):
    """Constructs an Estimator; nothing is built or written yet.

    Args:
      model_fn: takes `features` and, if it names them, `labels`, `mode`,
        `params` and `config`; returns an EstimatorSpec.
      model_dir: of checkpoints and event files; None takes the one of
        `config`, or a new temporary one.
      config: how to run.
      params: for the model_fn.
      warm_start_from: checkpoint, model directory or WarmStartSettings that
        training starts from if `model_dir` has no checkpoint.

    Raises:
      ValueError: if `model_fn` lacks an argument or the directories differ.
    """
    self._config = _with_model_dir(config or run_config.RunConfig(),
                                   model_dir and os.fspath(model_dir))
    self._params = copy.deepcopy(dict(params or {}))
    self._model_fn = user_functions.ModelFn(
        model_fn, self._params, self._config)
    self._warm_start_from = warm_start_from

  @property
  def model_dir(self) -> str:
    return self._config.model_dir

  @property
  def config(self) -> run_config.RunConfig:
    return self._config

  @property
  def params(self) -> dict[str, Any]:
    return copy.deepcopy(self._params)

  @property
  def model_fn(self) -> Callable[..., Any]:
    """The model_fn as a function of (features, labels, mode, config)."""

    def public_model_fn(features, labels, mode, config):
      called = user_functions.ModelFn(
          self._model_fn.function, self._params, config)
      return called(features, labels, mode)

    return public_model_fn

  def eval_dir(self, name: Optional[str] = None) -> str:
    """Directory of the summaries of the evaluation called `name`."""
    return os.path.join(self.model_dir, f'eval_{name}' if name else 'eval')

  def latest_checkpoint(self) -> Optional[str]:
    """Path of the newest intact checkpoint; None if there is none."""
    return checkpoint_files.latest(self.model_dir)

  def get_variable_names(self) -> list[str]:
    """Names of the variables in the newest checkpoint."""
    return [name for name, _ in tf.train.list_variables(
        checkpoints.find(self.model_dir))]

  def get_variable_value(self, name: str) -> np.ndarray:
    """Value in the newest checkpoint; `name` may end in ':0'."""
    return tf.train.load_variable(checkpoints.find(self.model_dir), name)

  def train(self, input_fn: Callable[..., Any],
            hooks: Optional[Sequence[tf.train.SessionRunHook]] = None,
            steps: Optional[int] = None, max_steps: Optional[int] = None,
            saving_listeners: Optional[
                Sequence[tf.train.CheckpointSaverListener]] = None
            ) -> 'Estimator':
    """Trains from the newest checkpoint, or from the start.

    Args:
      input_fn: gives a Dataset of (features, labels), or the tensors.
      hooks: run with the training.
      steps: steps to train from here.
      max_steps: global step to train up to; excludes `steps`.
      saving_listeners: called for each checkpoint.

    Returns:
      self.

    Raises:
      InputError: if the checkpoint does not fit the model.
      ValueError: if the steps make no sense.
    """
    if steps is not None and max_steps is not None:
      raise ValueError('train: give steps or max_steps, not both.')
    for name, value in (('steps', steps), ('max_steps', max_steps)):
      if value is not None and value < 1:
        raise ValueError(f'train: {name}={value} must be at least 1.')
    start = checkpoints.step(self.latest_checkpoint())
    last_step = max_steps if steps is None else start + steps
    if last_step is not None and start >= last_step:
      logging.info('Nothing to train: %s is at step %d of %d.',
                   self.model_dir, start, last_step)
      return self
    training_loop.train(
        self._model_fn, self._input_fn(input_fn, ModeKeys.TRAIN),
        self._config, last_step, hooks or (), saving_listeners or (),
        self._warm_start_from)
    return self

  def evaluate(self, input_fn: Callable[..., Any],
               steps: Optional[int] = None,
               hooks: Optional[Sequence[tf.train.SessionRunHook]] = None,
               checkpoint_path: Optional[str] = None,
               name: Optional[str] = None) -> dict[str, Any]:
    """Evaluates a checkpoint and writes the result to `eval_dir(name)`.

    Args:
      input_fn: gives (features, labels) till the data ends.
      steps: batches to read; None reads all.
      hooks: run with the evaluation.
      checkpoint_path: None takes the newest.
      name: distinguishes several evaluations.

    Returns:
      Name to value: the model's metrics, `loss` and `global_step`.

    Raises:
      InputError: if there is no checkpoint, it does not fit, or the input is
        empty.
    """
    if steps is not None and steps < 1:
      raise ValueError(f'evaluate: steps={steps} must be at least 1.')
    results = evaluation.evaluate(
        self._model_fn, self._input_fn(input_fn, ModeKeys.EVAL),
        self._config, checkpoints.find(checkpoint_path or self.model_dir),
        steps, hooks or ())
    evaluation.write_summaries(results, self.eval_dir(name))
    return results

  def predict(self, input_fn: Callable[..., Any],
              predict_keys: Optional[Sequence[str]] = None,
              hooks: Optional[Sequence[tf.train.SessionRunHook]] = None,
              checkpoint_path: Optional[str] = None,
              yield_single_examples: bool = True) -> Iterator[Any]:
    """Yields the predictions for each example (or each batch).

    Args:
      input_fn: gives features, or (features, labels) of which the labels are
        left aside.
      predict_keys: names of predictions to make; None makes all.
      hooks: run with the prediction.
      checkpoint_path: None takes the newest.
      yield_single_examples: False yields whole batches.

    Raises:
      InputError: if there is no checkpoint or it does not fit.
    """
    checkpoint = checkpoints.find(checkpoint_path or self.model_dir)
    return prediction.predict(
        self._model_fn, self._input_fn(input_fn, ModeKeys.PREDICT),
        self._config, checkpoint, predict_keys, hooks or (),
        yield_single_examples)

  def export_saved_model(
      self, export_dir_base: str,
      serving_input_receiver_fn: Callable[[], Any],
      assets_extra: Optional[Mapping[str, str]] = None,
      as_text: bool = False, checkpoint_path: Optional[str] = None) -> str:
    """Exports the PREDICT graph as a SavedModel.

    Args:
      export_dir_base: gets a new folder, named by the seconds since 1970.
      serving_input_receiver_fn: makes a ServingInputReceiver.
      assets_extra: path below `assets.extra` to the file to copy there.
      as_text: write the graph as text.
      checkpoint_path: None takes the newest.

    Returns:
      Path of the new folder.

    Raises:
      InputError: if there is no checkpoint or it does not fit.
    """
    return saved_model.export(
        self._model_fn, self._config, os.fspath(export_dir_base),
        serving_input_receiver_fn,
        checkpoints.find(checkpoint_path or self.model_dir), assets_extra,
        as_text)

  def _input_fn(self, function: Callable[..., Any],
                mode: str) -> user_functions.InputFn:
    return user_functions.InputFn(function, mode, self._params, self._config)
