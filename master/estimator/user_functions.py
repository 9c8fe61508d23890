"""Calls of the user's functions with the arguments they name."""

import dataclasses
import inspect
from typing import Any, Callable

from master.estimator import model_fn


def _names(function: Callable[..., Any]) -> set[str]:
  return set(inspect.signature(function).parameters)


@dataclasses.dataclass(frozen=True)
class ModelFn:
  """A `model_fn` with what it is always given."""
  function: Callable[..., Any]
  params: dict[str, Any]
  config: Any

  def __post_init__(self):
    names = _names(self.function)
    if 'features' not in names:
      raise ValueError(f'model_fn {self.function!r} must take `features`.')
    if self.params and 'params' not in names:
      raise ValueError(f'model_fn {self.function!r} does not take `params`, '
                       'but some are given.')

  def __call__(self, features: Any, labels: Any,
               mode: str) -> model_fn.EstimatorSpec:
    names = _names(self.function)
    given = {}
    if 'labels' in names:
      given['labels'] = labels
    elif labels is not None:
      raise ValueError(f'model_fn {self.function!r} does not take `labels`, '
                       'but the input_fn gives some.')
    for name, value in (('mode', mode), ('params', dict(self.params)),
                        ('config', self.config)):
      if name in names:
        given[name] = value
    spec = self.function(features=features, **given)
    if not isinstance(spec, model_fn.EstimatorSpec):
      raise ValueError('model_fn must return an EstimatorSpec, but gave '
                       f'{spec!r}.')
    if spec.mode != mode:
      raise ValueError(f'model_fn was called for mode {mode!r}, but gave an '
                       f'EstimatorSpec for {spec.mode!r}.')
    return spec


@dataclasses.dataclass(frozen=True)
class InputFn:
  """An `input_fn` with what it may ask for by name."""
  function: Callable[..., Any]
  mode: str
  params: dict[str, Any]
  config: Any

  def __call__(self, input_context: Any = None) -> Any:
    offered = {'mode': self.mode, 'params': dict(self.params),
               'config': self.config, 'input_context': input_context}
    names = _names(self.function)
    return self.function(
        **{name: value for name, value in offered.items() if name in names})


def split(element: Any, mode: str) -> tuple[Any, Any]:
  """(features, labels) of what an `input_fn` gave; no labels in PREDICT."""
  if isinstance(element, (tuple, list)):
    if mode == model_fn.ModeKeys.PREDICT:
      return element[0], None
    if len(element) != 2:
      raise ValueError('input_fn must give features or (features, labels), '
                       f'but gave {len(element)} things.')
    return tuple(element)
  return element, None
